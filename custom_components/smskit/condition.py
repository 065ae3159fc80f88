"""Conditions: the balance, unread messages, channels, and alerts."""

from collections.abc import Mapping
from typing import ClassVar, Final, override

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.condition import Condition, EntityConditionBase

from .entity import entities_of


class _EntityCondition(EntityConditionBase):
    """Condition about the entities of one key."""

    _key: ClassVar[str]
    # Channels are looked after by devices whose entities may be diagnostic ones.
    _primary_entities_only: ClassVar = False

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        return entities_of(self._hass, self._key, super().entity_filter(entities))


class _IsOn(_EntityCondition):
    """Condition that a binary sensor is on."""

    _domain_specs: Mapping[str, DomainSpec] = {BINARY_SENSOR_DOMAIN: DomainSpec()}

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        return entity_state.state == STATE_ON


class _IsAboveZero(_EntityCondition):
    """Condition that a sensor counts something."""

    _domain_specs: Mapping[str, DomainSpec] = {SENSOR_DOMAIN: DomainSpec()}

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        try:
            return float(entity_state.state) > 0
        except ValueError:
            return False


class BalanceIsLow(_IsOn):
    """Condition that an account's balance is low."""

    _key = "low_balance"


class HasUnreadMessages(_IsAboveZero):
    """Condition that an account has unread messages."""

    _key = "unread_messages"


class ChannelIsConnected(_IsOn):
    """Condition that a channel is connected."""

    _key = "connected"


class AlertIsOpen(_IsAboveZero):
    """Condition that an alert is open."""

    _key = "open_alerts"


_CONDITIONS: Final[dict[str, type[Condition]]] = {
    "balance_is_low": BalanceIsLow,
    "has_unread_messages": HasUnreadMessages,
    "channel_is_connected": ChannelIsConnected,
    "alert_is_open": AlertIsOpen,
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions of the integration."""
    return _CONDITIONS
