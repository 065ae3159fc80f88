"""What is polled, and the runtime data of an account."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
import time
from typing import TYPE_CHECKING, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util

from .api import (
    Balance,
    InboxMessage,
    InvalidAuthError,
    PortalClient,
    PortalError,
    UncertainError,
)
from .const import (
    BALANCE_INTERVAL,
    DOMAIN,
    LOGGER,
    RECONCILE_INTERVAL,
    REFRESH_COOLDOWN,
    RETRY_INTERVAL,
)
from .frontend.conversations import Conversations
from .inbox.inbox import Inbox, InboxView
from .inbox.models import ReceivedMessage
from .inbox.replies import Questions
from .sending.delivery import DeliveryTracker
from .sending.dispatcher import Dispatcher
from .sending.outbox import Outbox, Totals
from .sending.sender import Sender
from .settings import Settings

if TYPE_CHECKING:
    from .channels.poller import ChannelCoordinator

type SmskitConfigEntry = ConfigEntry[SmskitData]
type MessageListener = Callable[[ReceivedMessage, bool], None]


@dataclass(frozen=True, kw_only=True)
class SmskitData:
    """All that a loaded account consists of."""

    client: PortalClient
    settings: Settings
    balance: BalanceCoordinator
    inbox: InboxCoordinator
    questions: Questions
    conversations: Conversations
    channels: ChannelCoordinator
    outgoing: OutgoingCoordinator
    sender: Sender
    dispatcher: Dispatcher
    delivery: DeliveryTracker


class SmskitCoordinator[DataT](DataUpdateCoordinator[DataT]):
    """Polls one thing of an account."""

    config_entry: SmskitConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: SmskitConfigEntry,
        client: PortalClient,
        *,
        name: str,
        interval: timedelta,
    ) -> None:
        """Prepare to poll."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=f"{entry.title} {name}",
            update_interval=interval,
            always_update=False,
            # What an action changed is shown soon after each of several.
            request_refresh_debouncer=Debouncer(
                hass, LOGGER, cooldown=REFRESH_COOLDOWN, immediate=True
            ),
        )
        self.client = client

    async def async_first_look(self) -> None:
        """Poll for the first time.

        Raises ConfigEntryAuthFailed. A portal that is away is no reason to wait: what
        is to be sent meanwhile is held, and polling goes on.
        """
        await self._async_refresh(log_failures=False, raise_on_auth_failed=True)
        if not self.last_update_success:
            LOGGER.error("Error fetching %s data: %s", self.name, self.last_exception)

    @abstractmethod
    async def _async_fetch(self) -> DataT:
        """Ask the portal."""

    @override
    async def _async_update_data(self) -> DataT:
        try:
            return await self._async_fetch()
        except InvalidAuthError as err:
            raise ConfigEntryAuthFailed(
                translation_domain=DOMAIN, translation_key="invalid_auth"
            ) from err
        except PortalError as err:
            interval = self.update_interval or RETRY_INTERVAL
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key="update_failed",
                translation_placeholders={"error": str(err)},
                retry_after=min(interval, RETRY_INTERVAL).total_seconds(),
            ) from err


class BalanceCoordinator(SmskitCoordinator[Balance]):
    """Polls what is left on the account."""

    def __init__(
        self, hass: HomeAssistant, entry: SmskitConfigEntry, client: PortalClient
    ) -> None:
        """Prepare to poll the balance."""
        super().__init__(hass, entry, client, name="balance", interval=BALANCE_INTERVAL)

    @override
    async def _async_fetch(self) -> Balance:
        return await self.client.balance()


