"""A message for later needs the portal's zone, which may have to be learned first."""

from typing import Any

from homeassistant.exceptions import ServiceValidationError
import pytest

from tests.conftest import ANNA

from .home import Home

WHEN = "2027-03-01T12:00:00+00:00"


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options without a time zone."""
    return {"country": "US", "inbox_interval": 3600}


@pytest.mark.parametrize("action", ["send_message", "preview_message"])
async def test_nothing_known(home: Home, action: str) -> None:
    """By an assumption, the message would be hours early or late: it is refused."""
    for _ in range(3):
        with pytest.raises(ServiceValidationError) as raised:
            await home.call(action, numbers=[ANNA], message="Hi", schedule=WHEN)
        assert raised.value.translation_key == "schedule_without_zone"
    assert home.requests() == []
    assert home.totals == (0, 0, 0)
    # What goes out at once needs no zone.
    assert await home.statuses(ANNA) == ["queued"]


async def test_learned(home: Home) -> None:
    """Once the portal has shown its clock, the message is for the right moment."""
    for n in range(2):
        await home.send(ANNA, message=f"Message {n}")
        with pytest.raises(ServiceValidationError):
            await home.send(ANNA, schedule=WHEN)
    await home.send(ANNA, message="Message 3")
    await home.send(ANNA, schedule=WHEN)
    assert home.requests()[-1].parameters["scheduledate"] == "2027-03-01 13:00:00"
    schedule = home.portal.ledger[-1].schedule
    assert schedule is not None
    assert schedule.timestamp() == 1803902400
    await home.restart()
    await home.send(ANNA, schedule=WHEN, message="After a restart")
    assert home.requests()[-1].parameters["scheduledate"] == "2027-03-01 13:00:00"


async def test_in_the_zone_of_the_home(home: Home) -> None:
    """In Home Assistant's own zone, the hour is that of the day it is sent on."""
    await home.hass.config.async_update(time_zone="Africa/Lagos")
    with pytest.raises(ServiceValidationError):
        await home.send(ANNA, schedule=WHEN)
    await home.hass.config.async_update(time_zone="Europe/Paris")
    for n in range(3):
        await home.send(ANNA, message=f"Message {n}")
    await home.send(ANNA, schedule="2027-07-01T12:00:00+00:00")
    assert home.requests()[-1].parameters["scheduledate"] == "2027-07-01 14:00:00"
