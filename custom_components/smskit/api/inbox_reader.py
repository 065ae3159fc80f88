"""Reads an inbox that is too large to be decoded as a whole, item by item."""

from dataclasses import replace
from typing import Final

from . import bounds, handwritten
from .errors import Cause, NotAPortalError
from .inbox import InboxListing, read_inbox
from .models import InboxMessage
from .traits import Escaping

# Characters that are read as one listing: enough for many short texts.
_AT_ONCE: Final = 64 * 1024


class InboxReader:
    """Reads the messages of a listing while it comes in.

    The documented order of the keys shows where one ends, and another one begins. What
    is between is a small listing of its own.
    """

    def __init__(self, escaping: Escaping) -> None:
        """Initialize the reader for a portal."""
        self._escaping = escaping
        self._head: str | None = None
        """What stands before the first message."""
        self._rest = ""
        """What was not read yet; with a head, it begins with a message."""
        self._length = 0
        self._is_handwritten = False
        self.messages: list[InboxMessage] = []

    @property
    def has_begun(self) -> bool:
        """Return whether a part of a listing was read."""
        return self._head is not None

    def feed(self, data: bytes) -> bool:
        """Read more of a listing; return whether even more may come.

        Not if this is none as it is documented, or if it exceeds all bounds.
        """
        self._rest += data.decode("utf-8-sig", errors="replace")
        try:
            return self._read_whole() and (
                len(self._rest) <= bounds.LISTING
                and len(self.messages) <= bounds.MESSAGES
                and self._length <= bounds.MESSAGES_TEXT
            )
        except ValueError:
            return False

    def _read_whole(self) -> bool:
        """Read what is there of whole messages; return whether it is an inbox."""
        if self._head is None:
            starts = handwritten.inbox_starts(self._rest, is_head=True)
            if not starts:
                return False
            self._head, self._rest = self._rest[: starts[0]], self._rest[starts[0] :]
        begin = previous = 0
        for start in handwritten.inbox_starts(self._rest):
            if start - begin > _AT_ONCE and previous > begin:
                self._read(self._rest[begin:previous])
                begin = previous
            previous = start
        if previous > begin:
            self._read(self._rest[begin:previous])
        self._rest = self._rest[previous:]
        return True

    def finish(self, rest: str) -> InboxListing:
        """Read the last part; raise NotAPortalError if there is no end."""
        body = f"{self._head}{self._rest}{rest}"
        try:
            self._add(read_inbox(body, self._escaping, str))
        except ValueError:
            message = "a listing without its end"
            raise NotAPortalError(message, cause=Cause.BROKEN) from None
        return InboxListing(tuple(self.messages), self._is_handwritten)

    def _read(self, records: str) -> None:
        body = f"{self._head}{records.rstrip().removesuffix(',')}]}}"
        self._add(read_inbox(body, self._escaping, str))

    def _add(self, listing: InboxListing) -> None:
        # Any message but the first of all may be made up by one before it.
        is_forgeable = bool(self.messages) and self._escaping is not Escaping.ENCODED
        self._is_handwritten |= listing.is_handwritten
        self._length += sum(len(message.text) for message in listing.messages)
        self.messages += (
            replace(message, is_forgeable=message.is_forgeable or is_forgeable)
            for message in listing.messages
        )
