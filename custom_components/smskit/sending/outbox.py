"""The outbox: the only writer of what goes out.

Its methods are the transitions of a batch. Each is one transaction: the stage, what the
recipients show, the counters, the limits, the history and the events to publish. The
table is in docs/architecture.md.
"""

from asyncio import Future, gather
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
import heapq
from operator import attrgetter
import time
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util
from homeassistant.util.signal_type import SignalTypeFormat
from homeassistant.util.ulid import ulid_now

from ..api import (
    Accepted,
    Cause,
    DeliveryStatus,
    Explanation,
    GroupStatus,
    match_recipients,
)
from ..const import DOMAIN
from ..settings import Settings
from ..store import (
    Direction,
    Message,
    Publisher,
    Reason,
    Statement,
    StoreError,
    trim_messages,
)
from . import rows
from .batch import Batch, BatchRecipient, Stage
from .clock import epoch, monotonic
from .limits import DuplicateFilter, HourlyLimit, Original
from .models import AWAITED, NOWHERE, Outcome, Priority, Status, Via, both_of
from .reasons import FailureReason

OUTCOME: Final = "outcome"
"""The kind of event that `publish` takes."""
_NOT_STORED: Final = Reason(FailureReason.NOT_STORED)
_AT_ONCE: Final = Reason(FailureReason.SENT_AT_ONCE)
CRITICAL_LIMIT: Final = 50
"""How many recipients critical messages may go to in any rolling hour."""
# An SMS takes over for as long as a message may be held, and at least for so long.
_FALLBACK_TIME: Final = 3600.0
_NOT_SENT: Final = {Stage.PENDING, Stage.HELD}
# Finds five bad numbers among a hundred; what is refused more often than that is
# refused for another reason.
_MOST_REFUSALS: Final = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """Recipients, counted."""

    sent: int = 0
    failed: int = 0
    unknown: int = 0
    """At an end that nobody knows."""
    pending: int = 0
    """Held or not final."""


