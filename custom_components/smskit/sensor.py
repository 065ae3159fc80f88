"""Sensors of an account (balance, inbox, outbox) and of its channels."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .alerts import SIGNAL_OPEN_ALERTS, OpenAlert
from .channels import ChannelState
from .coordinator import (
    BalanceCoordinator,
    ChannelCoordinator,
    InboxCoordinator,
    SmskitConfigEntry,
)
from .entity import (
    ChannelEntity,
    SmskitCoordinatorEntity,
    SmskitEntity,
    async_add_for_channels,
)
from .sending import SIGNAL_TOTALS, Totals
from .store import Message

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class TotalSensorDescription(SensorEntityDescription):
    """Describe a sensor of one of the outbox's totals."""

    value_fn: Callable[[Totals], int]


TOTALS: Final = (
    TotalSensorDescription(
        key="messages_sent",
        state_class=SensorStateClass.TOTAL_INCREASING,
        value_fn=lambda totals: totals.sent,
    ),
    TotalSensorDescription(
        key="messages_failed",
        state_class=SensorStateClass.TOTAL_INCREASING,
        value_fn=lambda totals: totals.failed,
    ),
    TotalSensorDescription(
        key="messages_unknown",
        state_class=SensorStateClass.TOTAL_INCREASING,
        value_fn=lambda totals: totals.unknown,
    ),
    TotalSensorDescription(
        key="messages_pending",
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda totals: totals.pending,
    ),
)


@dataclass(frozen=True, kw_only=True)
class ChannelSensorDescription(SensorEntityDescription):
    """Describe a sensor of a channel."""

    value_fn: Callable[[ChannelState], datetime | str | None]


CHANNEL_SENSORS: Final = {
    description.key: description
    for description in (
        ChannelSensorDescription(
            key="device_status",
            entity_category=EntityCategory.DIAGNOSTIC,
            value_fn=lambda s: s.details.device_status if s.details else None,
        ),
        ChannelSensorDescription(
            key="plan",
            entity_category=EntityCategory.DIAGNOSTIC,
            value_fn=lambda s: s.details.plan if s.details else None,
        ),
        ChannelSensorDescription(
            key="last_sync",
            device_class=SensorDeviceClass.TIMESTAMP,
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=False,
            value_fn=lambda s: s.last_sync,
        ),
        ChannelSensorDescription(
            key="connected_since",
            device_class=SensorDeviceClass.TIMESTAMP,
            entity_category=EntityCategory.DIAGNOSTIC,
            value_fn=lambda s: s.connected_since,
        ),
        ChannelSensorDescription(
            key="subscription_end",
            device_class=SensorDeviceClass.TIMESTAMP,
            entity_category=EntityCategory.DIAGNOSTIC,
            value_fn=lambda s: s.subscription_end,
        ),
    )
}


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
            *(
                TotalSensor(entry.entry_id, data.outbox.totals, description)
                for description in TOTALS
            ),
            OpenAlertsSensor(entry.entry_id, data.alerts.view),
        ]
    )
    async_add_for_channels(
        entry,
        async_add_entities,
        lambda coordinator, channel_id, key: ChannelSensor(
            coordinator, channel_id, CHANNEL_SENSORS[key]
        ),
        lambda state: [
            key
            for key, description in CHANNEL_SENSORS.items()
            if key != "subscription_end" or state.subscription_end is not None
        ],
    )


class BalanceSensor(SmskitCoordinatorEntity[BalanceCoordinator], SensorEntity):
    """Sensor of the balance, in credits or in a currency."""

    def __init__(self, coordinator: BalanceCoordinator, currency: str | None) -> None:
        """Initialize the sensor; a balance in a currency is monetary."""
        super().__init__(coordinator, "balance")
        if currency is None:
            # The unit "credits" comes from the translations.
            self._attr_state_class = SensorStateClass.MEASUREMENT
        else:
            # A translation key with a translated unit cannot have another unit.
            self._attr_translation_key = "balance_in_currency"
            self._attr_device_class = SensorDeviceClass.MONETARY
            self._attr_state_class = SensorStateClass.TOTAL
            self._attr_native_unit_of_measurement = currency
            self._attr_suggested_display_precision = 2

    @property
    @override
    def native_value(self) -> Decimal:
        return self.coordinator.data.amount


