"""Events of an account: received messages, and status changes of sent messages."""

from typing import Any, override

from homeassistant.components.event import EventEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .alerts import SIGNAL_ALERT, AlertEvent, AlertEventType
from .coordinator import SmskitConfigEntry
from .entity import SmskitEntity
from .inbox import SIGNAL_RECEIVED, Received
from .sending import SIGNAL_OUTCOME, Outcome, Status
from .store import Message

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmskitConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the events of an account."""
    async_add_entities(
        [
            MessageReceivedEvent(entry.entry_id),
            MessageStatusEvent(entry.entry_id),
            AlertEventEntity(entry.entry_id),
        ]
    )


class MessageReceivedEvent(SmskitEntity, EventEntity):
    """Event entity that fires once for every received message."""

    _unrecorded_attributes = frozenset({"from", "name", "to", "text", "id"})

    def __init__(self, entry_id: str) -> None:
        """Initialize the event entity."""
        super().__init__(entry_id, "message_received")
        self._attr_event_types = ["received"]

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        signal = SIGNAL_RECEIVED.format(self._entry_id)
        self.async_on_remove(
            async_dispatcher_connect(self.hass, signal, self._async_fire)
        )

    @callback
    def _async_fire(self, received: Received) -> None:
        attributes = received.message.as_attributes()
        del attributes["read"]
        self._trigger_event("received", {**attributes, "backlog": received.backlog})
        self.async_write_ha_state()


class MessageStatusEvent(SmskitEntity, EventEntity):
    """Event entity that fires when the status of a recipient's message changes."""

    _unrecorded_attributes = frozenset({"number", "name", "group_id", "reason"})

    def __init__(self, entry_id: str) -> None:
        """Initialize the event entity."""
        super().__init__(entry_id, "message_status")
        self._attr_event_types = [
            status.value for status in Status if status is not Status.READY
        ]

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        signal = SIGNAL_OUTCOME.format(self._entry_id)
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


class AlertEventEntity(SmskitEntity, EventEntity):
    """Event entity that fires for each step of an alert, its start, and its end."""

    _unrecorded_attributes = frozenset({"message", "asked", "by", "name"})

    def __init__(self, entry_id: str) -> None:
        """Initialize the event entity."""
        super().__init__(entry_id, "alert")
        self._attr_event_types = [type_.value for type_ in AlertEventType]

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        signal = SIGNAL_ALERT.format(self._entry_id)
        self.async_on_remove(
            async_dispatcher_connect(self.hass, signal, self._async_fire)
        )

    @callback
    def _async_fire(self, event: AlertEvent) -> None:
        attributes: dict[str, Any] = {
            "alert_id": event.alert_id,
            "message": event.message,
            "step": event.step,
            "round": event.round,
            "asked": list(event.asked),
            "by": event.by,
            "name": event.name,
        }
        self._trigger_event(event.type.value, attributes)
        self.async_write_ha_state()
