"""Actions of the inbox, and the action that waits for a reply."""

import asyncio
from datetime import timedelta
from typing import Any, Final

from homeassistant.components.notify import DOMAIN as NOTIFY_DOMAIN
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..const import DOMAIN
from ..coordinator import loaded_entry
from ..phone_number import normalize_number
from ..recipients import entity_recipients, number_recipients
from ..sending import Draft, Recipient, Status, compose
from .errors import send_error
from .sending import ATTR_MESSAGE

ATTR_ALL: Final = "all"
ATTR_FROM: Final = "from"
ATTR_LIMIT: Final = "limit"
ATTR_MESSAGE_IDS: Final = "message_ids"
ATTR_NUMBER: Final = "number"
ATTR_RECIPIENT: Final = "recipient"
ATTR_SINCE: Final = "since"
ATTR_TIMEOUT: Final = "timeout"
ATTR_UNREAD_ONLY: Final = "unread_only"

_DEFAULT_LIMIT: Final = 100
_DEFAULT_TIMEOUT: Final = timedelta(minutes=5)

GET_SCHEMA: Final = vol.Schema(
    {
        vol.Optional(ATTR_CONFIG_ENTRY_ID): str,
        vol.Optional(ATTR_UNREAD_ONLY, default=False): cv.boolean,
        vol.Optional(ATTR_FROM): vol.Any(int, cv.string),
        vol.Optional(ATTR_SINCE): cv.datetime,
        vol.Optional(ATTR_LIMIT, default=_DEFAULT_LIMIT): vol.All(
            vol.Coerce(int), vol.Range(min=1)
        ),
    }
)
IDS_SCHEMA: Final = vol.Schema(
    {
        vol.Optional(ATTR_CONFIG_ENTRY_ID): str,
        vol.Exclusive(ATTR_MESSAGE_IDS, "which"): vol.All(
            cv.ensure_list, [vol.Coerce(str)]
        ),
        vol.Exclusive(ATTR_ALL, "which"): cv.boolean,
    }
)
ASK_SCHEMA: Final = vol.Schema(
    {
        vol.Optional(ATTR_CONFIG_ENTRY_ID): str,
        vol.Exclusive(ATTR_RECIPIENT, "who"): cv.entity_domain(NOTIFY_DOMAIN),
        vol.Exclusive(ATTR_NUMBER, "who"): vol.Any(int, cv.string),
        vol.Required(ATTR_MESSAGE): cv.string,
        vol.Optional(ATTR_TIMEOUT, default=_DEFAULT_TIMEOUT): cv.positive_time_period,
    }
)


async def async_get_messages(call: ServiceCall) -> ServiceResponse:
    """Return the matching messages, newest first, and their total number."""
    data = loaded_entry(call.hass, call.data.get(ATTR_CONFIG_ENTRY_ID)).runtime_data
    messages = data.messages.newest_first()
    if call.data[ATTR_UNREAD_ONLY]:
        messages = [message for message in messages if not message.read]
    if (sender := call.data.get(ATTR_FROM)) is not None:
        number = _sender(sender, data.settings.country)
        messages = [message for message in messages if message.sender == number]
    if (since := call.data.get(ATTR_SINCE)) is not None:
        since = dt_util.as_utc(since)
        messages = [message for message in messages if message.date >= since]
    return {
        "messages": [m.as_dict() for m in messages[: call.data[ATTR_LIMIT]]],
        "total": len(messages),
    }


def _sender(raw: str | int, country: str | None) -> str:
    """Return a sender as the inbox stores it: a number, a short code, or a name."""
    try:
        return normalize_number(raw, country)
    except ValueError:
        return str(raw)


async def async_mark_messages_read(call: ServiceCall) -> ServiceResponse:
    """Mark messages as read in Home Assistant."""
    data = loaded_entry(call.hass, call.data.get(ATTR_CONFIG_ENTRY_ID)).runtime_data
    count = await data.messages.async_mark_read(_ids(call))
    return {"count": count}


async def async_delete_messages(call: ServiceCall) -> ServiceResponse:
    """Delete messages from Home Assistant; the portal keeps them."""
    data = loaded_entry(call.hass, call.data.get(ATTR_CONFIG_ENTRY_ID)).runtime_data
    count = await data.messages.async_delete(_ids(call))
    return {"count": count}


def _ids(call: ServiceCall) -> set[str] | None:
    """Return the message IDs of a call, or None for all; raise if it names neither."""
    if (ids := call.data.get(ATTR_MESSAGE_IDS)) is not None:
        return set(ids)
    if call.data.get(ATTR_ALL):
        return None
    raise ServiceValidationError(
        translation_domain=DOMAIN, translation_key="no_messages"
    )


async def async_ask(call: ServiceCall) -> ServiceResponse:
    """Send a text and return the next message from its recipient."""
    entry = loaded_entry(call.hass, call.data.get(ATTR_CONFIG_ENTRY_ID))
    data = entry.runtime_data
    recipients: list[Recipient]
    if (entity_id := call.data.get(ATTR_RECIPIENT)) is not None:
        recipients = entity_recipients(call.hass, entry, [entity_id])
    elif (number := call.data.get(ATTR_NUMBER)) is not None:
        recipients = number_recipients([number], data.settings.country)
    else:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_recipients"
        )
    numbers = frozenset(recipient.number for recipient in recipients)
    # Wait before sending: a reply may arrive before the portal's answer does.
    with data.reply_waiters.ask(numbers) as answer:
        report = await data.sender.async_send(
            Draft(text=compose(call.data[ATTR_MESSAGE], None)), recipients
        )
        if all(outcome.status is Status.FAILED for outcome in report.outcomes):
            raise send_error(report)
        timeout = call.data[ATTR_TIMEOUT].total_seconds()
        try:
            reply = await asyncio.wait_for(asyncio.shield(answer), timeout)
        except TimeoutError:
            return {"timed_out": True, "reply": None}
    shown: dict[str, Any] = reply.as_dict()
    return {
        "timed_out": False,
        "reply": {key: shown[key] for key in ("id", "from", "text", "date")},
    }
