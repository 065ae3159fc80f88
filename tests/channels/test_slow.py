"""A portal that takes its time does not hold Home Assistant up."""

import time
from typing import Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_ON
from homeassistant.core import CoreState
import pytest

from tests.conftest import Report
from tests.portal import FaultKind

from .home import Home

_CHANNELS: Final = 24
_ANSWER: Final = 20
_HEADING: Final = "Setting an account up at a portal that answers after 20 s"


@pytest.mark.parametrize("channels", [0, _CHANNELS])
async def test_setup(new_home: Home, channels: int, report: Report) -> None:
    """The set-up asks for nothing; what the portal has comes when it answers."""
    home = new_home
    for number in range(channels):
        home.portal.pair(home.portal.add_channel(home.account, label=f"C{number}"))
    home.portal.fail(FaultKind.SLOW, seconds=_ANSWER)
    home.hass.set_state(CoreState.starting)
    before, begin = home.now, time.process_time()
    assert await home.hass.config_entries.async_setup(home.entry.entry_id)
    took = time.process_time() - begin
    # Home Assistant's start waits for this, and not for background tasks.
    await home.hass.async_block_till_done()
    assert home.now == before
    assert home.entry.state is ConfigEntryState.LOADED
    home.hass.set_state(CoreState.running)
    report(_HEADING, f"{channels:2} channels {took * 1000:8.0f} ms, and no waiting")
    # The list, and then four at a time.
    await home.pass_time(_ANSWER * (2 + channels / 4))
    shown = [home.state(f"binary_sensor.c{number}_connected") for number in range(24)]
    assert shown.count(STATE_ON) == channels
