"""Backups: a copy of the databases is consistent at any moment, and nothing waits."""

import asyncio

from homeassistant.core import HomeAssistant

from .const import DOMAIN
from .coordinator import SmskitConfigEntry


async def async_pre_backup(hass: HomeAssistant) -> None:
    """Prepare the databases of all accounts for being copied."""
    stores = [entry.runtime_data.store for entry in _loaded(hass)]
    await asyncio.gather(*(store.async_pre_backup() for store in stores))


async def async_post_backup(hass: HomeAssistant) -> None:
    """Go on as before."""
    stores = [entry.runtime_data.store for entry in _loaded(hass)]
    await asyncio.gather(*(store.async_post_backup() for store in stores))


def _loaded(hass: HomeAssistant) -> list[SmskitConfigEntry]:
    entries: list[SmskitConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    return entries
