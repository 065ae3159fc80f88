"""Binary sensors of an account and its channels."""

from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import BalanceCoordinator, SmskitConfigEntry
from .entity import ChannelEntity, SmskitCoordinatorEntity, async_add_for_channels

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmskitConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the binary sensors of an account."""
    data = entry.runtime_data
    async_add_entities([LowBalanceSensor(data.balance, data.settings.low_balance)])
    async_add_for_channels(
        entry, async_add_entities, ConnectedSensor, lambda _: ("connected",)
    )


class LowBalanceSensor(SmskitCoordinatorEntity[BalanceCoordinator], BinarySensorEntity):
    """Binary sensor that reports whether the balance is below the threshold."""

    _attr_device_class = BinarySensorDeviceClass.PROBLEM

    def __init__(self, coordinator: BalanceCoordinator, threshold: float) -> None:
        """Initialize the sensor with a threshold in the unit of the balance."""
        super().__init__(coordinator, "low_balance")
        self._threshold = threshold

    @property
    @override
    def is_on(self) -> bool:
        return self.coordinator.data.amount < self._threshold


class ConnectedSensor(ChannelEntity, BinarySensorEntity):
    """Binary sensor that reports whether a channel is connected."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY

    @property
    @override
    def is_on(self) -> bool | None:
        return self._state.connected or (False if self._state.closed else None)
