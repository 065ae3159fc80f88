"""The messages of a run, what their senders were answered, and what came of them."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from tests.demo.home_assistant import Json

from .home import Event

_AREAS: Final = ("202", "212", "303", "312", "404", "415", "503", "617", "702", "808")
"""Each has the numbers 555-0100 to 555-0199 set aside for fiction."""
MOST_MESSAGES: Final = 100 * len(_AREAS)


class Answer(StrEnum):
    """What a caller was answered."""

    QUEUED = "queued"
    SENT = "sent"
    HELD = "held"
    UNKNOWN = "unknown"
    ERROR = "error"
    NO_ANSWER = "no answer"
    """Home Assistant died first."""
    NOT_CONNECTED = "not connected"


class End(StrEnum):
    """What came of a message."""

    BILLED = "billed"
    EXPIRED = "expired"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """It was reported that nobody knows, and the portal does not have it."""
    UNSEEN = "unseen"
    """The same, reported before anybody could listen."""
    NEVER_TAKEN = "never taken"
    """It was neither promised nor on disk."""
    LOST = "lost"


PROMISED: Final = frozenset({Answer.QUEUED, Answer.SENT, Answer.HELD})
_REFUSED: Final = frozenset({Answer.ERROR, Answer.NOT_CONNECTED})


@dataclass(kw_only=True, slots=True)
class Message:
    """One message to one number, which no other message goes to."""

    number: str
    text: str
    life: int = 0
    """In which life of Home Assistant it was sent."""
    answer: Answer | None = None
    reason: str = ""


def make_messages(count: int) -> list[Message]:
    """Return messages that a ledger can distinguish."""
    return [
        Message(
            number=f"+1{_AREAS[index // 100]}55501{index % 100:02}",
            text=f"m-{index:04}",
        )
        for index in range(count)
    ]


@dataclass(kw_only=True)
class Evidence:
    """What is known at the end of a run."""

    messages: list[Message]
    ledger: list[Json] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    on_disk: dict[int, dict[str, str]] = field(default_factory=dict)
    """What each life left in its outbox when it was killed: stages by number."""
    listened_from_start: set[int] = field(default_factory=set)
    """The lives whose first events could not be missed."""

    def __post_init__(self) -> None:
        """Index what is asked for often."""
        self._billed = Counter(f"+{entry['to']}" for entry in self.ledger)
        self._reported: defaultdict[str, set[str]] = defaultdict(set)
        for event in self.events:
            self._reported[event.attributes["number"]].add(event.type)

    def end_of(self, message: Message) -> End:
        """Return what came of a message."""
        if self._billed[message.number]:
            return End.BILLED
        reported = self._reported[message.number]
        for end in End.EXPIRED, End.FAILED, End.UNKNOWN:
            if end.value in reported:
                return end
        if message.answer is Answer.UNKNOWN:
            return End.UNKNOWN
        stages = self._stages(message)
        if "sending" in stages:
            return End.UNSEEN
        if stages or message.answer in PROMISED:
            return End.LOST
        return End.NEVER_TAKEN

    def problems(self) -> list[str]:
        """Return everything that must not be; empty for a good run."""
        return [
            *self._ledger_problems(),
            *(line for m in self.messages for line in self._message_problems(m)),
            *self._unreported_problems(),
        ]

    def _stages(self, message: Message) -> set[str]:
        """Return how a message was on disk whenever Home Assistant was killed."""
        return {
            stages[message.number]
            for stages in self.on_disk.values()
            if message.number in stages
        }

    def _ledger_problems(self) -> Iterable[str]:
        for key in "to", "text":
            counts = Counter(entry[key] for entry in self.ledger)
            for value, times in counts.items():
                if times > 1:
                    yield f"billed {times} times: {key} {value}"
        ours = {(message.number, message.text) for message in self.messages}
        for entry in self.ledger:
            if (f"+{entry['to']}", entry["text"]) not in ours:
                yield f"billed, and nobody sent it: {entry['to']} {entry['text']}"

    def _message_problems(self, message: Message) -> Iterable[str]:
        reported, stages = self._reported[message.number], self._stages(message)
        end = self.end_of(message)
        what = (
            f"{message.text} of life {message.life}, answered {message.answer} "
            f"{message.reason!r}, reported {sorted(reported)}, on disk {sorted(stages)}"
        )
        if message.answer is None:
            yield f"no outcome: {what}"
        if end is End.LOST:
            yield f"lost: {what}"
        if end is End.BILLED and message.answer in _REFUSED:
            yield f"billed after an error: {what}"
        if end is End.BILLED and reported & {"expired", "failed"}:
            yield f"billed, and reported otherwise: {what}"
        if end is not End.BILLED and (
            reported & {"queued", "sent"}
            or message.answer in {Answer.QUEUED, Answer.SENT}
        ):
            yield f"reported that the portal has it, which it has not: {what}"
        if (
            end is End.BILLED
            and message.answer is Answer.NO_ANSWER
            and not (reported or stages)
        ):
            yield f"billed, and nothing of it was kept: {what}"

    def _unreported_problems(self) -> Iterable[str]:
        """Whatever was on its way at a kill has to be reported in the next life."""
        for life, stages in self.on_disk.items():
            if life + 1 not in self.listened_from_start:
                continue
            # A life that ended before it had set up the account leaves it to the next.
            reported = {
                event.attributes["number"]
                for event in self.events
                if event.life == life + 1 and event.type == "unknown"
            }
            still_there = self.on_disk.get(life + 1, {})
            for number, stage in stages.items():
                if (
                    stage == "sending"
                    and number not in reported
                    and still_there.get(number) != "sending"
                ):
                    yield f"on its way when life {life} ended, never reported: {number}"
