"""Events of an account: what becomes of messages that go out."""

from typing import Any, override

from homeassistant.components.event import EventEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import OutgoingCoordinator, SmskitConfigEntry
from .entity import SmskitEntity
from .outgoing import Outcome, Status

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmskitConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the events of an account."""
    async_add_entities([MessageStatusEvent(entry.runtime_data.outgoing)])


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
        outbox = self.coordinator.outbox
        self.async_on_remove(outbox.async_add_listener(self._async_fire))

    @callback
    def _async_fire(self, outcome: Outcome) -> None:
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
