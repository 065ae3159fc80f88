"""What is polled, and the runtime data of an account."""

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .api import Balance, InboxMessage, InvalidAuthError, PortalClient, PortalError
from .const import BALANCE_INTERVAL, DOMAIN, LOGGER
from .delivery import DeliveryTracker
from .dispatcher import Dispatcher
from .outbox import Outbox, Totals
from .sending import Sender
from .settings import Settings

type SmskitConfigEntry = ConfigEntry[SmskitData]


@dataclass(frozen=True, kw_only=True)
class SmskitData:
    """All that a loaded account consists of."""

    client: PortalClient
    settings: Settings
    balance: BalanceCoordinator
    inbox: InboxCoordinator
    outgoing: OutgoingCoordinator
    sender: Sender
    dispatcher: Dispatcher
    delivery: DeliveryTracker


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceivedMessage:
    """A message of the inbox as Home Assistant knows it."""

    id: str
    sender: str
    """With a leading `+` where it is a number."""
    recipient: str | None
    text: str
    date: datetime | None
    """Aware, UTC."""
    read: bool


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
        )
        self.client = client

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
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key="update_failed",
                translation_placeholders={"error": str(err)},
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


class InboxCoordinator(SmskitCoordinator[tuple[ReceivedMessage, ...]]):
    """Polls the inbox; its data is the messages, newest first."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: SmskitConfigEntry,
        client: PortalClient,
        settings: Settings,
    ) -> None:
        """Prepare to poll the inbox."""
        super().__init__(
            hass, entry, client, name="inbox", interval=settings.inbox_interval
        )
        self._settings = settings
        self._messages: dict[str, ReceivedMessage] = {}

    @override
    async def _async_setup(self) -> None:
        """Learn what was there before; this listing marks nothing as read."""
        try:
            known = await self.client.inbox(unread=False)
        except PortalError:
            # The first poll tells what is wrong.
            return
        self._take(known, read=True)

    @override
    async def _async_fetch(self) -> tuple[ReceivedMessage, ...]:
        self._take(await self.client.inbox(unread=True), read=False)
        return tuple(
            sorted(
                self._messages.values(),
                key=lambda message: (message.date is not None, message.date),
                reverse=True,
            )
        )

    def _take(self, messages: tuple[InboxMessage, ...], *, read: bool) -> None:
        for message in messages:
            key = message.id or f"{message.sender} {message.date} {message.text}"
            self._messages[key] = ReceivedMessage(
                id=key,
                sender=display_number(message.sender),
                recipient=display_number(message.recipient or "") or None,
                text=message.text,
                date=self._settings.to_utc(message.date),
                read=read,
            )


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


def display_number(number: str) -> str:
    """Return a number as it is shown; a name of a sender stays one."""
    return f"+{number}" if number.isdecimal() and len(number) > 6 else number