# The status of a recipient whose batch the portal may still report on.
_OPEN: Final = AWAITED | {Status.UNKNOWN}

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
        spending = HourlyLimit("spending", settings.hourly_limit)
        critical = HourlyLimit("critical", CRITICAL_LIMIT)
        self.limits: Final = {
            Priority.NORMAL: spending,
            Priority.URGENT: spending,
            Priority.CRITICAL: critical,
        }
        """Which limit is for a message."""
        self.duplicates = DuplicateFilter()
        self._batches: dict[Stage, dict[str, Batch]] = {stage: {} for stage in Stage}
        self.pending = self._batches[Stage.PENDING]
        """The batches that wait for a free slot, in order."""
        self._submitted = SIGNAL_SUBMITTED.format(entry_id)
        self.held_numbers: Counter[str] = Counter()
        """How many held batches a number has: they have to go first."""
        self._deadlines: list[tuple[float, str]] = []
        self._submissions = 0
        self._sent = 0
        self._failed = 0
        self._unknown = 0
        self._pending = 0
        self._since_trim = 0
        self.totals = Totals()
        """What the account has sent, what failed, and what is under way."""
        self._doubtful: list[tuple[Batch, FailureReason]] = []
        """What the last run left behind that nobody can know, and why."""

    # --- Reading ---------------------------------------------------------------------

    async def async_load(
        self, *, is_restored: bool, is_lost: Callable[[str], bool]
    ) -> None:
        """Restore what was under way when everything stopped.

        With `is_restored` from a backup, which may be older than what was sent. A
        message whose medium is lost goes without: the text matters more.
        """
        fetch = self._database.async_fetch
        meta = dict(
            await fetch(
                "SELECT key, value FROM meta WHERE key IN ('sent', 'failed', 'unknown')"
            )
        )
        self._sent = int(meta.get("sent", 0))
        self._failed = int(meta.get("failed", 0))
        self._unknown = int(meta.get("unknown", 0))
        for limit in {*self.limits.values()}:
            counted = "SELECT batch_id, at, count FROM hourly WHERE name = ?"
            limit.load(await fetch(counted, (limit.name,)))
        stored = await fetch(rows.SELECT_BATCHES)
        recipients = await fetch(rows.SELECT_RECIPIENTS)
        read = rows.read_batches
        for batch in await self._hass.async_add_executor_job(read, stored, recipients):
            if batch.stage is Stage.PENDING:
                # Its caller is gone; it never left.
                batch.stage = Stage.HELD
            if batch.file is not None and is_lost(batch.file):
                batch.file = None
            if batch.stage is Stage.SENDING:
                self._doubtful.append((batch, FailureReason.STOPPED))
            elif batch.stage is Stage.HELD and is_restored:
                self._doubtful.append((batch, FailureReason.RESTORED))
            self._enter(batch)
        duplicates = await fetch(rows.SELECT_DUPLICATES)
        under_way = [b for of in self._batches.values() for b in of.values()]
        self.duplicates.load(rows.read_duplicates(duplicates, under_way))
        self._send_totals()

    def get(self, batch_id: str) -> Batch | None:
        """Return a batch that is not at its end."""
        return next(
            (of[batch_id] for of in self._batches.values() if batch_id in of), None
        )

    def in_stage(self, stage: Stage) -> list[Batch]:
        """Return the batches of a stage, in the order in which they were submitted."""
        return sorted(self._batches[stage].values(), key=attrgetter("order"))

    def cancelable(self) -> list[Batch]:
        """Return the batches that are held or may be, for all that is known."""
        doubtful = {batch.id for batch, _ in self._doubtful}
        return [
            batch
            for stage in (Stage.HELD, Stage.PENDING, Stage.SENDING)
            for batch in self.in_stage(stage)
            if batch.id not in doubtful
        ]

    def overdue(self) -> list[Batch]:
        """Return the held batches whose time is up."""
        now = time.monotonic()
        # One that was held more than once has more than one deadline there.
        found: dict[str, Batch] = {}
        while self._deadlines and self._deadlines[0][0] <= now:
            _, batch_id = heapq.heappop(self._deadlines)
            if (batch := self._batches[Stage.HELD].get(batch_id)) is not None:
                found[batch_id] = batch
        return list(found.values())

    @property
    def next_deadline(self) -> float | None:
        """Return when the next held batch expires, at the earliest; monotonic."""
        held = self._batches[Stage.HELD]
        while self._deadlines and self._deadlines[0][1] not in held:
            heapq.heappop(self._deadlines)
        return self._deadlines[0][0] if self._deadlines else None

    @property
    def counts(self) -> dict[str, int]:
        """Return how many batches each stage has."""
        return {stage.value: len(of) for stage, of in self._batches.items()}

    # --- The transitions -------------------------------------------------------------

    @callback
    def submit(self, batch: Batch) -> Future[None]:
        """Take a new batch: PENDING. The future is done once it has an outcome."""
        batch.done = self._hass.loop.create_future()
        self._enter(batch)
        self._send_totals()
        statements = self.duplicates.remember(batch)
        messages = [rows.message(batch, recipient) for recipient in batch.recipients]
        statements += rows.insert(batch)
        self._since_trim += len(messages)
        if self._since_trim > self._settings.keep_messages // 100:
            statements.append(self._trim())
        batch.stored = self._database.write(*statements)
        for message in messages:
            async_dispatcher_send(self._hass, self._submitted, message)
        return batch.done

    async def start(self, batch: Batch) -> bool:
        """Let a batch leave: PENDING or HELD to SENDING; return whether it may.

        What the database has as not sent would be sent again after a restart: it leaves
        only once the database has it as sent.
        """
        _expect(batch, Stage.PENDING, Stage.HELD)
        was_held, submitted = batch.stage is Stage.HELD, batch.stored
        _explain(batch, None)
        # Of one that was held for too long, the portal might refuse it.
        _forget_past_schedule(batch)
        self._move(batch, Stage.SENDING)
        limit = self.limits[batch.priority]
        statements = limit.record(batch.id, len(batch.recipients))
        statements += rows.update(batch)
        batch.stored = self._database.write(*statements)
        try:
            await batch.stored
        except StoreError:
            if was_held or _is_done(submitted):
                batch.stored = submitted
                self.hold(batch, _NOT_STORED)
                return False
            _explain(batch, _NOT_STORED)
        return True

    @callback
    def hold(self, batch: Batch, reason: Reason) -> None:
        """Keep a batch until the portal can be reached: PENDING or SENDING to HELD.

        One that may not be held fails.
        """
        _expect(batch, Stage.PENDING, Stage.SENDING)
        refund = self._refund(batch)
        _explain(batch, reason)
        if batch.deadline <= time.monotonic():
            self._end(batch, Status.FAILED, refund)
            return
        self._move(batch, Stage.HELD)
        changed = self._show(batch, {Status.HELD: batch.recipients})
        if not changed:
            # Held again, and perhaps for another reason.
            refund += rows.update_recipients(batch, batch.recipients)
        written = self._write(batch, changed, refund)

        def stored(written: Future[None]) -> None:
            is_held = batch.id in self._batches[Stage.HELD]
            if _is_done(written) or _is_done(batch.stored) or not is_held:
                _release(batch)
            else:
                # Neither sent nor stored: that must not look like a success.
                _explain(batch, _NOT_STORED)
                self._end(batch, Status.FAILED)

        written.add_done_callback(stored)
        self._drop_unwanted(batch)

    @callback
    def accept(self, batch: Batch, accepted: Accepted) -> None:
        """Note that the portal took a batch: SENDING to ACCEPTED, or to its end."""
        _expect(batch, Stage.SENDING)
        _forget_past_schedule(batch)
        batch.group_id = accepted.group_id
        batch.notice = accepted.notice
        is_at_once = batch.schedule is not None and accepted.is_processed
        if is_at_once:
            _forget_schedule(batch)
        if batch.notice is not None and not accepted.all_sent:
            _explain(batch, _notice(batch))
        elif is_at_once:
            _explain(batch, _AT_ONCE)
        elif accepted.all_sent:
            _explain(batch, None)
        if accepted.all_sent:
            self._end(batch, Status.SENT)
        elif batch.schedule is not None:
            self._follow(batch, Status.SCHEDULED)
        elif batch.group_id is not None:
            self._follow(batch, Status.QUEUED)
        else:
            self._end(batch, Status.QUEUED)

    @callback
    def split(self, batch: Batch) -> bool:
        """Let the halves of a refused batch go on: SENDING to PENDING or HELD.

        They go back to where it came from. Return whether it may be split.
        """
        _expect(batch, Stage.SENDING)
        whole = batch.whole or batch
        whole.refusals += 1
        if len(batch.recipients) == 1 or whole.refusals >= _MOST_REFUSALS:
            return False
        statements = [*self._refund(batch), *rows.delete(batch)]
        self._leave(batch)
        was_held = batch.recipients[0].status is Status.HELD
        half = len(batch.recipients) // 2
        for recipients in (batch.recipients[:half], batch.recipients[half:]):
            part = replace(
                batch,
                id=ulid_now(),
                recipients=recipients,
                numbers=frozenset(recipient.number for recipient in recipients),
                stage=Stage.HELD if was_held else Stage.PENDING,
                unwanted={
                    recipient.number: batch.unwanted[recipient.number]
                    for recipient in recipients
                    if recipient.number in batch.unwanted
                },
                done=batch.done and self._hass.loop.create_future(),
                parts=[],
                whole=whole,
            )
            self._enter(part)
            statements += rows.insert_part(part)
            batch.parts.append(part)
        # What was submitted later to the same numbers goes later.
        in_order = {part.id: part for part in self.in_stage(Stage.PENDING)}
        self.pending.clear()
        self.pending.update(in_order)
        stored = self._database.write(*statements)
        for part in batch.parts:
            part.stored = stored
        waits = [part.done for part in batch.parts if part.done is not None]
        if waits:
            gather(*waits).add_done_callback(partial(_release, batch))
        if was_held:
            for part in batch.parts:
                self._drop_unwanted(part)
        return True

    @callback
    def fail(self, batch: Batch, reason: Reason) -> None:
        """End a batch that the portal refused."""
        _expect(batch, Stage.SENDING)
        refund = self._refund(batch)
        _explain(batch, reason)
        self._end(batch, Status.FAILED, refund)

    @callback
    def fall_back(self, batch: Batch, reason: Reason) -> None:
        """Send a batch that WhatsApp refused as SMS; it stays SENDING."""
        _expect(batch, Stage.SENDING)
        _explain(batch, reason)
        _turn_to_sms(batch)
        _forget_past_schedule(batch)
        self._write(batch)

    def _take_over(self, batch: Batch) -> bool:
        """Let an SMS follow what WhatsApp took and did not deliver: ACCEPTED to HELD.

        Return whether it is not too late. It is a message of its own to the portal.
        """
        until = monotonic(batch.follow_from) + _FALLBACK_TIME
        batch.deadline = max(batch.deadline, until)
        batch.expires = max(batch.expires, epoch(until))
        if batch.deadline <= time.monotonic():
            return False
        _explain(batch, Reason(FailureReason.WHATSAPP_NOT_DELIVERED))
        _turn_to_sms(batch)
        _forget_past_schedule(batch)
        batch.group_id = batch.notice = None
        self._move(batch, Stage.HELD)
        self._write(batch, self._show(batch, {Status.HELD: batch.recipients}))
        return True

    @callback
    def expire(self, batch: Batch) -> None:
        """End a held batch whose time is up."""
        _expect(batch, Stage.HELD)
        _explain(batch, Reason(FailureReason.EXPIRED))
        self._end(batch, Status.EXPIRED)

    @callback
    def recall(self, batch: Batch) -> None:
        """End what has not left of a batch: PENDING, HELD or, if it is held, SENDING.

        Nobody wants it any more.
        """
        _expect(batch, Stage.PENDING, Stage.HELD, Stage.SENDING)
        if batch.stage is Stage.HELD:
            self.expire(batch)
            return
        batch.deadline, batch.expires = time.monotonic(), time.time()
        if batch.stage is Stage.PENDING:
            self.hold(batch, Reason(FailureReason.CANCELED))
        else:
            self._write(batch)

    @callback
    def share(self, original: Original, subentry_ids: frozenset[str]) -> None:
        """Note whom a message is for, too, because a copy of it is not sent."""
        recipient, batch = original.recipient, original.batch
        ids = both_of(recipient.subentry_ids, subentry_ids)
        if batch is not None and ids != recipient.subentry_ids:
            recipient.subentry_ids = ids
            self._database.write(rows.share(batch, recipient))

    @callback
    def cancel(
        self, batch: Batch, reasons: Mapping[str, FailureReason]
    ) -> Future[None] | None:
        """Drop numbers of a HELD batch, each for a reason; without any, it ends.

        The future is done once that is stored. There is none for one that is PENDING or
        SENDING: numbers are dropped only if it is held.
        """
        _expect(batch, Stage.HELD, Stage.PENDING, Stage.SENDING)
        if batch.stage is not Stage.HELD:
            batch.unwanted = {**batch.unwanted, **reasons}
            return None
        gone = [r for r in batch.recipients if r.number in reasons]
        for recipient in gone:
            recipient.reason = Reason(reasons[recipient.number])
        if len(gone) == len(batch.recipients):
            return self._end(batch, Status.FAILED)
        changed = self._show(batch, {Status.FAILED: gone})
        self._leave(batch)
        batch.recipients = [r for r in batch.recipients if r not in gone]
        batch.numbers = frozenset(r.number for r in batch.recipients)
        batch.canceled = [*batch.canceled, *gone]
        self._enter(batch)
        return self._write(batch, changed, rows.delete_recipients(batch, gone))

    @callback
    def lose(self, batch: Batch, reason: Reason, group_id: str | None = None) -> None:
        """Note that nobody knows whether a batch was sent.

        A group that was named before the answer broke off may tell: it is ACCEPTED.
        """
        _expect(batch, Stage.SENDING, Stage.HELD)
        batch.group_id = group_id or batch.group_id
        _explain(batch, reason)
        if group_id is not None:
            self._follow(batch, Status.UNKNOWN)
        else:
            self._unknown += len(batch.recipients)
            self._end(batch, Status.UNKNOWN)

    @callback
    def come_due(self, batch: Batch) -> None:
        """Note that the time of an ACCEPTED batch has come, if it just has."""
        _expect(batch, Stage.ACCEPTED)
        if _forget_past_schedule(batch):
            due = [r for r in batch.recipients if r.status is Status.SCHEDULED]
            self._write(batch, self._show(batch, {Status.QUEUED: due}))

    @callback
    def update(self, batch: Batch, group: GroupStatus) -> None:
        """Give recipients of an ACCEPTED batch the status that the portal reports.

        When all are final, the batch is at its end; one that WhatsApp did not deliver
        is HELD, to go by SMS.
        """
        self.come_due(batch)
        numbers = [recipient.number for recipient in batch.recipients]
        said, dropped = match_recipients(numbers, group)
        # With a fallback, it has one recipient.
        is_undelivered = set(said.values()) == {DeliveryStatus.FAILED}
        if batch.fallback and is_undelivered and self._take_over(batch):
            return
        is_at_once = batch.schedule is not None and DeliveryStatus.SENT in said.values()
        if is_at_once:
            _forget_schedule(batch)
        waiting = Status.QUEUED if batch.schedule is None else Status.SCHEDULED
        shown = {number: Status(status.value) for number, status in said.items()}
        shown |= dict.fromkeys(dropped, Status.FAILED)
        changes: dict[Status, list[BatchRecipient]] = {}
        for recipient in batch.recipients:
            status = shown.get(recipient.number)
            if status is None or recipient.status.final:
                continue
            new = waiting if status is Status.QUEUED else status
            if recipient.number in dropped:
                recipient.reason = Reason(FailureReason.DROPPED)
            elif new is Status.SENT and is_at_once:
                recipient.reason = _AT_ONCE
            elif new is not recipient.status:
                recipient.reason = _reported_reason(batch, recipient, new)
            changes.setdefault(new, []).append(recipient)
        changed = self._show(batch, changes)
        ends = all(recipient.status.final for recipient in batch.recipients)
        if ends:
            self._leave(batch)
        if changed or ends or is_at_once:
            self._write(batch, changed)

    @callback
    def give_up(self, batch: Batch, code: FailureReason) -> None:
        """End an ACCEPTED batch that the portal does not report on."""
        _expect(batch, Stage.ACCEPTED)
        open_ = [r for r in batch.recipients if r.status in AWAITED]
        for recipient in open_:
            recipient.reason = Reason(code)
        self._unknown += _open_recipients(batch)
        changed = self._show(batch, {Status.UNKNOWN: open_})
        self._leave(batch)
        self._write(batch, changed)

    @callback
    def resume(self) -> None:
        """End what nobody can know after a restart, or after a restored backup."""
        doubtful, self._doubtful = self._doubtful, []
        for batch, code in doubtful:
            self.lose(batch, Reason(code))

    # --- What transitions have in common ---------------------------------------------

    def _follow(self, batch: Batch, status: Status) -> None:
        """Move a batch to ACCEPTED; the portal is asked for it from now on."""
        self._move(batch, Stage.ACCEPTED)
        batch.follow_from = max(batch.follow_from, time.time())
        # Nobody else may fetch it any more.
        batch.file = None
        changed = self._show(batch, {status: batch.recipients})
        written = self._write(batch, changed)
        written.add_done_callback(partial(_release, batch))

    def _end(
        self,
        batch: Batch,
        status: Status,
        more: Iterable[Statement] = (),
    ) -> Future[None]:
        changed = self._show(batch, {status: batch.recipients})
        self._leave(batch)
        written = self._write(batch, changed, more)
        written.add_done_callback(partial(_release, batch))
        return written

    def _drop_unwanted(self, batch: Batch) -> None:
        """Drop what was canceled of a batch while it was not HELD, which it is now."""
        if batch.unwanted:
            unwanted, batch.unwanted = batch.unwanted, {}
            self.cancel(batch, unwanted)

    def _refund(self, batch: Batch) -> list[Statement]:
        """Take back what a batch cost that the portal provably did not take."""
        if batch.stage is not Stage.SENDING:
            return []
        return self.limits[batch.priority].refund(batch.id)

    def _show(
        self, batch: Batch, changes: Mapping[Status, Iterable[BatchRecipient]]
    ) -> list[BatchRecipient]:
        """Give recipients a status; return those that had another one."""
        before = _open_recipients(batch)
        changed: list[BatchRecipient] = []
        for status, recipients in changes.items():
            new = [r for r in recipients if r.status is not status]
            for recipient in new:
                recipient.status = status
            changed += new
            if status is Status.SENT:
                self._sent += len(new)
            elif status in NOWHERE:
                self._failed += len(new)
        self._pending += _open_recipients(batch) - before
        return changed

    def _write(
        self,
        batch: Batch,
        changed: Sequence[BatchRecipient] = (),
        more: Iterable[Statement] = (),
    ) -> Future[None]:
        """Store a transition as a whole, and publish what recipients show by it."""
        self._send_totals()
        is_stored = _is_done(batch.stored)
        statements = [*more]
        is_over = batch.id not in self._batches[batch.stage]
        if changed or is_over:
            statements.append(self._store_totals())
        if changed:
            statements += rows.update_recipients(batch, changed)
        statements += rows.delete(batch) if is_over else rows.update(batch)
        if changed:
            bodies = [rows.event_body(batch, recipient) for recipient in changed]
            written = self._publisher.write(OUTCOME, bodies, *statements)
        else:
            written = self._database.write(*statements)
        if not is_stored:
            batch.stored = written
        return written

    def _move(self, batch: Batch, stage: Stage) -> None:
        self._leave(batch)
        batch.stage = stage
        self._enter(batch)

    def _enter(self, batch: Batch) -> None:
        if not batch.order:
            self._submissions += 1
            batch.order = self._submissions
        self._batches[batch.stage][batch.id] = batch
        self._pending += _open_recipients(batch)
        if batch.stage in _NOT_SENT:
            self.limits[batch.priority].outstanding += len(batch.recipients)
        if batch.stage is Stage.HELD:
            self.held_numbers.update(batch.numbers)
            heapq.heappush(self._deadlines, (batch.deadline, batch.id))

    def _leave(self, batch: Batch) -> None:
        del self._batches[batch.stage][batch.id]
        self._pending -= _open_recipients(batch)
        if batch.stage in _NOT_SENT:
            self.limits[batch.priority].outstanding -= len(batch.recipients)
        if batch.stage is Stage.HELD:
            # What comes later for these numbers may go.
            self.held_numbers.subtract(batch.numbers)
            for number in batch.numbers:
                if self.held_numbers[number] <= 0:
                    del self.held_numbers[number]

    def _store_totals(self) -> Statement:
        totals = {
            "sent": self._sent,
            "failed": self._failed,
            "unknown": self._unknown,
        }
        return Statement(
            "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)",
            [(key, str(value)) for key, value in totals.items()],
        )

    def _send_totals(self) -> None:
        totals = Totals(
            sent=self._sent,
            failed=self._failed,
            unknown=self._unknown,
            pending=self._pending,
        )
        if totals != self.totals:
            self.totals = totals
            self._send(SIGNAL_TOTALS, totals)

    def _send[*ArgsT](self, signal: SignalTypeFormat[*ArgsT], *args: *ArgsT) -> None:
        async_dispatcher_send(self._hass, signal.format(self._entry_id), *args)

    # --- History and events ----------------------------------------------------------

    async def async_trim(self) -> None:
        """Drop messages that are too many or too old from the history."""
        with suppress(StoreError):
            await self._database.write(self._trim())

    def _trim(self) -> Statement:
        self._since_trim = 0
        settings = self._settings
        return trim_messages(Direction.OUT, settings.keep_messages, settings.keep_for)

    @callback
    def publish(self, body: dict[str, Any]) -> None:
        """Publish an event of the kind `OUTCOME`."""
        number, batch_id, status = body["number"], body["batch_id"], body["status"]
        stored = body["reason"]
        reason = Reason.from_columns(*stored) if stored else None
        outcome = Outcome(
            number=number,
            name=body["name"],
            via=Via(body["via"]),
            status=Status(status),
            group_id=body["group_id"],
            reason=reason,
            batch_id=batch_id,
        )
        message = Message(
            id=f"{batch_id}{number}",
            direction=Direction.OUT,
            number=number,
            name=body["name"],
            text=body["text"],
            date=dt_util.utc_from_timestamp(body["created"]),
            status=status,
            reason=reason,
        )
        self._send(SIGNAL_OUTCOME, outcome, message)


