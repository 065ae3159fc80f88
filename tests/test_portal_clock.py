"""The zone of the portal's times: what is set, learned, or assumed."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from custom_components.smskit.api import OffsetPeriod
from custom_components.smskit.portal_clock import PortalClock, ZoneSource

PARIS = ZoneInfo("Europe/Paris")
LONDON = ZoneInfo("Europe/London")
LAGOS = ZoneInfo("Africa/Lagos")
HOUR = timedelta(hours=1)


def day(text: str) -> datetime:
    """Return noon of a day, UTC."""
    return datetime.fromisoformat(f"{text}T12:00:00+00:00")


def seen(hours: float, since: str, until: str) -> OffsetPeriod:
    """Return a period in which an offset was learned."""
    return OffsetPeriod(
        offset=hours * HOUR, since=day(since), until=day(until), answers=3
    )


def hour(clock: PortalClock, received: str) -> int:
    """Return the hour, UTC, of a message that the portal dates at eight o'clock."""
    came = day(received)
    date = clock.to_utc(came.replace(hour=8, tzinfo=None), received=came)
    assert date is not None
    return date.hour


WINTER = seen(1, "2027-01-10", "2027-03-20")
SUMMER = seen(2, "2027-04-02", "2027-10-20")


def test_source() -> None:
    """The option is right; what is learned comes next, and an assumption last."""
    assert PortalClock(PARIS, LAGOS, (SUMMER,)).source is ZoneSource.OPTION
    assert PortalClock(None, LAGOS, (SUMMER,)).source is ZoneSource.LEARNED
    assert PortalClock(None, LAGOS, ()).source is ZoneSource.ASSUMED
    assert hour(PortalClock(PARIS, LAGOS, (SUMMER,)), "2027-01-15") == 7
    assert hour(PortalClock(None, LAGOS, (SUMMER,)), "2027-01-15") == 6
    assert hour(PortalClock(None, LAGOS, ()), "2027-01-15") == 7


def test_zone_of_the_home() -> None:
    """Where the portal agrees with Home Assistant's zone, its rules hold all year."""
    clock = PortalClock(None, PARIS, (WINTER,))
    assert hour(clock, "2027-02-15") == 7
    assert hour(clock, "2027-07-15") == 6
    assert clock.to_portal(day("2027-07-15")).hour == 14
    # Both halves of the year are one zone: nothing is to be dated anew.
    before = clock.signature
    assert not clock.update(learned=(WINTER, SUMMER))
    assert clock.signature == before


@pytest.mark.parametrize(
    "periods",
    [
        (seen(0, "2027-01-10", "2027-07-10"),),
        (seen(0, "2027-01-10", "2027-07-10"), seen(0, "2027-12-01", "2027-12-02")),
        (seen(0, "2027-07-01", "2027-07-10"), seen(0, "2027-12-01", "2027-12-02")),
    ],
)
def test_zone_of_the_home_for_half_a_year(periods: tuple[OffsetPeriod, ...]) -> None:
    """A portal on UTC is not in London, also in winter, when the two are the same."""
    clock = PortalClock(None, LONDON, periods)
    assert hour(clock, "2027-07-15") == 8
    assert hour(clock, "2027-12-15") == 8
    assert hour(clock, "2028-07-15") == 8


def test_portal_set_to_the_zone_of_the_home() -> None:
    """Somebody who sets the right zone at the portal gets it."""
    lagos = seen(1, "2027-04-02", "2027-06-20")
    paris = seen(2, "2027-06-21", "2027-08-20")
    clock = PortalClock(None, PARIS, (lagos, paris))
    assert hour(clock, "2027-05-15") == 7
    assert hour(clock, "2027-07-15") == 6
    assert hour(clock, "2027-12-15") == 7