class InboxCoordinator(SmskitCoordinator[InboxView]):
    """Polls the inbox, and tells of each message once.

    A listing of the unread marks them as read at the portal. What such an answer may
    have swallowed is found by a listing of all: at the start, after an error, and once
    a day for what another client read first.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: SmskitConfigEntry,
        client: PortalClient,
        settings: Settings,
        inbox: Inbox,
    ) -> None:
        """Prepare to poll into an inbox that is loaded."""
        super().__init__(
            hass, entry, client, name="inbox", interval=settings.inbox_interval
        )
        self.data = inbox.view
        self.inbox = inbox
        self._limit = settings.keep_messages
        self._first: tuple[InboxMessage, ...] | None = None
        self._begun = False
        self._backlog_before: datetime | None = None
        self._reconcile_at = 0.0
        self._listeners_for_messages: list[MessageListener] = []

    @override
    async def _async_fetch(self) -> InboxView:
        # What is listed before anybody listens must not be marked as read.
        full = not self._begun or time.monotonic() >= self._reconcile_at
        try:
            listing = await self.client.inbox(unread=not full)
        except UncertainError:
            self._reconcile_at = 0.0
            raise
        if full:
            self._reconcile_at = time.monotonic() + RECONCILE_INTERVAL.total_seconds()
        if not self._begun:
            # Nobody listens yet; a full listing marks nothing as read.
            self._first = listing
            return self.inbox.view
        await self._async_take(listing, full=full, backlog=False)
        return self.inbox.view

    async def async_begin(self, *, backlog: bool) -> None:
        """Take what the first poll found, now that entities listen.

        `backlog` tells that it came while Home Assistant was not running.
        """
        self._begun = True
        if self._first is not None:
            await self._async_take(self._first, full=True, backlog=backlog)
            self._first = None
        elif backlog:
            # The portal was away: what is older than this still has to come.
            self._backlog_before = dt_util.utcnow()
        self.async_changed()

    async def async_end(self) -> None:
        """Take nothing more, after what is being taken has been told."""
        self._begun = False
        await self.inbox.async_settled()

    async def _async_take(
        self, listing: tuple[InboxMessage, ...], *, full: bool, backlog: bool
    ) -> None:
        new = await self.inbox.async_take(listing, full=full)
        before = self._backlog_before
        for message in new:
            late = backlog or (before is not None and message.date < before)
            for listener in tuple(self._listeners_for_messages):
                listener(message, late)
        if full:
            self._backlog_before = None
        if new:
            self.async_check_room()

    @callback
    def async_add_message_listener(self, listener: MessageListener) -> CALLBACK_TYPE:
        """Call `listener` with each new message, and whether it is from a backlog."""
        self._listeners_for_messages.append(listener)
        return lambda: self._listeners_for_messages.remove(listener)

    @callback
    def async_changed(self) -> None:
        """Show what has changed other than by a poll, which stays due as it was."""
        self.async_check_room()
        self.data = self.inbox.view
        self.async_update_listeners()

    @callback
    def async_check_room(self) -> None:
        """Tell of an inbox that cannot drop anything because nothing was read."""
        issue_id = inbox_full_issue(self.config_entry.entry_id)
        if self.inbox.view.unread <= self._limit:
            ir.async_delete_issue(self.hass, DOMAIN, issue_id)
            return
        ir.async_create_issue(
            self.hass,
            DOMAIN,
            issue_id,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key="inbox_full",
            translation_placeholders={
                "account": self.config_entry.title,
                "limit": str(self._limit),
            },
        )


def inbox_full_issue(entry_id: str) -> str:
    """Return the id of the issue that tells of a full inbox."""
    return f"inbox_full_{entry_id}"


class OutgoingCoordinator(DataUpdateCoordinator[Totals]):
    """Hands on what the outbox counts; nothing is polled."""

    config_entry: SmskitConfigEntry

    def __init__(
        self, hass: HomeAssistant, entry: SmskitConfigEntry, outbox: Outbox
    ) -> None:
        """Follow an outbox that is loaded."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=f"{entry.title} outbox",
            always_update=False,
        )
        self.outbox = outbox
        self.data = outbox.totals
        entry.async_on_unload(outbox.async_add_totals_listener(self._async_take))

    @callback
    def _async_take(self, totals: Totals) -> None:
        if totals != self.data:
            self.async_set_updated_data(totals)
