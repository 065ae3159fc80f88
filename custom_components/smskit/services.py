"""The actions, registered once for all accounts."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import service
import voluptuous as vol

from . import channel_actions, inbox_actions, send_actions
from .const import DOMAIN

type Action = Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]

# Those that change or cost something need no answer; those that only tell do.
_ACTIONS: Final[dict[str, tuple[Action, vol.Schema, SupportsResponse]]] = {
    "send_message": (
        send_actions.async_send_message,
        send_actions.SEND_SCHEMA,
        SupportsResponse.OPTIONAL,
    ),
    "preview_message": (
        send_actions.async_preview_message,
        send_actions.SEND_SCHEMA,
        SupportsResponse.ONLY,
    ),
    "get_message_status": (
        send_actions.async_get_message_status,
        send_actions.STATUS_SCHEMA,
        SupportsResponse.ONLY,
    ),
    "get_messages": (
        inbox_actions.async_get_messages,
        inbox_actions.GET_SCHEMA,
        SupportsResponse.ONLY,
    ),
    "mark_messages_read": (
        inbox_actions.async_mark_messages_read,
        inbox_actions.IDS_SCHEMA,
        SupportsResponse.OPTIONAL,
    ),
    "delete_messages": (
        inbox_actions.async_delete_messages,
        inbox_actions.IDS_SCHEMA,
        SupportsResponse.OPTIONAL,
    ),
    "ask": (
        inbox_actions.async_ask,
        inbox_actions.ASK_SCHEMA,
        SupportsResponse.OPTIONAL,
    ),
}
# They cost money, or end something that others rely on.
_ADMIN_ACTIONS: Final[dict[str, tuple[Action, vol.Schema]]] = {
    "create_channel": (
        channel_actions.async_create_channel,
        channel_actions.CREATE_SCHEMA,
    ),
    "reset_channel": (
        channel_actions.for_devices(channel_actions.async_reset),
        channel_actions.DEVICES_SCHEMA,
    ),
    "clear_channel_queue": (
        channel_actions.for_devices(channel_actions.async_clear_queue),
        channel_actions.DEVICES_SCHEMA,
    ),
    "delete_channel": (
        channel_actions.for_devices(channel_actions.async_delete),
        channel_actions.DEVICES_SCHEMA,
    ),
}


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    for name, (action, schema, response) in _ACTIONS.items():
        hass.services.async_register(
            DOMAIN, name, action, schema=schema, supports_response=response
        )
    for name, (action, schema) in _ADMIN_ACTIONS.items():
        service.async_register_admin_service(
            hass, DOMAIN, name, action, schema, SupportsResponse.OPTIONAL
        )
