"""The offset of a portal's clock, learned from what its answers show."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest

from custom_components.smskit.api import OffsetPeriod, Traits, learned_periods
from custom_components.smskit.api.clock import OffsetLearner

NOON = datetime(2027, 2, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Answers:
    """Answers of a portal, and a system whose clock may be wrong."""

    def __init__(self, offset: timedelta) -> None:
        """Start at noon, with a clock that is right."""
        self.offset = offset
        self.now = NOON
        self.wrong = timedelta()
        """How far the system's clock is ahead."""
        self.learner = OffsetLearner()

    @property
    def date(self) -> datetime:
        """The portal's own time."""
        return self.now.replace(tzinfo=None) + self.offset

    @property
    def at(self) -> datetime:
        """What the system takes the time for."""
        return self.now + self.wrong

    @property
    def moment(self) -> float:
        """Monotonic time."""
        return (self.now - NOON).total_seconds()

    def give(self, count: int = 1, *, drift: timedelta = timedelta()) -> None:
        """Let answers come, a minute apart."""
        for _ in range(count):
            self.now += timedelta(minutes=1)
            self.learner.observe(self.date + drift, self.at, self.moment)

    def counted(self) -> int:
        """Return how many answers have shown what the last one did."""
        periods = self.learner.periods
        return periods[-1].answers if periods else 0

    @property
    def learned(self) -> timedelta | None:
        """The offset that is learned."""
        return Traits(offset_periods=self.learner.periods).offset

    def restart(self) -> None:
        """Start another process, with what was kept."""
        kept = Traits(offset_periods=self.learner.periods).as_dict()
        self.learner = OffsetLearner(Traits.from_dict(kept).offset_periods)


@pytest.mark.parametrize(
    "minutes", [-720, -210, -60, 0, 15, 60, 330, 345, 525, 765, 840]
)
def test_three_answers(minutes: int) -> None:
    """Two answers prove nothing; three that agree do, for any offset in use."""
    answers = Answers(timedelta(minutes=minutes))
    answers.give(2)
    assert answers.learned is None
    answers.give()
    assert answers.learned == timedelta(minutes=minutes)


@pytest.mark.parametrize("drift", [timedelta(minutes=4), -timedelta(minutes=4)])
def test_drift(drift: timedelta) -> None:
    """A portal whose clock is some minutes fast or slow has the same offset."""
    answers = Answers(HOUR)
    answers.give(3, drift=drift)
    assert answers.learned == HOUR


@pytest.mark.parametrize(
    "offset",
    [
        timedelta(minutes=7),
        timedelta(minutes=67, seconds=30),
        timedelta(hours=14, minutes=15),
        timedelta(hours=-12, minutes=-15),
        timedelta(days=-365),
    ],
)
def test_no_offset(offset: timedelta) -> None:
    """A difference that no zone has is somebody's wrong clock."""
    answers = Answers(offset)
    answers.give(9)
    assert answers.counted() == 0


def test_a_single_other_answer() -> None:
    """What one answer shows changes nothing, and has to be shown in a row."""
    answers = Answers(HOUR)
    answers.give(3)
    for _ in range(5):
        answers.offset = 2 * HOUR
        answers.give(2)
        answers.offset = HOUR
        answers.give(1)
    assert answers.learned == HOUR
    assert len(learned_periods(answers.learner.periods)) == 1


def test_changed_offset() -> None:
    """Three newer answers replace what was learned; it stays known for its time."""
    answers = Answers(HOUR)
    answers.give(3)
    answers.now += 2 * DAY
    answers.give()
    last = answers.now
    answers.offset = 2 * HOUR
    answers.give(2)
    assert answers.learned == HOUR
    answers.give()
    assert answers.learned == 2 * HOUR
    before, after = learned_periods(answers.learner.periods)
    assert (before.offset, before.until) == (HOUR, last)
    assert (after.offset, after.since) == (2 * HOUR, last + timedelta(minutes=1))


def test_answers_count_across_restarts() -> None:
    """Who sends once between two starts is learned from as well."""
    answers = Answers(-5 * HOUR)
    for _ in range(3):
        assert answers.learned is None
        answers.give()
        answers.restart()
    assert answers.learned == -5 * HOUR


def test_kept_seldom() -> None:
    """What is known changes once a day at most, as it is written to disk."""
    answers = Answers(HOUR)
    answers.give(3)
    known = answers.learner.periods
    answers.give(100)
    assert answers.learner.periods == known
    answers.now += DAY
    answers.give()
    assert answers.learner.periods[-1].until == answers.now


def test_long_gap() -> None:
    """After months without an answer, nothing is known of the time between."""
    answers = Answers(HOUR)
    answers.give(3)
    answers.now += 100 * DAY
    answers.give()
    assert answers.learned == HOUR
    before, after = answers.learner.periods
    assert after.since - before.until >= 100 * DAY
    assert after.is_learned


def test_bounded() -> None:
    """Offsets that change for years do not pile up."""
    answers = Answers(HOUR)
    for n in range(300):
        answers.offset = HOUR * (n % 5)
        answers.give(3)
        answers.now += DAY
    periods = learned_periods(answers.learner.periods)
    assert len(periods) == 50
    assert all(one.until < other.since for one, other in pairwise(periods))


# --- A system whose clock is wrong ---------------------------------------------------


def test_learned_by_a_wrong_clock() -> None:
    """What was learned before the system's clock was set does not last."""
    answers = Answers(HOUR)
    answers.wrong = -7 * HOUR
    answers.give(3)
    assert answers.learned == 8 * HOUR
    answers.wrong = timedelta()
    answers.give()
    assert answers.learned is None
    answers.give(2)
    assert answers.learned == HOUR


def test_known_before_a_wrong_clock() -> None:
    """What was known before a start is known again once the clock was set."""
    answers = Answers(HOUR)
    answers.give(3)
    answers.restart()
    answers.wrong = -7 * HOUR
    answers.give(3)
    assert answers.learned == 8 * HOUR
    answers.wrong = timedelta()
    answers.give()
    assert answers.learned == HOUR


def test_half_counted_before_the_clock_was_set() -> None:
    """Answers before and after the clock was set are not counted together."""
    answers = Answers(HOUR)
    answers.give(2)
    answers.wrong = -HOUR
    answers.offset = timedelta()
    answers.give(2)
    assert answers.learned is None


def test_clock_set_without_consequence() -> None:
    """A machine that slept, or was set within the same offset, knows what it knew."""
    answers = Answers(HOUR)
    answers.give(3)
    answers.wrong = timedelta(days=-1)
    answers.give(5)
    answers.wrong = timedelta()
    answers.give()
    assert answers.learned == HOUR


def test_aware_times_only() -> None:
    """A time here without a zone is a fault of the caller."""
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(ValueError, match="zone"):
        OffsetLearner().observe(naive, naive, 0)
    lagos = timezone(HOUR)
    learner = OffsetLearner()
    for _ in range(3):
        learner.observe(naive + HOUR, NOON.astimezone(lagos), 0)
    assert learner.periods[-1].offset == HOUR


def test_period_as_json() -> None:
    """A period comes back as it was; what is none is refused."""
    period = OffsetPeriod(offset=-HOUR, since=NOON, until=NOON + DAY, answers=3)
    assert OffsetPeriod.from_dict(period.as_dict()) == period
    for key in period.as_dict():
        broken = {k: v for k, v in period.as_dict().items() if k != key}
        with pytest.raises(KeyError):
            OffsetPeriod.from_dict(broken)
