"""The outbox: every batch that is not at its end, on disk before it leaves."""

import asyncio
from collections import Counter
from dataclasses import dataclass
import time
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util.signal_type import SignalTypeFormat

from ..const import DOMAIN
from ..store import outbox_journal
from .batch import Batch, Stage
from .limits import DuplicateFilter, HourlyLimit
from .media import MEDIA_PATH
from .models import Outcome, Status


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """Recipients, counted."""

    sent: int = 0
    failed: int = 0
    pending: int = 0
    """Held back or not yet final."""


# Carry, for an account: each outcome that changed, the totals, and each new batch.
SIGNAL_OUTCOME: Final[SignalTypeFormat[Outcome]] = SignalTypeFormat(
    f"{DOMAIN}_outcome_{{}}"
)
SIGNAL_TOTALS: Final[SignalTypeFormat[Totals]] = SignalTypeFormat(
    f"{DOMAIN}_totals_{{}}"
)
SIGNAL_SUBMITTED: Final[SignalTypeFormat[Batch]] = SignalTypeFormat(
    f"{DOMAIN}_submitted_{{}}"
)


class Outbox:
    """The batches of an account in the order of their making, and its totals."""

    def __init__(self, hass: HomeAssistant, entry_id: str, limit: HourlyLimit) -> None:
        """Keep everything in a file of the account's own."""
        self._hass = hass
        self._entry_id = entry_id
        self._store = outbox_journal(hass, entry_id)
        self.limit = limit
        self.duplicates = DuplicateFilter()
        self.batches: dict[str, Batch] = {}
        self._held: Counter[str] = Counter()
        self._sent = 0
        self._failed = 0
        self._pending = 0
        self._unpublished: list[Outcome] = []
        self._lock = asyncio.Lock()
        self._version = 0
        self._saved = 0

    async def async_load(self) -> None:
        """Take up what was there when everything stopped."""
        data = await self._store.async_load()
        if data is None:
            return
        self._sent, self._failed = data["sent"], data["failed"]
        self.limit.load(data["limit"])
        self.duplicates.load(data["duplicates"])
        for stored in data["batches"]:
            batch = Batch.from_dict(stored)
            if batch.file is not None and MEDIA_PATH in batch.file:
                # It was served from memory; the text matters more.
                batch.file = None
            if batch.stage is Stage.PENDING:
                # Whoever was waiting is gone; it had not left.
                batch.stage = Stage.HELD
            self.add(batch)

    async def async_commit(self) -> None:
        """Return once everything is on disk as it is now.

        Calls that come while one is under way share the next one.
        """
        self._version += 1
        mine = self._version
        async with self._lock:
            if self._saved >= mine:
                return
            version = self._version
            unpublished, self._unpublished = self._unpublished, []
            await self._store.async_save(
                {
                    "sent": self._sent,
                    "failed": self._failed,
                    "limit": self.limit.as_list(time.time()),
                    "duplicates": self.duplicates.as_dict(time.time()),
                    "batches": [p.as_dict() for p in self.batches.values()],
                }
            )
            self._saved = version
            # What is told here is so after the next start, too.
            signal = SIGNAL_OUTCOME.format(self._entry_id)
            for outcome in unpublished:
                async_dispatcher_send(self._hass, signal, outcome)
        signal_totals = SIGNAL_TOTALS.format(self._entry_id)
        async_dispatcher_send(self._hass, signal_totals, self.totals)

    @property
    def totals(self) -> Totals:
        """What the account has sent, what failed, and what is under way."""
        return Totals(sent=self._sent, failed=self._failed, pending=self._pending)

    @property
    def outstanding(self) -> int:
        """Recipients that were let in and have not left."""
        return sum(
            len(batch.recipients)
            for batch in self.batches.values()
            if batch.stage in {Stage.PENDING, Stage.HELD}
        )

    def is_held(self, number: str) -> bool:
        """Whether something for this number has to go first."""
        return self._held[number] > 0

    def in_stage(self, stage: Stage) -> list[Batch]:
        """Return the batches of a stage, in the order of their making."""
        return [batch for batch in self.batches.values() if batch.stage is stage]

    @callback
    def add(self, batch: Batch) -> None:
        """Take in a batch that was known before."""
        self.batches[batch.id] = batch
        self._pending += batch.pending
        if batch.stage is Stage.HELD:
            self._held.update(batch.numbers)

    @callback
    def take(self, batch: Batch) -> None:
        """Take in a new batch, and tell of it."""
        self.add(batch)
        signal = SIGNAL_SUBMITTED.format(self._entry_id)
        async_dispatcher_send(self._hass, signal, batch)

    @callback
    def move(self, batch: Batch, stage: Stage) -> None:
        """Move a batch to another stage."""
        before = batch.pending
        if batch.stage is Stage.HELD and stage is not Stage.HELD:
            self._release(batch)
        elif stage is Stage.HELD and batch.stage is not Stage.HELD:
            self._held.update(batch.numbers)
        batch.stage = stage
        self._pending += batch.pending - before

    @callback
    def remove(self, batch: Batch) -> None:
        """Let go of a batch that has come to its end."""
        self._pending -= batch.pending
        if batch.stage is Stage.HELD:
            self._release(batch)
        del self.batches[batch.id]

    def _release(self, batch: Batch) -> None:
        """Let what comes later for these numbers go."""
        for number in batch.numbers:
            self._held[number] -= 1
            if not self._held[number]:
                del self._held[number]

    @callback
    def report(
        self, batch: Batch, status: Status, numbers: set[str] | None = None
    ) -> None:
        """Give a batch's recipients, or some of them, another status.

        It is told as soon as it is on disk.
        """
        before = batch.pending
        changed = [
            recipient
            for recipient in batch.recipients
            if recipient.status is not status
            and (numbers is None or recipient.number in numbers)
        ]
        for recipient in changed:
            recipient.status = status
        self._pending += batch.pending - before
        if status is Status.SENT:
            self._sent += len(changed)
        elif status in {Status.FAILED, Status.EXPIRED}:
            self._failed += len(changed)
        self._unpublished += [batch.outcome(recipient) for recipient in changed]
