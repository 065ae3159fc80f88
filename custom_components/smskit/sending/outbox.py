"""The outbox: the only writer of what goes out.

Its methods are the transitions of a batch. Each is one transaction: the stage, what the
recipients show, the counters, the limits, the history and the events to publish. The
table is in docs/architecture.md.
"""

from asyncio import Future
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
import heapq
import time
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util.signal_type import SignalTypeFormat

from ..api import Accepted
from ..const import DOMAIN
from ..settings import Settings
from ..store import (
    Body,
    Direction,
    Message,
    Publisher,
    Statement,
    StoreError,
    insert_messages,
    trim_messages,
)
from . import rows
from .batch import Batch, BatchRecipient, Stage
from .limits import DuplicateFilter, HourlyLimit
from .models import Outcome, Status

OUTCOME: Final = "outcome"
"""The kind of event that `publish` takes."""
_RESTORED: Final = "restored from a backup: it may have been sent since"
_STOPPED: Final = "Home Assistant stopped while it was on its way"
_NOT_STORED: Final = "it could not be stored"


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """Recipients, counted."""

    sent: int = 0
    failed: int = 0
    pending: int = 0
    """Held or not final."""


# Carry, for an account: what became of a message, its totals, and each new message.
SIGNAL_OUTCOME: Final[SignalTypeFormat[Outcome, Message]] = SignalTypeFormat(
    f"{DOMAIN}_outcome_{{}}"
)
SIGNAL_TOTALS: Final[SignalTypeFormat[Totals]] = SignalTypeFormat(
    f"{DOMAIN}_totals_{{}}"
)
SIGNAL_SUBMITTED: Final[SignalTypeFormat[Message]] = SignalTypeFormat(
    f"{DOMAIN}_submitted_{{}}"
)


