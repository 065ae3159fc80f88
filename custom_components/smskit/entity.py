"""Base entities of an account, its recipients and channels, and how they are added."""

from collections.abc import Callable, Iterable
from typing import Any, override

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import (
    DeviceEntryType,
    DeviceInfo,
    async_get_device_id_by_identifier,
)
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .channels import ChannelState, channel_identifier
from .const import DOMAIN, MANUFACTURER, SUBENTRY_RECIPIENT
from .coordinator import ChannelCoordinator, SmskitConfigEntry, SmskitCoordinator
from .recipients import SIGNAL_RECIPIENTS, recipient_identifier


class SmskitEntity(Entity):
    """Base entity of an account's device that is not polled."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, entry_id: str, key: str) -> None:
        """Initialize the entity; the set-up has created the device."""
        self._entry_id = entry_id
        self._attr_unique_id = f"{entry_id}_{key}"
        self._attr_translation_key = key
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, entry_id)})


class RecipientEntity(Entity):
    """Base entity of a recipient, which has a device of its own below the account's."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(
        self,
        hass: HomeAssistant,
        entry: SmskitConfigEntry,
        subentry: ConfigSubentry,
        key: str | None = None,
    ) -> None:
        """Initialize the entity; the one without a key stands for the recipient."""
        self._entry = entry
        self._subentry = subentry
        self._attr_unique_id = f"{entry.entry_id}_{subentry.subentry_id}"
        if key is not None:
            self._attr_unique_id += f"_{key}"
            self._attr_translation_key = key
        self._attr_device_info = DeviceInfo(
            identifiers={recipient_identifier(entry.entry_id, subentry.subentry_id)},
            name=subentry.title,
            manufacturer=MANUFACTURER,
            entry_type=DeviceEntryType.SERVICE,
            via_device_id=async_get_device_id_by_identifier(
                hass, (DOMAIN, entry.entry_id), config_entry_id=entry.entry_id
            ),
        )


class SmskitCoordinatorEntity[CoordinatorT: SmskitCoordinator[Any]](
    SmskitEntity, CoordinatorEntity[CoordinatorT]
):
    """Base entity of an account's device that shows what is polled."""

    def __init__(self, coordinator: CoordinatorT, key: str) -> None:
        """Initialize the entity."""
        CoordinatorEntity.__init__(self, coordinator)
        SmskitEntity.__init__(self, coordinator.config_entry.entry_id, key)

    @property
    @override
    def available(self) -> bool:
        """Return whether the last poll succeeded; the first one follows the set-up."""
        return super().available and self.coordinator.data is not None


class ChannelEntity(CoordinatorEntity[ChannelCoordinator]):
    """Base entity of a channel's device."""

    _attr_has_entity_name = True

    def __init__(
        self, coordinator: ChannelCoordinator, channel_id: str, key: str
    ) -> None:
        """Initialize the entity; the coordinator has created the device."""
        super().__init__(coordinator)
        self._channel_id = channel_id
        entry_id = coordinator.config_entry.entry_id
        identifier = channel_identifier(entry_id, channel_id)
        self._attr_unique_id = f"{identifier[1]}_{key}"
        self._attr_translation_key = key
        self._attr_device_info = DeviceInfo(identifiers={identifier})

    @property
    def _state(self) -> ChannelState:
        return self.coordinator.data[self._channel_id]

    @property
    @override
    def available(self) -> bool:
        return (
            super().available
            and self._channel_id in self.coordinator.data
            and self._state.details is not None
        )


@callback
def async_add_for_channels(
    entry: SmskitConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    create: Callable[[ChannelCoordinator, str, str], Entity],
    keys: Callable[[ChannelState], Iterable[str]],
) -> None:
    """Add the entities of all current and future channels.

    `keys` returns the entity keys of a channel and is called after every poll;
    `create` returns an entity for the coordinator, a channel ID and a key.
    """
    coordinator = entry.runtime_data.channels
    added: set[tuple[str, str]] = set()

    @callback
    def add() -> None:
        wanted = {
            (channel_id, key)
            for channel_id, state in coordinator.data.items()
            for key in keys(state)
        }
        # The entities of a channel that is gone were removed with its device.
        added.intersection_update({one for one in added if one[0] in coordinator.data})
        new = wanted - added
        added.update(new)
        if new:
            async_add_entities(create(coordinator, *one) for one in sorted(new))

    add()
    entry.async_on_unload(coordinator.async_add_listener(add))


@callback
def async_add_for_recipients(
    hass: HomeAssistant,
    entry: SmskitConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    create: Callable[[ConfigSubentry], Iterable[Entity]],
) -> None:
    """Add the entities of each current and future recipient.

    Home Assistant removes those of a recipient that is removed.
    """
    added: set[str] = set()

    @callback
    def add() -> None:
        for subentry in entry.get_subentries_of_type(SUBENTRY_RECIPIENT):
            if subentry.subentry_id not in added:
                added.add(subentry.subentry_id)
                async_add_entities(
                    create(subentry), config_subentry_id=subentry.subentry_id
                )

    add()
    signal = SIGNAL_RECIPIENTS.format(entry.entry_id)
    entry.async_on_unload(async_dispatcher_connect(hass, signal, add))


@callback
def entities_of(hass: HomeAssistant, key: str, entity_ids: set[str]) -> set[str]:
    """Return which of several entities are the integration's with a key."""
    registry = er.async_get(hass)
    return {
        entity_id
        for entity_id in entity_ids
        if (entity := registry.async_get(entity_id)) is not None
        and entity.platform == DOMAIN
        and entity.translation_key == key
    }
