"""The WhatsApp channels of an account, and the codes that pair them."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
import time
from typing import Final, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util

from ..api import (
    Channel,
    ChannelDetails,
    Connection,
    Picture,
    PortalClient,
    PortalError,
    RefusedError,
)
from ..channel_issues import ChannelIssues
from ..const import DOMAIN, LOGGER, MANUFACTURER
from ..coordinator import SmskitConfigEntry, SmskitCoordinator
from ..settings import Settings
from ..store import channels_journal

_HEALTHY: Final = timedelta(minutes=5)
# Ten seconds after a phone has scanned a code it shows, the answer's time included.
_TICK: Final = timedelta(seconds=3)
_VIEW_WHILE_PAIRING: Final = 9.0
_CODE_EVERY: Final = 15.0
_PAIRING_FOR: Final = 300.0
_IN_FLIGHT: Final = 4
_NEVER: Final = float("-inf")
# The portal counts whole seconds and takes its time to answer.
_JITTER: Final = timedelta(seconds=90)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelState:
    """A channel as entities show it."""

    channel: Channel
    details: ChannelDetails | None
    """What was last seen of it, or none while the portal does not tell."""
    connected_since: datetime | None
    last_sync: datetime | None
    subscription_end: datetime | None
    pairing: bool
    """Whether its code is fetched again and again."""
    code: Picture | None = field(repr=False)
    problem: str | None
    """Why there is no code, as the portal says."""

    @property
    def connected(self) -> bool:
        """Whether messages can go through it."""
        return self.connection is Connection.CONNECTED

    @property
    def connection(self) -> Connection:
        """What the portal's words mean."""
        return self.details.connection if self.details else Connection.UNKNOWN

    @property
    def can_be_paired(self) -> bool:
        """Whether a code is of any use to it."""
        return not self.connected and self.connection is not Connection.EXPIRED


@dataclass(kw_only=True, slots=True)
class _Watch:
    """What is kept of a channel between two polls; times are monotonic."""

    state: ChannelState | None = None
    viewed: float = _NEVER
    pairing_until: float = _NEVER
    code_at: float = _NEVER
    code: Picture | None = field(default=None, repr=False)
    problem: str | None = None
    may_start_by_look: bool = True
    """Someone who looks starts the fetching once; then it has to be asked for."""