class UnreadMessagesSensor(SmskitCoordinatorEntity[InboxCoordinator], SensorEntity):
    """Sensor of the number of unread messages; an attribute has the newest messages."""

    _attr_state_class = SensorStateClass.MEASUREMENT
    _unrecorded_attributes = frozenset({"messages"})

    @property
    @override
    def native_value(self) -> int:
        return self.coordinator.data.unread

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        newest = self.coordinator.data.newest
        return {"messages": [message.as_attributes() for message in newest]}


class LastMessageSensor(SmskitCoordinatorEntity[InboxCoordinator], SensorEntity):
    """Sensor of the time of the newest message; its attributes are the message."""

    _attr_device_class = SensorDeviceClass.TIMESTAMP
    _unrecorded_attributes = frozenset({"from", "to", "text", "id"})

    @property
    def _message(self) -> Message | None:
        return next(iter(self.coordinator.data.newest), None)

    @property
    @override
    def native_value(self) -> datetime | None:
        return self._message.date if self._message else None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        if self._message is None:
            return None
        attributes = self._message.as_attributes()
        return {key: attributes[key] for key in ("from", "to", "text", "id")}


class TotalSensor(SmskitEntity, SensorEntity):
    """Sensor of one of the outbox's totals."""

    entity_description: TotalSensorDescription

    def __init__(
        self, entry_id: str, totals: Totals, description: TotalSensorDescription
    ) -> None:
        """Initialize the sensor."""
        super().__init__(entry_id, description.key)
        self.entity_description = description
        self._attr_native_value = description.value_fn(totals)

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        signal = SIGNAL_TOTALS.format(self._entry_id)
        self.async_on_remove(
            async_dispatcher_connect(self.hass, signal, self._async_update_totals)
        )

    @callback
    def _async_update_totals(self, totals: Totals) -> None:
        value = self.entity_description.value_fn(totals)
        if value != self._attr_native_value:
            self._attr_native_value = value
            self.async_write_ha_state()


class OpenAlertsSensor(SmskitEntity, SensorEntity):
    """Sensor of the number of open alerts; an attribute says how far each has come."""

    _attr_state_class = SensorStateClass.MEASUREMENT
    _unrecorded_attributes = frozenset({"alerts"})

    def __init__(self, entry_id: str, alerts: tuple[OpenAlert, ...]) -> None:
        """Initialize the sensor."""
        super().__init__(entry_id, "open_alerts")
        self._show(alerts)

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        signal = SIGNAL_OPEN_ALERTS.format(self._entry_id)
        self.async_on_remove(
            async_dispatcher_connect(self.hass, signal, self._async_update_alerts)
        )

    @callback
    def _async_update_alerts(self, alerts: tuple[OpenAlert, ...]) -> None:
        self._show(alerts)
        self.async_write_ha_state()

    def _show(self, alerts: tuple[OpenAlert, ...]) -> None:
        self._attr_native_value = len(alerts)
        self._attr_extra_state_attributes = {"alerts": [asdict(a) for a in alerts]}


class ChannelSensor(ChannelEntity, SensorEntity):
    """Sensor of a channel."""

    entity_description: ChannelSensorDescription

    def __init__(
        self,
        coordinator: ChannelCoordinator,
        channel_id: str,
        description: ChannelSensorDescription,
    ) -> None:
        """Initialize the sensor."""
        super().__init__(coordinator, channel_id, description.key)
        self.entity_description = description

    @property
    @override
    def native_value(self) -> datetime | str | None:
        return self.entity_description.value_fn(self._state)
