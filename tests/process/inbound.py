"""The messages that come in during a run, and what was published of them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from tests.demo.home_assistant import Json

from .home import Event

# Each followed by two more digits: the ranges set aside for fiction.
_RANGES: Final = ("120255501", "121255501", "131255501", "447700900")
# Of a portal that gives the same id to several messages.
_REUSED_ID: Final = "7"
_REUSED: Final = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class Inbound:
    """One message that somebody sends."""

    sender: str
    text: str
    id: str | None
    """None: the portal's own next one."""


def make_inbound(count: int, chance: Random) -> list[Inbound]:
    """Return messages that an inbox can distinguish by their texts."""
    return [
        Inbound(
            sender=f"{chance.choice(_RANGES)}{chance.randrange(100):02}",
            text=f"in-{index:05}",
            id=_REUSED_ID if chance.random() < _REUSED else None,
        )
        for index in range(count)
    ]


@dataclass(kw_only=True)
class Life:
    """One start of Home Assistant until its end."""

    number: int
    up: float = 0.0
    """Seconds from its start until it answered."""
    ready: float | None = None
    """Seconds from its start until the account was set up."""
    lasted: float = 0.0
    end: str = ""
    """When it was killed."""
    posted: int = 0
    """Messages that the portal had by then, in all."""


@dataclass(kw_only=True)
class Evidence:
    """What is known at the end of a run."""

    messages: Sequence[Inbound]
    inbox: Sequence[Json]
    events: Sequence[Event]
    """The events of `message_received`."""
    ran_for: Counter[str] = field(default_factory=Counter)
    """How often an automation ran, by text."""
    due: frozenset[str] = frozenset()
    """The texts that were still to be published at the last kill."""

    def __post_init__(self) -> None:
        """Index what is asked for often."""
        times: defaultdict[str, set[str]] = defaultdict(set)
        for event in self.events:
            times[event.attributes["text"]].add(event.time)
        self.fired = Counter({text: len(seen) for text, seen in times.items()})
        self.kept = Counter(message["text"] for message in self.inbox)

    @property
    def without_event(self) -> list[str]:
        """Messages that nobody saw anything of."""
        return [
            m.text
            for m in self.messages
            if not self.fired[m.text] and not self.ran_for[m.text]
        ]

    def problems(self) -> Iterable[str]:
        """Yield everything that must not be; nothing for a good run."""
        ours = {message.text: message for message in self.messages}
        for text in ours:
            if self.kept[text] != 1:
                yield f"{text} is in the inbox {self.kept[text]} times"
            if self.fired[text] > 1:
                yield f"{text} was published {self.fired[text]} times"
            if self.ran_for[text] > 1:
                yield f"an automation ran {self.ran_for[text]} times for {text}"
        for text in (self.kept | self.fired | self.ran_for).keys() - ours.keys():
            yield f"nobody sent {text!r}"
        ids = Counter(message["id"] for message in self.inbox)
        yield from (
            f"{n} messages have the id {id_}" for id_, n in ids.items() if n > 1
        )
        unseen = set(self.without_event)
        for text in sorted(unseen & self.due):
            yield f"{text} was still to be published at the last kill, and never was"
        for message in self.inbox:
            if message["text"] in unseen and message["read"]:
                yield f"{message['text']} was not published, and is read"
            sent = ours.get(message["text"])
            if sent is not None and message["from"] != f"+{sent.sender}":
                yield f"{message['text']} has another sender: {message['from']}"

    def summary(self) -> list[str]:
        """Return what a person wants to know."""
        backlog = sum(event.attributes["backlog"] for event in self.events)
        unseen = self.without_event
        silent = [text for text in self.fired if not self.ran_for[text]]
        read = sum(message["read"] for message in self.inbox)
        most = max(self.fired.values(), default=0)
        ran = max(self.ran_for.values(), default=0)
        return [
            f"messages sent: {len(self.messages)}",
            f"in the inbox: {len(self.inbox)}, of them read: {read}",
            f"published: {len(self.fired)}, at most {most} time(s)",
            f"published as a backlog: {backlog}",
            f"an automation ran for: {len(self.ran_for)}, at most {ran} time(s)",
            f"published, and no automation ran: {len(silent)} {' '.join(silent[:20])}",
            f"messages without an event: {len(unseen)} {' '.join(unseen[:20])}",
        ]


def lives_table(lives: Sequence[Life], events: Sequence[Event]) -> list[str]:
    """Return a line for each life."""
    published = Counter(event.life for event in events)
    lines = ["life     up  ready  lasted  posted  published  killed"]
    for life in lives:
        ready = "" if life.ready is None else f"{life.ready:.1f}"
        lines.append(
            f"{life.number:4}  {life.up:5.1f}  {ready:>5}  {life.lasted:6.1f}  "
            f"{life.posted:6}  {published[life.number]:9}  {life.end}"
        )
    return lines
