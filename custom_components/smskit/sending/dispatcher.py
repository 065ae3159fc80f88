"""The dispatcher: gets batches to the portal, each at most once."""

import asyncio
from collections.abc import Callable
import time
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..api import (
    Cause,
    InvalidAuthError,
    NotTakenError,
    PortalClient,
    PortalError,
    RefusedError,
    SendType,
    Submission,
    UncertainError,
)
from ..const import LOGGER
from ..store import Reason
from .batch import Batch, BatchRecipient, Stage
from .models import Priority
from .outbox import Outbox
from .pacing import Pacing
from .reasons import FailureReason, error_reason

_IN_FLIGHT: Final = 4
# One slot is left to new messages: an alarm does not wait for a backlog.
_HELD_IN_FLIGHT: Final = 3
# How soon a held batch is tried again that could not be stored as sent.
_STORE_RETRY: Final = 10.0
# For what is on its way when connections are closed.
_LAST_MOMENT: Final = 2.0


class Dispatcher:
    """Chooses which batch of an outbox may leave, in order for each number.

    A batch is on disk before it leaves, so that one that was on its way when everything
    stopped is known. Only what provably never left is tried again.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        client: PortalClient,
        outbox: Outbox,
        *,
        on_accepted: Callable[[Batch], None],
    ) -> None:
        """Prepare to send; `on_accepted` follows what the portal took."""
        self._hass = hass
        self._client = client
        self._outbox = outbox
        self._on_accepted = on_accepted
        self._sending: dict[Batch, asyncio.Task[None]] = {}
        self._sending_held = 0
        self._probe: asyncio.Task[None] | None = None
        self._busy: set[str] = set()
        self._pacing = Pacing()
        self._is_started = False
        self._is_resumed = False
        self._cancel_timer: CALLBACK_TYPE | None = None

    # --- Life ------------------------------------------------------------------------

    @callback
    def async_start(self) -> None:
        """Send what is submitted from now on."""
        self._is_started = True

    @callback
    def async_resume(self) -> None:
        """Send what is held from now on, and what the last run left behind."""
        self._is_resumed = True
        self._dispatch()

    @callback
    def async_retry(self) -> None:
        """Send what is held, if it may leave now: something has changed."""
        self._dispatch()

    @callback
    def async_pause(self) -> None:
        """Let nothing new leave; what is submitted from now on is held."""
        self._is_started = False
        self._set_timer(None)
        if self._probe is not None:
            self._probe.cancel()

    async def async_stop(self) -> None:
        """Let nothing new leave, and wait for the answers to what has left."""
        self.async_pause()
        while self._sending:
            await asyncio.wait(self._sending.values())
        pending = self._outbox.in_stage(Stage.PENDING)
        self.async_hold_pending(pending, FailureReason.STOPPING)

    async def async_abandon(self) -> None:
        """Wait a last moment for answers; what has none by then is unknown."""
        self.async_pause()
        if self._sending:
            await asyncio.wait(self._sending.values(), timeout=_LAST_MOMENT)
        for sending in tuple(self._sending.values()):
            sending.cancel()

    # --- What callers do -------------------------------------------------------------

    @callback
    def async_submit(
        self, batch: Batch, *, is_limited: bool = False
    ) -> asyncio.Future[None]:
        """Take a batch; the future is done once it has an outcome.

        It is held until a limit permits it with `is_limited`.
        """
        done = self._outbox.submit(batch)
        if (obstacle := self._obstacle(batch, is_limited=is_limited)) is not None:
            self._outbox.hold(batch, Reason(obstacle))
        self._dispatch()
        return done

    def _obstacle(self, batch: Batch, *, is_limited: bool) -> FailureReason | None:
        """Return why a new batch does not even wait for a slot.

        An account that is being unloaded leaves it to what takes over.
        """
        if not self._is_started:
            return FailureReason.STOPPING
        if is_limited:
            return FailureReason.HOURLY_LIMIT
        if batch.deadline <= time.monotonic():
            return None
        # What is held goes first, but an alarm does not wait for what is no hurry.
        held = self._outbox.held_numbers
        if batch.priority is Priority.NORMAL and any(n in held for n in batch.numbers):
            return FailureReason.BEHIND_HELD
        if self._pacing.backoff and (self._sending or self._probe):
            # A portal that is away is tried by one.
            return FailureReason.PORTAL_AWAY
        return None

    @callback
    def async_hold_pending(
        self, batches: list[Batch], code: FailureReason
    ) -> list[asyncio.Future[None]]:
        """Hold those of these batches that have not left.

        Return futures that are done once each is stored.
        """
        pending = [batch for batch in batches if batch.id in self._outbox.pending]
        for batch in pending:
            self._outbox.hold(batch, Reason(code))
        return [batch.done for batch in pending if batch.done is not None]

    async def async_cancel_held(
        self, is_wanted: Callable[[BatchRecipient], bool], code: FailureReason
    ) -> int:
        """Drop what is held for recipients; return how many messages that were.

        One that is on its way is dropped, and not counted, if it turns out to be held.
        Raises StoreError if the disk does not take that yet.
        """
        written: list[asyncio.Future[None]] = []
        count = 0
        for batch in self._outbox.cancelable():
            reasons = {
                recipient.number: code
                for recipient in batch.recipients
                if is_wanted(recipient)
            }
            if reasons and (stored := self._outbox.cancel(batch, reasons)) is not None:
                written.append(stored)
                count += len(reasons)
        # What has waited behind them may go.
        self._dispatch()
        for stored in written:
            await stored
        return count

    # --- Choosing --------------------------------------------------------------------

    @callback
    def _dispatch(self) -> None:
        """Start what may leave now, and come back when more may."""
        if not self._is_started:
            return
        now = time.monotonic()
        if self._pacing.left_alone_until > now:
            pending = self._outbox.in_stage(Stage.PENDING)
            patient = [batch for batch in pending if batch.deadline > now]
            self.async_hold_pending(patient, FailureReason.PORTAL_AWAY)
        blocked = set(self._busy)
        for batch in tuple(self._outbox.pending.values()):
            if len(self._sending) < _IN_FLIGHT and not blocked & batch.numbers:
                self._start(batch)
            blocked |= batch.numbers
        if self._is_resumed and self._outbox.held_numbers:
            self._dispatch_held(blocked)

    def _dispatch_held(self, blocked: set[str]) -> None:
        """Start the first held batch that may leave; expire those that are overdue.

        One at a time: the next one's turn comes by the timer, or by an answer.
        """
        for batch in self._outbox.overdue():
            self._outbox.expire(batch)
        wake = self._outbox.next_deadline
        if wake is None or not self._may_try_held():
            self._set_timer(wake)
            return
        now = time.monotonic()
        if self._pacing.next_held > now:
            self._set_timer(min(wake, self._pacing.next_held))
            return
        held = self._outbox.in_stage(Stage.HELD)
        for batch in sorted(held, key=lambda b: b.priority is Priority.NORMAL):
            ready = self._ready_at(batch, now)
            if ready is not None and ready <= now and not blocked & batch.numbers:
                if self._pacing.is_probed:
                    self._start(batch)
                    wake = min(wake, self._pacing.next_held)
                else:
                    self._start_probe()
                break
            if ready is not None and ready > now:
                wake = min(wake, ready)
            blocked |= batch.numbers
        self._set_timer(wake)

    def _may_try_held(self) -> bool:
        if self._client.credentials.are_doubted:
            return False
        if self._pacing.backoff:
            return not self._sending and self._probe is None
        return self._sending_held < _HELD_IN_FLIGHT and len(self._sending) < _IN_FLIGHT

    def _ready_at(self, batch: Batch, now: float) -> float | None:
        """Return when the pace and the hourly limit let a held batch go, if ever."""
        limit = self._outbox.limits[batch.priority]
        available = limit.available_at(len(batch.recipients), now)
        if available is None:
            return None
        return max(available, self._pacing.ready_at(batch.numbers))

    def _set_timer(self, when: float | None) -> None:
        if self._cancel_timer is not None:
            self._cancel_timer()
            self._cancel_timer = None
        if when is not None:
            delay = max(when - time.monotonic(), 0.05)
            self._cancel_timer = async_call_later(self._hass, delay, self._on_timer)

    @callback
    def _on_timer(self, _: object) -> None:
        self._cancel_timer = None
        self._dispatch()

    # --- Probing ---------------------------------------------------------------------

    def _start_probe(self) -> None:
        self._probe = self._hass.async_create_background_task(
            self._async_probe(), "smskit probe", eager_start=False
        )

    async def _async_probe(self) -> None:
        """Ask a portal that was away, or answered something else, for the balance.

        A page in place of an answer would use up one held message after the other:
        nobody knows whether they were taken.
        """
        try:
            await self._client.balance()
        except InvalidAuthError:
            # What is held may be sent once they are right; the client counts this.
            pass
        except PortalError as err:
            self._back_off(err, was_held=True)
        else:
            self._pacing.is_probed = True
        finally:
            self._probe = None
        self._dispatch()

    def _back_off(self, err: PortalError, *, was_held: bool) -> None:
        retry_after = err.retry_after if isinstance(err, NotTakenError) else 0
        self._pacing.back_off(was_held=was_held, retry_after=retry_after)

    # --- Sending ---------------------------------------------------------------------

    def _start(self, batch: Batch) -> None:
        was_held = batch.stage is Stage.HELD
        self._pacing.last_started.update(dict.fromkeys(batch.numbers, time.monotonic()))
        if was_held:
            self._pacing.held_started()
        self._busy |= batch.numbers
        self._sending_held += was_held
        # Nobody cancels it when Home Assistant stops: an answer has to be noted. Who
        # waits until nothing is left to do waits for this, too.
        sending = self._hass.loop.create_task(self._async_process(batch, was_held))
        self._sending[batch] = sending
        self._hass.async_create_task(_async_wait(sending), "smskit send")

    async def _async_process(self, batch: Batch, was_held: bool) -> None:
        try:
            if self._outbox.get(batch.id) is None:
                # It was recalled or canceled a moment ago.
                pass
            elif not await self._outbox.start(batch):
                self._pacing.next_held = time.monotonic() + _STORE_RETRY
            elif self._is_started:
                await self._async_send(batch, was_held=was_held)
            else:
                # A stop began while it was being stored.
                self._outbox.hold(batch, Reason(FailureReason.STOPPING))
        except Exception:  # noqa: BLE001 - whatever it is, it may have been sent
            LOGGER.exception("Unexpected error while a message was sent")
            if batch.stage is Stage.SENDING:
                self._outbox.lose(batch, Reason(FailureReason.UNEXPECTED_ERROR))
        finally:
            del self._sending[batch]
            self._sending_held -= was_held
            self._busy -= batch.numbers
        self._dispatch()
        if batch.stage is Stage.ACCEPTED:
            self._on_accepted(batch)

    async def _async_send(self, batch: Batch, *, was_held: bool) -> None:
        """Send a batch, and note its outcome."""
        try:
            accepted = await self._client.send(_submission(batch))
        except NotTakenError as err:
            self._back_off(err, was_held=was_held)
            self._outbox.hold(batch, error_reason(err))
        except InvalidAuthError as err:
            # It was not taken, and may be once the credentials are right.
            self._outbox.hold(batch, error_reason(err))
        except RefusedError as err:
            await self._async_go_on(batch, err, was_held=was_held)
        except PortalError as err:
            self._back_off(err, was_held=was_held)
            group_id = err.group_id if isinstance(err, UncertainError) else None
            self._outbox.lose(batch, error_reason(err), group_id)
        else:
            if self._pacing.backoff:
                self._pacing.reached(was_held=was_held)
            self._outbox.accept(batch, accepted)

    async def _async_go_on(
        self, batch: Batch, err: RefusedError, *, was_held: bool
    ) -> None:
        """Try what may still be sent of a batch that was refused."""
        if err.cause is Cause.REFUSAL:
            self._pacing.reached(was_held=was_held)
        else:
            # That was not the portal, and may say the same of every message.
            self._back_off(err, was_held=was_held)
        if not err.concerns_all and self._outbox.split(batch):
            return
        if batch.fallback is None:
            self._outbox.fail(batch, error_reason(err))
            return
        self._outbox.fall_back(
            batch, Reason(FailureReason.WHATSAPP_REFUSED, err.explanation)
        )
        await self._async_send(batch, was_held=was_held)


def _submission(batch: Batch) -> Submission:
    """Return a batch as the client takes it."""
    return Submission(
        type=batch.type,
        sender=batch.sender,
        to=tuple(r.number.removeprefix("+") for r in batch.recipients),
        text=batch.body if batch.type is SendType.WHATSAPP else batch.text,
        file=batch.file,
        language=batch.language,
        duration=batch.duration,
        schedule=batch.schedule,
        route=batch.route,
    )


async def _async_wait(task: asyncio.Task[None]) -> None:
    await asyncio.shield(task)
