"""The dispatcher: gets parcels to the portal, each at most once."""

import asyncio
from collections.abc import Callable
import time
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..api import (
    Accepted,
    InvalidAuthError,
    NotReachableError,
    PortalClient,
    PortalError,
    RefusedError,
    UncertainError,
)
from .batch import Parcel, Stage
from .models import Status
from .outbox import Outbox
from .pacing import Pacing

_IN_FLIGHT: Final = 4


class Dispatcher:
    """Sends the parcels of an outbox, in order for each number.

    A parcel is written to disk before it leaves, so that one that was on its way when
    everything stopped is known. Only what provably never left is tried again.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        client: PortalClient,
        outbox: Outbox,
        *,
        on_auth_error: Callable[[], None],
        on_accepted: Callable[[Parcel], None],
    ) -> None:
        """Prepare to send; `on_accepted` takes over what the portal has."""
        self._hass = hass
        self._client = client
        self._outbox = outbox
        self._on_auth_error = on_auth_error
        self._on_accepted = on_accepted
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self._busy: set[str] = set()
        self._pacing = Pacing()
        self._stopped = True
        self._begun = False
        self._refused_credentials = False
        self._cancel_timer: CALLBACK_TYPE | None = None

    @callback
    def async_start(self) -> None:
        """Send what comes from now on."""
        self._stopped = False

    async def async_begin(self) -> None:
        """Tell what was on its way when everything stopped, and send what is held.

        For when those listen who want to hear of it.
        """
        for parcel in self._outbox.in_stage(Stage.LEAVING):
            if parcel.id not in self._leaving:
                parcel.reason = "Home Assistant stopped while it was on its way"
                self._outbox.report(parcel, Status.UNKNOWN)
                self._outbox.remove(parcel)
        await self._outbox.async_commit()
        self._begun = True
        self.async_pump()

    async def async_stop(self) -> None:
        """See what has left through to its end; what waits is kept."""
        self._stopped = True
        self._set_timer(None)
        if self._leaving:
            await asyncio.wait(self._leaving.values())
        waiting = self._outbox.in_stage(Stage.WAITING)
        await self.async_give_up(waiting)
        for parcel in waiting:
            parcel.settle()

    @callback
    def async_submit(self, parcel: Parcel) -> asyncio.Future[None]:
        """Take a parcel; the future is done once there is something to tell."""
        parcel.settled = self._hass.loop.create_future()
        self._outbox.take(parcel)
        behind = any(self._outbox.is_held(number) for number in parcel.numbers)
        being_tried = self._pacing.is_backing_off and self._leaving
        if self._stopped or (_holdable(parcel) and (behind or being_tried)):
            # What is held goes first, and a portal that is away is tried by one. An
            # account that is being unloaded leaves it to what takes over.
            self._hold(parcel)
            self._hass.async_create_task(self._async_kept(parcel), "smskit outbox")
        self.async_pump()
        return parcel.settled

    async def async_give_up(self, parcels: list[Parcel]) -> None:
        """End the wait of a caller whose time is up, for what has not left."""
        waiting = [parcel for parcel in parcels if parcel.stage is Stage.WAITING]
        for parcel in waiting:
            self._hold(parcel)
        if waiting:
            await self._outbox.async_commit()

    async def _async_kept(self, parcel: Parcel) -> None:
        """Tell the caller once a held parcel is on disk."""
        await self._outbox.async_commit()
        parcel.settle()

    @callback
    def async_pump(self) -> None:
        """Let leave what may leave now, and come back when more may."""
        if self._stopped:
            return
        now = time.time()
        blocked = set(self._busy)
        for parcel in self._outbox.in_stage(Stage.WAITING):
            numbers = parcel.numbers
            if len(self._leaving) < _IN_FLIGHT and not blocked & numbers:
                self._let_leave(parcel, numbers, now)
            blocked |= numbers
        if self._begun:
            self._pump_held(blocked, now)

    def _pump_held(self, blocked: set[str], now: float) -> None:
        """Let the first held parcel leave that may; expire those that waited too long.

        One at a time: the next one's turn comes by the timer, or by an answer.
        """
        held = self._outbox.in_stage(Stage.HELD)
        if overdue := [parcel for parcel in held if parcel.expires <= now]:
            self._expire(overdue)
            held = [parcel for parcel in held if parcel.expires > now]
        wake = min((parcel.expires for parcel in held), default=None)
        may_try = not self._refused_credentials and not (
            self._leaving
            if self._pacing.is_backing_off
            else len(self._leaving) >= _IN_FLIGHT
        )
        if wake is None or not may_try:
            self._set_timer(wake, now)
            return
        if self._pacing.next_held > now:
            self._set_timer(min(wake, self._pacing.next_held), now)
            return
        for parcel in held:
            numbers = parcel.numbers
            ready = self._ready_at(numbers, now)
            if ready is not None and ready <= now and not blocked & numbers:
                self._let_leave(parcel, numbers, now)
                self._pacing.held_left(now)
                wake = min(wake, self._pacing.next_held)
                break
            if ready is not None and ready > now:
                wake = min(wake, ready)
            blocked |= numbers
        self._set_timer(wake, now)

    def _ready_at(self, numbers: set[str], now: float) -> float | None:
        """Return when the pace and the spend guard let a held parcel go, if ever."""
        room = self._outbox.guard.room_at(len(numbers), 0, now)
        return None if room is None else max(room, self._pacing.ready_at(numbers))

    def _let_leave(self, parcel: Parcel, numbers: set[str], now: float) -> None:
        was_held = parcel.stage is Stage.HELD
        self._pacing.left(numbers, now)
        self._outbox.guard.leave(len(numbers), now)
        self._outbox.move(parcel, Stage.LEAVING)
        self._busy |= numbers
        self._leaving[parcel.id] = self._hass.async_create_task(
            self._async_leave(parcel, was_held=was_held),
            "smskit send",
            eager_start=False,
        )

    async def _async_leave(self, parcel: Parcel, *, was_held: bool) -> None:
        try:
            await self._outbox.async_commit()
            await self._async_send(parcel, was_held=was_held)
            await self._outbox.async_commit()
        finally:
            del self._leaving[parcel.id]
            self._busy -= parcel.numbers
        parcel.settle()
        self.async_pump()

    async def _async_send(self, parcel: Parcel, *, was_held: bool) -> None:
        """Send a parcel and note what came of it."""
        try:
            accepted = await self._client.send(parcel.submission())
        except NotReachableError as err:
            self._pacing.back_off(was_held=was_held)
            self._outbox.guard.come_back(len(parcel.addressees))
            parcel.reason = str(err)
            if _holdable(parcel):
                self._hold(parcel)
            else:
                self._fail(parcel)
        except InvalidAuthError as err:
            self._on_auth_error()
            parcel.reason = err.reason
            if was_held:
                # It was not taken, and may be once the credentials are right.
                self._refused_credentials = True
                self._outbox.guard.come_back(len(parcel.addressees))
                self._hold(parcel)
            else:
                self._fail(parcel)
        except RefusedError as err:
            self._reached()
            parcel.reason = err.reason
            if parcel.fallback is None:
                self._fail(parcel)
                return
            parcel.type, parcel.fallback = parcel.fallback, None
            # An SMS carries neither.
            parcel.route = parcel.file = None
            await self._outbox.async_commit()
            await self._async_send(parcel, was_held=was_held)
        except PortalError as err:
            self._pacing.back_off(was_held=was_held)
            parcel.reason = str(err)
            self._unknown(parcel, err)
        else:
            self._reached()
            self._accept(parcel, accepted)

    def _accept(self, parcel: Parcel, accepted: Accepted) -> None:
        parcel.group_id = accepted.group_id
        # Nobody needs them from here on.
        parcel.text, parcel.file = "", None
        status = Status(accepted.status.value)
        self._outbox.move(parcel, Stage.ACCEPTED)
        self._outbox.report(parcel, status)
        if status is Status.QUEUED and parcel.group_id is not None:
            self._on_accepted(parcel)
        else:
            self._outbox.remove(parcel)

    def _unknown(self, parcel: Parcel, err: PortalError) -> None:
        """Note that nobody knows; a group that was named before the end may tell."""
        if isinstance(err, UncertainError):
            parcel.group_id = err.group_id
        self._outbox.report(parcel, Status.UNKNOWN)
        if parcel.group_id is None:
            self._outbox.remove(parcel)
            return
        parcel.text, parcel.file = "", None
        self._outbox.move(parcel, Stage.ACCEPTED)
        self._on_accepted(parcel)

    def _fail(self, parcel: Parcel) -> None:
        self._outbox.guard.forget_text(parcel.numbers, parcel.text)
        self._outbox.report(parcel, Status.FAILED)
        self._outbox.remove(parcel)

    def _hold(self, parcel: Parcel) -> None:
        if not _holdable(parcel):
            parcel.reason = parcel.reason or "it could not leave in time"
            self._fail(parcel)
        else:
            self._outbox.move(parcel, Stage.HELD)
            self._outbox.report(parcel, Status.HELD)

    def _expire(self, parcels: list[Parcel]) -> None:
        for parcel in parcels:
            self._outbox.guard.forget_text(parcel.numbers, parcel.text)
            self._outbox.report(parcel, Status.EXPIRED)
            self._outbox.remove(parcel)
        self._hass.async_create_task(self._outbox.async_commit(), "smskit outbox")

    def _reached(self) -> None:
        """Note that the portal answers, and knows the account."""
        self._refused_credentials = False
        self._pacing.reached()

    def _set_timer(self, when: float | None, now: float = 0.0) -> None:
        if self._cancel_timer is not None:
            self._cancel_timer()
            self._cancel_timer = None
        if when is not None:
            delay = max(when - now, 0.05)
            self._cancel_timer = async_call_later(self._hass, delay, self._on_timer)

    @callback
    def _on_timer(self, _: object) -> None:
        self._cancel_timer = None
        self.async_pump()


def _holdable(parcel: Parcel) -> bool:
    return parcel.expires > time.time()