class Outbox:
    """The batches of an account that are not at their end, in order, and its totals."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry_id: str,
        settings: Settings,
        publisher: Publisher,
    ) -> None:
        """Write to the open database of a publisher."""
        self._hass = hass
        self._entry_id = entry_id
        self._settings = settings
        self._database = publisher.database
        self._publisher = publisher
        self.limit = HourlyLimit(settings.hourly_limit)
        self.duplicates = DuplicateFilter()
        self._batches: dict[Stage, dict[str, Batch]] = {stage: {} for stage in Stage}
        self._held: Counter[str] = Counter()
        self._deadlines: list[tuple[float, str]] = []
        self._sent = 0
        self._failed = 0
        self._pending = 0
        self._is_restored = False

    # --- Reading ---------------------------------------------------------------------

    async def async_load(self, *, is_restored: bool) -> None:
        """Restore what was under way when everything stopped.

        With `is_restored` from a backup, which may be older than what was sent.
        """
        fetch = self._database.async_fetch
        self._is_restored = is_restored
        meta = dict(
            await fetch("SELECT key, value FROM meta WHERE key IN ('sent', 'failed')")
        )
        self._sent = int(meta.get("sent", 0))
        self._failed = int(meta.get("failed", 0))
        self.limit.load(await fetch("SELECT batch_id, at, count FROM hourly"))
        self.duplicates.load(await fetch("SELECT digest, at FROM duplicates"))
        stored = await fetch(rows.SELECT_BATCHES)
        recipients = await fetch(rows.SELECT_RECIPIENTS)
        read = rows.read_batches
        for batch in await self._hass.async_add_executor_job(read, stored, recipients):
            if batch.stage is Stage.PENDING:
                # Its caller is gone; it never left.
                batch.stage = Stage.HELD
            self._add(batch)

    def get(self, batch_id: str) -> Batch | None:
        """Return a batch that is not at its end."""
        return next(
            (of[batch_id] for of in self._batches.values() if batch_id in of), None
        )

    def in_stage(self, stage: Stage) -> list[Batch]:
        """Return the batches of a stage, in the order in which they got there."""
        return list(self._batches[stage].values())

    def is_held(self, number: str) -> bool:
        """Return whether something for this number has to go first."""
        return self._held[number] > 0

    def overdue(self) -> list[Batch]:
        """Return the held batches whose time is up."""
        now = time.monotonic()
        found: list[Batch] = []
        while self._deadlines and self._deadlines[0][0] <= now:
            _, batch_id = heapq.heappop(self._deadlines)
            if (batch := self._batches[Stage.HELD].get(batch_id)) is not None:
                found.append(batch)
        return found

    @property
    def next_deadline(self) -> float | None:
        """Return when the next held batch expires, at the earliest; monotonic."""
        held = self._batches[Stage.HELD]
        while self._deadlines and self._deadlines[0][1] not in held:
            heapq.heappop(self._deadlines)
        return self._deadlines[0][0] if self._deadlines else None

    @property
    def totals(self) -> Totals:
        """Return what the account has sent, what failed, and what is under way."""
        return Totals(sent=self._sent, failed=self._failed, pending=self._pending)

    @property
    def outstanding(self) -> int:
        """Return how many recipients were accepted and have not been sent to."""
        stages = Stage.PENDING, Stage.HELD
        return sum(
            len(batch.recipients)
            for stage in stages
            for batch in self._batches[stage].values()
        )

    @property
    def counts(self) -> dict[str, int]:
        """Return how many batches each stage has."""
        return {stage.value: len(of) for stage, of in self._batches.items()}

    # --- The transitions -------------------------------------------------------------

    @callback
    def submit(self, batch: Batch) -> Future[None]:
        """Take a new batch: PENDING. The future is done once it has an outcome."""
        batch.done = self._hass.loop.create_future()
        self._add(batch)
        messages = [batch.message(recipient) for recipient in batch.recipients]
        self._write(
            batch,
            *rows.insert(batch),
            insert_messages(messages, [None] * len(messages)),
            *self.duplicates.remember(batch.numbers, batch.text),
        )
        for message in messages:
            self._send(SIGNAL_SUBMITTED, message)
        return batch.done

    async def start(self, batch: Batch) -> bool:
        """Let a batch leave: PENDING or HELD to SENDING; return whether it may.

        What the database has as not sent would be sent again after a restart: it leaves
        only once the database has it as sent.
        """
        _expect(batch, Stage.PENDING, Stage.HELD)
        risky = batch.is_stored or batch.stage is Stage.HELD
        self._move(batch, Stage.SENDING)
        charge = self.limit.record(batch.id, len(batch.recipients))
        try:
            await self._write(batch, *rows.update(batch), *charge)
        except StoreError:
            if risky:
                self.hold(batch, _NOT_STORED)
                return False
            batch.reason = _NOT_STORED
        return True

    @callback
    def hold(self, batch: Batch, reason: str | None = None) -> None:
        """Keep a batch until the portal can be reached: PENDING or SENDING to HELD.

        One that may not be held fails.
        """
        _expect(batch, Stage.PENDING, Stage.SENDING)
        refund = self._refund(batch)
        batch.reason = reason
        if not batch.may_be_held:
            self._end(
                batch, Status.FAILED, reason or "it could not leave in time", refund
            )
            return
        self._move(batch, Stage.HELD)
        held = self._report(batch, {Status.HELD: batch.recipients})
        done = self._write(
            batch, *rows.update(batch), *refund, *held[0], bodies=held[1]
        )

        def stored(done: Future[None]) -> None:
            if batch.is_stored:
                batch.set_done()
            elif batch.stage is Stage.HELD and not done.cancelled():
                # Neither sent nor stored: that must not look like a success.
                self._end(batch, Status.FAILED, _NOT_STORED)

        done.add_done_callback(stored)

    @callback
    def accept(self, batch: Batch, accepted: Accepted) -> None:
        """Note that the portal took a batch: SENDING to ACCEPTED, or to its end."""
        _expect(batch, Stage.SENDING)
        batch.group_id = accepted.group_id
        status = Status(accepted.status.value)
        if status is Status.QUEUED and batch.group_id is not None:
            self._follow(batch, status)
        else:
            self._end(batch, status, batch.reason)

    @callback
    def fail(self, batch: Batch, reason: str) -> None:
        """End a batch that the portal refused."""
        _expect(batch, Stage.SENDING)
        self._end(batch, Status.FAILED, reason)

    @callback
    def fall_back(self, batch: Batch, reason: str) -> Future[None]:
        """Send a batch that WhatsApp refused as SMS; it stays SENDING."""
        _expect(batch, Stage.SENDING)
        batch.reason = reason
        if batch.fallback is not None:
            batch.type, batch.fallback = batch.fallback, None
        # An SMS carries neither.
        batch.route = batch.file = None
        return self._write(batch, *rows.update(batch))

    @callback
    def expire(self, batch: Batch) -> None:
        """End a held batch whose time is up."""
        _expect(batch, Stage.HELD)
        self._end(batch, Status.EXPIRED, batch.reason)

    @callback
    def lose(self, batch: Batch, reason: str, group_id: str | None = None) -> None:
        """Note that nobody knows whether a batch was sent.

        A group that was named before the answer broke off may tell: it is ACCEPTED.
        """
        _expect(batch, Stage.SENDING, Stage.HELD)
        batch.group_id = group_id or batch.group_id
        batch.reason = reason
        if group_id is not None:
            self._follow(batch, Status.UNKNOWN)
        else:
            self._end(batch, Status.UNKNOWN, reason)

    @callback
    def update(self, batch: Batch, said: Mapping[str, Status]) -> None:
        """Give recipients of an ACCEPTED batch the status that the portal reports.

        `said` is by number, without `+`. When all are final, the batch is at its end.
        """
        _expect(batch, Stage.ACCEPTED)
        changed: dict[Status, list[BatchRecipient]] = {}
        for recipient in batch.recipients:
            status = said.get(recipient.number.removeprefix("+"))
            if status and not recipient.status.final and status != recipient.status:
                changed.setdefault(status, []).append(recipient)
        statements, bodies = self._report(batch, changed)
        ends = all(recipient.status.final for recipient in batch.recipients)
        if ends:
            self._remove(batch)
            statements += rows.delete(batch)
        if statements:
            self._write(batch, *statements, bodies=bodies)

    @callback
    def give_up(self, batch: Batch, reason: str) -> None:
        """End an ACCEPTED batch that the portal does not report on."""
        _expect(batch, Stage.ACCEPTED)
        batch.reason = reason
        open_ = [r for r in batch.recipients if r.status is Status.QUEUED]
        statements, bodies = self._report(batch, {Status.UNKNOWN: open_})
        self._remove(batch)
        self._write(batch, *statements, *rows.delete(batch), bodies=bodies)

    @callback
    def resume(self) -> None:
        """End what nobody can know after a restart, or after a restored backup."""
        for batch in self.in_stage(Stage.SENDING):
            self.lose(batch, _STOPPED)
        if self._is_restored:
            self._is_restored = False
            for batch in self.in_stage(Stage.HELD):
                self.lose(batch, _RESTORED)

    # --- What transitions have in common ---------------------------------------------

    def _follow(self, batch: Batch, status: Status) -> None:
        """Move a batch to ACCEPTED; the portal is asked for it from now on."""
        self._move(batch, Stage.ACCEPTED)
        batch.follow_from = max(batch.follow_from, time.time())
        # Nobody else may fetch it any more.
        batch.file = None
        statements, bodies = self._report(batch, {status: batch.recipients})
        done = self._write(batch, *rows.update(batch), *statements, bodies=bodies)
        done.add_done_callback(lambda _: batch.set_done())

    def _end(
        self,
        batch: Batch,
        status: Status,
        reason: str | None,
        more: Iterable[Statement] = (),
    ) -> None:
        batch.reason = reason
        statements, bodies = self._report(batch, {status: batch.recipients})
        self._remove(batch)
        if status in {Status.FAILED, Status.EXPIRED}:
            statements += self.duplicates.forget(batch.numbers, batch.text)
        done = self._write(
            batch, *statements, *more, *rows.delete(batch), bodies=bodies
        )
        done.add_done_callback(lambda _: batch.set_done())

    def _refund(self, batch: Batch) -> list[Statement]:
        """Take back what a batch cost that provably never left."""
        if batch.stage is not Stage.SENDING:
            return []
        return self.limit.refund(batch.id)

    def _report(
        self, batch: Batch, changes: Mapping[Status, Iterable[BatchRecipient]]
    ) -> tuple[list[Statement], list[Body]]:
        """Give recipients a status; return what to store and what to publish."""
        before = batch.pending
        changed: list[BatchRecipient] = []
        for status, recipients in changes.items():
            new = [r for r in recipients if r.status is not status]
            for recipient in new:
                recipient.status = status
            changed += new
            if status is Status.SENT:
                self._sent += len(new)
            elif status in {Status.FAILED, Status.EXPIRED}:
                self._failed += len(new)
        if batch.id in self._batches[batch.stage]:
            self._pending += batch.pending - before
        if not changed:
            return [], []
        statements = [
            *rows.update_recipients(batch, changed),
            Statement(
                "UPDATE messages SET status = ?, reason = ? WHERE id = ?",
                [(m.status, m.reason, m.id) for m in map(batch.message, changed)],
            ),
            Statement(
                "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)",
                [("sent", str(self._sent)), ("failed", str(self._failed))],
            ),
        ]
        return statements, [rows.event_body(batch, recipient) for recipient in changed]

    def _write(
        self, batch: Batch, *statements: Statement, bodies: Iterable[Body] = ()
    ) -> Future[None]:
        """Store a transition as a whole, and publish what it is about."""
        self._send(SIGNAL_TOTALS, self.totals)
        done = self._publisher.write(OUTCOME, list(bodies), *statements)

        def note(done: Future[None]) -> None:
            if not done.cancelled() and done.exception() is None:
                batch.is_stored = True

        done.add_done_callback(note)
        return done

    def _add(self, batch: Batch) -> None:
        self._batches[batch.stage][batch.id] = batch
        self._pending += batch.pending
        self._enter(batch)

    def _move(self, batch: Batch, stage: Stage) -> None:
        before = batch.pending
        self._leave(batch)
        batch.stage = stage
        self._batches[stage][batch.id] = batch
        self._pending += batch.pending - before
        self._enter(batch)

    def _remove(self, batch: Batch) -> None:
        self._pending -= batch.pending
        self._leave(batch)

    def _enter(self, batch: Batch) -> None:
        if batch.stage is Stage.HELD:
            self._held.update(batch.numbers)
            heapq.heappush(self._deadlines, (batch.deadline, batch.id))

    def _leave(self, batch: Batch) -> None:
        del self._batches[batch.stage][batch.id]
        if batch.stage is Stage.HELD:
            # What comes later for these numbers may go.
            self._held.subtract(batch.numbers)
            for number in batch.numbers:
                if self._held[number] <= 0:
                    del self._held[number]

    def _send[*ArgsT](self, signal: SignalTypeFormat[*ArgsT], *args: *ArgsT) -> None:
        async_dispatcher_send(self._hass, signal.format(self._entry_id), *args)

    # --- History and events ----------------------------------------------------------

    async def async_trim(self) -> None:
        """Drop messages that are too many or too old from the history."""
        settings = self._settings
        with suppress(StoreError):
            await self._database.write(
                trim_messages(Direction.OUT, settings.keep_messages, settings.keep_for)
            )

    @callback
    def publish(self, body: dict[str, Any]) -> None:
        """Publish an event of the kind `OUTCOME`."""
        outcome, message = rows.read_event(body)
        self._send(SIGNAL_OUTCOME, outcome, message)


def _expect(batch: Batch, *stages: Stage) -> None:
    """Refuse a transition from another stage: that would be a fault of ours."""
    if batch.stage not in stages:
        raise RuntimeError(f"a batch cannot go on like that from {batch.stage}")
