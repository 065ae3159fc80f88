"""Which listings bring what is late."""

from datetime import timedelta
from typing import Final

from ..const import RETRY_INTERVAL

# As many failures in a row may pass without making anything late.
_FAILURES: Final = 3


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
