"""The action that reports how a portal answers."""

from collections.abc import Iterator

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, CONF_NAME
from homeassistant.core import ServiceCall, ServiceResponse
import voluptuous as vol

from ..const import CONF_NUMBERS, CONF_SENDER
from ..coordinator import SmskitConfigEntry, async_loaded_entry

CHECK_SCHEMA = vol.Schema({vol.Optional(ATTR_CONFIG_ENTRY_ID): str})


async def async_check_portal(call: ServiceCall) -> ServiceResponse:
    """Return how the portal answers requests that change nothing."""
    entry = await async_loaded_entry(call.hass, call.data.get(ATTR_CONFIG_ENTRY_ID))
    data = entry.runtime_data
    channel = next(iter(data.channels.poller.listed), None)
    report = await data.check.async_run(channel, _names(entry))
    return report.as_dict()


def _names(entry: SmskitConfigEntry) -> Iterator[str]:
    """Yield the user's own words, which a portal may repeat in a refusal."""
    data = entry.runtime_data
    yield data.client.host
    yield entry.data[CONF_SENDER]
    for subentry in entry.subentries.values():
        yield subentry.data[CONF_NAME]
        yield subentry.data.get(CONF_SENDER) or ""
        yield from subentry.data[CONF_NUMBERS]
    for channel in data.channels.poller.listed:
        yield channel.label or ""
        yield channel.number or ""
