"""A home that sends: Home Assistant and the portal, on one clock that tests move."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_STATE_CHANGED, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.const import DOMAIN
from tests.portal import LedgerEntry, Portal, RequestLog

STATUS_ENTITY: Final = "event.127_0_0_1_message_status"
# Everything is on one loop and loopback is quick: after so many turns nothing moves
# any more unless time does.
_TURNS: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusEvent:
    """What the account's `message_status` said."""

    time: float
    status: str
    number: str
    name: str | None
    group_id: str | None
    reason: str | None


class Home:
    """One account at the portal, used by its actions and seen by its entities.

    Time stands still, for the event loop too: a time limit passes by `advance` only.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: MockConfigEntry,
        portal: Portal,
        freezer: FrozenDateTimeFactory,
        storage: dict[str, Any],
    ) -> None:
        """Listen to what the account tells."""
        self.hass = hass
        self.entry = entry
        self.portal = portal
        self._freezer = freezer
        self._storage = storage
        self._seen: set[str] = set()
        self.events: list[StatusEvent] = []
        hass.bus.async_listen(EVENT_STATE_CHANGED, self._note)

    @callback
    def _note(self, event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        if state is None or state.entity_id != STATUS_ENTITY:
            return
        # A restored state is no news.
        if state.state in {STATE_UNAVAILABLE, STATE_UNKNOWN} | self._seen:
            return
        self._seen.add(state.state)
        self.events.append(
            StatusEvent(
                time=self.now,
                status=state.attributes["event_type"],
                number=state.attributes["number"],
                name=state.attributes["name"],
                group_id=state.attributes["group_id"],
                reason=state.attributes["reason"],
            )
        )

    # --- Time ------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """The time on the one clock, in epoch seconds."""
        return self._freezer().timestamp()

    async def turn(self) -> None:
        """Let happen what happens without time passing, answered or not."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    async def settle(self) -> None:
        """Let everything end that is under way and needs no time."""
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await self.hass.async_block_till_done(wait_background_tasks=True)

    async def advance(self, seconds: float, step: float | None = None) -> None:
        """Let time pass, in steps; the portal has to answer."""
        await self.settle()
        left = seconds
        while left > 0:
            self._freezer.tick(timedelta(seconds=min(step or seconds, left)))
            left -= step or seconds
            await self.settle()

    async def pass_time(self, seconds: float, step: float = 1) -> None:
        """Let time pass, in steps, also for what gets no answer meanwhile."""
        left = seconds
        while left > 0:
            await self.turn()
            self._freezer.tick(timedelta(seconds=min(step, left)))
            left -= step
        await self.turn()

    async def refuse(self) -> None:
        """Let the portal be away, from when nothing is under way."""
        await self.settle()
        await self.portal.refuse()

    async def until_done[T](
        self, action: Coroutine[Any, Any, T], within: int = 90
    ) -> T:
        """Return what an action returns, time passing as long as it takes."""
        task = self.hass.async_create_task(action)
        await self.turn()
        for _ in range(within):
            if task.done():
                break
            await self.pass_time(1)
        assert task.done(), f"not ended within {within} s"
        return await task

    # --- What a user does ------------------------------------------------------------

    async def call(self, action: str, **data: Any) -> dict[str, Any]:
        """Call an action of the integration and return its response."""
        response: Any = await self.hass.services.async_call(
            DOMAIN, action, data, blocking=True, return_response=True
        )
        assert isinstance(response, dict)
        return response

    async def send(
        self, *numbers: str | int, message: str = "Hello", **data: Any
    ) -> list[dict[str, Any]]:
        """Send a text and return the outcomes."""
        response = await self.call(
            "send_message", numbers=list(numbers), message=message, **data
        )
        outcomes: list[dict[str, Any]] = response["recipients"]
        return outcomes

    async def statuses(
        self, *numbers: str | int, message: str = "Hello", **data: Any
    ) -> list[str]:
        """Send a text and return the status of each outcome."""
        return [o["status"] for o in await self.send(*numbers, message=message, **data)]

    async def notify(self, entity_id: str, message: str = "Hello") -> None:
        """Send a text by a notify entity."""
        await self.hass.services.async_call(
            "notify",
            "send_message",
            {"entity_id": entity_id, "message": message},
            blocking=True,
        )

    async def reload(self) -> None:
        """Reload the account."""
        assert await self.hass.config_entries.async_reload(self.entry.entry_id)
        await self.settle()

    def kept(self) -> dict[str, Any]:
        """Return the account's file as it is now."""
        kept: dict[str, Any] = deepcopy(
            self._storage[f"{DOMAIN}.{self.entry.entry_id}.outbox"]
        )
        return kept

    async def restart(self, kept: dict[str, Any] | None = None) -> None:
        """Start the account anew from its file, as it is or as it was kept."""
        kept = kept or self.kept()
        assert await self.hass.config_entries.async_unload(self.entry.entry_id)
        self._storage[f"{DOMAIN}.{self.entry.entry_id}.outbox"] = kept
        assert await self.hass.config_entries.async_setup(self.entry.entry_id)
        await self.settle()
        assert self.entry.state is ConfigEntryState.LOADED

    # --- What a user sees ------------------------------------------------------------

    def total(self, key: str) -> int:
        """Return the state of `messages_sent`, `messages_failed` or `_pending`."""
        state = self.hass.states.get(f"sensor.127_0_0_1_messages_{key}")
        assert state is not None
        return int(state.state)

    @property
    def totals(self) -> tuple[int, int, int]:
        """How many recipients are sent, failed and pending."""
        return self.total("sent"), self.total("failed"), self.total("pending")

    def told(self, number: str | None = None) -> list[str]:
        """Return every status that was told, of a number or of all."""
        return [e.status for e in self.events if number in {None, e.number}]

    # --- What the portal saw ---------------------------------------------------------

    def requests(self, operation: str = "sendsms") -> list[RequestLog]:
        """Return the requests of an operation."""
        return [r for r in self.portal.requests if r.operation == operation]

    def accepted(self, *, by: Callable[[LedgerEntry], str]) -> Counter[str]:
        """Count what the portal accepted, by something of its ledger."""
        return Counter(by(entry) for entry in self.portal.ledger)

    @property
    def texts(self) -> list[str]:
        """Every text of the portal's ledger, in order."""
        return [entry.text for entry in self.portal.ledger]
