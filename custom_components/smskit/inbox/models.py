"""Models of received messages, and their identity."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final, Self

from ..api import InboxMessage
from ..phone_number import normalize_number
from ..settings import Settings

# Types of the fields of a stored message.
_TYPES: Final = {
    "fingerprint": str,
    "id": str,
    "sender": str,
    "recipient": str | None,
    "text": str,
    "read": bool,
    "trusted": bool,
}
# Shorter numbers are short codes, which have no country code.
_SHORTEST_NUMBER: Final = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceivedMessage:
    """A message of the inbox as it is stored."""

    fingerprint: str
    """Identity of the message: a hash of the portal's ID, sender, time and text."""
    id: str
    """Public ID: the portal's ID, unless another message already has it."""
    sender: str = field(repr=False)
    """E.164 with a leading `+` for a number; names and short codes as they are."""
    recipient: str | None = field(repr=False)
    text: str = field(repr=False)
    date: datetime
    """Aware UTC time; when it was first seen if the portal reports none."""
    read: bool
    trusted: bool
    """Whether its sender is trusted to give commands."""

    def as_dict(self) -> dict[str, Any]:
        """Return the message in the format of attributes and action responses."""
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
        """Create a message from stored JSON data.

        Raises KeyError, TypeError or ValueError for invalid data.
        """
        date = datetime.fromisoformat(data["date"])
        if date.tzinfo is None:
            raise ValueError("time without a time zone")
        if not all(isinstance(data[name], kind) for name, kind in _TYPES.items()):
            raise TypeError("field of the wrong type")
        return cls(**{**data, "date": date})


def by_fingerprint(messages: Iterable[InboxMessage]) -> dict[str, InboxMessage]:
    """Return the messages of a listing by fingerprint.

    The ID alone is not enough: a portal may reuse IDs, or have none. Identical messages
    without an ID are distinguished by counting them; identical messages with an ID are
    one message that is listed more than once.
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
    """Return messages in the stored format, in order of time."""
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
    """Return a number of the portal as E.164; names and short codes unchanged."""
    if not number.isdecimal() or len(number) < _SHORTEST_NUMBER:
        return number
    if number.startswith("0"):
        try:
            return normalize_number(number, country)
        except ValueError:
            return number
    return f"+{number}"
