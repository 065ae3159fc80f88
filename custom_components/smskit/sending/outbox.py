"""The outbox: every parcel that is not at its end, on disk before it leaves."""

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
from .batch import Parcel, Stage
from .limits import SpendGuard
from .media import MEDIA_PATH
from .models import Outcome, Status


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """Recipients, counted."""

    sent: int = 0
    failed: int = 0
    pending: int = 0
    """Held back or not yet final."""


# Carry, for an account: each outcome that changed, the totals, and each new parcel.
SIGNAL_OUTCOME: Final[SignalTypeFormat[Outcome]] = SignalTypeFormat(
    f"{DOMAIN}_outcome_{{}}"
)
SIGNAL_TOTALS: Final[SignalTypeFormat[Totals]] = SignalTypeFormat(
    f"{DOMAIN}_totals_{{}}"
)
SIGNAL_SUBMITTED: Final[SignalTypeFormat[Parcel]] = SignalTypeFormat(
    f"{DOMAIN}_submitted_{{}}"
)


class Outbox:
    """The parcels of an account in the order of their making, and its totals."""

    def __init__(self, hass: HomeAssistant, entry_id: str, guard: SpendGuard) -> None:
        """Keep everything in a file of the account's own."""
        self._hass = hass
        self._entry_id = entry_id
        self._store = outbox_journal(hass, entry_id)
        self.guard = guard
        self.parcels: dict[str, Parcel] = {}
        self._held: Counter[str] = Counter()
        self._sent = 0
        self._failed = 0
        self._pending = 0
        self._untold: list[Outcome] = []
        self._lock = asyncio.Lock()
        self._version = 0
        self._saved = 0

    async def async_load(self) -> None:
        """Take up what was there when everything stopped."""
        data = await self._store.async_load()
        if data is None:
            return
        self._sent, self._failed = data["sent"], data["failed"]
        self.guard.load(data["guard"])
        for stored in data["parcels"]:
            parcel = Parcel.from_dict(stored)
            if parcel.file is not None and MEDIA_PATH in parcel.file:
                # It was served from memory; the text matters more.
                parcel.file = None
            if parcel.stage is Stage.WAITING:
                # Whoever was waiting is gone; it had not left.
                parcel.stage = Stage.HELD
            self.add(parcel)

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
            untold, self._untold = self._untold, []
            await self._store.async_save(
                {
                    "sent": self._sent,
                    "failed": self._failed,
                    "guard": self.guard.as_dict(time.time()),
                    "parcels": [p.as_dict() for p in self.parcels.values()],
                }
            )
            self._saved = version
            # What is told here is so after the next start, too.
            signal = SIGNAL_OUTCOME.format(self._entry_id)
            for outcome in untold:
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
            len(parcel.addressees)
            for parcel in self.parcels.values()
            if parcel.stage in {Stage.WAITING, Stage.HELD}
        )

    def is_held(self, number: str) -> bool:
        """Whether something for this number has to go first."""
        return self._held[number] > 0

    def in_stage(self, stage: Stage) -> list[Parcel]:
        """Return the parcels of a stage, in the order of their making."""
        return [parcel for parcel in self.parcels.values() if parcel.stage is stage]

    @callback
    def add(self, parcel: Parcel) -> None:
        """Take in a parcel that was known before."""
        self.parcels[parcel.id] = parcel
        self._pending += parcel.pending
        if parcel.stage is Stage.HELD:
            self._held.update(parcel.numbers)

    @callback
    def take(self, parcel: Parcel) -> None:
        """Take in a new parcel, and tell of it."""
        self.add(parcel)
        signal = SIGNAL_SUBMITTED.format(self._entry_id)
        async_dispatcher_send(self._hass, signal, parcel)

    @callback
    def move(self, parcel: Parcel, stage: Stage) -> None:
        """Move a parcel to another stage."""
        before = parcel.pending
        if parcel.stage is Stage.HELD and stage is not Stage.HELD:
            self._let_pass(parcel)
        elif stage is Stage.HELD and parcel.stage is not Stage.HELD:
            self._held.update(parcel.numbers)
        parcel.stage = stage
        self._pending += parcel.pending - before

    @callback
    def remove(self, parcel: Parcel) -> None:
        """Let go of a parcel that has come to its end."""
        self._pending -= parcel.pending
        if parcel.stage is Stage.HELD:
            self._let_pass(parcel)
        del self.parcels[parcel.id]

    def _let_pass(self, parcel: Parcel) -> None:
        """Let what comes later for these numbers go."""
        for number in parcel.numbers:
            self._held[number] -= 1
            if not self._held[number]:
                del self._held[number]

    @callback
    def report(
        self, parcel: Parcel, status: Status, numbers: set[str] | None = None
    ) -> None:
        """Give a parcel's recipients, or some of them, another status.

        It is told as soon as it is on disk.
        """
        before = parcel.pending
        changed = [
            addressee
            for addressee in parcel.addressees
            if addressee.status is not status
            and (numbers is None or addressee.number in numbers)
        ]
        for addressee in changed:
            addressee.status = status
        self._pending += parcel.pending - before
        if status is Status.SENT:
            self._sent += len(changed)
        elif status in {Status.FAILED, Status.EXPIRED}:
            self._failed += len(changed)
        self._untold += [parcel.outcome(addressee) for addressee in changed]
