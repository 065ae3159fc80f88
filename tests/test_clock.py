"""The clock of the tests moves everything that shows the time."""

import asyncio
import time

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .clock import Clock


def _readings(hass: HomeAssistant) -> list[float]:
    return [
        time.time(),
        dt_util.utcnow().timestamp(),
        time.monotonic(),
        hass.loop.time(),
    ]


def _passed(before: list[float], after: list[float]) -> list[float]:
    return [round(b - a, 6) for a, b in zip(before, after, strict=True)]


async def test_all_move_together(hass: HomeAssistant, clock: Clock) -> None:
    """As time passes, every reading moves as far."""
    before = _readings(hass)
    clock.tick(90.25)
    assert _passed(before, _readings(hass)) == [90.25] * 4


async def test_setting_the_clock(hass: HomeAssistant, clock: Clock) -> None:
    """Setting the time of day lets no time pass."""
    before = _readings(hass)
    clock.set("2027-02-10T15:00:00+00:00")
    assert _passed(before, _readings(hass)) == [10800, 10800, 0, 0]


async def test_steps_from_timer_to_timer(hass: HomeAssistant, clock: Clock) -> None:
    """Each timer is due at its own time, also one that another has set."""
    start, due = hass.loop.time(), []

    def note(*then: float) -> None:
        due.append(round(hass.loop.time() - start, 3))
        for delay in then:
            hass.loop.call_later(delay, note)

    hass.loop.call_later(3, note, 0.5, 10)
    hass.loop.call_later(60, note)
    hass.loop.call_later(1, note).cancel()
    for _ in clock.steps(60):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert due == [3, 3.5, 13, 60]
    assert hass.loop.time() == start + 60
