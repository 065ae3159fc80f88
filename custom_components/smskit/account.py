"""The objects of one account: built, started and stopped in their order."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any, Final

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import (
    CONF_API_KEY,
    CONF_API_TOKEN,
    CONF_URL,
    EVENT_CORE_CONFIG_UPDATE,
    EVENT_HOMEASSISTANT_CLOSE,
)
from homeassistant.core import CoreState, Event, HassJob, HomeAssistant, callback
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    restore_state,
)
from homeassistant.helpers.dispatcher import (
    async_dispatcher_connect,
    async_dispatcher_send,
)
from homeassistant.helpers.event import async_call_later, async_track_time_interval
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .alerts import ALERT, AlertRunner, Step
from .api import PortalCheck, PortalClient, Traits
from .channels import ChannelPoller
from .command_pin import CommandPin, PinTries
from .const import CONF_ACCOUNT, CONF_GET_OPERATIONS, DOMAIN, MANUFACTURER
from .coordinator import (
    BalanceCoordinator,
    ChannelCoordinator,
    InboxCoordinator,
    SmskitConfigEntry,
    SmskitCoordinator,
    SmskitData,
)
from .inbox import (
    RECEIVED,
    SIGNAL_RECEIVED,
    Inbox,
    InboxPoller,
    Lateness,
    ReplyWaiters,
)
from .issues import AccountIssues, async_remove_issues
from .portal_clock import PortalClock
from .recipients import (
    SIGNAL_RECIPIENTS,
    is_trusted,
    recipient_name,
    rename_devices,
    subentry_recipients,
)
from .removed_recipients import RemovedRecipients
from .sending import (
    OUTCOME,
    Batch,
    BatchRecipient,
    DeliveryTracker,
    Dispatcher,
    FailureReason,
    MediaServer,
    Outbox,
    Planner,
    Recipient,
    Sender,
    async_remove_media,
)
from .session import async_create_session
from .settings import Settings
from .store import (
    Database,
    MessageLog,
    Publisher,
    Store,
    StoreError,
    async_load_traits,
    async_remove_store,
    store_traits,
)

# Automations arm themselves at the end of the start-up, too; in seconds.
_ARMING_TIME: Final = 1
_TRIM_INTERVAL: Final = timedelta(days=1)
_PURGE_INTERVAL: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _SinceStart:
    """What goes on while an account is reloaded, until Home Assistant stops."""

    lateness: Lateness = field(default_factory=Lateness)
    pin_tries: PinTries = field(default_factory=PinTries)


# Of the accounts that were loaded since Home Assistant started.
_LOADED_BEFORE: Final[HassKey[dict[str, _SinceStart]]] = HassKey(
    f"{DOMAIN}_loaded_before"
)


async def async_build(hass: HomeAssistant, entry: SmskitConfigEntry) -> SmskitData:
    """Build an account from what is stored. The portal is not asked for anything."""
    entry_id = entry.entry_id
    loaded_before = hass.data.setdefault(_LOADED_BEFORE, {})
    after_a_start = entry_id not in loaded_before
    since_start = loaded_before.setdefault(entry_id, _SinceStart())
    settings = await Settings.async_read(hass, entry.data, entry.options)
    url = entry.data[CONF_URL]
    issues = AccountIssues(hass, entry_id, entry.title)
    entry.async_on_unload(issues.async_stop)

    store = Store(hass, entry_id, issues.async_show_disk_problem)
    if (set_aside := await store.async_open()) is not None:
        issues.async_raise_store_damaged(set_aside)
    # When the set-up fails from here on; otherwise it is closed by then.
    entry.async_on_unload(store.async_close)
    database = store.database
    traits = await _async_traits(entry, database)
    clock = PortalClock(
        settings.time_zone,
        dt_util.get_default_time_zone(),
        traits.learned_offsets,
    )
    issues.async_update_clock(clock.contradiction)

    def learned(traits: Traits) -> None:
        store_traits(database, url, traits)
        if clock.update(learned=traits.learned_offsets):
            _redate(hass, entry)
        issues.async_update_clock(clock.contradiction)

    client = PortalClient(
        async_create_session(hass),
        url,
        entry.data[CONF_API_KEY],
        entry.data[CONF_API_TOKEN],
        traits=traits,
        on_learned=learned,
        on_credentials=partial(_follow_credentials, hass, entry),
    )
    publisher = Publisher(hass, database)
    await publisher.async_load(after_a_start=after_a_start)
    outbox = Outbox(hass, entry_id, settings, publisher)
    media = MediaServer(hass, entry_id, settings.hold)
    await media.async_load()
    await outbox.async_load(is_restored=store.is_restored, is_lost=media.is_lost)
    messages = Inbox(
        hass,
        entry_id,
        settings,
        clock,
        publisher,
        is_trusted=partial(is_trusted, entry, settings),
        name_of=partial(recipient_name, entry),
        on_new=lambda *new: alerts.async_take(*new),  # noqa: PLW0108 - made below
    )
    await messages.async_load(_inbox_account(entry))
    publisher.async_handle(OUTCOME, outbox.publish)
    publisher.async_handle(RECEIVED, messages.publish)
    channel_poller = ChannelPoller(client, clock, database)
    await channel_poller.async_load()

    _add_device(hass, entry)
    balance = BalanceCoordinator(hass, entry, client)
    inbox_poller = InboxPoller(
        client, messages, since_start.lateness, settings.inbox_interval
    )

    def undelivered() -> None:
        dispatcher.async_retry()

    delivery = DeliveryTracker(hass, client, outbox, on_held=undelivered)

    def accepted(batch: Batch) -> None:
        delivery.async_follow(batch)
        entry.async_create_background_task(
            hass, balance.async_request_refresh(), "smskit balance"
        )

    dispatcher = Dispatcher(
        hass,
        client,
        outbox,
        on_accepted=accepted,
    )
    planner = Planner(settings, clock, outbox, channel_poller.route)
    sender = Sender(planner, outbox, dispatcher, media, issues.async_show_hourly_limit)
    alerts = await _async_alert_runner(hass, entry, publisher, sender, issues, store)
    return SmskitData(
        client=client,
        check=PortalCheck(client),
        settings=settings,
        clock=clock,
        issues=issues,
        removed_recipients=_removed_recipients(hass, entry, issues),
        store=store,
        publisher=publisher,
        balance=balance,
        inbox=InboxCoordinator(hass, entry, settings, inbox_poller, issues),
        channels=ChannelCoordinator(hass, entry, channel_poller, issues),
        messages=messages,
        command_pin=CommandPin(
            hass,
            entry_id,
            settings.command_pin,
            since_start.pin_tries,
            on_not_set=issues.async_raise_pin_not_set,
        ),
        log=MessageLog(database),
        reply_waiters=_reply_waiters(hass, entry),
        outbox=outbox,
        media=media,
        sender=sender,
        alerts=alerts,
        dispatcher=dispatcher,
        delivery=delivery,
    )


def _reply_waiters(hass: HomeAssistant, entry: SmskitConfigEntry) -> ReplyWaiters:
    """Return who waits for replies, for as long as the account is loaded."""
    waiters = ReplyWaiters()
    signal = SIGNAL_RECEIVED.format(entry.entry_id)
    entry.async_on_unload(async_dispatcher_connect(hass, signal, waiters.async_handle))
    return waiters


def _removed_recipients(
    hass: HomeAssistant, entry: SmskitConfigEntry, issues: AccountIssues
) -> RemovedRecipients:
    """Return the recipients that are gone, looked after while the account is loaded."""
    removed = RemovedRecipients(hass, entry, issues)
    entry.async_on_unload(removed.async_stop)
    return removed


async def _async_alert_runner(  # noqa: PLR0913, PLR0917 - what it works with
    hass: HomeAssistant,
    entry: SmskitConfigEntry,
    publisher: Publisher,
    sender: Sender,
    issues: AccountIssues,
    store: Store,
) -> AlertRunner:
    """Return what takes the steps of alerts, and follows what comes of them."""

    async def look() -> bool:
        return await entry.runtime_data.inbox.async_look_in_time()

    alerts = AlertRunner(
        hass,
        entry.entry_id,
        publisher,
        sender,
        resolve=partial(_recipients_of, hass, entry),
        look=look,
        listings=lambda: entry.runtime_data.messages.listings,
        report=issues.async_follow_alert,
    )
    publisher.async_handle(ALERT, alerts.publish)
    await alerts.async_load(is_restored=store.is_restored)
    return alerts


def _recipients_of(
    hass: HomeAssistant, entry: SmskitConfigEntry, step: Step
) -> list[Recipient]:
    """Return whom a step of an alert asks, as they are reached now."""
    recipients = [
        recipient
        for subentry_id in step.subentry_ids
        if (subentry := entry.subentries.get(subentry_id)) is not None
        for recipient in subentry_recipients(hass, entry, subentry)
    ]
    return [*recipients, *(Recipient(number=number) for number in step.numbers)]


async def _async_traits(entry: SmskitConfigEntry, database: Database) -> Traits:
    """Return what is known of the portal. The set-up knows which methods work."""
    known = await async_load_traits(database, entry.data[CONF_URL])
    get_operations = frozenset(entry.data[CONF_GET_OPERATIONS])
    return replace(known or Traits(), get_operations=get_operations)


@callback
def _redate(hass: HomeAssistant, entry: SmskitConfigEntry) -> None:
    """Show and keep the portal's times as the clock reads them now."""
    data = entry.runtime_data
    data.channels.async_redate()
    entry.async_create_background_task(
        hass, data.messages.async_redate(), f"smskit redate {entry.entry_id}"
    )


