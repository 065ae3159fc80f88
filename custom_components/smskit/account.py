"""The objects of one account: built, started and stopped in their order."""

import asyncio
from functools import partial
from hashlib import blake2b
from typing import Final

from homeassistant.const import CONF_API_KEY, CONF_API_TOKEN, CONF_URL
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.start import async_at_started
from homeassistant.util.hass_dict import HassKey

from .api import PortalClient
from .channels import ChannelPoller
from .const import CONF_GET_OPERATIONS, DOMAIN, MANUFACTURER
from .coordinator import (
    BalanceCoordinator,
    ChannelCoordinator,
    InboxCoordinator,
    OutgoingCoordinator,
    SmskitConfigEntry,
    SmskitData,
)
from .inbox import SIGNAL_RECEIVED, Inbox, InboxPoller, ReplyWaiters
from .issues import AccountIssues, async_remove_issues
from .recipients import is_trusted
from .sending import (
    SIGNAL_OUTCOME,
    SIGNAL_SUBMITTED,
    Batch,
    DeliveryTracker,
    Dispatcher,
    HourlyLimit,
    Outbox,
    Planner,
    Sender,
    SentMessages,
)
from .settings import Settings
from .store import channels_journal, inbox_journal, outbox_journal, sent_journal

# Automations arm themselves at the end of the start-up, too; in seconds.
_ARMING_TIME: Final = 1
# Accounts that were loaded since Home Assistant started.
_SEEN: Final[HassKey[set[str]]] = HassKey(f"{DOMAIN}_seen")


async def async_build(hass: HomeAssistant, entry: SmskitConfigEntry) -> SmskitData:
    """Build an account, its files read and everything polled once.

    Raises ConfigEntryAuthFailed when the portal refuses the credentials.
    """
    client = PortalClient(
        async_get_clientsession(hass),
        entry.data[CONF_URL],
        entry.data[CONF_API_KEY],
        entry.data[CONF_API_TOKEN],
        get_operations=entry.data[CONF_GET_OPERATIONS],
    )
    settings = await Settings.async_read(hass, entry.data, entry.options)
    issues = AccountIssues(hass, entry.entry_id, entry.title)
    entry.async_on_unload(issues.async_stop)
    balance = BalanceCoordinator(hass, entry, client)
    messages = Inbox(
        hass,
        entry.entry_id,
        settings,
        is_trusted=partial(is_trusted, entry, settings),
        account=_account_of(entry),
    )
    if (damaged := await messages.async_load()) is not None:
        issues.async_raise_inbox_damaged(damaged)
    reader = InboxPoller(hass, entry.entry_id, client, messages)
    inbox = InboxCoordinator(hass, entry, settings, reader, issues)
    await asyncio.gather(balance.async_first_refresh(), inbox.async_first_refresh())

    dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={(DOMAIN, entry.entry_id)},
        name=entry.title,
        manufacturer=MANUFACTURER,
        entry_type=dr.DeviceEntryType.SERVICE,
        configuration_url=entry.data[CONF_URL],
    )
    poller = ChannelPoller(hass, entry.entry_id, client, settings)
    await poller.async_load()
    channels = ChannelCoordinator(hass, entry, poller, issues)
    await channels.async_first_refresh()

    outbox = Outbox(hass, entry.entry_id, HourlyLimit(settings.hourly_limit))
    await outbox.async_load()
    delivery = DeliveryTracker(hass, client, outbox)

    def accepted(batch: Batch) -> None:
        delivery.async_follow(batch)
        entry.async_create_background_task(
            hass, balance.async_request_refresh(), "smskit balance"
        )

    @callback
    def report_limit(limit: int | None, until: float | None) -> None:
        if limit is None:
            issues.async_clear_hourly_limit()
        else:
            issues.async_raise_hourly_limit(limit, until)

    dispatcher = Dispatcher(
        hass,
        client,
        outbox,
        on_auth_error=partial(entry.async_start_reauth, hass),
        on_accepted=accepted,
    )
    planner = Planner(settings, outbox, poller.route)
    reply_waiters = ReplyWaiters()
    sent = SentMessages(hass, entry.entry_id, settings, outbox)
    await sent.async_load()
    entry.async_on_unload(sent.async_save)
    listen = partial(async_dispatcher_connect, hass)
    entry_id = entry.entry_id
    for stop in (
        listen(SIGNAL_RECEIVED.format(entry_id), reply_waiters.async_handle),
        listen(SIGNAL_SUBMITTED.format(entry_id), sent.async_take),
        listen(SIGNAL_OUTCOME.format(entry_id), sent.async_note),
    ):
        entry.async_on_unload(stop)
    return SmskitData(
        client=client,
        settings=settings,
        issues=issues,
        balance=balance,
        inbox=inbox,
        channels=channels,
        outgoing=OutgoingCoordinator(hass, entry, outbox),
        messages=messages,
        sent=sent,
        reply_waiters=reply_waiters,
        outbox=outbox,
        sender=Sender(planner, outbox, dispatcher, report_limit),
        dispatcher=dispatcher,
        delivery=delivery,
    )


async def async_resume(hass: HomeAssistant, entry: SmskitConfigEntry) -> None:
    """Tell of what was under way and of what came in, once automations listen."""
    entry.runtime_data.dispatcher.async_start()

    async def resume(_: object) -> None:
        seen = hass.data.setdefault(_SEEN, set())
        backlog = entry.entry_id not in seen
        seen.add(entry.entry_id)
        data = entry.runtime_data
        await data.dispatcher.async_resume()
        data.delivery.async_start()
        await data.inbox.poller.async_resume(backlog=backlog)
        data.inbox.async_changed()

    @callback
    def resume_soon(_: object) -> None:
        entry.async_on_unload(async_call_later(hass, _ARMING_TIME, resume))

    if hass.state is CoreState.running:
        await resume(None)
    else:
        entry.async_on_unload(async_at_started(hass, resume_soon))


async def async_stop(data: SmskitData) -> None:
    """Stop an account, after what has left is answered."""
    await data.inbox.poller.async_stop()
    data.reply_waiters.async_stop()
    data.delivery.async_stop()
    await data.dispatcher.async_stop()


async def async_remove(hass: HomeAssistant, entry_id: str) -> None:
    """Leave nothing of an account behind."""
    async_remove_issues(hass, entry_id)
    await channels_journal(hass, entry_id).async_remove()
    await inbox_journal(hass, entry_id).async_remove()
    await outbox_journal(hass, entry_id).async_remove()
    await sent_journal(hass, entry_id).async_remove()


def _account_of(entry: SmskitConfigEntry) -> str:
    """Return what tells an account at a portal from another one."""
    account = f"{entry.data[CONF_URL]}\0{entry.data[CONF_API_KEY]}"
    return blake2b(account.encode(), digest_size=8).hexdigest()
