"""Which listings bring what is late, and which messages are older than others."""

from collections.abc import Container, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from ..api import InboxMessage
from ..const import RETRY_INTERVAL

# As many failures in a row may pass without making anything late.
_FAILURES: Final = 3

type NewestDates = Mapping[str | None, datetime]
"""By the number that messages came to, as the portal writes them."""


class Lateness:
    """Whether what a listing brings may be old, by when the listings before succeeded.

    No date is compared with a clock. It begins when Home Assistant does, and goes on
    while the account is reloaded or disabled.
    """

    def __init__(self) -> None:
        """Initialize after a start: everything came while nobody looked."""
        self._are_late = {True: True, False: True}
        """Whether what the next listing of all, or of the unread, has is late."""
        self._listed_at: float | None = None

    def is_late(self, *, full: bool, now: float, interval: timedelta) -> bool:
        """Return whether what a listing brings that begins now is late, monotonic.

        It is after a gap of more than a few polls, which follow each other quicker
        after failures.
        """
        few = interval + _FAILURES * min(interval, RETRY_INTERVAL)
        if self._listed_at is not None and now - self._listed_at > few.total_seconds():
            self._are_late = {True: True, False: True}
        return self._are_late[full]

    def note(self, *, full: bool, began: float) -> None:
        """Note a listing that succeeded."""
        self._listed_at = began
        self._are_late[False] = False
        if full:
            self._are_late[True] = False


def find_old(
    listed: Mapping[str, InboxMessage],
    seen: Container[str],
    reliable: Iterable[str],
    *,
    newest: NewestDates | None,
    latest: datetime,
) -> tuple[set[str], NewestDates]:
    """Return which new messages are older than known ones, and the newest dates then.

    Only the dates of `reliable` messages count. `newest` has those that are known, None
    if the listing has them itself. What is dated after `latest` is a mistake: it would
    make all that follows old.
    """
    dated = {one: listed[one] for one in reliable}
    if newest is None:
        newest = _newest((m for one, m in dated.items() if one in seen), latest)
    old = {
        one
        for one, message in listed.items()
        if one not in seen and is_before(message, newest)
    }
    others = [m for m in dated.values() if not is_before(m, newest)]
    return old, {**newest, **_newest(others, latest)}


def is_before(message: InboxMessage, newest: NewestDates) -> bool:
    """Return whether a message has an older date than others to the same number."""
    date, other = message.date, newest.get(message.recipient)
    return date is not None and other is not None and date < other


def _newest(messages: Iterable[InboxMessage], latest: datetime) -> NewestDates:
    newest: dict[str | None, datetime] = {}
    for message in messages:
        if message.date is not None and message.date <= latest:
            before = newest.setdefault(message.recipient, message.date)
            newest[message.recipient] = max(before, message.date)
    return newest
