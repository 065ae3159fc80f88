"""The time zone of a portal's times, which the portal does not report."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from typing import Final

from .api import OffsetPeriod, OffsetPeriods

# Maximum time by which the portal's clock may be ahead.
_CLOCK_DIFFERENCE: Final = timedelta(minutes=5)
# The zone that is furthest ahead of UTC.
_FURTHEST_AHEAD: Final = timedelta(hours=14)
# Two changes of the clocks are further apart.
_SAMPLE: Final = timedelta(days=14)


class ZoneSource(StrEnum):
    """How the zone is known."""

    OPTION = "option"
    LEARNED = "learned"
    """From the portal's own answers."""
    ASSUMED = "assumed"
    """It is Home Assistant's as long as nothing else is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ZonePeriod:
    """A zone, and for how long the portal is known to have had it."""

    zone: tzinfo
    since: datetime
    until: datetime


class PortalClock:
    """Converts between the portal's times and UTC.

    The zone is that of the option. Without one, it is Home Assistant's, unless the
    offsets that were learned contradict that: then it is just those offsets. A portal
    may have had several in a row, by daylight saving time or because somebody changed
    its settings, so a time is read by what was valid when it came.
    """

    def __init__(
        self, option: tzinfo | None, home: tzinfo, learned: OffsetPeriods
    ) -> None:
        """Initialize the clock with Home Assistant's zone and what was learned."""
        self._option = option
        self._home = home
        self._learned = learned
        self._periods = self._zone_periods()

    def update(
        self, *, home: tzinfo | None = None, learned: OffsetPeriods | None = None
    ) -> bool:
        """Take another zone or other offsets; return whether times change by it."""
        before = self.signature
        self._home = home or self._home
        self._learned = self._learned if learned is None else learned
        self._periods = self._zone_periods()
        return self.signature != before

    @property
    def source(self) -> ZoneSource:
        """Return how the zone is known."""
        if self._option is not None:
            return ZoneSource.OPTION
        return ZoneSource.LEARNED if self._learned else ZoneSource.ASSUMED

    @property
    def contradiction(self) -> timedelta | None:
        """Return the offset that was learned, if the option contradicts it."""
        if self._option is None or not self._learned:
            return None
        last = self._learned[-1]
        return None if _has(self._option, last.until, last) else last.offset

    @property
    def signature(self) -> str:
        """Return a text that changes whenever the same time is read differently."""
        parts = [str(self._periods[0].zone)]
        for before, after in zip(self._periods, self._periods[1:], strict=False):
            parts += [
                before.until.isoformat(),
                after.since.isoformat(),
                str(after.zone),
            ]
        return " ".join(parts)

    def to_utc(
        self, date: datetime | None, *, received: datetime | None = None
    ) -> datetime | None:
        """Return a time of the portal as aware UTC, None where it has none.

        `received` is when the portal reported something that had happened: it is not
        later than that. An ambiguous time, when clocks are set back, is the first
        occurrence, unless the second one had been reached.
        """
        if date is None:
            return None
        if received is None:
            return _convert(date, self._periods[-1].zone, None)
        before, after = self._zones_at(received)
        found = _convert(date, before, received)
        if before != after:
            # The change is somewhere between: what has just come was just sent.
            other = _convert(date, after, received)
            if found is None or (
                other is not None and abs(received - other) < abs(received - found)
            ):
                found = other
        return None if found is None else min(found, received)

    def to_portal(self, date: datetime) -> datetime:
        """Return an aware time as a naive time in the portal's time zone."""
        return date.astimezone(self._periods[-1].zone).replace(tzinfo=None)

    def latest(self, now: datetime) -> datetime:
        """Return the latest date that the portal can write at a moment, naive.

        Neither the option nor Home Assistant's zone counts, which may be wrong.
        """
        offset = self._learned[-1].offset if self._learned else _FURTHEST_AHEAD
        return (now + offset + _CLOCK_DIFFERENCE).replace(tzinfo=None)

    def _zones_at(self, when: datetime) -> tuple[tzinfo, tzinfo]:
        """Return the zone that was known before a moment, and the one known after."""
        before = after = self._periods[0].zone
        for period in self._periods:
            after = period.zone
            if when < period.since:
                break
            before = after
            if when <= period.until:
                break
        return before, after

    def _zone_periods(self) -> tuple[ZonePeriod, ...]:
        """Return which zone the portal had when."""
        if self._option is not None:
            return (_always(self._option),)
        if not self._learned:
            return (_always(self._home),)
        in_home = _count_in_zone(self._home, self._learned)
        first_in_home = len(self._learned) - in_home
        periods: list[ZonePeriod] = []
        for n, learned in enumerate(self._learned):
            zone = self._home if n >= first_in_home else timezone(learned.offset)
            if periods and periods[-1].zone == zone:
                since = periods.pop().since
            else:
                since = learned.since
            periods.append(ZonePeriod(zone=zone, since=since, until=learned.until))
        return tuple(periods)


def _always(zone: tzinfo) -> ZonePeriod:
    return ZonePeriod(
        zone=zone,
        since=datetime.min.replace(tzinfo=UTC),
        until=datetime.max.replace(tzinfo=UTC),
    )


def _count_in_zone(zone: tzinfo, periods: OffsetPeriods) -> int:
    """Return how many of the last periods are those of a zone.

    A portal that had the offset of the zone only for one half of the year is in
    another zone. One that changed its offset may have changed its zone: what was before
    does not matter then.
    """
    count = 0
    for period in reversed(periods):
        if all(_has(zone, when, period) for when in _samples(period)):
            count += 1
        elif count and period.offset == periods[-count].offset:
            return 0
        else:
            break
    return count


def _samples(period: OffsetPeriod) -> Iterator[datetime]:
    when = period.since
    while when < period.until:
        yield when
        when += _SAMPLE
    yield period.until


def _has(zone: tzinfo, when: datetime, period: OffsetPeriod) -> bool:
    """Return whether a zone has the offset of a period at a moment."""
    return when.astimezone(zone).utcoffset() == period.offset


def _convert(
    date: datetime, zone: tzinfo, received: datetime | None
) -> datetime | None:
    try:
        first, second = (
            date.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)
        )
    except OverflowError:
        # At the ends of the calendar there is no such time in UTC.
        return None
    if received is not None and first < second <= received + _CLOCK_DIFFERENCE:
        return second
    return first
