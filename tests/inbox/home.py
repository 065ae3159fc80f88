"""A home that receives: Home Assistant and the portal, on one clock that tests move."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import (
    EVENT_STATE_CHANGED,
    EVENT_STATE_REPORTED,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import (
    Event,
    EventStateChangedData,
    EventStateReportedData,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.util import slugify
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.smskit.const import DOMAIN
from tests.portal import Account, InboxMessage, Portal, RequestLog

# The polls of the inbox are 30 s apart.
POLL: Final = timedelta(seconds=31)
DAY: Final = timedelta(days=1, seconds=31)
PHONE: Final = "447700900123"
STRANGER: Final = "447700900555"
# What the integration keeps in `hass.data` for as long as the process lives.
_PROCESS_DATA: Final = f"{DOMAIN}_seen"
# Everything is on one loop and loopback is quick: after so many turns nothing moves
# any more unless time does.
_TURNS: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """What the account's `message_received` told."""

    id: str
    sender: str
    text: str
    date: str
    backlog: bool
    trusted: bool


class Home:
    """One account at the portal, used by its actions and seen by its entities."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: MockConfigEntry,
        portal: Portal,
        account: Account,
        freezer: FrozenDateTimeFactory,
    ) -> None:
        """Listen to what the account tells."""
        self.hass = hass
        self.entry = entry
        self.portal = portal
        self.account = account
        self._freezer = freezer
        self._name = slugify(entry.title)
        self._told: set[str] = set()
        self.events: list[Received] = []
        self.writes: list[str] = []
        """Every entity of the account whose state was written, in order."""
        hass.bus.async_listen(EVENT_STATE_CHANGED, self._note)
        hass.bus.async_listen(EVENT_STATE_REPORTED, self._note_same, self._is_ours)

    @callback
    def _is_ours(self, data: EventStateReportedData) -> bool:
        return self._name in data["entity_id"]

    @callback
    def _note_same(self, event: Event[EventStateReportedData]) -> None:
        self.writes.append(event.data["entity_id"])

    @callback
    def _note(self, event: Event[EventStateChangedData]) -> None:
        entity_id, state = event.data["entity_id"], event.data["new_state"]
        if self._name in entity_id:
            self.writes.append(entity_id)
        if entity_id != self.entity("event", "message_received") or state is None:
            return
        # A restored state is no news.
        if state.state in {STATE_UNAVAILABLE, STATE_UNKNOWN} | self._told:
            return
        self._told.add(state.state)
        assert state.attributes["event_type"] == "received"
        self.events.append(
            Received(
                id=state.attributes["id"],
                sender=state.attributes["from"],
                text=state.attributes["text"],
                date=state.attributes["date"],
                backlog=state.attributes["backlog"],
                trusted=state.attributes["trusted"],
            )
        )

    # --- Life and time ---------------------------------------------------------------

    async def settle(self) -> None:
        """Let everything end that is under way and needs no time."""
        await self.hass.async_block_till_done(wait_background_tasks=True)

    async def turn(self, turns: int = _TURNS) -> None:
        """Let happen what happens without time passing, answered or not."""
        for _ in range(turns):
            await asyncio.sleep(0)

    async def start(self) -> None:
        """Set the account up."""
        assert await self.hass.config_entries.async_setup(self.entry.entry_id)
        await self.settle()
        assert self.entry.state is ConfigEntryState.LOADED

    async def stop(self) -> None:
        """Unload the account."""
        assert await self.hass.config_entries.async_unload(self.entry.entry_id)

    async def restart(self) -> None:
        """Start the account as a new process does."""
        if self.entry.state is ConfigEntryState.LOADED:
            await self.stop()
        self.hass.data.pop(_PROCESS_DATA, None)
        await self.start()

    async def reload(self) -> None:
        """Reload the account."""
        assert await self.hass.config_entries.async_reload(self.entry.entry_id)
        await self.settle()

    def tick(self, time: timedelta = POLL) -> None:
        """Let time pass, and what it brings begin."""
        self._freezer.tick(time)
        async_fire_time_changed(self.hass)

    async def poll(self, time: timedelta = POLL) -> None:
        """Let time pass, by default until the next poll, and the portal answer."""
        self.tick(time)
        await self.settle()

    async def pass_time(self, seconds: int) -> None:
        """Let time pass for what gets no answer meanwhile."""
        for _ in range(seconds):
            await self.turn()
            self.tick(timedelta(seconds=1))
        await self.turn()

    # --- What people do --------------------------------------------------------------

    def receive(self, text: str, sender: str = PHONE, **fields: Any) -> InboxMessage:
        """Have somebody send a message."""
        return self.portal.receive(self.account, sender, text, **fields)

    async def call(self, action: str, **data: Any) -> dict[str, Any]:
        """Call an action of the integration and return its response."""
        response: Any = await self.hass.services.async_call(
            DOMAIN, action, data, blocking=True, return_response=True
        )
        assert isinstance(response, dict)
        return response

    def begin(self, action: str, **data: Any) -> asyncio.Task[dict[str, Any]]:
        """Call an action that takes its time."""
        # Not one of Home Assistant's tasks: nothing waits for it.
        return asyncio.get_running_loop().create_task(self.call(action, **data))

    async def messages(self, **filters: Any) -> list[dict[str, Any]]:
        """Return messages of the inbox, newest first."""
        response = await self.call(
            "get_messages", config_entry_id=self.entry.entry_id, **filters
        )
        messages: list[dict[str, Any]] = response["messages"]
        return messages

    # --- What they see ---------------------------------------------------------------

    def entity(self, platform: str, key: str) -> str:
        """Return the id of an entity of the account."""
        return f"{platform}.{self._name}_{key}"

    def shown(self, platform: str, key: str) -> State:
        """Return the state of an entity of the account."""
        state = self.hass.states.get(self.entity(platform, key))
        assert state is not None
        return state

    @property
    def unread(self) -> int:
        """What the sensor counts."""
        return int(self.shown("sensor", "unread_messages").state)

    @property
    def texts(self) -> list[str]:
        """The text of every event, in order."""
        return [event.text for event in self.events]

    @property
    def listings(self) -> list[RequestLog]:
        """Every listing that the portal was asked for."""
        return [r for r in self.portal.requests if r.operation == "getinbox"]
