"""Buttons of the channels."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .api import PortalError
from .const import DOMAIN
from .coordinator import ChannelCoordinator, SmskitConfigEntry
from .entity import ChannelEntity, async_add_for_channels
from .permissions import async_caller, require
from .services import async_clear_queue, async_reset, portal_error

PARALLEL_UPDATES = 1


async def _async_refresh_qr(entry: SmskitConfigEntry, channel_id: str) -> None:
    channels = entry.runtime_data.channels
    await channels.async_refresh_channels([channel_id], pairing=True)
    if channels.last_exception is not None:
        raise channels.last_exception
    state = channels.data.get(channel_id)
    if state is not None and state.problem is not None:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="portal_error",
            translation_placeholders={"error": state.problem},
        )


@dataclass(frozen=True, kw_only=True)
class ChannelButtonDescription(ButtonEntityDescription):
    """Describe a button of a channel."""

    press_fn: Callable[[SmskitConfigEntry, str], Awaitable[object]]


BUTTONS: Final = {
    description.key: description
    for description in (
        ChannelButtonDescription(
            key="reset", entity_category=EntityCategory.CONFIG, press_fn=async_reset
        ),
        ChannelButtonDescription(
            key="clear_queue",
            entity_category=EntityCategory.CONFIG,
            press_fn=async_clear_queue,
        ),
        ChannelButtonDescription(
            key="refresh_qr",
            entity_category=EntityCategory.CONFIG,
            press_fn=_async_refresh_qr,
        ),
    )
}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmskitConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the buttons of the channels."""
    async_add_for_channels(
        entry,
        async_add_entities,
        lambda coordinator, channel_id, key: ChannelButton(
            coordinator, channel_id, BUTTONS[key]
        ),
        lambda _: BUTTONS,
    )


class ChannelButton(ChannelEntity, ButtonEntity):
    """Button that runs an operation on a channel."""

    entity_description: ChannelButtonDescription

    def __init__(
        self,
        coordinator: ChannelCoordinator,
        channel_id: str,
        description: ChannelButtonDescription,
    ) -> None:
        """Initialize the button."""
        super().__init__(coordinator, channel_id, description.key)
        self.entity_description = description

    @property
    @override
    def available(self) -> bool:
        """Return whether the button can only affect the channel that it belongs to."""
        return super().available and self._state.is_verified

    @override
    async def async_press(self) -> None:
        require((await async_caller(self.hass, self._context)).administer())
        entry = self.coordinator.config_entry
        try:
            await self.entity_description.press_fn(entry, self._channel_id)
        except PortalError as err:
            raise portal_error(err) from err
