"""Delivery: the outcome of the batches that the portal has."""

from collections.abc import Callable
from contextlib import suppress
import heapq
import time
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..api import GroupStatus, PortalClient, PortalError, Processing
from .batch import Batch, Stage
from .outbox import Outbox
from .reasons import FailureReason

_FIRST: Final = 5.0
# Most portals send once a minute: a group is empty before that.
_CRON: Final = 60.0
# By then, a portal has sent what it does not schedule.
_EARLY: Final = _FIRST + 2 * _CRON
_LONGEST: Final = 3600.0
_GIVE_UP: Final = 24 * 3600.0
# A thousand batches under way cost one request a second at most.
_PACE: Final = 1.0


class DeliveryTracker:
    """Asks for each accepted batch until it is final, one request at a time.

    Soon after it was accepted, then as often as the portal sends, then ever more
    slowly: after half as long again as it has taken so far. After a day, it is given
    up.

    What is scheduled is asked for from its time on, and once before: a portal that does
    not schedule has sent it by then.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        client: PortalClient,
        outbox: Outbox,
        *,
        on_held: Callable[[], None],
    ) -> None:
        """Prepare to ask; `on_held` sends what is to go by SMS now."""
        self._hass = hass
        self._client = client
        self._outbox = outbox
        self._on_held = on_held
        self._due: list[tuple[float, str]] = []
        self._next_ask = 0.0
        self._asking = False
        self._stopped = False
        self._cancel_timer: CALLBACK_TYPE | None = None

    @callback
    def async_start(self) -> None:
        """Follow what the portal had when everything stopped."""
        known = {batch_id for _, batch_id in self._due}
        for batch in self._outbox.in_stage(Stage.ACCEPTED):
            if batch.id not in known:
                self._ask_in(max(_first_delay(batch), 0), batch)
        self._schedule()

    @callback
    def async_stop(self) -> None:
        """Ask nothing more."""
        self._stopped = True
        self._clear_timer()

    @callback
    def async_follow(self, batch: Batch) -> None:
        """Follow a batch from now on."""
        delay = _first_delay(batch)
        if batch.schedule is not None and batch.group_id is not None:
            delay = min(delay, _EARLY)
        self._ask_in(delay, batch)
        self._schedule()

    def _ask_in(self, delay: float, batch: Batch) -> None:
        heapq.heappush(self._due, (time.monotonic() + delay, batch.id))

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
        if batch is not None and batch.group_id is not None:
            self._asking = True
            try:
                await self._async_ask_for(batch, batch.group_id)
            finally:
                self._asking = False
            self._next_ask = time.monotonic() + _PACE
        elif batch is not None:
            self._outbox.give_up(batch, FailureReason.NOT_TRACKED)
        self._schedule()

    async def _async_ask_for(self, batch: Batch, group_id: str) -> None:
        """Ask for a batch once, and note what is new."""
        self._outbox.come_due(batch)
        group: GroupStatus | None = None
        # Of an error nothing is learned; the balance shows whether the portal is there.
        with suppress(PortalError):
            group = await self._client.group_status(group_id)
        if self._stopped:
            # The next outbox has the batch by now: this one must not write it again.
            return
        if group is not None:
            self._outbox.update(batch, group)
        if batch.stage is Stage.HELD:
            self._on_held()
            return
        if self._outbox.get(batch.id) is None:
            return
        age = time.time() - batch.follow_from
        if age >= _GIVE_UP:
            self._outbox.give_up(batch, FailureReason.NOT_REPORTED)
        elif batch.schedule is not None:
            self._ask_in(_first_delay(batch), batch)
        else:
            is_immediate = self._client.traits.processing is Processing.IMMEDIATE
            rhythm = _FIRST if is_immediate else _CRON
            self._ask_in(min(max(rhythm, age / 2), _LONGEST), batch)


def _first_delay(batch: Batch) -> float:
    """Return in how long a portal may report an outcome, or has never done so."""
    wait = _FIRST if batch.group_id is not None else _FIRST + _CRON
    return batch.follow_from + wait - time.time()
