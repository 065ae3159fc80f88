"""SMS and WhatsApp through SMSKit and other portals with the same software."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

from . import account
from .const import DOMAIN, LOGGER
from .coordinator import SmskitConfigEntry
from .frontend import async_setup_frontend
from .log_filter import LogFilter
from .sending import async_setup_media
from .services import async_setup_services

# Before anything is logged, also by a flow that adds the first account.
LOGGER.addFilter(LogFilter())
CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)
# Sensors first: what a problem is about changes before the problem shows.
PLATFORMS = [
    Platform.SENSOR,
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.IMAGE,
    Platform.NOTIFY,
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions, which take any account."""
    async_setup_media(hass)
    async_setup_services(hass)
    await async_setup_frontend(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: SmskitConfigEntry) -> bool:
    """Set up an account."""
    loaded_with = _settings(entry)

    async def updated(hass: HomeAssistant, entry: SmskitConfigEntry) -> None:
        # Home Assistant calls this for recipients, too, which need no reload.
        if _settings(entry) != loaded_with:
            hass.config_entries.async_schedule_reload(entry.entry_id)
        else:
            await account.async_update_recipients(hass, entry)

    # First of all: what is changed while this goes on must not be missed.
    entry.async_on_unload(entry.add_update_listener(updated))
    entry.runtime_data = await account.async_build(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    await account.async_start(hass, entry)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: SmskitConfigEntry) -> bool:
    """Unload an account, after what has left is answered."""
    data = entry.runtime_data
    await account.async_stop(data)
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    # Before anything opens it anew.
    await data.store.async_close()
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: SmskitConfigEntry) -> None:
    """Leave nothing of an account behind."""
    await account.async_remove(hass, entry.entry_id)


def _settings(entry: SmskitConfigEntry) -> tuple[object, ...]:
    """Return what an account is built from, and rebuilt from when it changes."""
    return entry.title, entry.data, entry.options