@callback
def _follow_credentials(hass: HomeAssistant, entry: SmskitConfigEntry) -> None:
    """Ask for other credentials once those in use are refused, until they are taken."""
    data = entry.runtime_data
    if data.client.credentials.are_refused:
        entry.async_start_reauth(hass)
        return
    # Whatever else has met the refusal, or waits for its end, is to know soon.
    waiting: tuple[SmskitCoordinator[Any], ...] = (data.balance,)
    if not data.client.credentials.are_doubted:
        for flow in entry.async_get_active_flows(hass, {SOURCE_REAUTH}):
            hass.config_entries.flow.async_abort(flow["flow_id"])
        data.dispatcher.async_retry()
        waiting = (data.balance, data.inbox, data.channels)
    for coordinator in waiting:
        entry.async_create_background_task(
            hass, coordinator.async_request_refresh(), f"smskit {coordinator.name}"
        )


def _add_device(hass: HomeAssistant, entry: SmskitConfigEntry) -> None:
    dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={(DOMAIN, entry.entry_id)},
        name=entry.title,
        manufacturer=MANUFACTURER,
        entry_type=dr.DeviceEntryType.SERVICE,
        configuration_url=entry.data[CONF_URL],
    )


async def async_start(hass: HomeAssistant, entry: SmskitConfigEntry) -> None:
    """Start an account whose entities are there: send, poll, and stop in time.

    What was under way, and what was received meanwhile, is published once automations
    listen.
    """
    data = entry.runtime_data
    data.dispatcher.async_start()
    data.alerts.async_start()

    async def resume(_: object) -> None:
        data.outbox.resume()
        data.publisher.async_start()
        await _async_drop_held(entry)
        data.dispatcher.async_resume()
        data.delivery.async_start()
        await data.store.async_confirm()

    @callback
    def resume_soon(_: object) -> None:
        entry.async_on_unload(async_call_later(hass, _ARMING_TIME, resume))

    if hass.state is CoreState.running:
        await resume(None)
    else:
        entry.async_on_unload(async_at_started(hass, resume_soon))

    async def trim(_: object) -> None:
        await data.messages.async_trim()
        await data.outbox.async_trim()

    entry.async_on_unload(async_track_time_interval(hass, trim, _TRIM_INTERVAL))
    entry.async_create_background_task(hass, trim(None), "smskit trim")

    async def purge(_: object) -> None:
        await data.media.async_purge()

    entry.async_on_unload(async_track_time_interval(hass, purge, _PURGE_INTERVAL))
    for coordinator in (data.balance, data.inbox, data.channels):
        entry.async_create_background_task(
            hass, coordinator.async_refresh(), f"smskit {coordinator.name}"
        )
    entry.async_create_background_task(
        hass, _async_check(entry), f"smskit check {entry.entry_id}"
    )
    entry.async_on_unload(async_at_started(hass, data.removed_recipients.async_start))
    _follow_the_zone(hass, entry)
    _follow_the_end(hass, entry)


