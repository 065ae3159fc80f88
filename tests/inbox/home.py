"""A home that receives."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from homeassistant.const import EVENT_STATE_CHANGED, EVENT_STATE_REPORTED
from homeassistant.core import (
    Event,
    EventStateChangedData,
    EventStateReportedData,
    State,
    callback,
)
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests import home
from tests.portal import InboxMessage, RequestLog

# The polls of the inbox are 30 s apart.
POLL: Final = timedelta(seconds=31)
DAY: Final = timedelta(days=1, seconds=31)
PHONE: Final = "447700900123"
STRANGER: Final = "447700900555"


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """What the account's `message_received` published."""

    id: str
    sender: str
    text: str
    date: str
    backlog: bool
    trusted: bool


class Home(home.Home):
    """A home that receives, and notes what is published of it."""

    def __init__(self, world: home.World, entry: MockConfigEntry) -> None:
        """Note each event of the account's `message_received`."""
        super().__init__(world, entry)
        self.account.credits = Decimal(1000)
        self.events: list[Received] = []
        self.writes: list[str] = []
        """Every entity of the account whose state was written, in order."""
        self.on_event(self.entity("event", "message_received"), self._note)
        bus = self.hass.bus
        bus.async_listen(EVENT_STATE_CHANGED, self._note_write, self._is_ours)
        bus.async_listen(EVENT_STATE_REPORTED, self._note_write, self._is_ours)

    @callback
    def _is_ours(self, data: EventStateChangedData | EventStateReportedData) -> bool:
        return self._name in data["entity_id"]

    @callback
    def _note_write(
        self, event: Event[EventStateChangedData] | Event[EventStateReportedData]
    ) -> None:
        self.writes.append(event.data["entity_id"])

    def _note(self, state: State) -> None:
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

    async def poll(self, span: timedelta = POLL) -> None:
        """Let time pass in one go, by default until the next poll."""
        await self.skip(span)

    # --- What people do --------------------------------------------------------------

    def receive(self, text: str, sender: str = PHONE, **fields: Any) -> InboxMessage:
        """Have somebody send a message."""
        return self.portal.receive(self.account, sender, text, **fields)

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

    @property
    def unread(self) -> int:
        """What the sensor counts."""
        return int(self.shown(self.entity("sensor", "unread_messages")).state)

    @property
    def texts(self) -> list[str]:
        """The text of every event, in order."""
        return [event.text for event in self.events]

    @property
    def listings(self) -> list[RequestLog]:
        """Every listing that the portal was asked for."""
        return self.requests("getinbox")