class ChannelCoordinator(SmskitCoordinator[dict[str, ChannelState]]):
    """Polls the channels; its data is their states by channel id.

    A healthy channel is looked at every five minutes, one that is being paired at
    least every ten seconds, for five minutes at most.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: SmskitConfigEntry,
        client: PortalClient,
        settings: Settings,
    ) -> None:
        """Prepare to poll."""
        super().__init__(hass, entry, client, name="channels", interval=_HEALTHY)
        self._settings = settings
        self._watches: dict[str, _Watch] = {}
        self.data = {}
        self._listed: dict[str, Channel] = {}
        self._is_list_known = False
        self._list_at = _NEVER
        self._slots = asyncio.Semaphore(_IN_FLIGHT)
        # What was asked before something changed must not come after it.
        self._one_at_a_time = asyncio.Lock()
        self._journal = channels_journal(hass, entry.entry_id)
        self._subscription_ends: dict[str, str] = {}
        self._gateways: dict[str, str | None] = {}
        """The gateway ids of the channels that were listed last."""
        self._unknown_words: set[str] = set()
        self.issues = ChannelIssues(hass, entry)

    async def async_load(self) -> None:
        """Take up what the portal told once and never again."""
        if (data := await self._journal.async_load()) is not None:
            self._subscription_ends = data["subscription_ends"]
            self._gateways = data["gateways"]
            self.issues.load(data["lost"])

    @override
    async def _async_fetch(self) -> dict[str, ChannelState]:
        async with self._one_at_a_time:
            return await self._async_poll(time.monotonic())

    async def _async_poll(self, now: float) -> dict[str, ChannelState]:
        """Ask for all that is due."""
        # Also when this fails: a portal that is down is not asked every few seconds.
        self._set_pace(now < watch.pairing_until for watch in self._watches.values())
        if now >= self._list_at:
            listed = await self._async_list()
            self._listed = {channel.channel_id: channel for channel in listed}
            self._list_at = now + _HEALTHY.total_seconds() - 1
        self._watches = {
            channel_id: self._watches.get(channel_id) or _Watch()
            for channel_id in self._listed
        }
        states = await asyncio.gather(
            *(
                self._async_look(channel, self._watches[channel_id], now)
                for channel_id, channel in self._listed.items()
            )
        )
        for state in states:
            self._watches[state.channel.channel_id].state = state
        self._set_pace(state.pairing for state in states)
        data = {state.channel.channel_id: state for state in states}
        self._follow_devices(data)
        if self.issues.check(data):
            await self._async_keep()
        return data

    def _set_pace(self, pairing: Iterable[bool]) -> None:
        self.update_interval = _TICK if any(pairing) else _HEALTHY

    async def _async_list(self) -> tuple[Channel, ...]:
        """Return the channels; an account that cannot have any has none.

        Whether the credentials are right is for the balance to find out: a portal may
        refuse whoever has not booked WhatsApp in the same words.
        """
        try:
            listed = await self.client.channels()
        except RefusedError as err:
            if self._listed:
                raise RefusedError(err.reason) from err
            return ()
        self._is_list_known = True
        gateways = {one.channel_id: one.gateway_id for one in listed}
        if gateways != self._gateways:
            self._gateways = gateways
            await self._async_keep()
        return listed

    async def _async_look(
        self, channel: Channel, watch: _Watch, now: float
    ) -> ChannelState:
        """Ask for what is due of one channel."""
        pairing = now < watch.pairing_until
        pause = _VIEW_WHILE_PAIRING if pairing else _HEALTHY.total_seconds()
        if watch.state is None or now >= watch.viewed + pause - 1:
            watch.viewed = now
            async with self._slots:
                state = await self._async_view(channel, watch.state)
        else:
            state = watch.state
        if not state.can_be_paired:
            watch.pairing_until, watch.code, watch.problem = _NEVER, None, None
            watch.may_start_by_look = True
            pairing = False
        if not pairing:
            watch.code = None
        elif now >= watch.code_at + _CODE_EVERY - 1:
            watch.code_at = now
            async with self._slots:
                await self._async_scan(channel, watch)
        return ChannelState(
            channel=channel,
            details=state.details,
            connected_since=state.connected_since,
            last_sync=state.last_sync,
            subscription_end=state.subscription_end,
            pairing=pairing,
            code=watch.code,
            problem=watch.problem,
        )

    async def _async_view(
        self, channel: Channel, before: ChannelState | None
    ) -> ChannelState:
        """Return a channel as the portal shows it now, or that it does not."""
        details: ChannelDetails | None = None
        try:
            details = await self.client.channel(channel.channel_id)
        except PortalError as err:
            LOGGER.debug("A channel could not be viewed: %s", err)
        if details is not None and details.connection is Connection.UNKNOWN:
            self._note_unknown_word(details.device_status or "")
        end = self._settings.to_utc(details.subscription_end) if details else None
        if end is None and (kept := self._subscription_ends.get(channel.channel_id)):
            end = datetime.fromisoformat(kept)
        sync = (details.last_sync if details else None) or channel.last_sync
        return ChannelState(
            channel=channel,
            details=details,
            connected_since=_connected_since(details, before),
            last_sync=self._settings.to_utc(sync),
            subscription_end=end,
            pairing=False,
            code=None,
            problem=None,
        )

    async def _async_scan(self, channel: Channel, watch: _Watch) -> None:
        try:
            watch.code = await self.client.scan_qr(channel.channel_id)
            watch.problem = None
        except PortalError as err:
            watch.code = None
            watch.problem = err.reason if isinstance(err, RefusedError) else str(err)

    def _note_unknown_word(self, word: str) -> None:
        if word not in self._unknown_words:
            self._unknown_words.add(word)
            LOGGER.debug("Unknown device status, read as not connected: %s", word)

    def route(self, channel_id: str | None) -> tuple[str | None, str | None]:
        """Return the route of WhatsApp messages, and why there is none.

        Without a channel the portal decides. What is not known is for it to say.
        """
        states = self.data
        if channel_id is None:
            known = self._is_list_known and self.last_update_success
            closed = all(s.details and not s.connected for s in states.values())
            return None, "no channel is connected" if known and closed else None
        state = states.get(channel_id)
        if state is None and (self._is_list_known or channel_id not in self._gateways):
            return None, "the channel is gone"
        if state is not None and state.details is not None and not state.connected:
            return None, "the channel is not connected"
        if (gateway_id := self._gateways.get(channel_id)) is None:
            return None, "the portal names no gateway of the channel"
        return gateway_id, None

    @callback
    def async_pair(self, channel_id: str, *, asked: bool = True) -> None:
        """Fetch the code of a channel from now on, for five minutes.

        Somebody who merely looks (`asked` is false) starts that only once.
        """
        watch = self._watches.get(channel_id)
        if watch is None:
            return
        is_of_use = watch.state is None or watch.state.can_be_paired
        if not asked and not (watch.may_start_by_look and is_of_use):
            return
        now = time.monotonic()
        if asked or now >= watch.pairing_until:
            watch.may_start_by_look = False
            watch.pairing_until = now + _PAIRING_FOR
            watch.code_at = watch.viewed = _NEVER
            self.config_entry.async_create_background_task(
                self.hass, self.async_refresh(), "smskit channels"
            )

    async def async_look_anew(
        self, channel_ids: Iterable[str] = (), *, pairing: bool = False
    ) -> None:
        """Refresh what an action changed, before it returns."""
        async with self._one_at_a_time:
            self._list_at = _NEVER
            now = time.monotonic()
            for channel_id in channel_ids:
                watch = self._watches.setdefault(channel_id, _Watch())
                watch.viewed = _NEVER
                if pairing:
                    watch.pairing_until, watch.code_at = now + _PAIRING_FOR, _NEVER
        await self.async_refresh()

    async def async_keep_subscription_end(
        self, channel_id: str, end: datetime | None
    ) -> None:
        """Keep what only the answer to a creation tells."""
        if end is not None:
            self._subscription_ends[channel_id] = end.isoformat()
            await self._async_keep()

    async def _async_keep(self) -> None:
        await self._journal.async_save(
            {
                "subscription_ends": dict(self._subscription_ends),
                "gateways": dict(self._gateways),
                "lost": self.issues.as_dict(),
            }
        )

    def _follow_devices(self, data: dict[str, ChannelState]) -> None:
        """Name devices after their channels, and remove those that vanished."""
        registry = dr.async_get(self.hass)
        entry_id = self.config_entry.entry_id
        wanted = {channel_identifier(entry_id, channel_id) for channel_id in data}
        prefix = f"{entry_id}_channel_"
        for device in dr.async_entries_for_config_entry(registry, entry_id):
            ours = {i for i in device.identifiers if i[1].startswith(prefix)}
            if ours and not ours & wanted:
                registry.async_remove_device(device.id)
        for channel_id, state in data.items():
            registry.async_get_or_create(
                config_entry_id=entry_id,
                identifiers={channel_identifier(entry_id, channel_id)},
                name=channel_name(state.channel),
                manufacturer=MANUFACTURER,
                model="WhatsApp channel",
                entry_type=dr.DeviceEntryType.SERVICE,
                via_device_id=dr.async_get_device_id_by_identifier(
                    self.hass, (DOMAIN, entry_id), config_entry_id=entry_id
                ),
            )


def channel_identifier(entry_id: str, channel_id: str) -> tuple[str, str]:
    """Return what a channel's device is known by."""
    return (DOMAIN, f"{entry_id}_channel_{channel_id}")


def channel_id_of(entry_id: str, identifiers: set[tuple[str, str]]) -> str | None:
    """Return the id of the channel that a device is, if it is one of the account."""
    prefix = channel_identifier(entry_id, "")[1]
    for domain, identifier in identifiers:
        if domain == DOMAIN and identifier.startswith(prefix):
            return identifier.removeprefix(prefix)
    return None


def channel_name(channel: Channel) -> str:
    """Return the portal's label, or what else tells a channel from others."""
    return channel.label or f"WhatsApp {channel.gateway_id or channel.channel_id}"


def _connected_since(
    details: ChannelDetails | None, before: ChannelState | None
) -> datetime | None:
    """Return since when a channel is connected, steady from poll to poll."""
    if details is None or details.connection is not Connection.CONNECTED:
        return None
    if details.up_time is None:
        return None
    since = (dt_util.utcnow() - details.up_time).replace(microsecond=0)
    known = before.connected_since if before else None
    return known if known and abs(since - known) < _JITTER else since
