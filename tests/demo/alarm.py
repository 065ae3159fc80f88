"""The steps of the demo about an alert: who is asked, and who has it."""

import asyncio
from typing import Final

from .stage import ANNA, NEIGHBOR, Stage, billed, is_available, is_number, receive_now

_TEXT: Final = "Water in the basement!"
_WAIT: Final = 20
_AFTER_A_START: Final = 60


async def ask_the_next(stage: Stage) -> str:
    """Raise an alert that Anna does not answer, restart, and see the neighbor asked."""
    home = stage.home
    await home.action(
        "smskit.alert",
        returns=True,
        message=_TEXT,
        alert_id="water",
        announce="{name} has it.",
        steps=[
            {"recipients": ["notify.anna"], "wait": _WAIT},
            {"recipients": ["notify.neighbor"], "type": "sms", "wait": 600},
        ],
    )
    open_alerts = stage.entities["open_alerts"]
    state = await home.until(open_alerts, lambda s: is_number(s, 1))
    await home.until(
        stage.entities["alert"], lambda s: s["attributes"].get("asked") == ["Anna"]
    )
    await stage.restart()
    await home.until(open_alerts, is_available, within=_AFTER_A_START)
    await home.until(
        stage.entities["alert"],
        lambda s: s["attributes"].get("asked") == ["Neighbor"],
        within=_AFTER_A_START,
    )
    await billed(stage, _TEXT, ANNA, NEIGHBOR)
    return (
        f"{state['entity_id']}: 1; Anna was asked, and nobody answered\n"
        "Home Assistant was restarted meanwhile; then Neighbor was asked, each once"
    )


async def let_somebody_have_it(stage: Stage) -> str:
    """Let the neighbor acknowledge it, and see Anna told."""
    home = stage.home
    await receive_now(stage, NEIGHBOR, "OK, on my way")
    state = await home.until(
        stage.entities["alert"],
        lambda s: s["attributes"].get("event_type") == "acknowledged",
    )
    await home.until(stage.entities["open_alerts"], lambda s: is_number(s, 0))
    text = "Neighbor has it."
    async with asyncio.timeout(15):
        while True:
            ledger = await stage.portal.ledger()
            if any(entry["text"] == text for entry in ledger):
                break
            await asyncio.sleep(0.2)
    await billed(stage, text, ANNA)
    return f"{state['attributes']['name']} has it, and Anna was told so, once"
