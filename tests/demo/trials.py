"""The harder steps of the demo: what goes wrong, and who may command."""

import asyncio
from io import BytesIO
from typing import Final

from PIL import Image
import zxingcpp

from .home_assistant import ActionError
from .stage import (
    ANNA,
    BEN,
    NEIGHBOR,
    OURS,
    STRANGER,
    Stage,
    billed,
    is_available,
    is_number,
    receive_now,
)
from .transcript import NotSeenError

_LOOP: Final = 12
_ROUNDS: Final = 20


async def hold_and_deliver(stage: Stage) -> str:
    """Hold a message while the portal is down, and deliver it once it is back."""
    text = "The freezer is at -5 °C."
    # Polls complain once while the portal is away.
    stage.expected_log.append("Error fetching")
    await stage.portal.tell("refuse")
    response = await stage.home.action(
        "smskit.send_message", returns=True, recipients=["notify.anna"], message=text
    )
    status = response["recipients"][0]["status"]
    if status != "held":
        raise NotSeenError(f"the response says {response}")
    pending = stage.entities["messages_pending"]
    await stage.home.until(pending, lambda s: is_number(s, 1))
    await billed(stage, text)
    await stage.portal.tell("accept")
    await stage.home.until(pending, lambda s: is_number(s, 0), within=40)
    await billed(stage, text, ANNA)
    sent = await stage.home.until(stage.entities["messages_sent"], is_available)
    return f"held, then billed once and delivered; {sent['state']} messages sent so far"


async def stop_a_loop(stage: Stage) -> str:
    """Stop an automation that sends in a loop at the limit per hour."""
    home = stage.home
    before = len(await stage.portal.ledger())
    await _set_limit(stage, before + _LOOP)
    said = ""
    for number in range(_ROUNDS):
        try:
            await home.action(
                "smskit.send_message",
                numbers=[BEN],
                message=f"Motion in the garden ({number + 1})",
            )
        except ActionError as err:
            said = str(err)
            break
    went_out = len(await stage.portal.ledger()) - before
    if went_out != _LOOP or "limit" not in said:
        raise NotSeenError(f"{went_out} went out; the error was “{said}”")
    issues = (await home.call("repairs/list_issues"))["issues"]
    if not any(issue["translation_key"] == "hourly_limit" for issue in issues):
        raise NotSeenError("no repair issue tells of it")
    await _set_limit(stage, 100)
    return f"{went_out} of {_ROUNDS} went out, then: {said}"


async def _set_limit(stage: Stage, limit: int) -> None:
    await stage.home.fill_in("options/flow", stage.entry_id, {"hourly_limit": limit})
    await stage.home.until_loaded(stage.entry_id)


async def fall_back_to_sms(stage: Stage) -> str:
    """Send by SMS what no WhatsApp channel can carry."""
    text = "Somebody is at the door."
    await stage.home.fill_in(
        "subentries/flow",
        [stage.entry_id, "recipient"],
        {"name": "Neighbor", "numbers": [NEIGHBOR], "via": "whatsapp_then_sms"},
    )
    await stage.home.until("notify.neighbor", is_available)
    await stage.home.until_loaded(stage.entry_id)
    response = await stage.home.action(
        "smskit.send_message",
        returns=True,
        recipients=["notify.neighbor"],
        message=text,
    )
    outcome = response["recipients"][0]
    if (outcome["via"], outcome["status"]) != ("sms", "queued"):
        raise NotSeenError(f"the response says {response}")
    await billed(stage, text, NEIGHBOR)
    return f"{NEIGHBOR} is reached by {outcome['via']}: {outcome['status']}"


async def pair_channel(stage: Stage) -> str:
    """Create a WhatsApp channel, read its code as a phone does, and pair it."""
    home = stage.home
    channel = await home.action(
        "smskit.create_channel", returns=True, label="Office", plan="pro"
    )
    image = await home.until("image.office_pairing_qr_code", is_available)
    async with asyncio.timeout(20):
        while True:
            seen = await home.get_bytes(image["attributes"]["entity_picture"])
            wanted = await stage.portal.get(f"channels/{channel['channel_id']}/qr")
            code = _read_code(seen)
            if code is not None and code == wanted["payload"]:
                break
            await asyncio.sleep(0.5)
    await stage.portal.tell(f"channels/{channel['channel_id']}/pair", number=OURS)
    connected = "binary_sensor.office_connected"
    await home.until(connected, lambda s: s["state"] == "on", within=12)
    text = "The door was opened."
    response = await home.action(
        "smskit.send_message",
        returns=True,
        recipients=["notify.neighbor"],
        message=text,
    )
    if response["recipients"][0]["via"] != "whatsapp":
        raise NotSeenError(f"the response says {response}")
    return f"{connected}: on; the code said what the portal made; now by WhatsApp"


def _read_code(picture: bytes) -> str | None:
    """Return what a QR code says, or nothing for another picture."""
    if picture.startswith(b"<svg"):
        return None
    with Image.open(BytesIO(picture)) as image:
        found = zxingcpp.read_barcodes(image.convert("L"))
    return found[0].text if found else None


async def answer_a_question(stage: Stage) -> str:
    """Ask Anna, and go on with her answer."""
    asking = asyncio.create_task(
        stage.home.action(
            "smskit.ask",
            returns=True,
            recipient="notify.anna",
            message="The garage is open. Close it? Answer yes or no.",
            timeout=25,
        )
    )
    await asyncio.sleep(0.5)
    await receive_now(stage, ANNA, "Yes, please")
    response = await asking
    if response.get("timed_out") or response["reply"]["text"] != "Yes, please":
        raise NotSeenError(f"the response says {response}")
    return f"{response['reply']['from']}: “{response['reply']['text']}”"


async def obey_anna_only(stage: Stage) -> str:
    """Refuse a command from a stranger, and obey Anna's with the same PIN."""
    home = stage.home
    light = "input_boolean.garden_light"
    received = stage.entities["message_received"]
    await receive_now(stage, STRANGER, "LIGHT 4711")
    stranger = await home.until(
        received, lambda s: s["attributes"].get("from") == STRANGER
    )
    if stranger["attributes"]["trusted"] is not False:
        raise NotSeenError("a stranger is trusted")
    if home.states[light]["state"] != "off":
        raise NotSeenError("a stranger was obeyed")
    await receive_now(stage, ANNA, "LIGHT 4711")
    await home.until(light, lambda s: s["state"] == "on")
    return f"{STRANGER} is not trusted; {ANNA} is: {light} is on"
