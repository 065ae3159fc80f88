"""A clock that is set expires, freezes, and blocks nothing."""

from datetime import timedelta
from typing import Final

from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util
import pytest

from tests.clock import Clock
from tests.conftest import ANNA, BORIS

from .home import Home

_JUMPS: Final = [timedelta(hours=hours) for hours in (-48, -5, -2, 2, 5, 48)]
pytestmark = pytest.mark.parametrize("jump", _JUMPS, ids=str)


def _set(clock: Clock, jump: timedelta) -> None:
    clock.set(dt_util.utcnow() + jump)


async def test_what_is_held_leaves(home: Home, clock: Clock, jump: timedelta) -> None:
    """A held message neither expires nor waits longer because the clock is set."""
    await home.refuse()
    assert await home.statuses(ANNA, message="Fire") == ["held"]
    _set(clock, jump)
    await home.advance(60)
    assert home.published() == ["held"]
    await home.portal.accept()
    await home.advance(90)
    assert home.texts == ["Fire"]
    assert home.published()[:2] == ["held", "queued"]


@pytest.mark.expected_log("Error fetching")
async def test_what_is_held_expires(home: Home, clock: Clock, jump: timedelta) -> None:
    """The time for which a message is held goes on as it was."""
    await home.refuse()
    await home.send(ANNA, message="Dinner", expires_in={"minutes": 10})
    _set(clock, jump)
    await home.advance(9 * 60)
    assert home.published() == ["held"]
    await home.advance(2 * 60)
    assert home.published() == ["held", "expired"]


async def test_repeats(home: Home, clock: Clock, jump: timedelta) -> None:
    """The same text is a copy for a minute, by any clock."""
    await home.send(ANNA, message="Door")
    _set(clock, jump)
    await home.advance(30)
    (copy,) = await home.send(ANNA, message="Door")
    assert copy["duplicate"]
    await home.advance(31)
    (again,) = await home.send(ANNA, message="Door")
    assert not again["duplicate"]
    assert home.texts == ["Door", "Door"]


@pytest.mark.parametrize("options", [{"country": "US", "hourly_limit": 1}])
async def test_hourly_limit(home: Home, clock: Clock, jump: timedelta) -> None:
    """The limit is one of an hour that passes."""
    await home.send(ANNA, message="One")
    _set(clock, jump)
    await home.advance(59 * 60)
    with pytest.raises(ServiceValidationError):
        await home.send(BORIS, message="Two")
    await home.advance(2 * 60)
    await home.send(BORIS, message="Two")
    assert home.texts == ["One", "Two"]
