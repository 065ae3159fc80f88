"""Operations on channels, for actions and buttons."""

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
from ..coordinator import SmskitConfigEntry, async_loaded_entry
from ..texts import explanation_text
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

type ChannelOperation = Callable[
    [SmskitConfigEntry, str], Awaitable[dict[str, JsonValueType]]
]


async def async_create_channel(call: ServiceCall) -> ServiceResponse:
    """Create a channel and its device."""
    entry = await async_loaded_entry(call.hass, call.data.get(ATTR_CONFIG_ENTRY_ID))
    data = entry.runtime_data
    try:
        new = await data.client.create_channel(
            call.data[ATTR_LABEL].strip(), call.data[ATTR_PLAN].strip()
        )
    except PortalError as err:
        if isinstance(err, UncertainError):
            # The channel may have been created; a refresh makes it appear.
            await data.channels.async_refresh_channels()
        raise portal_error(call.hass, err) from err
    await data.channels.poller.async_save_subscription_end(
        new.channel_id, new.subscription_end
    )
    await data.channels.async_refresh_channels([new.channel_id], pairing=True)
    device = dr.async_get(call.hass).async_get_device_by_identifier(
        channel_identifier(entry.entry_id, new.channel_id), entry.entry_id
    )
    end = data.clock.to_utc(new.subscription_end)
    return {
        "channel_id": new.channel_id,
        "gateway_id": new.gateway_id,
        "subscription_end": end.isoformat() if end else None,
        "device_id": device.id if device else None,
    }


async def async_reset(
    entry: SmskitConfigEntry, channel_id: str
) -> dict[str, JsonValueType]:
    """End a channel's session and fetch the QR code that pairs it again."""
    data = entry.runtime_data
    async with _refreshing(entry, channel_id, pairing=True):
        await data.client.reset_channel(data.channels.poller.ids(channel_id))
        data.channels.poller.restart_loss_timer(channel_id)
    return {"status": "success"}


async def async_clear_queue(
    entry: SmskitConfigEntry, channel_id: str
) -> dict[str, JsonValueType]:
    """Clear a channel's queue."""
    data = entry.runtime_data
    async with _refreshing(entry, channel_id):
        count = await data.client.clear_queue(data.channels.poller.ids(channel_id))
    return {"status": "success", "queue_count": count}


async def async_delete(
    entry: SmskitConfigEntry, channel_id: str
) -> dict[str, JsonValueType]:
    """Delete a channel and its device."""
    data = entry.runtime_data
    async with _refreshing(entry):
        await data.client.delete_channel(data.channels.poller.ids(channel_id))
    return {"status": "success"}


@asynccontextmanager
async def _refreshing(
    entry: SmskitConfigEntry, *channel_ids: str, pairing: bool = False
) -> AsyncGenerator[None]:
    """Refresh channels after an operation that changed or may have changed them."""
    channels = entry.runtime_data.channels
    try:
        yield
    except UncertainError:
        await channels.async_refresh_channels(channel_ids)
        raise
    await channels.async_refresh_channels(channel_ids, pairing=pairing)


def for_devices(
    operation: ChannelOperation,
) -> Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]:
    """Return an action that runs an operation on every channel of a call.

    All devices are resolved before the first operation. An error of one channel does
    not affect the others; it is raised only if the operation failed for all of them.
    """

    async def action(call: ServiceCall) -> ServiceResponse:
        device_ids: list[str] = call.data[ATTR_DEVICE_ID]
        targets = [channel_of(call.hass, device_id) for device_id in device_ids]
        channels: list[JsonValueType] = []
        errors: list[HomeAssistantError] = []
        for device_id, (entry, channel_id) in zip(device_ids, targets, strict=True):
            answer: dict[str, JsonValueType]
            try:
                answer = await operation(entry, channel_id)
            except PortalError as err:
                errors.append(portal_error(call.hass, err))
                status = "unknown" if isinstance(err, UncertainError) else "error"
                reason = explanation_text(call.hass, err.explanation)
                answer = {"status": status, "reason": reason}
            channels.append(
                {"device_id": device_id, "channel_id": channel_id, **answer}
            )
        if len(errors) == len(targets):
            raise errors[0]
        return {"channels": channels}

    return action


def channel_of(hass: HomeAssistant, device_id: str) -> tuple[SmskitConfigEntry, str]:
    """Return the account and the channel ID of a device.

    Raises ServiceValidationError for a device that is not a channel.
    """
    entry: SmskitConfigEntry
    device, entry = service.async_get_device_and_config_entry(
        hass, DOMAIN, device_id, include_child_devices=False
    )
    if (channel_id := device_channel_id(hass, entry.entry_id, device.id)) is not None:
        return entry, channel_id
    raise ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="not_a_channel",
    )
