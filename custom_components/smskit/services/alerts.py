"""The actions that start an alert, and that call it off."""

from datetime import timedelta
import time
from typing import Any, Final

from homeassistant.components.notify import DOMAIN as NOTIFY_DOMAIN
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util.ulid import ulid_now
import voluptuous as vol

from ..alerts import Alert, Step, split_words
from ..const import CONF_ACKNOWLEDGE_WORDS, DOMAIN
from ..coordinator import SmskitConfigEntry, async_loaded_entry
from ..permissions import Caller, async_caller, require
from ..phone_number import split_numbers
from ..recipients import entity_recipients
from ..sending import MessageType
from .inbox import ATTR_ALL
from .sending import (
    ATTR_MESSAGE,
    ATTR_NUMBERS,
    ATTR_RECIPIENTS,
    ATTR_TYPE,
    async_valid_numbers,
)

ATTR_ALERT_ID: Final = "alert_id"
ATTR_ANNOUNCE: Final = "announce"
ATTR_CRITICAL: Final = "critical"
ATTR_REPEAT: Final = "repeat"
ATTR_STEPS: Final = "steps"
ATTR_WAIT: Final = "wait"

_DEFAULT_WAIT: Final = timedelta(minutes=5)
_LONGEST_WAIT: Final = timedelta(days=1)
_TYPES: Final = (
    MessageType.AUTO,
    MessageType.SMS,
    MessageType.WHATSAPP,
    MessageType.VOICE,
)
_TEXT: Final = vol.All(cv.string, str.strip, vol.Length(min=1))
# Lists come from the visual editor, texts from the options and from people.
_WORDS: Final = vol.All(
    vol.Any(vol.All(list, [cv.string], ",".join), cv.string),
    split_words,
    vol.Length(min=1),
)
_STEP: Final = vol.Schema(
    {
        vol.Optional(ATTR_RECIPIENTS, default=list): cv.entities_domain(NOTIFY_DOMAIN),
        vol.Optional(ATTR_NUMBERS, default=list): split_numbers,
        vol.Optional(ATTR_TYPE, default=MessageType.AUTO): vol.All(
            vol.Coerce(MessageType), vol.In(_TYPES)
        ),
        vol.Optional(ATTR_WAIT, default=_DEFAULT_WAIT): vol.All(
            cv.time_period, vol.Range(min=timedelta(seconds=1), max=_LONGEST_WAIT)
        ),
    }
)
ALERT_SCHEMA: Final = vol.Schema(
    {
        vol.Optional(ATTR_CONFIG_ENTRY_ID): str,
        vol.Required(ATTR_MESSAGE): _TEXT,
        vol.Required(ATTR_STEPS): vol.All(
            cv.ensure_list, [_STEP], vol.Length(min=1, max=50)
        ),
        vol.Optional(ATTR_REPEAT, default=0): vol.All(
            vol.Coerce(int), vol.Range(min=0, max=100)
        ),
        vol.Optional(CONF_ACKNOWLEDGE_WORDS): _WORDS,
        vol.Optional(ATTR_ANNOUNCE): _TEXT,
        vol.Optional(ATTR_ALERT_ID): vol.All(_TEXT, vol.Length(max=100)),
        vol.Optional(ATTR_CRITICAL, default=False): cv.boolean,
    }
)
END_SCHEMA: Final = vol.Schema(
    {
        vol.Optional(ATTR_CONFIG_ENTRY_ID): str,
        vol.Exclusive(ATTR_ALERT_ID, "which"): _TEXT,
        vol.Exclusive(ATTR_ALL, "which"): cv.boolean,
        vol.Optional(ATTR_MESSAGE): _TEXT,
    }
)


async def async_alert(call: ServiceCall) -> ServiceResponse:
    """Ask one after the other until somebody acknowledges.

    An open alert of the same ID is the same alert: nobody is asked once more.
    """
    entry = await async_loaded_entry(call.hass, call.data.get(ATTR_CONFIG_ENTRY_ID))
    caller = await async_caller(call.hass, call.context)
    require(caller.control(entry))
    data = entry.runtime_data
    steps = [await _async_step(call, entry, caller, one) for one in call.data["steps"]]
    alert = Alert(
        id=call.data.get(ATTR_ALERT_ID) or ulid_now(),
        message=call.data[ATTR_MESSAGE],
        steps=tuple(steps),
        rounds=1 + call.data[ATTR_REPEAT],
        words=call.data.get(CONF_ACKNOWLEDGE_WORDS)
        or split_words(data.settings.acknowledge_words),
        announcement=call.data.get(ATTR_ANNOUNCE),
        is_critical=call.data[ATTR_CRITICAL],
        deadline=time.monotonic(),
    )
    data.alerts.validate(alert)
    is_open = data.alerts.get(alert.id) is not None
    if not is_open:
        await data.alerts.async_begin(alert)
    return {"alert_id": alert.id, "already_open": is_open}


async def _async_step(
    call: ServiceCall, entry: SmskitConfigEntry, caller: Caller, step: dict[str, Any]
) -> Step:
    """Return a step of a call; raise for one that asks nobody, or whom one may not."""
    recipients = entity_recipients(call.hass, entry, step[ATTR_RECIPIENTS])
    # In an emergency, it would be too late to find out that one is none.
    named = await async_valid_numbers(call.hass, entry, step[ATTR_NUMBERS])
    if not (recipients or named):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_recipients"
        )
    require(caller.send_to(entry, [*recipients, *named]))
    return Step(
        subentry_ids=tuple(
            dict.fromkeys(id_ for r in recipients for id_ in r.subentry_ids)
        ),
        numbers=tuple(number.number for number in named),
        type=step[ATTR_TYPE],
        wait=step[ATTR_WAIT].total_seconds(),
    )


async def async_end_alert(call: ServiceCall) -> ServiceResponse:
    """Call an alert off, or all; tell everybody who was texted, if there is a text."""
    entry = await async_loaded_entry(call.hass, call.data.get(ATTR_CONFIG_ENTRY_ID))
    require((await async_caller(call.hass, call.context)).control(entry))
    alert_id: str | None = call.data.get(ATTR_ALERT_ID)
    if alert_id is None and not call.data.get(ATTR_ALL):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_alert"
        )
    ids = None if alert_id is None else {alert_id}
    text: str = call.data.get(ATTR_MESSAGE, "")
    return {"count": entry.runtime_data.alerts.async_end(ids, text)}
