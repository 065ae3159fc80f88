"""What can be done to a channel, by an action or a button."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import (
    config_validation as cv,
    device_registry as dr,
    service,
)
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from ..api import PortalError, UncertainError
from ..channels import channel_identifier, device_channel_id
from ..const import DOMAIN
from ..coordinator import SmskitConfigEntry, loaded_entry
from .errors import portal_error

ATTR_LABEL: Final = "label"
ATTR_PLAN: Final = "plan"

CREATE_SCHEMA: Final = vol.Schema(
    {
        vol.Optional(ATTR_CONFIG_ENTRY_ID): str,
        vol.Required(ATTR_LABEL): vol.All(cv.string, vol.Length(min=1, max=100)),
        vol.Optional(ATTR_PLAN, default=""): cv.string,
    }
)
DEVICES_SCHEMA: Final = vol.Schema(
    {
        vol.Required(ATTR_DEVICE_ID): vol.All(
            cv.ensure_list, vol.Length(min=1), [cv.string]
        )
    }
)

type Work = Callable[[SmskitConfigEntry, str], Awaitable[dict[str, JsonValueType]]]


async def async_create_channel(call: ServiceCall) -> ServiceResponse:
    """Make a channel; its device is there when this returns."""
    entry = loaded_entry(call.hass, call.data.get(ATTR_CONFIG_ENTRY_ID))
    data = entry.runtime_data
    try:
        new = await data.client.create_channel(
            call.data[ATTR_LABEL].strip(), call.data[ATTR_PLAN].strip()
        )
    except PortalError as err:
        if isinstance(err, UncertainError):
            # It may be there, and shows up if it is.
            await data.channels.async_refresh_channels()
        raise portal_error(call.hass, entry, err) from err
    end = data.settings.to_utc(new.subscription_end)
    await data.channels.poller.async_keep_subscription_end(new.channel_id, end)
    await data.channels.async_refresh_channels([new.channel_id], pairing=True)
    device = dr.async_get(call.hass).async_get_device_by_identifier(
        channel_identifier(entry.entry_id, new.channel_id), entry.entry_id
    )
    return {
        "channel_id": new.channel_id,
        "gateway_id": new.gateway_id,
        "subscription_end": end.isoformat() if end else None,
        "device_id": device.id if device else None,
    }


async def async_reset(
    entry: SmskitConfigEntry, channel: str
) -> dict[str, JsonValueType]:
    """End a channel's session, and fetch the code that pairs it again."""
    data = entry.runtime_data
    async with _refreshing(entry, channel, pairing=True):
        await data.client.reset_channel(channel)
        data.channels.poller.start_over(channel)
    return {"status": "success"}


async def async_clear_queue(
    entry: SmskitConfigEntry, channel: str
) -> dict[str, JsonValueType]:
    """Empty a channel's queue."""
    async with _refreshing(entry, channel):
        count = await entry.runtime_data.client.clear_queue(channel)
    return {"status": "success", "queue_count": count}


async def async_delete(
    entry: SmskitConfigEntry, channel: str
) -> dict[str, JsonValueType]:
    """Delete a channel; its device goes with it."""
    async with _refreshing(entry):
        await entry.runtime_data.client.delete_channel(channel)
    return {"status": "success"}


@asynccontextmanager
async def _refreshing(
    entry: SmskitConfigEntry, *channel_ids: str, pairing: bool = False
) -> AsyncGenerator[None]:
    """Refresh what something has changed, or may have changed."""
    channels = entry.runtime_data.channels
    try:
        yield
    except UncertainError:
        await channels.async_refresh_channels(channel_ids)
        raise
    await channels.async_refresh_channels(channel_ids, pairing=pairing)


def for_devices(
    work: Work,
) -> Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]:
    """Return the action that does something to each channel that a call names.

    All are looked up before anything is done. What fails for one does not keep the
    others from it; it is raised in the end when it failed for all.
    """

    async def action(call: ServiceCall) -> ServiceResponse:
        found = [channel_of(call.hass, one) for one in call.data[ATTR_DEVICE_ID]]
        channels: list[JsonValueType] = []
        errors: list[HomeAssistantError] = []
        for device_id, (entry, one) in zip(
            call.data[ATTR_DEVICE_ID], found, strict=True
        ):
            answer: dict[str, JsonValueType]
            try:
                answer = await work(entry, one)
            except PortalError as err:
                errors.append(portal_error(call.hass, entry, err))
                status = "unknown" if isinstance(err, UncertainError) else "error"
                answer = {"status": status, "reason": str(err)}
            channels.append({"device_id": device_id, "channel_id": one, **answer})
        if len(errors) == len(found):
            raise errors[0]
        return {"channels": channels}

    return action


def channel_of(hass: HomeAssistant, device_id: str) -> tuple[SmskitConfigEntry, str]:
    """Return the account and the id of the channel that a device is.

    Raises ServiceValidationError for a device that is none.
    """
    entry: SmskitConfigEntry
    device, entry = service.async_get_device_and_config_entry(
        hass, DOMAIN, device_id, include_child_devices=False
    )
    if (found := device_channel_id(hass, entry.entry_id, device.id)) is not None:
        return entry, found
    raise ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="not_a_channel",
    )
