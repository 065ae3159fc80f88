"""A message that came in, and how it is told from every other."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final, Self

from ..api import InboxMessage
from ..phone_number import normalize_number
from ..settings import Settings

# What each part of a kept message has to be.
_TYPES: Final = {
    "fingerprint": str,
    "id": str,
    "sender": str,
    "recipient": str | None,
    "text": str,
    "read": bool,
    "trusted": bool,
}
# Shorter ones are services, which have no country code.
_SHORTEST_NUMBER: Final = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceivedMessage:
    """A message of the inbox as it is kept."""

    fingerprint: str
    """Its identity: the portal's id with sender, time and text behind it."""
    id: str
    """What users know it by: the portal's id where no other message has it."""
    sender: str = field(repr=False)
    """E.164 with a leading `+` where it is a number."""
    recipient: str | None = field(repr=False)
    text: str = field(repr=False)
    date: datetime
    """Aware, UTC; when it was first seen where the portal does not tell."""
    read: bool
    trusted: bool
    """Whether its sender is one of those that are allowed to command."""

    def as_dict(self) -> dict[str, Any]:
        """Return it as it is shown, in attributes and by actions."""
        return {
            "id": self.id,
            "from": self.sender,
            "to": self.recipient,
            "text": self.text,
            "date": self.date.isoformat(),
            "read": self.read,
            "trusted": self.trusted,
        }

    @classmethod
    def from_stored(cls, data: dict[str, Any]) -> Self:
        """Return what JSON made of one; raise for anything else."""
        date = datetime.fromisoformat(data["date"])
        if date.tzinfo is None:
            raise ValueError("a time without a zone")
        if not all(isinstance(data[name], kind) for name, kind in _TYPES.items()):
            raise TypeError("a part of another type")
        return cls(**{**data, "date": date})


def by_fingerprint(messages: Iterable[InboxMessage]) -> dict[str, InboxMessage]:
    """Return the messages of a listing by their identity.

    The id alone would not do: a portal may reuse ids, or have none. Messages without
    one that are the same in everything are told apart by how often they are listed;
    with one, it is the same message that is listed again.
    """
    seen: Counter[str] = Counter()
    result: dict[str, InboxMessage] = {}
    for message in messages:
        parts = (message.id, message.sender, message.date, message.text)
        digest = blake2b("\0".join(map(str, parts)).encode(), digest_size=10)
        one = digest.hexdigest()
        if message.id is None:
            seen[one] += 1
        result[one if seen[one] < 2 else f"{one}.{seen[one]}"] = message
    return result


def received(
    messages: dict[str, InboxMessage],
    settings: Settings,
    *,
    is_trusted: Callable[[str], bool],
    read: bool,
    now: datetime,
) -> list[ReceivedMessage]:
    """Return messages as they are kept, in order of time."""
    country = settings.country
    result = []
    for fingerprint, message in messages.items():
        sender = shown_number(message.sender, country)
        result.append(
            ReceivedMessage(
                fingerprint=fingerprint,
                id=message.id or fingerprint[:12],
                sender=sender,
                recipient=message.recipient
                and shown_number(message.recipient, country),
                text=message.text,
                date=settings.to_utc(message.date, now=now) or now,
                read=read,
                trusted=is_trusted(sender),
            )
        )
    return sorted(result, key=lambda message: message.date)


def shown_number(number: str, country: str | None) -> str:
    """Return a number of the portal as it is shown; a name or a service stays one."""
    if not number.isdecimal() or len(number) < _SHORTEST_NUMBER:
        return number
    if number.startswith("0"):
        try:
            return normalize_number(number, country)
        except ValueError:
            return number
    return f"+{number}"
