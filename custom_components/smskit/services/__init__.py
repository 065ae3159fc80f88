"""Actions of the integration, registered once for all accounts."""

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

from ..const import DOMAIN
from . import alerts, ask, cancel, channels, inbox, portal, sending
from .channels import async_clear_queue, async_reset
from .errors import portal_error, raise_unless_all_taken

__all__ = [
    "async_clear_queue",
    "async_reset",
    "async_setup_services",
    "portal_error",
    "raise_unless_all_taken",
]

type Action = Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]

# The response is optional for actions with an effect; the others only return data.
_ACTIONS: Final[dict[str, tuple[Action, vol.Schema, SupportsResponse]]] = {
    "send_message": (
        sending.async_send_message,
        sending.SEND_SCHEMA,
        SupportsResponse.OPTIONAL,
    ),
    "preview_message": (
        sending.async_preview_message,
        sending.SEND_SCHEMA,
        SupportsResponse.ONLY,
    ),
    "get_message_status": (
        sending.async_get_message_status,
        sending.STATUS_SCHEMA,
        SupportsResponse.ONLY,
    ),
    "get_messages": (
        inbox.async_get_messages,
        inbox.GET_SCHEMA,
        SupportsResponse.ONLY,
    ),
    "export_messages": (
        inbox.async_export_messages,
        inbox.EXPORT_SCHEMA,
        SupportsResponse.OPTIONAL,
    ),
    "cancel_held_messages": (
        cancel.async_cancel_held_messages,
        cancel.CANCEL_SCHEMA,
        SupportsResponse.OPTIONAL,
    ),
    "mark_messages_read": (
        inbox.async_mark_messages_read,
        inbox.IDS_SCHEMA,
        SupportsResponse.OPTIONAL,
    ),
    "delete_messages": (
        inbox.async_delete_messages,
        inbox.IDS_SCHEMA,
        SupportsResponse.OPTIONAL,
    ),
    "ask": (
        ask.async_ask,
        ask.ASK_SCHEMA,
        SupportsResponse.OPTIONAL,
    ),
    "alert": (
        alerts.async_alert,
        alerts.ALERT_SCHEMA,
        SupportsResponse.OPTIONAL,
    ),
    "end_alert": (
        alerts.async_end_alert,
        alerts.END_SCHEMA,
        SupportsResponse.OPTIONAL,
    ),
}
# These cost money, or interrupt something that others rely on; a report of how the
# portal answers is like diagnostics.
_ADMIN_ACTIONS: Final[dict[str, tuple[Action, vol.Schema, SupportsResponse]]] = {
    "check_portal": (
        portal.async_check_portal,
        portal.CHECK_SCHEMA,
        SupportsResponse.ONLY,
    ),
    "create_channel": (
        channels.async_create_channel,
        channels.CREATE_SCHEMA,
        SupportsResponse.OPTIONAL,
    ),
    "reset_channel": (
        channels.for_devices(channels.async_reset),
        channels.DEVICES_SCHEMA,
        SupportsResponse.OPTIONAL,
    ),
    "clear_channel_queue": (
        channels.for_devices(channels.async_clear_queue),
        channels.DEVICES_SCHEMA,
        SupportsResponse.OPTIONAL,
    ),
    "delete_channel": (
        channels.for_devices(channels.async_delete),
        channels.DEVICES_SCHEMA,
        SupportsResponse.OPTIONAL,
    ),
}


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    for name, (action, schema, response) in _ACTIONS.items():
        hass.services.async_register(
            DOMAIN, name, action, schema=schema, supports_response=response
        )
    for name, (action, schema, response) in _ADMIN_ACTIONS.items():
        service.async_register_admin_service(
            hass, DOMAIN, name, action, schema, response
        )
