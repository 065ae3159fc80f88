"""The actions, registered once for all accounts."""

from typing import Any, Final

from homeassistant.components.notify import ATTR_TITLE, DOMAIN as NOTIFY_DOMAIN
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv, service
import voluptuous as vol

from .const import CONF_SENDER, DOMAIN
from .coordinator import SmskitConfigEntry
from .outgoing import Draft, MessageType, Outcome, Report, Status
from .phone_number import mask_number
from .recipients import entity_recipients, number_recipients
from .sender_id import sender_id

ATTR_MESSAGE: Final = "message"
ATTR_NUMBERS: Final = "numbers"
ATTR_RECIPIENTS: Final = "recipients"
ATTR_TYPE: Final = "type"

SEND_MESSAGE: Final = "send_message"

_SEND_SCHEMA: Final = vol.Schema(
    {
        vol.Optional(ATTR_CONFIG_ENTRY_ID): str,
        vol.Optional(ATTR_RECIPIENTS, default=list): cv.entities_domain(NOTIFY_DOMAIN),
        vol.Optional(ATTR_NUMBERS, default=list): vol.All(
            cv.ensure_list, [vol.Any(str, int)]
        ),
        vol.Required(ATTR_MESSAGE): cv.string,
        vol.Optional(ATTR_TITLE): cv.string,
        vol.Optional(ATTR_TYPE, default=MessageType.AUTO): vol.Coerce(MessageType),
        vol.Optional(CONF_SENDER): sender_id,
    }
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    hass.services.async_register(
        DOMAIN,
        SEND_MESSAGE,
        _async_send_message,
        schema=_SEND_SCHEMA,
        supports_response=SupportsResponse.OPTIONAL,
    )


def _entry(call: ServiceCall) -> SmskitConfigEntry:
    """Return the account that a call names, or the only one."""
    entry: SmskitConfigEntry = service.async_get_config_entry(
        call.hass, DOMAIN, call.data.get(ATTR_CONFIG_ENTRY_ID)
    )
    return entry


async def _async_send_message(call: ServiceCall) -> ServiceResponse:
    """Send a text; raise when nothing at all was accepted."""
    entry = _entry(call)
    data = entry.runtime_data
    recipients = [
        *entity_recipients(call.hass, entry, call.data[ATTR_RECIPIENTS]),
        *number_recipients(call.data[ATTR_NUMBERS], data.settings.country),
    ]
    if not recipients:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_recipients"
        )
    report = await data.sender.async_send(
        Draft(
            text=compose(call.data[ATTR_MESSAGE], call.data.get(ATTR_TITLE)),
            type=call.data[ATTR_TYPE],
            sender=call.data.get(CONF_SENDER),
        ),
        recipients,
    )
    if all(outcome.status is Status.FAILED for outcome in report.outcomes):
        raise _send_error(report)
    return {
        "recipients": [_outcome_response(outcome) for outcome in report.outcomes],
        "encoding": report.measured.encoding.value,
        "segments": report.measured.segments,
    }


def compose(message: str, title: str | None) -> str:
    """Return the text of a message: its title has a line of its own.

    Raises ServiceValidationError for one that has nothing to say.
    """
    text = f"{title}\n{message}" if title else message
    if not text.strip():
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="empty_message"
        )
    return text


def raise_unless_all_accepted(report: Report) -> None:
    """Raise for a message that did not go out to everybody, where nobody sees why."""
    if not all(outcome.accepted for outcome in report.outcomes):
        raise _send_error(report)


def _send_error(report: Report) -> HomeAssistantError:
    """Say which recipients a message went to, and why not to the others."""
    accepted = [_who(outcome) for outcome in report.outcomes if outcome.accepted]
    reasons = [
        f"{_who(outcome)}: {outcome.reason}"
        for outcome in report.outcomes
        if not outcome.accepted
    ]
    placeholders = {
        "accepted": ", ".join(dict.fromkeys(accepted)),
        "reasons": "; ".join(dict.fromkeys(reasons)),
    }
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="sent_in_part" if accepted else "not_sent",
        translation_placeholders=placeholders,
    )


def _who(outcome: Outcome) -> str:
    """Name a recipient where a number must not stand."""
    return outcome.recipient.name or mask_number(outcome.recipient.number)


def _outcome_response(outcome: Outcome) -> dict[str, Any]:
    return {
        "number": outcome.recipient.number,
        "name": outcome.recipient.name,
        "way": outcome.way.value,
        "status": outcome.status.value,
        "group_id": outcome.group_id,
        "reason": outcome.reason,
    }
