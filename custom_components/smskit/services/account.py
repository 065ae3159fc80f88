"""The account that an action is called for."""

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import service

from ..const import DOMAIN
from ..coordinator import SmskitConfigEntry


def called_entry(call: ServiceCall) -> SmskitConfigEntry:
    """Return the account that a call names, or the only one that is loaded.

    Raises ServiceValidationError where there is no such account.
    """
    return loaded_entry(call.hass, call.data.get(ATTR_CONFIG_ENTRY_ID))


def loaded_entry(hass: HomeAssistant, entry_id: str | None) -> SmskitConfigEntry:
    """Return an account by its id, or the only one that is loaded.

    Raises ServiceValidationError where there is no such account.
    """
    loaded: list[SmskitConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    if entry_id is None and len(loaded) == 1:
        return loaded[0]
    entry: SmskitConfigEntry = service.async_get_config_entry(hass, DOMAIN, entry_id)
    return entry
