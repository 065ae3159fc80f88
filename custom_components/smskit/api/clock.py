"""How far a portal's clock is ahead of UTC, learned from the times in its answers.

The API does not report a time zone. However, some answers carry the portal's own time
of that moment: compared with the time here, they show the offset of its zone. One
answer proves nothing, as either clock may be wrong; several that agree do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile
import time
from typing import Any, Final, Self

from . import inferred
from .models import Accepted

# Every offset in use is a multiple of this.
_STEP: Final = timedelta(minutes=15)
_LEAST: Final = timedelta(hours=-12)
_MOST: Final = timedelta(hours=14)
# So many answers in a row have to agree.
_ENOUGH: Final = 3
# A period goes on from one answer to the next, unless so much time has passed that the
# clocks may have been changed and changed back.
_LONGEST_GAP: Final = timedelta(days=40)
# The end of a period is kept with the account, so it moves in steps.
_EXTEND_AFTER: Final = timedelta(days=1)
_MOST_PERIODS: Final = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class OffsetPeriod:
    """For how long answers have shown the same offset."""

    offset: timedelta
    since: datetime
    """When the first of the answers came, aware."""
    until: datetime
    """When the last of them came, to the day."""
    answers: int = 1
    """How many answers have shown it; not counted any more once it is learned."""

    @property
    def is_learned(self) -> bool:
        """Return whether enough answers agree."""
        return self.answers >= _ENOUGH

    def as_dict(self) -> dict[str, Any]:
        """Return the period as JSON has it."""
        return {
            "offset": self.offset.total_seconds(),
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "answers": self.answers,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return a period from `as_dict`; raise ValueError or KeyError otherwise."""
        return cls(
            offset=timedelta(seconds=data["offset"]),
            since=datetime.fromisoformat(data["since"]),
            until=datetime.fromisoformat(data["until"]),
            answers=int(data["answers"]),
        )


type OffsetPeriods = tuple[OffsetPeriod, ...]
"""Periods in their order. All are learned, except the last, which may yet be."""


def learned_periods(periods: OffsetPeriods) -> OffsetPeriods:
    """Return the periods that enough answers have shown."""
    return tuple(takewhile(lambda period: period.is_learned, periods))


class OffsetLearner:
    """Learns the offset of the portal's clock.

    It takes a time of the portal, naive, and when it came: `at` is aware, `moment`
    monotonic. They are two readings, because the system's clock may be wrong at first,
    and be set later.
    """

    def __init__(self, periods: OffsetPeriods = ()) -> None:
        """Initialize the learner with what is known."""
        self.periods = periods
        self._at_first = periods
        self._clock_zero: timedelta | None = None
        """The time of the system's clock at the monotonic zero."""

    def observe(self, date: datetime, at: datetime, moment: float) -> bool:
        """Learn from a time that was the present one at the portal.

        Return whether the periods are others now.
        """
        before = self.periods
        if (offset := _offset(date, at)) is not None:
            self._count(offset, at, moment)
        return self.periods != before

    def _count(self, offset: timedelta, at: datetime, moment: float) -> None:
        """Count an answer that shows an offset."""
        known = learned_periods(self.periods)
        was_set = self._was_set(at, moment)
        # To the second, as the portal's own time is.
        at = at.replace(microsecond=0)
        if was_set:
            # What was counted before is not comparable.
            self.periods = known
            if known and known[-1].offset != offset:
                # What was learned by a clock that has been set since may be wrong.
                self.periods = known = learned_periods(self._at_first)
        if known and known[-1].offset == offset:
            self.periods = (*known[:-1], *_extended(known[-1], at))[-_MOST_PERIODS:]
            return
        tentative = self.periods[-1] if len(self.periods) > len(known) else None
        if tentative is None or tentative.offset != offset:
            tentative = OffsetPeriod(offset=offset, since=at, until=at)
        else:
            tentative = replace(tentative, until=at, answers=tentative.answers + 1)
        self.periods = (*known, tentative)[-_MOST_PERIODS:]

    def _was_set(self, at: datetime, moment: float) -> bool:
        """Return whether the system's clock was set since the last answer."""
        before = self._clock_zero
        zero = timedelta(seconds=at.timestamp() - moment)
        self._clock_zero = zero
        return before is not None and abs(zero - before) > inferred.CLOCK_DRIFT


class PortalClocks:
    """The zones of a portal's answers to sends, and of what it lists.

    They may differ, if the second is a user's own. It shows in the status of a group,
    as long as the group is new: then that time is the present one.
    """

    def __init__(self, sent: OffsetPeriods, listed: OffsetPeriods) -> None:
        """Initialize the clocks with what is known."""
        self.sent = OffsetLearner(sent)
        self.listed = OffsetLearner(listed)
        self._accepted_at: dict[str, float] = {}
        """When groups were accepted that have not shown the clock yet, monotonic."""

    def note_accepted(self, accepted: Accepted) -> bool:
        """Learn from the answer to a send that is not for later.

        Return whether the periods of `sent` are others now.
        """
        if accepted.date is None:
            return False
        now = time.monotonic()
        self._accepted_at = {
            group_id: at for group_id, at in self._accepted_at.items() if _is_new(at)
        }
        if accepted.group_id is not None:
            self._accepted_at[accepted.group_id] = now
        return self.sent.observe(accepted.date, datetime.now(UTC), now)

    def note_group(self, group_id: str, date: datetime | None) -> bool:
        """Learn from the time in the status of a group.

        Return whether the periods of `listed` are others now.
        """
        accepted_at = self._accepted_at.pop(group_id, None)
        if date is None or accepted_at is None or not _is_new(accepted_at):
            return False
        return self.listed.observe(date, datetime.now(UTC), time.monotonic())


def _is_new(accepted_at: float) -> bool:
    age = time.monotonic() - accepted_at
    return age <= inferred.GROUP_IS_NEW.total_seconds()


def _offset(date: datetime, at: datetime) -> timedelta | None:
    """Return the offset that a time of the portal shows, or None if it is none."""
    if (utc_offset := at.utcoffset()) is None:
        raise ValueError("a time without a zone")
    ahead = date - (at.replace(tzinfo=None) - utc_offset)
    offset = round(ahead / _STEP) * _STEP
    if abs(ahead - offset) > inferred.CLOCK_DRIFT or not _LEAST <= offset <= _MOST:
        return None
    return offset


def _extended(period: OffsetPeriod, at: datetime) -> OffsetPeriods:
    """Return a learned period up to a moment, and another one after a long gap."""
    if at - period.until > _LONGEST_GAP:
        return period, replace(period, since=at, until=at)
    if at - period.until > _EXTEND_AFTER:
        return (replace(period, until=at),)
    return (period,)
