"""SMS and WhatsApp through SMSKit and other portals with the same software."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Final

from homeassistant.const import CONF_API_KEY, CONF_API_TOKEN, CONF_URL, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import (
    config_validation as cv,
    device_registry as dr,
    issue_registry as ir,
)
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.typing import ConfigType
from homeassistant.util.hass_dict import HassKey

from .api import PortalClient
from .channel_coordinator import ChannelCoordinator
from .const import (
    CONF_GET_OPERATIONS,
    CONF_NUMBERS,
    DOMAIN,
    MANUFACTURER,
    SUBENTRY_RECIPIENT,
)
from .conversations import Conversations
from .coordinator import (
    BalanceCoordinator,
    InboxCoordinator,
    OutgoingCoordinator,
    SmskitConfigEntry,
    SmskitData,
)
from .delivery import DeliveryTracker
from .dispatcher import Dispatcher
from .guard import SpendGuard
from .inbox import Inbox
from .limit_issue import LimitIssue
from .media import async_setup_media
from .outbox import Outbox
from .parcel import Parcel
from .questions import Questions
from .sending import Sender
from .sent import SentMessages
from .services import async_setup_services
from .settings import Settings
from .storage import (
    channels_journal,
    inbox_journal,
    outbox_journal,
    sent_journal,
)
from .websocket_api import async_setup_websocket

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)
# Accounts that were loaded since Home Assistant started.
_SEEN: Final[HassKey[set[str]]] = HassKey(f"{DOMAIN}_seen")
PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.IMAGE,
    Platform.NOTIFY,
    Platform.SENSOR,
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions, which take any account."""
    async_setup_media(hass)
    async_setup_services(hass)
    async_setup_websocket(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: SmskitConfigEntry) -> bool:
    """Set up an account."""
    client = PortalClient(
        async_get_clientsession(hass),
        entry.data[CONF_URL],
        entry.data[CONF_API_KEY],
        entry.data[CONF_API_TOKEN],
        get_operations=entry.data[CONF_GET_OPERATIONS],
    )
    settings = await Settings.async_from_entry(hass, entry)
    balance = BalanceCoordinator(hass, entry, client)
    messages = Inbox(
        hass, entry.entry_id, settings, partial(_is_trusted, entry, settings)
    )
    if (damaged := await messages.async_load()) is not None:
        _report_damage(hass, entry, damaged)
    inbox = InboxCoordinator(hass, entry, client, settings, messages)
    await asyncio.gather(
        balance.async_config_entry_first_refresh(),
        inbox.async_config_entry_first_refresh(),
    )

    dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={(DOMAIN, entry.entry_id)},
        name=entry.title,
        manufacturer=MANUFACTURER,
        entry_type=dr.DeviceEntryType.SERVICE,
        configuration_url=entry.data[CONF_URL],
    )
    channels = ChannelCoordinator(hass, entry, client, settings)
    await channels.async_load()
    # Without WhatsApp, all the rest works: a failure here is no reason to wait.
    await channels.async_refresh()

    outbox = Outbox(hass, entry.entry_id, SpendGuard(settings.hourly_limit))
    await outbox.async_load()
    delivery = DeliveryTracker(hass, client, outbox)

    def accepted(parcel: Parcel) -> None:
        delivery.async_follow(parcel)
        entry.async_create_background_task(
            hass, balance.async_request_refresh(), "smskit balance"
        )

    dispatcher = Dispatcher(
        hass,
        client,
        outbox,
        on_auth_error=partial(entry.async_start_reauth, hass),
        on_accepted=accepted,
    )
    questions = Questions()
    inbox.async_add_message_listener(lambda message, _: questions.async_hear(message))
    sent = SentMessages(hass, entry.entry_id, settings, outbox)
    await sent.async_load()
    conversations = Conversations(hass, entry, messages, sent)
    inbox.async_add_message_listener(conversations.async_received)
    entry.async_on_unload(sent.async_save)
    entry.runtime_data = SmskitData(
        client=client,
        settings=settings,
        balance=balance,
        inbox=inbox,
        questions=questions,
        conversations=conversations,
        channels=channels,
        outgoing=OutgoingCoordinator(hass, entry, outbox),
        sender=Sender(settings, outbox, dispatcher, channels, LimitIssue(hass, entry)),
        dispatcher=dispatcher,
        delivery=delivery,
    )
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    # The events of what was under way, and of what came in meanwhile, need somebody
    # to hear them.
    await dispatcher.async_start()
    seen = hass.data.setdefault(_SEEN, set())
    await inbox.async_begin(backlog=entry.entry_id not in seen)
    seen.add(entry.entry_id)
    delivery.async_start()
    entry.async_on_unload(entry.add_update_listener(_async_reload))
    return True


async def async_unload_entry(hass: HomeAssistant, entry: SmskitConfigEntry) -> bool:
    """Unload an account, after what has left is answered."""
    entry.runtime_data.questions.async_stop()
    entry.runtime_data.delivery.async_stop()
    await entry.runtime_data.dispatcher.async_stop()
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: SmskitConfigEntry) -> None:
    """Leave nothing of an account behind."""
    await channels_journal(hass, entry.entry_id).async_remove()
    await inbox_journal(hass, entry.entry_id).async_remove()
    await outbox_journal(hass, entry.entry_id).async_remove()
    await sent_journal(hass, entry.entry_id).async_remove()


def _is_trusted(entry: SmskitConfigEntry, settings: Settings, number: str) -> bool:
    """Whether a number may command: one of those allowed, or any recipient's."""
    if settings.allowed_senders:
        return number in settings.allowed_senders
    return any(
        number in subentry.data[CONF_NUMBERS]
        for subentry in entry.get_subentries_of_type(SUBENTRY_RECIPIENT)
    )


@callback
def _report_damage(
    hass: HomeAssistant, entry: SmskitConfigEntry, set_aside: Path
) -> None:
    """Tell that a file could not be read, and where it is now."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"inbox_damaged_{set_aside.name}",
        is_fixable=False,
        is_persistent=True,
        severity=ir.IssueSeverity.ERROR,
        translation_key="inbox_damaged",
        translation_placeholders={"account": entry.title, "path": str(set_aside)},
    )


async def _async_reload(hass: HomeAssistant, entry: SmskitConfigEntry) -> None:
    """Start anew with changed data, options or recipients."""
    hass.config_entries.async_schedule_reload(entry.entry_id)
