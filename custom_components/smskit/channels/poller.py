"""Polling of the channels: which requests are due, and the resulting states."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
import time
from typing import Final

from homeassistant.util import dt as dt_util

from ..api import (
    Channel,
    ChannelDetails,
    ChannelIds,
    Connection,
    Explanation,
    InvalidAuthError,
    Picture,
    PortalClient,
    PortalError,
    RefusedError,
    WrongChannelError,
)
from ..const import LOGGER
from ..portal_clock import PortalClock
from ..sending import FailureReason
from ..store import Database, Statement, StoreError, Value
from .health import ChannelHealth
from .models import ChannelProblem, ChannelState

POLL_INTERVAL: Final = timedelta(minutes=5)
# A channel shows as connected within ten seconds of a scan, response time included.
_PAIRING_POLL_INTERVAL: Final = timedelta(seconds=3)
_PAIRING_VIEW_INTERVAL: Final = 9.0
_CODE_INTERVAL: Final = 15.0
_PAIRING_DURATION: Final = 300.0
_MAX_CONCURRENT: Final = 4
# How soon other parameters are tried again after none was right.
_FIND_INTERVAL: Final = 3600.0
_NEVER: Final = float("-inf")
# The portal reports whole seconds and may respond slowly.
_JITTER: Final = timedelta(seconds=90)


@dataclass(kw_only=True, slots=True)
class ChannelPoll:
    """Polling state of one channel; times are monotonic."""

    state: ChannelState | None = None
    viewed_at: float = _NEVER
    pairing_until: float = _NEVER
    code_fetched_at: float = _NEVER
    code: Picture | None = field(default=None, repr=False)
    problem: Explanation | None = None
    failure: PortalError | None = None
    """Why the last view showed no details."""
    auto_pairing_allowed: bool = True
    """Whether viewing the QR code may start pairing; it does so only once."""


class ChannelPoller:
    """Poll the channels of an account.

    A channel is polled every five minutes, and at least every ten seconds while it is
    being paired, which takes at most five minutes.
    """

    def __init__(
        self, client: PortalClient, clock: PortalClock, database: Database
    ) -> None:
        """Initialize the poller."""
        self._client = client
        self._clock = clock
        self.interval = POLL_INTERVAL
        """Time until the next poll is due."""
        self.states: dict[str, ChannelState] = {}
        self.problems: list[ChannelProblem] = []
        self._last_poll_succeeded = False
        self._polls: dict[str, ChannelPoll] = {}
        self._listed: dict[str, Channel] = {}
        self._is_list_known = False
        self._list_due = _NEVER
        self._find_due = _NEVER
        self._semaphore = asyncio.Semaphore(_MAX_CONCURRENT)
        # A poll that started before a change must not overwrite the state after it.
        self._lock = asyncio.Lock()
        self._database = database
        self._subscription_ends: dict[str, datetime] = {}
        """Naive, as the portal wrote them."""
        self._unknown_statuses: set[str] = set()
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
                self._subscription_ends[channel_id] = datetime.fromisoformat(end)
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
            channel_id: self._dated(
                ChannelState(
                    channel=channel,
                    details=None,
                    is_verified=False,
                    connected_since=None,
                    last_sync=None,
                    subscription_end=None,
                    pairing=False,
                    code=None,
                    problem=None,
                )
            )
            for channel_id, channel in self._listed.items()
        }

    async def async_poll(self) -> dict[str, ChannelState]:
        """Poll whatever is due and return the channel states by channel ID."""
        self._last_poll_succeeded = False
        async with self._lock:
            self.states = await self._async_poll(time.monotonic())
        self._last_poll_succeeded = True
        return self.states

    async def _async_poll(self, now: float) -> dict[str, ChannelState]:
        """Poll whatever is due at a monotonic time."""
        # Set first, so that a failing portal is not polled every few seconds.
        self._update_interval(now < poll.pairing_until for poll in self._polls.values())
        if is_listed := now >= self._list_due:
            listed = await self._async_list()
            known = {one.channel_id: _stored(one) for one in self._listed.values()}
            self._listed = {channel.channel_id: channel for channel in listed}
            if known != {one.channel_id: _stored(one) for one in listed}:
                await self._async_store()
            self._list_due = now + POLL_INTERVAL.total_seconds() - 1
        self._polls = {
            channel_id: self._polls.get(channel_id) or ChannelPoll()
            for channel_id in self._listed
        }
        states = await self._async_update_channels(now)
        # Only a channel that was just listed is certainly not gone.
        if is_listed and await self._async_find_parameter(now):
            states = await self._async_update_channels(now)
        self._update_interval(state.pairing for state in states)
        # The view of one channel may have shown that another one is not verified.
        data = {
            state.channel.channel_id: replace(
                state, is_verified=self._client.is_verified(state.channel)
            )
            for state in states
        }
        lost = self._health.as_dict()
        self.problems = self._health.check(data)
        if self._health.as_dict() != lost:
            await self._async_store()
        return data

    def _update_interval(self, pairing: Iterable[bool]) -> None:
        self.interval = _PAIRING_POLL_INTERVAL if any(pairing) else POLL_INTERVAL

    async def _async_list(self) -> tuple[Channel, ...]:
        """Return the channels.

        A refusal means that the account has none, as one without WhatsApp.
        """
        try:
            listed = await self._client.channels()
        except InvalidAuthError:
            raise
        except RefusedError:
            if self._listed:
                raise
            return ()
        self._is_list_known = True
        return listed

    async def _async_update_channels(self, now: float) -> list[ChannelState]:
        """Poll whatever is due for each channel."""
        states = await asyncio.gather(
            *(
                self._async_update_channel(channel, self._polls[channel_id], now)
                for channel_id, channel in self._listed.items()
            )
        )
        for state in states:
            self._polls[state.channel.channel_id].state = state
        return states

    async def _async_find_parameter(self, now: float) -> bool:
        """Try other parameters if the one in use is wrong; return whether one is right.

        It is wrong if the portal refuses every channel that it lists, or shows another
        channel than the one that was named.
        """
        wrong = [c for c, p in self._polls.items() if _is_wrong_channel(p.failure)]
        refused = [c for c, p in self._polls.items() if _is_refusal(p.failure)]
        if not wrong and (not refused or len(refused) < len(self._polls)):
            return False
        if now < self._find_due:
            return False
        self._find_due = now + _FIND_INTERVAL - 1
        # By a parameter that is ignored, the first channel may be shown by accident.
        channel = self._listed[(wrong or refused)[0]]
        try:
            await self._client.find_channel(channel)
        except PortalError as err:
            LOGGER.debug("No parameter names a channel: %s", err)
            return False
        for poll in self._polls.values():
            poll.viewed_at = _NEVER
        return True

    async def _async_update_channel(
        self, channel: Channel, poll: ChannelPoll, now: float
    ) -> ChannelState:
        """Poll whatever is due for one channel."""
        pairing = now < poll.pairing_until
        pause = _PAIRING_VIEW_INTERVAL if pairing else POLL_INTERVAL.total_seconds()
        if poll.state is None or now >= poll.viewed_at + pause - 1:
            poll.viewed_at = now
            async with self._semaphore:
                state = await self._async_view(channel, poll)
        else:
            state = poll.state
        if not state.can_be_paired:
            poll.pairing_until, poll.code, poll.problem = _NEVER, None, None
            poll.auto_pairing_allowed = True
            pairing = False
        is_verified = self._client.is_verified(channel)
        if not pairing or not is_verified:
            poll.code = None
        elif now >= poll.code_fetched_at + _CODE_INTERVAL - 1:
            poll.code_fetched_at = now
            async with self._semaphore:
                await self._async_scan(channel, poll)
        return ChannelState(
            channel=channel,
            details=state.details,
            is_verified=is_verified,
            connected_since=state.connected_since,
            last_sync=state.last_sync,
            subscription_end=state.subscription_end,
            pairing=pairing,
            code=poll.code,
            problem=poll.problem,
        )

    async def _async_view(self, channel: Channel, poll: ChannelPoll) -> ChannelState:
        """Fetch the details of a channel; a failure results in a state without them."""
        details: ChannelDetails | None = None
        poll.failure = None
        try:
            details = await self._client.channel(channel)
        except PortalError as err:
            poll.failure = err
            LOGGER.debug("Failed to fetch the details of a channel: %s", err)
        if details is not None and details.connection is Connection.UNKNOWN:
            self._log_unknown_status(details.device_status or "")
        return self._dated(
            ChannelState(
                channel=channel,
                details=details,
                is_verified=self._client.is_verified(channel),
                connected_since=_connected_since(details, poll.state),
                last_sync=None,
                subscription_end=None,
                pairing=False,
                code=None,
                problem=None,
            )
        )

    def _dated(self, state: ChannelState) -> ChannelState:
        """Return a state with the portal's times as the clock reads them now."""
        channel, details = state.channel, state.details
        sync = (details.last_sync if details else None) or channel.last_sync
        end = details.subscription_end if details else None
        end = end or self._subscription_ends.get(channel.channel_id)
        return replace(
            state,
            last_sync=self._clock.to_utc(sync, received=dt_util.utcnow()),
            subscription_end=self._clock.to_utc(end),
        )

    def redate(self) -> None:
        """Read the times of all channels anew, as the clock reads them now."""
        self.states = {one: self._dated(state) for one, state in self.states.items()}
        for channel_id, poll in self._polls.items():
            poll.state = self.states.get(channel_id)

    async def _async_scan(self, channel: Channel, poll: ChannelPoll) -> None:
        try:
            poll.code = await self._client.scan_qr(channel)
            poll.problem = None
        except PortalError as err:
            poll.code = None
            poll.problem = err.explanation
            LOGGER.debug("Failed to fetch the code of a channel: %s", err)

    def _log_unknown_status(self, status: str) -> None:
        if status not in self._unknown_statuses:
            self._unknown_statuses.add(status)
            LOGGER.debug("Unknown device status: %s", status)

    def ids(self, channel_id: str) -> ChannelIds:
        """Return what a channel can be named by."""
        return self._listed.get(channel_id) or ChannelIds(
            channel_id=channel_id, gateway_id=None
        )

    @property
    def listed(self) -> tuple[Channel, ...]:
        """Return the channels that the portal listed last."""
        return tuple(self._listed.values())

    def route(self, channel_id: str | None) -> tuple[str | None, FailureReason | None]:
        """Return the route for WhatsApp messages, and why they cannot be sent.

        Without a channel the portal chooses the route. Where the state of a channel is
        unknown, it is left to the portal to refuse a message.
        """
        states = self.states
        if channel_id is None:
            known = self._is_list_known and self._last_poll_succeeded
            closed = all(state.closed for state in states.values())
            is_any = not (known and closed)
            return None, None if is_any else FailureReason.NO_CHANNEL_CONNECTED
        state = states.get(channel_id)
        if state is None and (self._is_list_known or channel_id not in self._listed):
            return None, FailureReason.CHANNEL_GONE
        if state is not None and state.closed:
            return None, FailureReason.CHANNEL_NOT_CONNECTED
        listed = self._listed.get(channel_id)
        if listed is None or listed.gateway_id is None:
            return None, FailureReason.CHANNEL_WITHOUT_GATEWAY
        return listed.gateway_id, None

    def pair(self, channel_id: str, *, requested: bool = True) -> bool:
        """Fetch the QR code of a channel for five minutes; return whether to poll now.

        Merely viewing the code (`requested` is false) starts this only once.
        """
        poll = self._polls.get(channel_id)
        if poll is None:
            return False
        is_pairable = poll.state is None or poll.state.can_be_paired
        if not requested and not (poll.auto_pairing_allowed and is_pairable):
            return False
        now = time.monotonic()
        if not requested and now < poll.pairing_until:
            return False
        poll.auto_pairing_allowed = False
        poll.pairing_until = now + _PAIRING_DURATION
        poll.code_fetched_at = poll.viewed_at = _NEVER
        return True

    async def async_refresh_channels(
        self, channel_ids: Iterable[str] = (), *, pairing: bool = False
    ) -> None:
        """Make the next poll fetch what an action changed."""
        async with self._lock:
            self._list_due = _NEVER
            now = time.monotonic()
            for channel_id in channel_ids:
                poll = self._polls.setdefault(channel_id, ChannelPoll())
                poll.viewed_at = _NEVER
                if pairing:
                    poll.pairing_until = now + _PAIRING_DURATION
                    poll.code_fetched_at = _NEVER

    def restart_loss_timer(self, channel_id: str) -> None:
        """Restart the clock of a channel that was reset, so it can be paired first."""
        self._health.restart_loss_timer(channel_id)

    async def async_save_subscription_end(
        self, channel_id: str, end: datetime | None
    ) -> None:
        """Store the naive end of a subscription, which only the creation reports."""
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
                    end.isoformat() if end else None,
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


def _is_refusal(failure: PortalError | None) -> bool:
    """Return whether a view was refused for something else than the credentials."""
    return isinstance(failure, RefusedError) and not isinstance(
        failure, InvalidAuthError
    )


def _is_wrong_channel(failure: PortalError | None) -> bool:
    return isinstance(failure, WrongChannelError)


def _stored(channel: Channel) -> tuple[str | None, ...]:
    """Return what is stored of a channel."""
    return channel.gateway_id, channel.number, channel.label


def _connected_since(
    details: ChannelDetails | None, previous: ChannelState | None
) -> datetime | None:
    """Return when a channel was connected, without jitter between polls."""
    if details is None or details.connection is not Connection.CONNECTED:
        return None
    if details.up_time is None:
        return None
    since = (dt_util.utcnow() - details.up_time).replace(microsecond=0)
    known = previous.connected_since if previous else None
    return known if known and abs(since - known) < _JITTER else since
