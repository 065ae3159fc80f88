"""Devices of the channels in the device registry."""

from collections.abc import Mapping

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from ..const import DOMAIN, MANUFACTURER
from .models import ChannelState, channel_name


def channel_identifier(entry_id: str, channel_id: str) -> tuple[str, str]:
    """Return the device identifier of a channel."""
    return (DOMAIN, f"{entry_id}_channel_{channel_id}")


def channel_id_of(entry_id: str, identifiers: set[tuple[str, str]]) -> str | None:
    """Return the channel ID of a device, or None if it is not one of the account."""
    prefix = channel_identifier(entry_id, "")[1]
    for domain, identifier in identifiers:
        if domain == DOMAIN and identifier.startswith(prefix):
            return identifier.removeprefix(prefix)
    return None


def device_channel_id(hass: HomeAssistant, entry_id: str, device_id: str) -> str | None:
    """Return the portal's channel ID of a device, or None if it is not a channel."""
    device = dr.async_get(hass).async_get(device_id)
    return channel_id_of(entry_id, device.identifiers) if device else None


@callback
def sync_devices(
    hass: HomeAssistant, entry_id: str, channels: Mapping[str, ChannelState]
) -> None:
    """Create and update the devices of channels; remove those that are gone."""
    registry = dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(registry, entry_id):
        channel_id = channel_id_of(entry_id, device.identifiers)
        if channel_id is not None and channel_id not in channels:
            registry.async_remove_device(device.id)
    for channel_id, state in channels.items():
        registry.async_get_or_create(
            config_entry_id=entry_id,
            identifiers={channel_identifier(entry_id, channel_id)},
            name=channel_name(state.channel),
            manufacturer=MANUFACTURER,
            model="WhatsApp channel",
            entry_type=dr.DeviceEntryType.SERVICE,
            via_device_id=dr.async_get_device_id_by_identifier(
                hass, (DOMAIN, entry_id), config_entry_id=entry_id
            ),
        )