def _open_recipients(batch: Batch) -> int:
    """Return how many recipients of a batch are held or not final."""
    if batch.stage is not Stage.ACCEPTED:
        return len(batch.recipients)
    return sum(r.status in _OPEN for r in batch.recipients)


def _turn_to_sms(batch: Batch) -> None:
    """Make an SMS of a batch that WhatsApp did not take, or not deliver."""
    if batch.fallback is not None:
        batch.type, batch.fallback = batch.fallback, None
    # The route was WhatsApp's, and an SMS carries no file.
    batch.route, batch.file = batch.fallback_route, None


def _explain(batch: Batch, reason: Reason | None) -> None:
    """Give all recipients of a batch a reason for what they show."""
    for recipient in batch.recipients:
        recipient.reason = reason


def _notice(batch: Batch) -> Reason | None:
    """Return what the portal remarked when it took a batch, if anything."""
    if batch.notice is None:
        return None
    explanation = Explanation(Cause.REFUSAL, batch.notice)
    return Reason(FailureReason.PORTAL_NOTICE, explanation)


def _reported_reason(
    batch: Batch, recipient: BatchRecipient, status: Status
) -> Reason | None:
    """Return why a recipient has another status by the portal's report.

    A remark at the acceptance says why some would fail, and means nobody who is sent.
    """
    if status is Status.FAILED:
        explanation = Explanation(Cause.REFUSAL, batch.notice or "")
        return Reason(FailureReason.NOT_DELIVERED, explanation)
    if recipient.reason == _AT_ONCE:
        return recipient.reason
    return None if status is Status.SENT else _notice(batch)


def _forget_schedule(batch: Batch) -> None:
    """Take a batch for one to be sent at once, as the portal does."""
    batch.schedule, batch.follow_from = None, time.time()


def _forget_past_schedule(batch: Batch) -> bool:
    """Take a batch for one to be sent at once if its time has come; return if so."""
    if batch.schedule is None or batch.follow_from > time.time():
        return False
    batch.schedule = None
    return True


def _is_done(stored: Future[None] | None) -> bool:
    """Return whether something was stored; what was loaded has none to wait for."""
    if stored is None:
        return True
    return stored.done() and not stored.cancelled() and stored.exception() is None


def _release(batch: Batch, _: object = None) -> None:
    """Let the caller go on, if one still waits."""
    if batch.done is not None and not batch.done.done():
        batch.done.set_result(None)


def _expect(batch: Batch, *stages: Stage) -> None:
    """Refuse a transition from another stage: that would be a fault of ours."""
    if batch.stage not in stages:
        raise RuntimeError(f"a batch cannot go on like that from {batch.stage}")
