"""Events of an account: messages that come in, and what becomes of those that go."""

from typing import Any, override

from homeassistant.components.event import EventEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import InboxCoordinator, OutgoingCoordinator, SmskitConfigEntry
from .entity import SmskitEntity
from .inbox import SIGNAL_RECEIVED
from .sending import SIGNAL_OUTCOME, Outcome, Status
from .store import Message

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmskitConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the events of an account."""
    data = entry.runtime_data
    async_add_entities(
        [MessageReceivedEvent(data.inbox), MessageStatusEvent(data.outgoing)]
    )


class MessageReceivedEvent(SmskitEntity[InboxCoordinator], EventEntity):
    """Fires once for every message that came in."""

    _unrecorded_attributes = frozenset({"from", "to", "text"})

    def __init__(self, coordinator: InboxCoordinator) -> None:
        """Belong to the account."""
        super().__init__(coordinator, "message_received")
        self._attr_event_types = ["received"]

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        signal = SIGNAL_RECEIVED.format(self.coordinator.config_entry.entry_id)
        self.async_on_remove(
            async_dispatcher_connect(self.hass, signal, self._async_fire)
        )

    @property
    @override
    def available(self) -> bool:
        """What was received stays true while the portal is away."""
        return True

    @callback
    def _async_fire(self, message: Message, backlog: bool) -> None:
        attributes = message.as_dict()
        del attributes["read"]
        self._trigger_event("received", {**attributes, "backlog": backlog})
        self.async_write_ha_state()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write nothing: only an event is a change."""


class MessageStatusEvent(SmskitEntity[OutgoingCoordinator], EventEntity):
    """Fires for each recipient whenever something new is known of its message."""

    _unrecorded_attributes = frozenset({"number", "name", "reason"})

    def __init__(self, coordinator: OutgoingCoordinator) -> None:
        """Belong to the account."""
        super().__init__(coordinator, "message_status")
        self._attr_event_types = [
            status.value for status in Status if status is not Status.READY
        ]

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        signal = SIGNAL_OUTCOME.format(self.coordinator.config_entry.entry_id)
        self.async_on_remove(
            async_dispatcher_connect(self.hass, signal, self._async_fire)
        )

    @callback
    def _async_fire(self, outcome: Outcome, _message: Message) -> None:
        attributes: dict[str, Any] = {
            "group_id": outcome.group_id,
            "number": outcome.number,
            "name": outcome.name,
            "reason": outcome.reason,
        }
        self._trigger_event(outcome.status.value, attributes)
        self.async_write_ha_state()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write nothing: only an event is a change."""