def test_daylight_saving_at_the_portal() -> None:
    """Elsewhere, summer and winter time are learned as two offsets, each for its time.

    A message keeps the offset that was valid when it came.
    """
    clock = PortalClock(None, LAGOS, (seen(-5, "2027-01-10", "2027-03-10"),))
    summer = seen(-4, "2027-03-20", "2027-10-20")
    assert clock.update(learned=(seen(-5, "2027-01-10", "2027-03-10"), summer))
    received = day("2027-02-15")
    date = received.replace(hour=3, tzinfo=None)
    assert clock.to_utc(date, received=received) == received.replace(hour=8)
    received = day("2027-05-15")
    date = received.replace(hour=3, tzinfo=None)
    assert clock.to_utc(date, received=received) == received.replace(hour=7)


@pytest.mark.parametrize("hours", [1, 2])
def test_between_two_offsets(hours: int) -> None:
    """A message of the time between has the offset by which it had just been sent."""
    clock = PortalClock(None, LAGOS, (WINTER, SUMMER))
    received = day("2027-03-27")
    sent = received - timedelta(seconds=20)
    portal_date = sent.replace(tzinfo=None) + hours * HOUR
    assert clock.to_utc(portal_date, received=received) == sent


def test_nothing_in_the_future() -> None:
    """What the portal reports has happened, whatever zone it is in."""
    clock = PortalClock(None, LONDON, ())
    received = day("2027-01-15")
    ahead = received.replace(tzinfo=None) + 9 * HOUR
    assert clock.to_utc(ahead, received=received) == received
    # What is to happen may be later.
    assert clock.to_utc(ahead) == received + 9 * HOUR


@pytest.mark.parametrize(
    ("received", "utc"),
    [
        ("2026-10-25T00:35:00+00:00", "2026-10-25T00:30:00+00:00"),
        ("2026-10-25T01:35:00+00:00", "2026-10-25T01:30:00+00:00"),
    ],
)
def test_hour_that_comes_twice(received: str, utc: str) -> None:
    """The second occurrence is meant as soon as it has been reached."""
    clock = PortalClock(PARIS, LONDON, ())
    date = datetime.fromisoformat("2026-10-25T02:30:00")
    assert clock.to_utc(date, received=datetime.fromisoformat(received)) == (
        datetime.fromisoformat(utc)
    )
    assert clock.to_utc(date) == datetime.fromisoformat("2026-10-25T00:30:00+00:00")


def test_no_such_time() -> None:
    """At the ends of the calendar there is no time in UTC."""
    clock = PortalClock(LAGOS, LONDON, ())
    first = datetime.min.replace(tzinfo=None)  # noqa: DTZ901 - it is the portal's
    assert clock.to_utc(first) is None
    assert clock.to_utc(first, received=day("2027-01-15")) is None
    assert clock.to_utc(None) is None
    between = PortalClock(None, LAGOS, (seen(-1, "2027-01-10", "2027-01-12"), SUMMER))
    assert between.to_utc(first, received=day("2027-03-01")) == first.replace(
        hour=1, tzinfo=UTC
    )


def test_contradiction() -> None:
    """An option is wrong if the portal had another offset when it was last seen."""
    assert PortalClock(PARIS, LAGOS, ()).contradiction is None
    assert PortalClock(PARIS, LAGOS, (WINTER,)).contradiction is None
    assert PortalClock(PARIS, LAGOS, (WINTER, SUMMER)).contradiction is None
    still = seen(1, "2027-01-10", "2027-07-10")
    assert PortalClock(PARIS, LAGOS, (still,)).contradiction == HOUR
    assert PortalClock(LAGOS, PARIS, (still,)).contradiction is None
    assert PortalClock(None, PARIS, (still,)).contradiction is None


def test_update() -> None:
    """What changes no time is no change."""
    clock = PortalClock(None, PARIS, ())
    assert not clock.update(home=PARIS, learned=())
    assert clock.update(home=LAGOS)
    assert not clock.update(learned=(seen(1, "2027-07-01", "2027-07-02"),))
    assert clock.update(learned=(seen(3, "2027-07-01", "2027-07-02"),))
    # The same for longer is the same.
    assert not clock.update(learned=(seen(3, "2027-07-01", "2027-08-02"),))
    assert clock.to_portal(day("2027-07-15")).hour == 15
    # An option leaves nothing to be learned.
    fixed = PortalClock(timezone(HOUR), PARIS, ())
    assert not fixed.update(home=LONDON, learned=(WINTER, SUMMER))
