"""The account that an action is called for."""

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import ServiceCall
from homeassistant.helpers import service

from .const import DOMAIN
from .coordinator import SmskitConfigEntry


def called_entry(call: ServiceCall) -> SmskitConfigEntry:
    """Return the account that a call names, or the only one.

    Raises ServiceValidationError where that is none that is loaded.
    """
    entry: SmskitConfigEntry = service.async_get_config_entry(
        call.hass, DOMAIN, call.data.get(ATTR_CONFIG_ENTRY_ID)
    )
    return entry
