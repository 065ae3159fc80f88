"""Coordinators of an account, and its runtime data."""

from abc import abstractmethod
import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import service
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .alerts import AlertRunner
from .api import (
    Balance,
    Cause,
    InvalidAuthError,
    PortalCheck,
    PortalClient,
    PortalError,
)
from .channels import ChannelPoller, ChannelState, sync_devices
from .command_pin import CommandPin
from .const import (
    BALANCE_INTERVAL,
    DOMAIN,
    DOUBT_INTERVAL,
    LOGGER,
    REFRESH_COOLDOWN,
    REFUSED_INTERVAL,
    RETRY_INTERVAL,
)
from .inbox import SIGNAL_CHANGED, Inbox, InboxPoller, InboxView, ReplyWaiters
from .issues import AccountIssues
from .portal_clock import PortalClock
from .removed_recipients import RemovedRecipients
from .sending import DeliveryTracker, Dispatcher, MediaServer, Outbox, Sender
from .settings import Settings
from .store import MessageLog, Publisher, Store, StoreError
from .texts import common_text, explanation_text

# How long an urgent question waits for the inbox; in seconds.
_LOOK_TIMEOUT: Final = 10.0

type SmskitConfigEntry = ConfigEntry[SmskitData]


@dataclass(frozen=True, kw_only=True)
class SmskitData:
    """Runtime data of a loaded account."""

    client: PortalClient
    check: PortalCheck
    settings: Settings
    clock: PortalClock
    issues: AccountIssues
    removed_recipients: RemovedRecipients
    store: Store
    publisher: Publisher
    balance: BalanceCoordinator
    inbox: InboxCoordinator
    channels: ChannelCoordinator
    messages: Inbox
    command_pin: CommandPin
    log: MessageLog
    reply_waiters: ReplyWaiters
    outbox: Outbox
    media: MediaServer
    sender: Sender
    alerts: AlertRunner
    dispatcher: Dispatcher
    delivery: DeliveryTracker


class SmskitCoordinator[DataT](DataUpdateCoordinator[DataT]):
    """Base class of the coordinators that poll the portal."""

    config_entry: SmskitConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: SmskitConfigEntry,
        *,
        name: str,
        interval: timedelta,
    ) -> None:
        """Initialize the coordinator."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=f"{entry.title} {name}",
            update_interval=interval,
            always_update=False,
            # A short cooldown, so that the effects of consecutive actions show soon.
            request_refresh_debouncer=Debouncer(
                hass, LOGGER, cooldown=REFRESH_COOLDOWN, immediate=True
            ),
        )

    @abstractmethod
    async def _async_fetch(self) -> DataT:
        """Fetch the data from the portal."""

    @override
    async def _async_update_data(self) -> DataT:
        try:
            return await self._async_fetch()
        except StoreError as err:
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key="not_readable",
                translation_placeholders={
                    "error": common_text(self.hass, f"disk_{err.problem}")
                },
            ) from err
        except PortalError as err:
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key="update_failed",
                translation_placeholders={
                    "error": explanation_text(self.hass, err.explanation)
                },
                retry_after=self._retry_interval(err).total_seconds(),
            ) from err

    def _retry_interval(self, err: PortalError) -> timedelta:
        """Return how long to wait after a failed poll.

        Polling never ends for refused credentials: they may be right again without
        having been changed.
        """
        interval = min(self.update_interval or RETRY_INTERVAL, RETRY_INTERVAL)
        if not isinstance(err, InvalidAuthError):
            return interval
        credentials = self.config_entry.runtime_data.client.credentials
        return REFUSED_INTERVAL if credentials.are_refused else DOUBT_INTERVAL


class BalanceCoordinator(SmskitCoordinator[Balance]):
    """Coordinator of the account's balance."""

    def __init__(
        self, hass: HomeAssistant, entry: SmskitConfigEntry, client: PortalClient
    ) -> None:
        """Initialize the coordinator."""
        super().__init__(hass, entry, name="balance", interval=BALANCE_INTERVAL)
        self._client = client

    @override
    async def _async_fetch(self) -> Balance:
        return await self._client.balance()


