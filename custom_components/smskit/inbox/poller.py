"""Which listing of the portal is due, and who hears of what it has that is new."""

from datetime import datetime
import time
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util
from homeassistant.util.signal_type import SignalTypeFormat

from ..api import InboxMessage, PortalClient, UncertainError
from ..const import DOMAIN, RECONCILE_INTERVAL
from .inbox import Inbox, InboxView
from .models import ReceivedMessage

# Carries each new message of an account, and whether it is from a backlog.
SIGNAL_RECEIVED: Final[SignalTypeFormat[ReceivedMessage, bool]] = SignalTypeFormat(
    f"{DOMAIN}_received_{{}}"
)


class InboxPoller:
    """Reads the portal's inbox, and tells of each message once.

    A listing of the unread marks them as read at the portal. What such an answer may
    have swallowed is found by a listing of all: at the start, after an error, and once
    a day for what another client read first.
    """

    def __init__(
        self, hass: HomeAssistant, entry_id: str, client: PortalClient, inbox: Inbox
    ) -> None:
        """Prepare to read into an inbox that is loaded."""
        self._hass = hass
        self._signal = SIGNAL_RECEIVED.format(entry_id)
        self._client = client
        self.inbox = inbox
        self._first: tuple[InboxMessage, ...] | None = None
        self._resumed = False
        self._backlog_before: datetime | None = None
        self._reconcile_at = 0.0

    async def async_poll(self) -> InboxView:
        """Read what is due."""
        # What is listed before anybody listens must not be marked as read.
        full = not self._resumed or time.monotonic() >= self._reconcile_at
        try:
            listing = await self._client.inbox(unread=not full)
        except UncertainError:
            self._reconcile_at = 0.0
            raise
        if full:
            self._reconcile_at = time.monotonic() + RECONCILE_INTERVAL.total_seconds()
        if self._resumed:
            await self._async_take(listing, full=full, backlog=False)
        else:
            # Nobody listens yet; a full listing marks nothing as read.
            self._first = listing
        return self.inbox.view

    async def async_resume(self, *, backlog: bool) -> None:
        """Take what the first poll found, now that entities listen.

        `backlog` tells that it came while Home Assistant was not running.
        """
        self._resumed = True
        if self._first is not None:
            await self._async_take(self._first, full=True, backlog=backlog)
            self._first = None
        elif backlog:
            # The portal was away: what is older than this still has to come.
            self._backlog_before = dt_util.utcnow()

    async def async_stop(self) -> None:
        """Take nothing more, after what is being taken has been told."""
        self._resumed = False
        await self.inbox.async_finish()

    async def _async_take(
        self, listing: tuple[InboxMessage, ...], *, full: bool, backlog: bool
    ) -> None:
        new = await self.inbox.async_take(listing, full=full)
        before = self._backlog_before
        for message in new:
            late = backlog or (before is not None and message.date < before)
            async_dispatcher_send(self._hass, self._signal, message, late)
        if full:
            self._backlog_before = None
