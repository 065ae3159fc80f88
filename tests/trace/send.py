"""The message that is traced; `python -m tests.trace` runs this file by its name."""

import asyncio
from typing import Any, Final

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.const import DOMAIN
from tests.conftest import BORIS
from tests.portal import Portal

from .calls import CallTrace

# Longer than it takes to publish what is on disk; nothing is polled as soon.
_SETTLE: Final = 0.2
# By then, nothing is left to learn of the portal. Besides, the first message refreshes
# the balance; right after it, the next ones do not.
_BEFORE: Final = 4


async def _send(hass: HomeAssistant, text: str) -> None:
    """Send a text, and return when everything that follows has happened."""
    response: Any = await hass.services.async_call(
        DOMAIN,
        "send_message",
        {"numbers": [BORIS], "message": text},
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
    for count in range(_BEFORE):
        await _send(hass, f"Hello {count}")
    with trace:
        await _send(hass, "Hello")
    assert [entry.to for entry in portal.ledger] == [BORIS[1:]] * (_BEFORE + 1)
