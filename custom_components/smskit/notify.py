"""Notify entities, one for each recipient."""

from typing import override

from homeassistant.components.notify import NotifyEntity, NotifyEntityFeature
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import SmskitConfigEntry
from .entity import RecipientEntity, async_add_for_recipients
from .recipients import SIGNAL_NOTIFIED, subentry_recipients
from .sending import Draft
from .services import raise_unless_all_taken

# Requests are limited per account, not per entity.
PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmskitConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the notify entities of an account."""

    def create(subentry: ConfigSubentry) -> list[Entity]:
        return [RecipientNotifyEntity(hass, entry, subentry)]

    async_add_for_recipients(hass, entry, async_add_entities, create)


class RecipientNotifyEntity(RecipientEntity, NotifyEntity):
    """Notify entity of a recipient, which is a person or a group."""

    _attr_name = None
    _attr_translation_key = "recipient"
    _attr_supported_features = NotifyEntityFeature.TITLE

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        signal = SIGNAL_NOTIFIED.format(self._subentry.subentry_id)
        self.async_on_remove(
            async_dispatcher_connect(self.hass, signal, self._async_record_notification)
        )

    @override
    async def async_send_message(self, message: str, title: str | None = None) -> None:
        """Send a message to all numbers of the recipient."""
        report = await self._entry.runtime_data.sender.async_send(
            Draft(text=message, title=title),
            subentry_recipients(self.hass, self._entry, self._subentry),
        )
        raise_unless_all_taken(self.hass, report)
