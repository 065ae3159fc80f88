"""Delivery: what became of the batches that the portal has."""

from contextlib import suppress
import heapq
import time
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..api import GroupStatus, PortalClient, PortalError
from .batch import Batch, Stage
from .models import Status
from .outbox import Outbox

_FIRST: Final = 3.0
_LONGEST: Final = 3600.0
_GIVE_UP: Final = 24 * 3600.0
# A thousand batches under way cost one request a second at most.
_PACE: Final = 1.0


class DeliveryTracker:
    """Asks for each accepted batch until it is final, one request at a time.

    Soon after it was accepted, then ever more slowly: after half as long again as it
    has taken so far. After a day nobody is asked any more.
    """

    def __init__(
        self, hass: HomeAssistant, client: PortalClient, outbox: Outbox
    ) -> None:
        """Prepare to ask."""
        self._hass = hass
        self._client = client
        self._outbox = outbox
        self._due: list[tuple[float, str]] = []
        self._next_ask = 0.0
        self._asking = False
        self._stopped = False
        self._cancel_timer: CALLBACK_TYPE | None = None

    @callback
    def async_start(self) -> None:
        """Take up what the portal had when everything stopped."""
        now = time.time()
        for batch in self._outbox.in_stage(Stage.ACCEPTED):
            heapq.heappush(self._due, (max(now, batch.follow_from), batch.id))
        self._schedule()

    @callback
    def async_stop(self) -> None:
        """Ask nothing more."""
        self._stopped = True
        self._clear_timer()

    @callback
    def async_follow(self, batch: Batch) -> None:
        """Follow a batch from now, or from when the portal is to send it."""
        batch.follow_from = max(batch.follow_from, time.time())
        heapq.heappush(self._due, (batch.follow_from + _FIRST, batch.id))
        self._schedule()

    def _schedule(self) -> None:
        self._clear_timer()
        if self._due and not self._asking and not self._stopped:
            when = max(self._due[0][0], self._next_ask)
            delay = max(when - time.time(), 0.05)
            self._cancel_timer = async_call_later(self._hass, delay, self._async_ask)

    def _clear_timer(self) -> None:
        if self._cancel_timer is not None:
            self._cancel_timer()
            self._cancel_timer = None

    async def _async_ask(self, _: object) -> None:
        self._cancel_timer = None
        _, batch_id = heapq.heappop(self._due)
        batch = self._outbox.batches.get(batch_id)
        if batch is not None:
            self._asking = True
            try:
                await self._async_ask_for(batch)
            finally:
                self._asking = False
            self._next_ask = time.time() + _PACE
        self._schedule()

    async def _async_ask_for(self, batch: Batch) -> None:
        """Ask for a batch once, and note what is new."""
        status: GroupStatus | None = None
        # Of an error nothing is learnt; the balance tells whether the portal is there.
        with suppress(PortalError):
            status = await self._client.group_status(batch.group_id or "")
        if self._stopped:
            # The next outbox has the batch by now: this one must not be kept again.
            return
        changed = status is not None and self._note(batch, status)
        age = time.time() - batch.follow_from
        if all(recipient.status in _FINAL for recipient in batch.recipients):
            self._outbox.remove(batch)
            changed = True
        elif age >= _GIVE_UP:
            batch.reason = "the portal did not tell within a day"
            open_ = {a.number for a in batch.recipients if a.status is Status.QUEUED}
            self._outbox.report(batch, Status.UNKNOWN, open_)
            self._outbox.remove(batch)
            changed = True
        else:
            delay = min(max(_FIRST, age / 2), _LONGEST)
            heapq.heappush(self._due, (time.time() + delay, batch.id))
        if changed:
            await self._outbox.async_commit()

    def _note(self, batch: Batch, status: GroupStatus) -> bool:
        """Give each recipient what the portal says of it; tell if that was new."""
        before = [recipient.status for recipient in batch.recipients]
        said = {recipient.to: recipient.status for recipient in status.recipients}
        for found in Status.QUEUED, Status.SENT, Status.FAILED:
            numbers = {
                recipient.number
                for recipient in batch.recipients
                if recipient.status not in _FINAL
                and said.get(recipient.number.removeprefix("+")) == found.value
            }
            if numbers:
                self._outbox.report(batch, found, numbers)
        return before != [recipient.status for recipient in batch.recipients]


_FINAL: Final = frozenset({Status.SENT, Status.FAILED})
