"""The message that is traced; `python -m tests.trace` runs this file by its name."""

import asyncio
from typing import Any, Final

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.const import DOMAIN
from tests.conftest import BORIS, CARLA
from tests.portal import Portal

from .calls import CallTrace

# Longer than it takes to publish what is on disk; nothing is polled as soon.
_SETTLE: Final = 0.2


async def _send(hass: HomeAssistant, number: str) -> None:
    """Send a text, and return when everything that follows has happened."""
    response: Any = await hass.services.async_call(
        DOMAIN,
        "send_message",
        {"numbers": [number], "message": "Hello"},
        blocking=True,
        return_response=True,
    )
    assert [one["status"] for one in response["recipients"]] == ["queued"]
    await hass.async_block_till_done()
    await asyncio.sleep(_SETTLE)


async def test_send(
    hass: HomeAssistant, loaded: MockConfigEntry, portal: Portal, trace: CallTrace
) -> None:
    """Send one SMS to one number, from the action's call to its response."""
    # The first message refreshes the balance; right after it, the next one does not.
    await _send(hass, BORIS)
    with trace:
        await _send(hass, CARLA)
    assert [entry.to for entry in portal.ledger] == [
        number.removeprefix("+") for number in (BORIS, CARLA)
    ]