class InboxCoordinator(SmskitCoordinator[InboxView]):
    """Coordinator of the inbox."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: SmskitConfigEntry,
        settings: Settings,
        poller: InboxPoller,
        issues: AccountIssues,
    ) -> None:
        """Initialize the coordinator; the inbox must be loaded."""
        super().__init__(hass, entry, name="inbox", interval=settings.inbox_interval)
        self.poller = poller
        self._limit = settings.keep_messages
        self._issues = issues
        self.data = poller.inbox.view
        signal = SIGNAL_CHANGED.format(entry.entry_id)
        entry.async_on_unload(
            async_dispatcher_connect(hass, signal, self.async_changed)
        )

    @override
    async def _async_fetch(self) -> InboxView:
        try:
            view = await self.poller.async_poll()
        except PortalError as err:
            if err.cause is Cause.BROKEN:
                self._issues.async_show_inbox_unreadable(is_unreadable=True)
            raise
        self._issues.async_show_inbox_unreadable(is_unreadable=False)
        self._issues.async_show_inbox_too_large(is_too_large=self.poller.is_too_large)
        self._issues.async_update_inbox_full(view.unread, self._limit)
        return view

    async def async_look(self) -> bool:
        """Read what the portal has now, beside the polls; return whether that worked.

        A poll reports what is wrong if it did not.
        """
        try:
            view = await self.poller.async_poll()
        except PortalError, StoreError:
            return False
        if view != self.data:
            self.async_changed()
        return True

    async def async_look_in_time(self) -> bool:
        """Read what the portal has before a question leaves, if that is soon.

        It goes on where it takes too long.
        """
        looking = self.config_entry.async_create_background_task(
            self.hass, self.async_look(), "smskit look"
        )
        await asyncio.wait((looking,), timeout=_LOOK_TIMEOUT)
        return looking.done() and not looking.cancelled() and looking.result()

    @callback
    def async_changed(self) -> None:
        """Publish a change from outside a poll; the next poll stays as scheduled."""
        self.data = self.poller.inbox.view
        self._issues.async_update_inbox_full(self.data.unread, self._limit)
        self.async_update_listeners()


class ChannelCoordinator(SmskitCoordinator[dict[str, ChannelState]]):
    """Coordinator of the channels; its data is the states by channel ID."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: SmskitConfigEntry,
        poller: ChannelPoller,
        issues: AccountIssues,
    ) -> None:
        """Initialize the coordinator."""
        super().__init__(hass, entry, name="channels", interval=poller.interval)
        self.poller = poller
        self._issues = issues
        self.data = poller.states

    @override
    async def _async_fetch(self) -> dict[str, ChannelState]:
        try:
            channels = await self.poller.async_poll()
        finally:
            # Also after a failure: do not poll a failing portal every few seconds.
            self.update_interval = self.poller.interval
        sync_devices(self.hass, self.config_entry.entry_id, channels)
        self._issues.async_update_channels(self.poller.problems)
        return channels

    @callback
    def async_pair(self, channel_id: str, *, requested: bool = True) -> None:
        """Fetch the QR code of a channel for the next five minutes.

        Merely viewing the code (`requested` is false) starts this only once.
        """
        if self.poller.pair(channel_id, requested=requested):
            self.config_entry.async_create_background_task(
                self.hass, self.async_refresh(), "smskit channels"
            )

    @callback
    def async_redate(self) -> None:
        """Publish the times that changed; the next poll stays as scheduled."""
        self.poller.redate()
        self.data = self.poller.states
        self.async_update_listeners()

    async def async_refresh_channels(
        self, channel_ids: Iterable[str] = (), *, pairing: bool = False
    ) -> None:
        """Fetch what an action changed."""
        await self.poller.async_refresh_channels(channel_ids, pairing=pairing)
        await self.async_refresh()


def loaded_entry(hass: HomeAssistant, entry_id: str | None) -> SmskitConfigEntry:
    """Return a loaded account by its entry ID, or the only one without an ID.

    Raises ServiceValidationError if there is no such account.
    """
    loaded: list[SmskitConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    if entry_id is None and len(loaded) == 1:
        return loaded[0]
    entry: SmskitConfigEntry = service.async_get_config_entry(hass, DOMAIN, entry_id)
    return entry


async def async_loaded_entry(
    hass: HomeAssistant, entry_id: str | None
) -> SmskitConfigEntry:
    """Return an account as `loaded_entry` does, once it is not being reloaded.

    What is sent in such a moment is not refused.
    """
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry_id in {None, entry.entry_id} and entry.setup_lock.locked():
            async with entry.setup_lock:
                pass
    return loaded_entry(hass, entry_id)
