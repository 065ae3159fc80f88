"""What becomes of a send, and when: the course of each recipient."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from . import inferred

if TYPE_CHECKING:
    from .state import State

_MINUTE: Final = 60
# A run begins at full minutes, or at multiples of another interval since this.
_EPOCH: Final = datetime.fromtimestamp(0, UTC)
# About so many recipients are taken by one run of the cron job [server].
RECIPIENTS_PER_RUN: Final = 100


class Processing(StrEnum):
    """Who processes what was accepted."""

    TOLD = "told"
    """No portal: recipients wait for `deliver_after`, or until a test says so."""
    CRON = "cron"
    """A job that runs once a minute; nothing of a group is listed before [server]."""
    IMMEDIATE = "immediate"
    """The request itself, which answers what became of it [server]."""


@dataclass(frozen=True, slots=True)
class Course:
    """When a recipient is listed, taken by a job, and done (UTC).

    `listed` None: from the beginning. `taken` None: by no job. `done` None: when a test
    says so.
    """

    listed: datetime | None = None
    taken: datetime | None = None
    done: datetime | None = None


def courses(state: State, schedule: datetime | None, count: int) -> Sequence[Course]:
    """Return the courses of the recipients of a send that is accepted now."""
    now = state.now()
    start = now if schedule is None else max(now, schedule)
    match state.installation.processing:
        case Processing.TOLD:
            wait = state.deliver_after
            done = None if wait is None else start + timedelta(seconds=wait)
            return [Course(done=done)] * count
        case Processing.IMMEDIATE:
            return [Course(done=start)] * count
        case Processing.CRON:
            return _by_cron(state, start, count)


def _by_cron(state: State, start: datetime, count: int) -> Sequence[Course]:
    interval = timedelta(seconds=state.installation.cron_interval)
    work = timedelta(seconds=inferred.CRON_SECONDS) * (
        interval.total_seconds() / _MINUTE
    )
    first = start - (start - _EPOCH) % interval + interval
    return [
        Course(first, run, run + work)
        for run in (_run_with_room(state, first, interval) for _ in range(count))
    ]


def _run_with_room(state: State, first: datetime, interval: timedelta) -> datetime:
    """Take a place in the first run that has one."""
    run = first
    while state.taken_by_run[run] >= RECIPIENTS_PER_RUN:
        run += interval
    state.taken_by_run[run] += 1
    return run
