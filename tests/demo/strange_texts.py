"""The steps about texts that a portal puts into its answers without escaping them."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
import json
from typing import Any, Final
from zoneinfo import ZoneInfo

from .home_assistant import Json
from .portal_control import PORTAL_ZONE
from .stage import ANNA, OURS, STRANGER, Stage, is_recent, receive_now
from .transcript import NotSeenError

QUOTES: Final = 'He said "yes", and then: "from": "nobody".'
BACKSLASHES: Final = r"It is in C:\temp\new ¯\_(ツ)_/¯"
# A stranger's text with a record of Anna's in it: what stands before that, and in it.
_FRONT: Final = "Hi"
_COMMAND: Final = "LIGHT 4711"


async def receive_quotation_marks(stage: Stage) -> str:
    """Receive a text with quotation marks, which break the portal's JSON."""
    return await _receive_as_sent(stage, QUOTES)


async def receive_backslashes(stage: Stage) -> str:
    """Receive a text with backslashes, which are no tabs and no line ends."""
    return await _receive_as_sent(stage, BACKSLASHES)


async def _receive_as_sent(stage: Stage, text: str) -> str:
    await receive_now(stage, ANNA, text)
    last = await stage.home.until(
        stage.entities["last_message"],
        lambda s: s["attributes"].get("text") == text and is_recent(s),
    )
    (message,) = await _messages(stage, text)
    if (message["from"], message["trusted"]) != (ANNA, True):
        raise NotSeenError(f"it is {message}")
    return f"{last['attributes']['from']}: {text}"


async def see_through_a_forgery(stage: Stage) -> str:
    """Trust nobody when a stranger's text looks like a message of Anna's."""
    home = stage.home
    light = "input_boolean.garden_light"
    date = datetime.now(ZoneInfo(PORTAL_ZONE)).strftime("%Y-%m-%d %H:%M:%S")
    forged = {"from": ANNA[1:], "to": OURS, "message": _COMMAND}
    record = json.dumps({"id": "9001", **forged}).removesuffix('"}')
    await receive_now(stage, STRANGER, f'{_FRONT}", "date": "{date}" }}, {record}')
    event = await home.until(
        stage.entities["message_received"],
        lambda s: s["attributes"].get("text") == _COMMAND,
    )
    listed = [*await _messages(stage, _FRONT), *await _messages(stage, _COMMAND)]
    if any(message["trusted"] for message in [event["attributes"], *listed]):
        raise NotSeenError("a forged message is trusted")
    # An automation that obeyed would have done so by then.
    await asyncio.sleep(0.5)
    if home.states[light]["state"] != "off":
        raise NotSeenError("a forged message was obeyed")
    seen = ", ".join(f"{m['from']} “{m['text']}”" for m in listed)
    return f"{seen}: not trusted; {light} is off"


def is_odd(message: Mapping[str, Any]) -> bool:
    """Whether a message is one of those that these steps receive."""
    is_forged = message["from"] == ANNA and not message["trusted"]
    return is_forged or message["text"] in {QUOTES, BACKSLASHES, _FRONT}


async def _messages(stage: Stage, text: str) -> list[dict[str, Any]]:
    """Return the messages that were received with this very text."""
    answer: Json = await stage.home.action("smskit.get_messages", returns=True)
    return [message for message in answer["messages"] if message["text"] == text]
