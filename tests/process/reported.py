"""What was reported of the messages of a run that stops Home Assistant."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from tests.demo.home_assistant import Json

from .home import Event
from .inbound import Inbound
from .messages import PROMISED, Answer, Message
from .witness import RECEIVED, STATUS, Note

_FINAL: Final = frozenset({"sent", "failed", "expired", "unknown"})
_ANSWERED: Final = frozenset({None, "slow"})
"""The disturbances with which the portal answers all the same."""
_LATE: Final = timedelta(seconds=2)
"""How long after a stop a request may still leave that was begun before it."""


@dataclass(kw_only=True, slots=True)
class Stop:
    """One start of Home Assistant until it was stopped."""

    life: int
    disk: str
    up: float = 0.0
    """Seconds from its start until it answered."""
    moment: str = ""
    """What it was in the middle of."""
    begun: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When it was to stop."""
    took: float = 0.0
    status: int = 0
    """The exit status."""
    stages: dict[str, str] = field(default_factory=dict)
    """What it left on disk: the stage of each number's batch."""
    unpublished: int = 0
    """How many events it left on disk for the next start."""
    delayed: int = 0
    """How often the disk was slow."""

    def is_during(self, time: datetime) -> bool:
        """Return whether it was stopping at that time."""
        return self.begun < time <= self.begun + timedelta(seconds=self.took)


@dataclass(kw_only=True)
class Evidence:
    """What is known at the end of a run."""

    messages: Sequence[Message]
    too_late: Iterable[str]
    """The numbers of messages that came when Home Assistant was stopping already."""
    inbound: Sequence[Inbound]
    ledger: Sequence[Json]
    requests: Sequence[Json]
    """Those that reached the portal to send something."""
    notes: Sequence[Note]
    events: Sequence[Event]
    inbox: Sequence[Json]
    stops: Sequence[Stop]

    def __post_init__(self) -> None:
        """Index what is asked for often."""
        self._billed = Counter(f"+{entry['to']}" for entry in self.ledger)
        self._requests: defaultdict[str, list[Json]] = defaultdict(list)
        for request in self.requests:
            self._requests[f"+{request['parameters']['to']}"].append(request)
        self._reported: defaultdict[str, list[str]] = defaultdict(list)
        self._received: Counter[str] = Counter()
        for note in self.notes:
            if note.kind == "status":
                self._reported[note.subject].append(note.detail)
            elif note.kind == "received":
                self._received[note.subject] += 1

    def problems(self) -> list[str]:
        """Return everything that must not be; empty for a good run."""
        return [
            *(line for m in self.messages for line in self._message_problems(m)),
            *self._inbound_problems(),
            *self._event_problems(),
            *self._stop_problems(),
        ]

    def summary(self) -> list[str]:
        """Return what a person wants to know."""
        statuses = Counter(s for all_ in self._reported.values() for s in all_)
        backlog = sum(n.kind == "received" and n.detail == "True" for n in self.notes)
        answers = Counter(message.answer for message in self.messages)
        return [
            f"messages: {_counts(answers)}",
            f"billed: {sum(self._billed.values())}",
            f"reported: {_counts(statuses)}",
            f"came in: {len(self.inbound)}, in the inbox: {len(self.inbox)}",
            f"published: {sum(self._received.values())}, as a backlog: {backlog}",
        ]

    def _message_problems(self, message: Message) -> Iterable[str]:
        requests = self._requests[message.number]
        reported = self._reported[message.number]
        billed = self._billed[message.number]
        stages = [
            f"{stop.life}: {stop.stages[message.number]}"
            for stop in self.stops
            if message.number in stop.stages
        ]
        fault: str | None = requests[0]["fault"] if requests else None
        what = (
            f"{message.text} of life {message.life}, answered {message.answer} "
            f"{message.reason!r}, reported {reported}, on disk {stages}, "
            f"fault {fault}"
        )
        if message.answer is None:
            yield f"no outcome: {what}"
        if billed > 1 or len(requests) > 1:
            yield f"left {len(requests)} times, billed {billed} times: {what}"
        for status, times in Counter(reported).items():
            if times > 1:
                yield f"{status} was reported {times} times: {what}"
        if not (requests or reported or stages or message.answer in PROMISED):
            # It was never taken.
            return
        expected = _expected_ends(fault, bool(billed)) if requests else _FINAL
        ends = set(reported) & _FINAL
        if not ends:
            yield f"its end was not reported: {what}"
        elif not ends <= expected or len(ends - {"unknown"}) > 1:
            yield f"the end should be one of {sorted(expected)}: {what}"
        if message.answer in {*PROMISED, Answer.UNKNOWN} and (
            message.answer.value not in reported
        ):
            yield f"answered, and not reported: {what}"

    def _inbound_problems(self) -> Iterable[str]:
        kept = Counter(message["text"] for message in self.inbox)
        for message in self.inbound:
            if (times := self._received[message.text]) != 1:
                yield f"{message.text} was published {times} times"
            if (times := kept[message.text]) != 1:
                yield f"{message.text} is in the inbox {times} times"

    def _event_problems(self) -> Iterable[str]:
        """Nothing is published twice, whether or not an automation ran."""
        times: defaultdict[str, set[str]] = defaultdict(set)
        for event in self.events:
            if event.entity_id == RECEIVED:
                times[event.attributes["text"]].add(event.time)
            elif event.entity_id == STATUS:
                times[f"{event.attributes['number']} {event.type}"].add(event.time)
        for what, seen in times.items():
            if len(seen) > 1:
                yield f"published {len(seen)} times: {what}"

    def _stop_problems(self) -> Iterable[str]:
        for stop in self.stops:
            if stop.status != 0:
                yield f"life {stop.life} ended with status {stop.status}"
            for request in self.requests:
                time = datetime.fromisoformat(request["time"])
                number = f"+{request['parameters']['to']}"
                late = time - stop.begun
                if stop.is_during(time) and (number in self.too_late or late > _LATE):
                    yield (
                        f"left {late.total_seconds():.1f} s after the stop of life "
                        f"{stop.life} had begun: {number}"
                    )


def _expected_ends(fault: str | None, is_billed: bool) -> frozenset[str]:
    """Return the statuses that may come last for a message that left once."""
    if fault == "refused_error":
        return frozenset({"failed"})
    if fault in _ANSWERED and is_billed:
        return frozenset({"sent"})
    # The answer may have named the group before it was cut off.
    return frozenset({"unknown", "sent"})


def _counts(counts: Counter[str] | Counter[Answer | None]) -> str:
    return ", ".join(f"{times} {what}" for what, times in counts.items())


def stops_table(stops: Sequence[Stop]) -> list[str]:
    """Return a line for each life."""
    lines = ["life    disk    up  stop took  status  delayed  unpublished  on disk"]
    for stop in stops:
        stages = _counts(Counter(stop.stages.values())) or "nothing"
        lines.append(
            f"{stop.life:4}  {stop.disk:>6}  {stop.up:4.1f}  {stop.took:9.1f}  "
            f"{stop.status:6}  {stop.delayed:7}  {stop.unpublished:11}  "
            f"{stages}; stopped {stop.moment}"
        )
    return lines