async def _async_check(entry: SmskitConfigEntry) -> None:
    """Look for damage that does not show at once."""
    data = entry.runtime_data
    if (damaged := await data.store.async_check()) is not None:
        data.issues.async_raise_store_damaged(damaged)
        # What could not be read is unknown from now on.
        await data.messages.async_load(_inbox_account(entry))


def _inbox_account(entry: SmskitConfigEntry) -> str:
    """Return what names the account at the portal whose messages are kept."""
    account: str = entry.data.get(CONF_ACCOUNT, entry.entry_id)
    return account


def _follow_the_zone(hass: HomeAssistant, entry: SmskitConfigEntry) -> None:
    """Date anew when Home Assistant's own time zone is changed."""

    @callback
    def changed(_: Event) -> None:
        if entry.runtime_data.clock.update(home=dt_util.get_default_time_zone()):
            _redate(hass, entry)

    entry.async_on_unload(hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, changed))


def _follow_the_end(hass: HomeAssistant, entry: SmskitConfigEntry) -> None:
    """Stop the account when Home Assistant stops."""
    data = entry.runtime_data

    async def stop() -> None:
        # Automations still run, and core waits for this, if not for ever.
        try:
            await async_stop(data)
        finally:
            data.publisher.async_pause()

    async def close(_: Event) -> None:
        # Connections end now: what had no answer by then gets its outcome, too.
        await data.dispatcher.async_abandon()
        await data.store.async_close()

    entry.async_on_unload(hass.async_add_shutdown_job(HassJob(stop, "smskit stop")))
    entry.async_on_unload(hass.bus.async_listen(EVENT_HOMEASSISTANT_CLOSE, close))


