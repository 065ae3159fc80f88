"""What is kept of a received message, and who may have written it."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from datetime import datetime

from ..api import InboxMessage
from ..phone_number import shown_number
from ..portal_clock import PortalClock
from ..settings import Settings
from ..store import Direction, Message


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """A message that was received, as it is published."""

    message: Message
    backlog: bool
    """Whether it is late."""
    is_doubtful: bool
    """Whether it may be from somebody else than it says."""
    listing: int
    """Which listing of this run had it first, counted; 0 for one of another run."""


def find_doubtful(
    listed: Mapping[str, InboxMessage],
    seen: Container[str],
    *,
    is_trusted: Callable[[InboxMessage], bool],
) -> set[str]:
    """Return the fingerprints of new messages that somebody else may have made up.

    `listed` is in the portal's order. Where a portal does not escape, a new message may
    be a part of the text of a new one before it. A message that was seen before ends
    this: its text was known when the later ones did not exist.
    """
    doubtful: set[str] = set()
    authors: set[str] = set()
    for fingerprint, message in listed.items():
        if fingerprint in seen:
            if not message.is_ambiguous:
                authors.clear()
            continue
        others = authors - {message.sender}
        if message.is_ambiguous or (message.is_forgeable and others):
            doubtful.add(fingerprint)
        if fingerprint in doubtful or not is_trusted(message):
            authors.add(message.sender)
    return doubtful


def received(  # noqa: PLR0913 - what is received, how it is read, and what it is
    messages: dict[str, InboxMessage],
    settings: Settings,
    clock: PortalClock,
    *,
    is_trusted: Callable[[str], bool],
    name_of: Callable[[str], str | None],
    doubtful: Container[str],
    read: bool,
    now: datetime,
) -> dict[str, Message]:
    """Return messages as they are kept, by their fingerprint, in order of time."""
    country = settings.country
    kept: dict[str, Message] = {}
    for fingerprint, message in messages.items():
        sender = shown_number(message.sender, country)
        kept[fingerprint] = Message(
            id=message.id or fingerprint[:12],
            direction=Direction.IN,
            number=sender,
            own_number=message.recipient and shown_number(message.recipient, country),
            name=name_of(sender),
            text=message.text,
            date=clock.to_utc(message.date, received=now) or now,
            read=read,
            trusted=fingerprint not in doubtful and is_trusted(sender),
            portal_date=message.date,
            received=now,
        )
    return dict(sorted(kept.items(), key=lambda one: _order(one[1])))


def _order(message: Message) -> tuple[datetime, datetime]:
    # Dates that would be in the future are all of the same moment.
    return message.date, message.portal_date or message.date.replace(tzinfo=None)
