"""The action that drops what is held, and its response."""

from typing import Final

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from ..const import DOMAIN
from ..coordinator import async_loaded_entry
from ..permissions import async_caller, require
from ..phone_number import split_numbers
from ..recipients import entity_recipients
from ..sending import BatchRecipient, FailureReason, Status
from .errors import store_errors
from .inbox import ATTR_ALL
from .sending import ATTR_NUMBERS, ATTR_RECIPIENTS, RECIPIENTS, async_valid_numbers

CANCEL_SCHEMA: Final = vol.Schema(
    {
        vol.Optional(ATTR_CONFIG_ENTRY_ID): str,
        vol.Optional(ATTR_RECIPIENTS, default=list): RECIPIENTS,
        vol.Optional(ATTR_NUMBERS, default=list): split_numbers,
        vol.Optional(ATTR_ALL, default=False): cv.boolean,
    }
)


async def async_cancel_held_messages(call: ServiceCall) -> ServiceResponse:
    """Drop what is held for recipients, for numbers, or for everybody."""
    entry = await async_loaded_entry(call.hass, call.data.get(ATTR_CONFIG_ENTRY_ID))
    require((await async_caller(call.hass, call.context)).control(entry))
    data = entry.runtime_data
    recipients = entity_recipients(call.hass, entry, call.data[ATTR_RECIPIENTS])
    # Nobody may believe that what is held for one that is none is dropped.
    named = await async_valid_numbers(call.hass, entry, call.data[ATTR_NUMBERS])
    is_all: bool = call.data[ATTR_ALL]
    if not (is_all or recipients or named):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="nothing_to_cancel"
        )
    numbers = {number.number for number in named}
    subentry_ids = frozenset(id_ for r in recipients for id_ in r.subentry_ids)

    def is_wanted(recipient: BatchRecipient) -> bool:
        if recipient.status is not Status.HELD:
            # A new message on its way, such as an alarm.
            return False
        if is_all or recipient.number in numbers:
            return True
        # What is for another recipient as well goes on to that one.
        return bool(recipient.subentry_ids) and recipient.subentry_ids <= subentry_ids

    with store_errors():
        count = await data.dispatcher.async_cancel_held(
            is_wanted, FailureReason.CANCELED
        )
    return {"count": count}
