"""Which listing of the portal is due, and what of it is late."""

import time
from typing import Final

from ..api import PortalClient
from ..const import RECONCILE_INTERVAL
from .inbox import Inbox, InboxView

# A listing of all that never completes is tried again after so long, and ever less
# often; the unread go on being read meanwhile.
_RETRY_FIRST: Final = 30.0
_RETRY_LONGEST: Final = 3600.0
_UNREAD_EVERY: Final = 10


class InboxPoller:
    """Reads the portal's inbox.

    A listing of the unread marks them as read at the portal. What such an answer may
    have swallowed is found by a listing of all: at the start, after an error of any
    kind, and once a day for what another client read first.
    """

    def __init__(
        self, client: PortalClient, inbox: Inbox, *, after_a_start: bool
    ) -> None:
        """Prepare to read into an inbox that is loaded.

        `after_a_start` marks the first listing of all as late: it has what arrived
        while Home Assistant was not running.
        """
        self._client = client
        self.inbox = inbox
        self._are_late = {True: after_a_start, False: after_a_start}
        """Whether what the next listing of all, or of the unread, has is late."""
        self._is_stopped = False
        self._failures = 0
        """How many listings failed in a row, from the first of the unread on."""
        self._full_at = 0.0
        """When the next listing of all is due, monotonic."""
        self._retry = _RETRY_FIRST

    async def async_poll(self) -> InboxView:
        """Read what is due."""
        if not self._is_stopped:
            now = time.monotonic()
            full = now >= self._full_at
            try:
                await self._async_read(full=full)
            except Exception:
                self._note_failure(now, was_full=full)
                raise
            self._are_late[False] = False
            self._failures = 0
            if full:
                self._are_late[True] = False
                self._retry = _RETRY_FIRST
                self._full_at = now + RECONCILE_INTERVAL.total_seconds()
        return self.inbox.view

    async def _async_read(self, *, full: bool) -> None:
        listing = await self._client.inbox(unread=not full)
        if self._is_stopped:
            # The next start finds what this one may have swallowed.
            return
        late = self._are_late[full]
        await self.inbox.async_take(listing, full=full, backlog=late)
        # Nobody else can have written the first sender of a listing.
        if listing and listing[0].shows_encoder and self.inbox.trusts(listing[0]):
            self._client.note_encoder()

    def _note_failure(self, now: float, *, was_full: bool) -> None:
        """Plan the next listing of all.

        What a listing of the unread may have swallowed comes before everything newer.
        Once in a while the unread are tried all the same: they are fewer.
        """
        self._failures += not was_full or self._failures > 0
        if self._failures % _UNREAD_EVERY:
            self._full_at = now
        else:
            self._full_at = now + self._retry
            self._retry = min(self._retry * 2, _RETRY_LONGEST)

    async def async_stop(self) -> None:
        """Read nothing more, after what is being taken has been stored."""
        self._is_stopped = True
        await self.inbox.async_finish()
