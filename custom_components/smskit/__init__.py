"""SMS and WhatsApp through SMSKit and other portals with the same software."""

import asyncio
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Final

from homeassistant.const import CONF_API_KEY, CONF_API_TOKEN, CONF_URL, Platform
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.helpers import (
    config_validation as cv,
    device_registry as dr,
    issue_registry as ir,
)
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.typing import ConfigType
from homeassistant.util.hass_dict import HassKey

from .api import PortalClient
from .channels.poller import ChannelCoordinator
from .const import (
    CONF_GET_OPERATIONS,
    CONF_NUMBERS,
    DOMAIN,
    MANUFACTURER,
    SUBENTRY_RECIPIENT,
)
from .coordinator import (
    BalanceCoordinator,
    InboxCoordinator,
    OutgoingCoordinator,
    SmskitConfigEntry,
    SmskitData,
    inbox_full_issue,
)
from .frontend import async_setup_dashboard
from .frontend.conversations import Conversations
from .frontend.websocket import async_setup_websocket
from .inbox.inbox import Inbox
from .inbox.replies import Questions
from .limit_issue import LimitIssue
from .sending.batch import Parcel
from .sending.delivery import DeliveryTracker
from .sending.dispatcher import Dispatcher
from .sending.history import SentMessages
from .sending.limits import SpendGuard
from .sending.media import async_setup_media
from .sending.outbox import Outbox
from .sending.sender import Sender
from .services import async_setup_services
from .settings import Settings
from .store import (
    channels_journal,
    inbox_journal,
    outbox_journal,
    sent_journal,
)

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)
# Automations arm themselves at the end of the start-up, too; in seconds.
_ARMING_TIME: Final = 1
# Accounts that were loaded since Home Assistant started.
_SEEN: Final[HassKey[set[str]]] = HassKey(f"{DOMAIN}_seen")
# Sensors first: what a problem is about changes before the problem shows.
PLATFORMS = [
    Platform.SENSOR,
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.IMAGE,
    Platform.NOTIFY,
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions, which take any account."""
    async_setup_media(hass)
    async_setup_services(hass)
    async_setup_websocket(hass)
    await async_setup_dashboard(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: SmskitConfigEntry) -> bool:
    """Set up an account."""
    # First of all: what is changed while this goes on must not be missed.
    entry.async_on_unload(entry.add_update_listener(_async_reload))
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
        hass,
        entry.entry_id,
        settings,
        is_trusted=partial(_is_trusted, entry, settings),
        account=_account_of(entry),
    )
    if (damaged := await messages.async_load()) is not None:
        _report_damage(hass, entry, damaged)
    inbox = InboxCoordinator(hass, entry, client, settings, messages)
    await asyncio.gather(balance.async_first_look(), inbox.async_first_look())

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
    await channels.async_first_look()

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
    dispatcher.async_start()
    await _async_begin(hass, entry)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: SmskitConfigEntry) -> bool:
    """Unload an account, after what has left is answered."""
    data = entry.runtime_data
    await data.inbox.async_end()
    data.questions.async_stop()
    data.delivery.async_stop()
    await data.dispatcher.async_stop()
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    # What came until the last entity was gone is on disk before anything takes over.
    await data.outgoing.outbox.async_commit()
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: SmskitConfigEntry) -> None:
    """Leave nothing of an account behind."""
    ir.async_delete_issue(hass, DOMAIN, inbox_full_issue(entry.entry_id))
    await channels_journal(hass, entry.entry_id).async_remove()
    await inbox_journal(hass, entry.entry_id).async_remove()
    await outbox_journal(hass, entry.entry_id).async_remove()
    await sent_journal(hass, entry.entry_id).async_remove()


def _account_of(entry: SmskitConfigEntry) -> str:
    """Return what tells an account at a portal from another one."""
    account = f"{entry.data[CONF_URL]}\0{entry.data[CONF_API_KEY]}"
    return blake2b(account.encode(), digest_size=8).hexdigest()


def _is_trusted(entry: SmskitConfigEntry, settings: Settings, number: str) -> bool:
    """Whether a number may command: one of those allowed, or any recipient's."""
    if settings.allowed_senders:
        return number in settings.allowed_senders
    return any(
        number in subentry.data[CONF_NUMBERS]
        for subentry in entry.get_subentries_of_type(SUBENTRY_RECIPIENT)
    )


async def _async_begin(hass: HomeAssistant, entry: SmskitConfigEntry) -> None:
    """Tell of what was under way and of what came in, once automations listen."""

    async def begin(_: object) -> None:
        seen = hass.data.setdefault(_SEEN, set())
        backlog = entry.entry_id not in seen
        seen.add(entry.entry_id)
        data = entry.runtime_data
        await data.dispatcher.async_begin()
        data.delivery.async_start()
        await data.inbox.async_begin(backlog=backlog)

    @callback
    def begin_soon(_: object) -> None:
        entry.async_on_unload(async_call_later(hass, _ARMING_TIME, begin))

    if hass.state is CoreState.running:
        await begin(None)
    else:
        entry.async_on_unload(async_at_started(hass, begin_soon))


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
