"""SMS and WhatsApp through SMSKit and other portals with the same software."""

import asyncio
from functools import partial

from homeassistant.const import CONF_API_KEY, CONF_API_TOKEN, CONF_URL, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.typing import ConfigType

from .api import PortalClient
from .const import CONF_GET_OPERATIONS, DOMAIN, MANUFACTURER
from .coordinator import (
    BalanceCoordinator,
    InboxCoordinator,
    SmskitConfigEntry,
    SmskitData,
)
from .sending import Sender
from .services import async_setup_services
from .settings import Settings

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)
PLATFORMS = [Platform.BINARY_SENSOR, Platform.NOTIFY, Platform.SENSOR]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions, which take any account."""
    async_setup_services(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: SmskitConfigEntry) -> bool:
    """Set up an account."""
    client = PortalClient(
        async_get_clientsession(hass),
        entry.data[CONF_URL],
        entry.data[CONF_API_KEY],
        entry.data[CONF_API_TOKEN],
        get_operations=entry.data[CONF_GET_OPERATIONS],
    )
    settings = await Settings.async_from_entry(hass, entry)
    balance = BalanceCoordinator(hass, entry, client)
    inbox = InboxCoordinator(hass, entry, client, settings)
    await asyncio.gather(
        balance.async_config_entry_first_refresh(),
        inbox.async_config_entry_first_refresh(),
    )

    @callback
    def refresh_balance() -> None:
        entry.async_create_background_task(
            hass, balance.async_request_refresh(), "smskit balance"
        )

    entry.runtime_data = SmskitData(
        client=client,
        settings=settings,
        balance=balance,
        inbox=inbox,
        sender=Sender(
            client,
            settings.sender,
            on_auth_error=partial(entry.async_start_reauth, hass),
            on_sent=refresh_balance,
        ),
    )
    dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={(DOMAIN, entry.entry_id)},
        name=entry.title,
        manufacturer=MANUFACTURER,
        entry_type=dr.DeviceEntryType.SERVICE,
        configuration_url=entry.data[CONF_URL],
    )
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    entry.async_on_unload(entry.add_update_listener(_async_reload))
    return True


async def async_unload_entry(hass: HomeAssistant, entry: SmskitConfigEntry) -> bool:
    """Unload an account."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def _async_reload(hass: HomeAssistant, entry: SmskitConfigEntry) -> None:
    """Start anew with changed data, options or recipients."""
    hass.config_entries.async_schedule_reload(entry.entry_id)
