"""What of the channels is due to be asked, and what the portal answered."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
import time
from typing import Final

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
from ..const import LOGGER
from ..settings import Settings
from ..store import Database, Statement, StoreError, Value
from .health import ChannelHealth
from .models import ChannelProblem, ChannelState

HEALTHY: Final = timedelta(minutes=5)
# Ten seconds after a phone has scanned a code it shows, the answer's time included.
_TICK: Final = timedelta(seconds=3)
_VIEW_WHILE_PAIRING: Final = 9.0
_CODE_EVERY: Final = 15.0
_PAIRING_FOR: Final = 300.0
_IN_FLIGHT: Final = 4
_NEVER: Final = float("-inf")
# The portal counts whole seconds and takes its time to answer.
_JITTER: Final = timedelta(seconds=90)


@dataclass(kw_only=True, slots=True)
class ChannelPoll:
    """What is kept of a channel between two polls; times are monotonic."""

    state: ChannelState | None = None
    viewed: float = _NEVER
    pairing_until: float = _NEVER
    code_at: float = _NEVER
    code: Picture | None = field(default=None, repr=False)
    problem: str | None = None
    auto_pairing_allowed: bool = True
    """Someone who looks starts the fetching once; then it has to be asked for."""


class ChannelPoller:
    """Asks for the channels of an account.

    A healthy channel is looked at every five minutes, one that is being paired at
    least every ten seconds, for five minutes at most.
    """

    def __init__(
        self, client: PortalClient, settings: Settings, database: Database
    ) -> None:
        """Know of no channel."""
        self._client = client
        self._settings = settings
        self.interval = HEALTHY
        """When the next poll is due."""
        self.states: dict[str, ChannelState] = {}
        self.problems: list[ChannelProblem] = []
        self._answers = False
        self._polls: dict[str, ChannelPoll] = {}
        self._listed: dict[str, Channel] = {}
        self._is_list_known = False
        self._list_at = _NEVER
        self._slots = asyncio.Semaphore(_IN_FLIGHT)
        # What was asked before something changed must not come after it.
        self._one_at_a_time = asyncio.Lock()
        self._database = database
        self._subscription_ends: dict[str, datetime] = {}
        self._unknown_words: set[str] = set()
        self._health = ChannelHealth()

    async def async_load(self) -> None:
        """Restore what the portal reported: channels are there before it answers."""
        rows = await self._database.async_fetch(
            "SELECT channel_id, gateway_id, number, label, listed, connected, "
            "lost_since, subscription_end FROM channels"
        )
        lost: dict[str, float | None] = {}
        for (
            channel_id,
            gateway_id,
            number,
            label,
            listed,
            connected,
            since,
            end,
        ) in rows:
            if end is not None:
                self._subscription_ends[channel_id] = dt_util.utc_from_timestamp(end)
            if connected:
                lost[channel_id] = since
            if listed:
                self._listed[channel_id] = Channel(
                    channel_id=channel_id,
                    gateway_id=gateway_id,
                    number=number,
                    label=label,
                    last_sync=None,
                )
        self._health.load(lost)
        self.states = {
            channel_id: ChannelState(
                channel=channel,
                details=None,
                connected_since=None,
                last_sync=None,
                subscription_end=self._subscription_ends.get(channel_id),
                pairing=False,
                code=None,
                problem=None,
            )
            for channel_id, channel in self._listed.items()
        }

    async def async_poll(self) -> dict[str, ChannelState]:
        """Ask for all that is due, and return the channels by their id."""
        self._answers = False
        async with self._one_at_a_time:
            self.states = await self._async_poll(time.monotonic())
        self._answers = True
        return self.states

    async def _async_poll(self, now: float) -> dict[str, ChannelState]:
        """Ask for all that is due."""
        # Also when this fails: a portal that is down is not asked every few seconds.
        self._set_pace(now < poll.pairing_until for poll in self._polls.values())
        if now >= self._list_at:
            listed = await self._async_list()
            known = {one.channel_id: _stored(one) for one in self._listed.values()}
            self._listed = {channel.channel_id: channel for channel in listed}
            if known != {one.channel_id: _stored(one) for one in listed}:
                await self._async_store()
            self._list_at = now + HEALTHY.total_seconds() - 1
        self._polls = {
            channel_id: self._polls.get(channel_id) or ChannelPoll()
            for channel_id in self._listed
        }
        states = await asyncio.gather(
            *(
                self._async_update_channel(channel, self._polls[channel_id], now)
                for channel_id, channel in self._listed.items()
            )
        )
        for state in states:
            self._polls[state.channel.channel_id].state = state
        self._set_pace(state.pairing for state in states)
        data = {state.channel.channel_id: state for state in states}
        lost = self._health.as_dict()
        self.problems = self._health.check(data)
        if self._health.as_dict() != lost:
            await self._async_store()
        return data

    def _set_pace(self, pairing: Iterable[bool]) -> None:
        self.interval = _TICK if any(pairing) else HEALTHY

    async def _async_list(self) -> tuple[Channel, ...]:
        """Return the channels; an account that cannot have any has none.

        Whether the credentials are right is for the balance to find out: a portal may
        refuse whoever has not booked WhatsApp in the same words.
        """
        try:
            listed = await self._client.channels()
        except RefusedError as err:
            if self._listed:
                raise RefusedError(err.reason) from err
            return ()
        self._is_list_known = True
        return listed

    async def _async_update_channel(
        self, channel: Channel, poll: ChannelPoll, now: float
    ) -> ChannelState:
        """Ask for what is due of one channel."""
        pairing = now < poll.pairing_until
        pause = _VIEW_WHILE_PAIRING if pairing else HEALTHY.total_seconds()
        if poll.state is None or now >= poll.viewed + pause - 1:
            poll.viewed = now
            async with self._slots:
                state = await self._async_view(channel, poll.state)
        else:
            state = poll.state
        if not state.can_be_paired:
            poll.pairing_until, poll.code, poll.problem = _NEVER, None, None
            poll.auto_pairing_allowed = True
            pairing = False
        if not pairing:
            poll.code = None
        elif now >= poll.code_at + _CODE_EVERY - 1:
            poll.code_at = now
            async with self._slots:
                await self._async_scan(channel, poll)
        return ChannelState(
            channel=channel,
            details=state.details,
            connected_since=state.connected_since,
            last_sync=state.last_sync,
            subscription_end=state.subscription_end,
            pairing=pairing,
            code=poll.code,
            problem=poll.problem,
        )

    async def _async_view(
        self, channel: Channel, before: ChannelState | None
    ) -> ChannelState:
        """Return a channel as the portal shows it now, or that it does not."""
        details: ChannelDetails | None = None
        try:
            details = await self._client.channel(channel.channel_id)
        except PortalError as err:
            LOGGER.debug("A channel could not be viewed: %s", err)
        if details is not None and details.connection is Connection.UNKNOWN:
            self._note_unknown_word(details.device_status or "")
        end = self._settings.to_utc(details.subscription_end) if details else None
        if end is None:
            end = self._subscription_ends.get(channel.channel_id)
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

    async def _async_scan(self, channel: Channel, poll: ChannelPoll) -> None:
        try:
            poll.code = await self._client.scan_qr(channel.channel_id)
            poll.problem = None
        except PortalError as err:
            poll.code = None
            poll.problem = err.reason if isinstance(err, RefusedError) else str(err)

    def _note_unknown_word(self, word: str) -> None:
        if word not in self._unknown_words:
            self._unknown_words.add(word)
            LOGGER.debug("Unknown device status, read as not connected: %s", word)

    def route(self, channel_id: str | None) -> tuple[str | None, str | None]:
        """Return the route of WhatsApp messages, and why there is none.

        Without a channel the portal decides. What is not known is for it to say.
        """
        states = self.states
        if channel_id is None:
            known = self._is_list_known and self._answers
            closed = all(s.details and not s.connected for s in states.values())
            return None, "no channel is connected" if known and closed else None
        state = states.get(channel_id)
        if state is None and (self._is_list_known or channel_id not in self._listed):
            return None, "the channel is gone"
        if state is not None and state.details is not None and not state.connected:
            return None, "the channel is not connected"
        listed = self._listed.get(channel_id)
        if listed is None or listed.gateway_id is None:
            return None, "the portal names no gateway of the channel"
        return listed.gateway_id, None

    def pair(self, channel_id: str, *, asked: bool = True) -> bool:
        """Fetch the code of a channel for five minutes; return whether that is due now.

        Somebody who merely looks (`asked` is false) starts that only once.
        """
        poll = self._polls.get(channel_id)
        if poll is None:
            return False
        is_of_use = poll.state is None or poll.state.can_be_paired
        if not asked and not (poll.auto_pairing_allowed and is_of_use):
            return False
        now = time.monotonic()
        if not asked and now < poll.pairing_until:
            return False
        poll.auto_pairing_allowed = False
        poll.pairing_until = now + _PAIRING_FOR
        poll.code_at = poll.viewed = _NEVER
        return True

    async def async_refresh_channels(
        self, channel_ids: Iterable[str] = (), *, pairing: bool = False
    ) -> None:
        """Have the next poll ask for what an action changed."""
        async with self._one_at_a_time:
            self._list_at = _NEVER
            now = time.monotonic()
            for channel_id in channel_ids:
                poll = self._polls.setdefault(channel_id, ChannelPoll())
                poll.viewed = _NEVER
                if pairing:
                    poll.pairing_until, poll.code_at = now + _PAIRING_FOR, _NEVER

    def start_over(self, channel_id: str) -> None:
        """Give somebody who has just reset a channel the time to pair it."""
        self._health.start_over(channel_id)

    async def async_keep_subscription_end(
        self, channel_id: str, end: datetime | None
    ) -> None:
        """Keep what only the answer to a creation tells."""
        if end is not None:
            self._subscription_ends[channel_id] = end
            await self._async_store()

    async def _async_store(self) -> None:
        """Store all that is known; what cannot be stored is learned anew later."""
        lost = self._health.as_dict()
        rows: list[tuple[Value, ...]] = []
        for channel_id in {*self._listed, *self._subscription_ends, *lost}:
            channel = self._listed.get(channel_id)
            end = self._subscription_ends.get(channel_id)
            rows.append(
                (
                    channel_id,
                    *(_stored(channel) if channel else (None, None, None)),
                    int(channel is not None),
                    int(channel_id in lost),
                    lost.get(channel_id),
                    end.timestamp() if end else None,
                )
            )
        with suppress(StoreError):
            await self._database.write(
                Statement("DELETE FROM channels"),
                Statement(
                    "INSERT INTO channels (channel_id, gateway_id, number, label, "
                    "listed, connected, lost_since, subscription_end) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    rows,
                ),
            )


def _stored(channel: Channel) -> tuple[str | None, ...]:
    """Return what is stored of a channel."""
    return channel.gateway_id, channel.number, channel.label


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
