"""Delivery: the outcome of the batches that the portal has."""

from contextlib import suppress
import heapq
import time
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..api import DeliveryStatus, GroupStatus, PortalClient, PortalError
from .batch import Batch, Stage
from .clock import monotonic
from .models import Status
from .outbox import Outbox

_FIRST: Final = 3.0
_LONGEST: Final = 3600.0
_GIVE_UP: Final = 24 * 3600.0
# A thousand batches under way cost one request a second at most.
_PACE: Final = 1.0
_NOT_REPORTED: Final = "the portal did not report it within a day"


class DeliveryTracker:
    """Asks for each accepted batch until it is final, one request at a time.

    Soon after it was accepted, then ever more slowly: after half as long again as it
    has taken so far. After a day, it is given up.
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
        """Follow what the portal had when everything stopped."""
        now = time.monotonic()
        known = {batch_id for _, batch_id in self._due}
        for batch in self._outbox.in_stage(Stage.ACCEPTED):
            if batch.id not in known:
                due = max(now, monotonic(batch.follow_from))
                heapq.heappush(self._due, (due, batch.id))
        self._schedule()

    @callback
    def async_stop(self) -> None:
        """Ask nothing more."""
        self._stopped = True
        self._clear_timer()

    @callback
    def async_follow(self, batch: Batch) -> None:
        """Follow a batch from now, or from when the portal is to send it."""
        delay = max(batch.follow_from - time.time(), 0) + _FIRST
        heapq.heappush(self._due, (time.monotonic() + delay, batch.id))
        self._schedule()

    def _schedule(self) -> None:
        self._clear_timer()
        if self._due and not self._asking and not self._stopped:
            when = max(self._due[0][0], self._next_ask)
            delay = max(when - time.monotonic(), 0.05)
            self._cancel_timer = async_call_later(self._hass, delay, self._async_ask)

    def _clear_timer(self) -> None:
        if self._cancel_timer is not None:
            self._cancel_timer()
            self._cancel_timer = None

    async def _async_ask(self, _: object) -> None:
        self._cancel_timer = None
        _, batch_id = heapq.heappop(self._due)
        batch = self._outbox.get(batch_id)
        if batch is not None:
            self._asking = True
            try:
                await self._async_ask_for(batch)
            finally:
                self._asking = False
            self._next_ask = time.monotonic() + _PACE
        self._schedule()

    async def _async_ask_for(self, batch: Batch) -> None:
        """Ask for a batch once, and note what is new."""
        status: GroupStatus | None = None
        # Of an error nothing is learned; the balance shows whether the portal is there.
        with suppress(PortalError):
            status = await self._client.group_status(batch.group_id or "")
        if self._stopped:
            # The next outbox has the batch by now: this one must not write it again.
            return
        if status is not None:
            self._outbox.update(
                batch, {r.to: _STATUS[r.status] for r in status.recipients}
            )
        if self._outbox.get(batch.id) is None:
            return
        now = time.monotonic()
        age = now - monotonic(batch.follow_from)
        if age >= _GIVE_UP:
            self._outbox.give_up(batch, _NOT_REPORTED)
        else:
            delay = min(max(_FIRST, age / 2), _LONGEST)
            heapq.heappush(self._due, (now + delay, batch.id))


_STATUS: Final = {
    DeliveryStatus.QUEUED: Status.QUEUED,
    DeliveryStatus.SENT: Status.SENT,
    DeliveryStatus.FAILED: Status.FAILED,
}
