"""The steps about what the outside world does to a message: late, shared, refused."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

from .stage import ANNA, BEN, OURS, Stage, billed, receive_now
from .transcript import NotSeenError

_LATE: Final = timedelta(hours=2)
_LIGHT: Final = "input_boolean.garden_light"
_COMMAND: Final = "LIGHT 4711"
# The portal takes no message to it.
_REFUSED: Final = "+12025550199"
# It lacks its area code.
_INCOMPLETE: Final = "555-0123"


async def ignore_a_late_command(stage: Stage) -> str:
    """Ignore a command that is two hours late, and obey the same one when it is not."""
    home = stage.home
    await home.action("input_boolean.turn_off", target={"entity_id": _LIGHT})
    await home.until(_LIGHT, lambda s: s["state"] == "off")
    date = datetime.now(UTC) - _LATE
    await stage.portal.tell(
        "inbound",
        **{"from": ANNA[1:], "to": OURS, "text": _COMMAND, "date": date.isoformat()},
    )
    await home.action(
        "homeassistant.update_entity", entity_id=stage.entities["unread_messages"]
    )
    late = await home.until(
        stage.entities["message_received"],
        lambda s: (
            s["attributes"].get("text") == _COMMAND and s["attributes"]["backlog"]
        ),
    )
    # An automation that obeyed would have done so by then.
    await asyncio.sleep(0.5)
    if home.states[_LIGHT]["state"] != "off":
        raise NotSeenError("a command that is two hours late was obeyed")
    await receive_now(stage, ANNA, _COMMAND)
    await home.until(_LIGHT, lambda s: s["state"] == "on")
    return f"{late['attributes']['from']} is trusted, but late: {_LIGHT} stayed off"


async def tell_a_family_exactly(stage: Stage) -> str:
    """Send to people who share a number, with two bad numbers among the good ones."""
    text = "The water is turned off until noon."
    await stage.portal.tell("portal", refused_numbers=[_REFUSED[1:]])
    response = await stage.home.action(
        "smskit.send_message",
        returns=True,
        recipients=["notify.anna", "notify.family"],
        numbers=[_REFUSED, _INCOMPLETE],
        message=text,
    )
    await stage.portal.tell("portal", refused_numbers=[])
    outcomes = response["recipients"]
    statuses = {outcome["number"]: outcome["status"] for outcome in outcomes}
    if statuses != {
        ANNA: "queued",
        BEN: "queued",
        _REFUSED: "failed",
        _INCOMPLETE: "failed",
    }:
        raise NotSeenError(f"the response says {response}")
    await billed(stage, text, ANNA, BEN)
    # They share a number that has the text already.
    await stage.home.action(
        "notify.send_message",
        target={"entity_id": ["notify.anna", "notify.family"]},
        message=text,
    )
    await billed(stage, text, ANNA, BEN)
    return "\n".join(
        [
            ", ".join(filter(None, [o["number"], o["status"], o["reason"]]))
            for o in outcomes
        ]
        + ["sent again to both within a minute: nobody is texted twice, nothing fails"]
    )
