"""Which listing of the portal is due, and what of it is late."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
import time
from typing import Final

from ..api import (
    Cause,
    InboxMessage,
    IncompleteInboxError,
    NotAPortalError,
    PortalClient,
    PortalError,
)
from ..const import RECONCILE_INTERVAL
from .inbox import Inbox, InboxView
from .lateness import Lateness

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
        self,
        client: PortalClient,
        inbox: Inbox,
        lateness: Lateness,
        interval: timedelta,
    ) -> None:
        """Prepare to read into an inbox that is loaded, by polls in an interval."""
        self._client = client
        self.inbox = inbox
        self._lateness = lateness
        self._interval = interval
        self._lock = asyncio.Lock()
        self._is_stopped = False
        self._may_have_lost = True
        """Whether an answer may have swallowed messages since the last listing."""
        self._failures = 0
        """How many listings failed in a row, from the first of the unread on."""
        self._full_at = 0.0
        """When the next listing of all is due, monotonic."""
        self._retry = _RETRY_FIRST
        self.is_too_large = False
        """Whether the listing of all exceeds all bounds, so that it is not read."""

    async def async_poll(self) -> InboxView:
        """Read what is due, after whoever does so just now."""
        async with self._lock:
            if not self._is_stopped:
                await self._async_poll()
        return self.inbox.view

    async def _async_poll(self) -> None:
        now = time.monotonic()
        full = now >= self._full_at
        try:
            full = await self._async_read(now, full=full)
        except Exception:
            # Whatever it is: the portal may have marked as read what was not stored.
            self._note_failure(now, was_full=full)
            raise
        self._lateness.note(full=full, began=now)
        self._may_have_lost = False
        self._failures = 0
        if full:
            self._retry = _RETRY_FIRST
            self._full_at = now + RECONCILE_INTERVAL.total_seconds()

    async def _async_read(self, now: float, *, full: bool) -> bool:
        """Read a listing; return whether it was, or became, one of all."""
        is_late = partial(self._lateness.is_late, now=now, interval=self._interval)
        late, were_there = is_late(full=full), False
        try:
            listing = await self._async_list(unread=not full, late=late)
        except NotAPortalError as err:
            if not full or err.cause is not Cause.TOO_LARGE:
                raise
            # What is unread is better than nothing; the others were there before, or
            # were read by another client.
            self.is_too_large = True
            listing = await self._async_list(unread=True, late=late)
            await self._async_take(listing, full=False, late=late)
            return True
        if full:
            self.is_too_large = False
        if full and not self._may_have_lost and not is_late(full=False):
            if await self.inbox.async_new(listing, full=True):
                # What is not unread came before the last listing, and was read by
                # another client.
                unread = await self._async_list(unread=True, late=False)
                await self._async_take(unread, full=False, late=False)
            late = were_there = True
        elif not full and not late and await self._async_looks_late(listing):
            # Either it is, or all dates have moved: that shows beside known ones.
            with suppress(PortalError):
                listing = await self._client.inbox(unread=False)
                full = True
        await self._async_take(listing, full=full, late=late, were_there=were_there)
        return full

    async def _async_list(self, *, unread: bool, late: bool) -> Sequence[InboxMessage]:
        """Read a listing; take what there is of one of the unread that breaks off."""
        try:
            return await self._client.inbox(unread=unread)
        except IncompleteInboxError as err:
            await self._async_take(err.messages, full=False, late=late)
            raise

    async def _async_looks_late(self, listing: Sequence[InboxMessage]) -> bool:
        """Return whether any new message is dated before one that is known."""
        new = await self.inbox.async_new(listing, full=False)
        return any(map(self.inbox.is_before_known, new))

    async def _async_take(
        self,
        listing: Sequence[InboxMessage],
        *,
        full: bool,
        late: bool,
        were_there: bool = False,
    ) -> None:
        if self._is_stopped:
            # The next start finds what this one may have swallowed.
            return
        await self.inbox.async_take(
            listing, full=full, backlog=late, were_there=were_there
        )
        # Nobody else can have written the first sender of a listing.
        if listing and listing[0].shows_encoder and self.inbox.trusts(listing[0]):
            self._client.note_encoder()

    def _note_failure(self, now: float, *, was_full: bool) -> None:
        """Plan the next listing of all.

        What a listing of the unread may have swallowed comes before everything newer.
        Once in a while the unread are tried all the same: they are fewer.
        """
        self._may_have_lost |= not was_full
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
