"""The dispatcher: gets batches to the portal, each at most once."""

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
from .batch import Batch, Stage
from .models import Status
from .outbox import Outbox
from .pacing import Pacing

_IN_FLIGHT: Final = 4


class Dispatcher:
    """Sends the batches of an outbox, in order for each number.

    A batch is written to disk before it leaves, so that one that was on its way when
    everything stopped is known. Only what provably never left is tried again.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        client: PortalClient,
        outbox: Outbox,
        *,
        on_auth_error: Callable[[], None],
        on_accepted: Callable[[Batch], None],
    ) -> None:
        """Prepare to send; `on_accepted` takes over what the portal has."""
        self._hass = hass
        self._client = client
        self._outbox = outbox
        self._on_auth_error = on_auth_error
        self._on_accepted = on_accepted
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._busy: set[str] = set()
        self._pacing = Pacing()
        self._stopped = True
        self._resumed = False
        self._refused_credentials = False
        self._cancel_timer: CALLBACK_TYPE | None = None

    @callback
    def async_start(self) -> None:
        """Send what comes from now on."""
        self._stopped = False

    async def async_resume(self) -> None:
        """Tell what was on its way when everything stopped, and send what is held.

        For when those listen who want to hear of it.
        """
        for batch in self._outbox.in_stage(Stage.SENDING):
            if batch.id not in self._sending:
                batch.reason = "Home Assistant stopped while it was on its way"
                self._outbox.report(batch, Status.UNKNOWN)
                self._outbox.remove(batch)
        await self._outbox.async_commit()
        self._resumed = True
        self._async_dispatch()

    async def async_stop(self) -> None:
        """See what has left through to its end; what waits is kept."""
        self._stopped = True
        self._set_timer(None)
        if self._sending:
            await asyncio.wait(self._sending.values())
        waiting = self._outbox.in_stage(Stage.PENDING)
        await self.async_hold_pending(waiting)
        for batch in waiting:
            batch.set_done()

    @callback
    def async_submit(self, batch: Batch) -> asyncio.Future[None]:
        """Take a batch; the future is done once there is something to tell."""
        batch.done = self._hass.loop.create_future()
        self._outbox.take(batch)
        behind = any(self._outbox.is_held(number) for number in batch.numbers)
        being_tried = self._pacing.is_backing_off and self._sending
        if self._stopped or (_holdable(batch) and (behind or being_tried)):
            # What is held goes first, and a portal that is away is tried by one. An
            # account that is being unloaded leaves it to what takes over.
            self._hold(batch)
            self._hass.async_create_task(self._async_stored(batch), "smskit outbox")
        self._async_dispatch()
        return batch.done

    async def async_hold_pending(self, batches: list[Batch]) -> None:
        """End the wait of a caller whose time is up, for what has not left."""
        waiting = [batch for batch in batches if batch.stage is Stage.PENDING]
        for batch in waiting:
            self._hold(batch)
        if waiting:
            await self._outbox.async_commit()

    async def _async_stored(self, batch: Batch) -> None:
        """Tell the caller once a held batch is on disk."""
        await self._outbox.async_commit()
        batch.set_done()

    @callback
    def _async_dispatch(self) -> None:
        """Let leave what may leave now, and come back when more may."""
        if self._stopped:
            return
        now = time.time()
        blocked = set(self._busy)
        for batch in self._outbox.in_stage(Stage.PENDING):
            numbers = batch.numbers
            if len(self._sending) < _IN_FLIGHT and not blocked & numbers:
                self._start(batch, numbers, now)
            blocked |= numbers
        if self._resumed:
            self._dispatch_held(blocked, now)

    def _dispatch_held(self, blocked: set[str], now: float) -> None:
        """Let the first held batch leave that may; expire those that waited too long.

        One at a time: the next one's turn comes by the timer, or by an answer.
        """
        held = self._outbox.in_stage(Stage.HELD)
        if overdue := [batch for batch in held if batch.expires <= now]:
            self._expire(overdue)
            held = [batch for batch in held if batch.expires > now]
        wake = min((batch.expires for batch in held), default=None)
        may_try = not self._refused_credentials and not (
            self._sending
            if self._pacing.is_backing_off
            else len(self._sending) >= _IN_FLIGHT
        )
        if wake is None or not may_try:
            self._set_timer(wake, now)
            return
        if self._pacing.next_held > now:
            self._set_timer(min(wake, self._pacing.next_held), now)
            return
        for batch in held:
            numbers = batch.numbers
            ready = self._ready_at(numbers, now)
            if ready is not None and ready <= now and not blocked & numbers:
                self._start(batch, numbers, now)
                self._pacing.held_left(now)
                wake = min(wake, self._pacing.next_held)
                break
            if ready is not None and ready > now:
                wake = min(wake, ready)
            blocked |= numbers
        self._set_timer(wake, now)

    def _ready_at(self, numbers: set[str], now: float) -> float | None:
        """Return when the pace and the limit let a held batch go, if ever."""
        room = self._outbox.limit.available_at(len(numbers), 0, now)
        return None if room is None else max(room, self._pacing.ready_at(numbers))

    def _start(self, batch: Batch, numbers: set[str], now: float) -> None:
        was_held = batch.stage is Stage.HELD
        self._pacing.left(numbers, now)
        self._outbox.limit.record(len(numbers), now)
        self._outbox.move(batch, Stage.SENDING)
        self._busy |= numbers
        self._sending[batch.id] = self._hass.async_create_task(
            self._async_process(batch, was_held=was_held),
            "smskit send",
            eager_start=False,
        )

    async def _async_process(self, batch: Batch, *, was_held: bool) -> None:
        try:
            await self._outbox.async_commit()
            await self._async_send(batch, was_held=was_held)
            await self._outbox.async_commit()
        finally:
            del self._sending[batch.id]
            self._busy -= batch.numbers
        batch.set_done()
        self._async_dispatch()

    async def _async_send(self, batch: Batch, *, was_held: bool) -> None:
        """Send a batch and note what came of it."""
        try:
            accepted = await self._client.send(batch.submission())
        except NotReachableError as err:
            self._pacing.back_off(was_held=was_held)
            self._outbox.limit.refund(len(batch.recipients))
            batch.reason = str(err)
            if _holdable(batch):
                self._hold(batch)
            else:
                self._fail(batch)
        except InvalidAuthError as err:
            self._on_auth_error()
            batch.reason = err.reason
            if was_held:
                # It was not taken, and may be once the credentials are right.
                self._refused_credentials = True
                self._outbox.limit.refund(len(batch.recipients))
                self._hold(batch)
            else:
                self._fail(batch)
        except RefusedError as err:
            self._reached()
            batch.reason = err.reason
            if batch.fallback is None:
                self._fail(batch)
                return
            batch.type, batch.fallback = batch.fallback, None
            # An SMS carries neither.
            batch.route = batch.file = None
            await self._outbox.async_commit()
            await self._async_send(batch, was_held=was_held)
        except PortalError as err:
            self._pacing.back_off(was_held=was_held)
            batch.reason = str(err)
            self._unknown(batch, err)
        else:
            self._reached()
            self._accept(batch, accepted)

    def _accept(self, batch: Batch, accepted: Accepted) -> None:
        batch.group_id = accepted.group_id
        # Nobody needs them from here on.
        batch.text, batch.file = "", None
        status = Status(accepted.status.value)
        self._outbox.move(batch, Stage.ACCEPTED)
        self._outbox.report(batch, status)
        if status is Status.QUEUED and batch.group_id is not None:
            self._on_accepted(batch)
        else:
            self._outbox.remove(batch)

    def _unknown(self, batch: Batch, err: PortalError) -> None:
        """Note that nobody knows; a group that was named before the end may tell."""
        if isinstance(err, UncertainError):
            batch.group_id = err.group_id
        self._outbox.report(batch, Status.UNKNOWN)
        if batch.group_id is None:
            self._outbox.remove(batch)
            return
        batch.text, batch.file = "", None
        self._outbox.move(batch, Stage.ACCEPTED)
        self._on_accepted(batch)

    def _fail(self, batch: Batch) -> None:
        self._outbox.duplicates.forget(batch.numbers, batch.text)
        self._outbox.report(batch, Status.FAILED)
        self._outbox.remove(batch)

    def _hold(self, batch: Batch) -> None:
        if not _holdable(batch):
            batch.reason = batch.reason or "it could not leave in time"
            self._fail(batch)
        else:
            self._outbox.move(batch, Stage.HELD)
            self._outbox.report(batch, Status.HELD)

    def _expire(self, batches: list[Batch]) -> None:
        for batch in batches:
            self._outbox.duplicates.forget(batch.numbers, batch.text)
            self._outbox.report(batch, Status.EXPIRED)
            self._outbox.remove(batch)
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
        self._async_dispatch()


def _holdable(batch: Batch) -> bool:
    return batch.expires > time.time()
