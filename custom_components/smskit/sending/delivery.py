"""Delivery: what became of the parcels that the portal has."""

from contextlib import suppress
import heapq
import time
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..api import GroupStatus, PortalClient, PortalError
from .batch import Parcel, Stage
from .models import Status
from .outbox import Outbox

_FIRST: Final = 3.0
_LONGEST: Final = 3600.0
_GIVE_UP: Final = 24 * 3600.0
# A thousand parcels under way cost one request a second at most.
_PACE: Final = 1.0


class DeliveryTracker:
    """Asks for each accepted parcel until it is final, one request at a time.

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
        for parcel in self._outbox.in_stage(Stage.ACCEPTED):
            heapq.heappush(self._due, (max(now, parcel.follow_from), parcel.id))
        self._schedule()

    @callback
    def async_stop(self) -> None:
        """Ask nothing more."""
        self._stopped = True
        self._clear_timer()

    @callback
    def async_follow(self, parcel: Parcel) -> None:
        """Follow a parcel from now, or from when the portal is to send it."""
        parcel.follow_from = max(parcel.follow_from, time.time())
        heapq.heappush(self._due, (parcel.follow_from + _FIRST, parcel.id))
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
        _, parcel_id = heapq.heappop(self._due)
        parcel = self._outbox.parcels.get(parcel_id)
        if parcel is not None:
            self._asking = True
            try:
                await self._async_ask_for(parcel)
            finally:
                self._asking = False
            self._next_ask = time.time() + _PACE
        self._schedule()

    async def _async_ask_for(self, parcel: Parcel) -> None:
        """Ask for a parcel once, and note what is new."""
        status: GroupStatus | None = None
        # Of an error nothing is learnt; the balance tells whether the portal is there.
        with suppress(PortalError):
            status = await self._client.group_status(parcel.group_id or "")
        if self._stopped:
            # The next outbox has the parcel by now: this one must not be kept again.
            return
        changed = status is not None and self._note(parcel, status)
        age = time.time() - parcel.follow_from
        if all(addressee.status in _FINAL for addressee in parcel.addressees):
            self._outbox.remove(parcel)
            changed = True
        elif age >= _GIVE_UP:
            parcel.reason = "the portal did not tell within a day"
            open_ = {a.number for a in parcel.addressees if a.status is Status.QUEUED}
            self._outbox.report(parcel, Status.UNKNOWN, open_)
            self._outbox.remove(parcel)
            changed = True
        else:
            delay = min(max(_FIRST, age / 2), _LONGEST)
            heapq.heappush(self._due, (time.time() + delay, parcel.id))
        if changed:
            await self._outbox.async_commit()

    def _note(self, parcel: Parcel, status: GroupStatus) -> bool:
        """Give each recipient what the portal says of it; tell if that was new."""
        before = [addressee.status for addressee in parcel.addressees]
        said = {recipient.to: recipient.status for recipient in status.recipients}
        for found in Status.QUEUED, Status.SENT, Status.FAILED:
            numbers = {
                addressee.number
                for addressee in parcel.addressees
                if addressee.status not in _FINAL
                and said.get(addressee.number.removeprefix("+")) == found.value
            }
            if numbers:
                self._outbox.report(parcel, found, numbers)
        return before != [addressee.status for addressee in parcel.addressees]


_FINAL: Final = frozenset({Status.SENT, Status.FAILED})
