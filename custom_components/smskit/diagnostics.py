"""Diagnostics of an account, without messages, numbers and credentials."""

from typing import Any

from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry

from .api import PortalError
from .channels import ChannelState, channel_identifier
from .const import CONF_ALLOWED_SENDERS, CONF_COMMAND_PIN, CONF_VIA
from .coordinator import SmskitConfigEntry, SmskitCoordinator


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: SmskitConfigEntry
) -> dict[str, Any]:
    """Return diagnostics of an account, limited to an explicit selection of fields."""
    data = entry.runtime_data
    options = dict(entry.options)
    allowed = options.pop(CONF_ALLOWED_SENDERS, [])
    pin = options.pop(CONF_COMMAND_PIN, None)
    return {
        "portal": {
            "https": entry.data[CONF_URL].startswith("https://"),
            "clock": data.clock.source.value,
            **data.client.traits.describe(),
        },
        # Of the action that checks the portal, if it was called since the last load.
        "check": data.check.last and data.check.last.as_dict(),
        "options": {
            **options,
            CONF_ALLOWED_SENDERS: len(allowed),
            CONF_COMMAND_PIN: bool(pin),
        },
        "recipients": [
            {"via": subentry.data[CONF_VIA], "numbers": len(subentry.data["numbers"])}
            for subentry in entry.subentries.values()
        ],
        "polls": {
            "balance": _poll(data.balance),
            "channels": _poll(data.channels),
            "inbox": _poll(data.inbox),
        },
        "inbox": {"kept": data.messages.total, "unread": data.inbox.data.unread},
        "outbox": {
            "sent": data.outbox.totals.sent,
            "failed": data.outbox.totals.failed,
            "unknown": data.outbox.totals.unknown,
            "pending": data.outbox.totals.pending,
            "batches": data.outbox.counts,
        },
        "channels": [_channel(state) for state in data.channels.data.values()],
    }


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: SmskitConfigEntry, device: DeviceEntry
) -> dict[str, Any]:
    """Return diagnostics of a channel, or of the account for any other device."""
    for channel_id, state in entry.runtime_data.channels.data.items():
        if channel_identifier(entry.entry_id, channel_id) in device.identifiers:
            return _channel(state)
    return await async_get_config_entry_diagnostics(hass, entry)


def _poll(coordinator: SmskitCoordinator[Any]) -> dict[str, Any]:
    error = coordinator.last_exception
    interval = coordinator.update_interval
    return {
        "success": coordinator.last_update_success,
        "interval": interval.total_seconds() if interval else None,
        "error": type(error).__name__ if error else None,
        "cause": _cause(error.__cause__) if error else None,
    }


def _cause(err: BaseException | None) -> str | None:
    """Return why a poll failed, without a word of the portal's: it may quote anything.

    The status of HTTP is a number of three digits.
    """
    if not isinstance(err, PortalError):
        return type(err).__name__ if err else None
    status = err.quote if err.quote.isdecimal() and len(err.quote) == 3 else ""
    return f"{err.cause.value} {status}".strip()


def _channel(state: ChannelState) -> dict[str, Any]:
    details = state.details
    return {
        "connection": state.connection.value,
        "device_status": details.device_status if details else None,
        "has_plan": details is not None and details.plan is not None,
        "version": details.version if details else None,
        "connected_since": state.connected_since,
        "last_sync": state.last_sync,
        "subscription_end": state.subscription_end,
        "pairing": state.pairing,
        "has_code": state.code is not None,
    }
