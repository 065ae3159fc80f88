"""Sensors of an account: its balance and its inbox."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorStateClass,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import (
    BalanceCoordinator,
    InboxCoordinator,
    ReceivedMessage,
    SmskitConfigEntry,
)
from .entity import SmskitEntity

PARALLEL_UPDATES = 0

_SHOWN_MESSAGES = 10


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmskitConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the sensors of an account."""
    data = entry.runtime_data
    async_add_entities(
        [
            BalanceSensor(data.balance, data.settings.currency),
            UnreadMessagesSensor(data.inbox, "unread_messages"),
            LastMessageSensor(data.inbox, "last_message"),
        ]
    )


class BalanceSensor(SmskitEntity[BalanceCoordinator], SensorEntity):
    """What is left on the account, in credits or in a currency."""

    def __init__(self, coordinator: BalanceCoordinator, currency: str | None) -> None:
        """Be monetary where the balance is an amount of money."""
        super().__init__(coordinator, "balance")
        if currency is None:
            # The unit "credits" is translated.
            self._attr_state_class = SensorStateClass.MEASUREMENT
        else:
            self._attr_device_class = SensorDeviceClass.MONETARY
            self._attr_state_class = SensorStateClass.TOTAL
            self._attr_native_unit_of_measurement = currency
            self._attr_suggested_display_precision = 2

    @property
    @override
    def native_value(self) -> Decimal:
        return self.coordinator.data.amount


class UnreadMessagesSensor(SmskitEntity[InboxCoordinator], SensorEntity):
    """How many messages nobody has read; its attribute has the newest of the inbox."""

    _attr_state_class = SensorStateClass.MEASUREMENT
    _unrecorded_attributes = frozenset({"messages"})

    @property
    @override
    def native_value(self) -> int:
        return sum(not message.read for message in self.coordinator.data)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        newest = self.coordinator.data[:_SHOWN_MESSAGES]
        return {"messages": [as_attributes(message) for message in newest]}


class LastMessageSensor(SmskitEntity[InboxCoordinator], SensorEntity):
    """When the newest message came; its attributes are the message."""

    _attr_device_class = SensorDeviceClass.TIMESTAMP
    _unrecorded_attributes = frozenset({"from", "to", "text", "id"})

    @property
    def _message(self) -> ReceivedMessage | None:
        return self.coordinator.data[0] if self.coordinator.data else None

    @property
    @override
    def native_value(self) -> datetime | None:
        return self._message.date if self._message else None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        if self._message is None:
            return None
        attributes = as_attributes(self._message)
        return {key: attributes[key] for key in ("from", "to", "text", "id")}


def as_attributes(message: ReceivedMessage) -> dict[str, Any]:
    """Return a message as it is shown in attributes."""
    return {
        "id": message.id,
        "from": message.sender,
        "to": message.recipient,
        "text": message.text,
        "date": message.date.isoformat() if message.date else None,
        "read": message.read,
    }