async def async_update_recipients(
    hass: HomeAssistant, entry: SmskitConfigEntry
) -> None:
    """Follow a recipient that was added, changed or removed; nothing is reloaded."""
    rename_devices(hass, entry)
    async_dispatcher_send(hass, SIGNAL_RECIPIENTS.format(entry.entry_id))
    if entry.state is ConfigEntryState.LOADED:
        entry.runtime_data.removed_recipients.async_update()
        await _async_drop_held(entry)


async def _async_drop_held(entry: SmskitConfigEntry) -> None:
    """Drop what is held for recipients that were removed, and for nobody else."""

    def is_gone(recipient: BatchRecipient) -> bool:
        ids = recipient.subentry_ids
        return bool(ids) and ids.isdisjoint(entry.subentries)

    # What the disk does not take yet is in an issue, and is repeated after a start.
    with suppress(StoreError):
        await entry.runtime_data.dispatcher.async_cancel_held(
            is_gone, FailureReason.RECIPIENT_REMOVED
        )


async def async_stop(data: SmskitData) -> None:
    """Stop an account: let nothing new leave, and wait for what has left.

    What ends in the meantime is published; what ends later is after the next start.
    """
    data.alerts.async_stop()
    data.dispatcher.async_pause()
    data.delivery.async_stop()
    data.reply_waiters.async_stop()
    await data.inbox.poller.async_stop()
    await data.publisher.async_drain()
    await data.dispatcher.async_stop()
    await data.publisher.async_drain()
    await data.publisher.async_stop()


async def async_remove(hass: HomeAssistant, entry_id: str) -> None:
    """Leave nothing of an account behind."""
    hass.data.get(_LOADED_BEFORE, {}).pop(entry_id, None)
    async_remove_issues(hass, entry_id)
    await async_remove_media(hass, entry_id)
    await async_remove_store(hass, entry_id)
    await _async_forget_states(hass, entry_id)


async def _async_forget_states(hass: HomeAssistant, entry_id: str) -> None:
    """Forget the last states of entities: those of events have a number and a text.

    Home Assistant would keep them for another week.
    """
    last_states = restore_state.async_get(hass).last_states
    for entity in er.async_entries_for_config_entry(er.async_get(hass), entry_id):
        last_states.pop(entity.entity_id, None)
    await restore_state.RestoreStateData.async_save_persistent_states(hass)
