"""Actions that send messages, and their responses."""

from datetime import datetime, timedelta
from functools import partial
from math import ceil
from typing import Any, Final

from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.components.media_source import is_media_source_id
from homeassistant.components.notify import ATTR_TITLE, DOMAIN as NOTIFY_DOMAIN
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from ..api import GroupStatus, PortalError, Template
from ..channels import device_channel_id
from ..const import CONF_CHANNEL, CONF_SENDER, DOMAIN
from ..coordinator import SmskitConfigEntry, async_loaded_entry
from ..permissions import async_caller, require
from ..phone_number import MAX_NUMBERS, shown_number, split_numbers
from ..recipients import (
    async_known_numbers,
    async_record_sent,
    entity_recipients,
    number_recipients,
)
from ..sender_id import sender_id
from ..sending import (
    MAX_SEGMENTS,
    NOWHERE,
    Draft,
    MessageType,
    Outcome,
    Recipient,
    Via,
    media_entity_id,
)
from ..store import Reason
from ..texts import reason_text
from . import bounds
from .errors import portal_error, send_error, store_errors

ATTR_ALLOW_REPEAT: Final = "allow_repeat"
ATTR_DURATION: Final = "duration"
ATTR_EXPIRES_IN: Final = "expires_in"
ATTR_GROUP_ID: Final = "group_id"
ATTR_LANGUAGE: Final = "language"
ATTR_MAX_SEGMENTS: Final = "max_segments"
ATTR_MEDIA: Final = "media"
ATTR_MESSAGE: Final = "message"
ATTR_NUMBERS: Final = "numbers"
ATTR_RECIPIENTS: Final = "recipients"
ATTR_ROUTE: Final = "route"
ATTR_SCHEDULE: Final = "schedule"
ATTR_TEMPLATE: Final = "template"
ATTR_TYPE: Final = "type"

_MAX_ADDRESS: Final = 4096
# From here on, reading numbers is for a thread.
_LARGE: Final = 50
# Of a template; WhatsApp takes less.
_MAX_VALUES: Final = 100
_MAX_VALUE: Final = 4096


def _media(value: Any) -> str:
    """Validate an HTTPS URL or a media source ID, also from the media selector."""
    if isinstance(value, dict):
        value = value.get("media_content_id")
    media: str = vol.All(cv.string, vol.Length(max=_MAX_ADDRESS))(value)
    if not media.startswith("https://") and not is_media_source_id(media):
        raise vol.Invalid("neither an HTTPS URL nor a media source ID")
    return media


RECIPIENTS: Final = vol.All(
    cv.ensure_list_csv,
    vol.Length(max=MAX_NUMBERS),
    cv.entities_domain(NOTIFY_DOMAIN),
)
_LANGUAGE: Final = cv.matches_regex(r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,4}\Z")
_VALUES: Final = vol.All(
    cv.ensure_list,
    vol.Length(max=_MAX_VALUES),
    [vol.All(cv.string, str.strip, vol.Length(min=1, max=_MAX_VALUE))],
)
_TEMPLATE: Final = vol.Schema(
    {
        vol.Required("name"): cv.matches_regex(r"^[\w-]{1,512}\Z"),
        vol.Required("language"): _LANGUAGE,
        vol.Optional("parameters", default=list): _VALUES,
        vol.Optional("header"): cv.matches_regex(r"^https://[^\s|<>]{1,4096}\Z"),
        vol.Optional("buttons", default=list): _VALUES,
    }
)


def _template(value: Any) -> Template:
    """Validate a WhatsApp template."""
    template = _TEMPLATE(value)
    return Template(
        name=template["name"],
        language=template["language"],
        parameters=tuple(template["parameters"]),
        header=template.get("header"),
        buttons=tuple(template["buttons"]),
    )


SEND_SCHEMA: Final = vol.Schema(
    {
        vol.Optional(ATTR_CONFIG_ENTRY_ID): str,
        vol.Optional(ATTR_RECIPIENTS, default=list): RECIPIENTS,
        vol.Optional(ATTR_NUMBERS, default=list): split_numbers,
        vol.Optional(ATTR_MESSAGE, default=""): cv.string,
        vol.Optional(ATTR_TITLE): cv.string,
        vol.Optional(ATTR_TYPE, default=MessageType.AUTO): vol.Coerce(MessageType),
        vol.Optional(CONF_SENDER): sender_id,
        vol.Optional(CONF_CHANNEL): bounds.ID,
        vol.Optional(ATTR_ROUTE): vol.All(
            vol.Coerce(str), cv.matches_regex(r"^[0-9]{1,20}\Z")
        ),
        vol.Optional(ATTR_TEMPLATE): _template,
        vol.Optional(ATTR_MEDIA): _media,
        vol.Optional(ATTR_LANGUAGE): _LANGUAGE,
        vol.Optional(ATTR_DURATION): vol.All(
            cv.time_period, vol.Range(min=timedelta(seconds=1))
        ),
        vol.Optional(ATTR_SCHEDULE): cv.datetime,
        vol.Optional(ATTR_EXPIRES_IN): cv.positive_time_period,
        vol.Optional(ATTR_MAX_SEGMENTS, default=MAX_SEGMENTS): vol.All(
            vol.Coerce(int), vol.Range(min=1, max=255)
        ),
        vol.Optional(ATTR_ALLOW_REPEAT, default=False): cv.boolean,
    }
)
STATUS_SCHEMA: Final = vol.Schema(
    {
        vol.Optional(ATTR_CONFIG_ENTRY_ID): str,
        vol.Required(ATTR_GROUP_ID): bounds.ID,
    }
)


async def async_send_message(call: ServiceCall) -> ServiceResponse:
    """Send a message; raise if it failed for every recipient."""
    entry = await async_loaded_entry(call.hass, call.data.get(ATTR_CONFIG_ENTRY_ID))
    recipients = await _async_recipients(call, entry)
    draft = _draft(call, entry)
    report = await entry.runtime_data.sender.async_send(draft, recipients)
    if call.data[ATTR_RECIPIENTS]:
        async_record_sent(call.hass, call.data[ATTR_RECIPIENTS], report)
    if all(outcome.status in NOWHERE for outcome in report.outcomes):
        raise send_error(call.hass, report)
    return {
        "recipients": [
            _outcome_response(call.hass, outcome) for outcome in report.outcomes
        ],
        "encoding": report.measured.encoding.value,
        "segments": report.measured.segments,
    }


async def async_preview_message(call: ServiceCall) -> ServiceResponse:
    """Return the outcomes that a message would have, without sending anything."""
    entry = await async_loaded_entry(call.hass, call.data.get(ATTR_CONFIG_ENTRY_ID))
    recipients = await _async_recipients(call, entry)
    draft = _draft(call, entry)
    report = entry.runtime_data.sender.preview(draft, recipients)
    segments = report.measured.segments
    shown: list[JsonValueType] = []
    for outcome in report.outcomes:
        response = _outcome_response(call.hass, outcome)
        del response["group_id"]
        by_sms = outcome.via is not Via.WHATSAPP
        shown.append({**response, "segments": segments if by_sms else 1})
    return {
        "recipients": shown,
        "text": report.text,
        "encoding": report.measured.encoding.value,
        "segments": segments,
        "blocked_by": report.blocked_by,
    }


async def async_get_message_status(call: ServiceCall) -> ServiceResponse:
    """Return the delivery status of a message from the portal."""
    entry = await async_loaded_entry(call.hass, call.data.get(ATTR_CONFIG_ENTRY_ID))
    require((await async_caller(call.hass, call.context)).read(entry))
    try:
        status = await entry.runtime_data.client.group_status(call.data[ATTR_GROUP_ID])
    except PortalError as err:
        raise portal_error(call.hass, err, read_only=True) from err
    return _status_response(entry, status)


def _status_response(
    entry: SmskitConfigEntry, status: GroupStatus
) -> dict[str, JsonValueType]:
    now = dt_util.utcnow()
    date = entry.runtime_data.clock.to_utc(status.date, received=now)
    return {
        "group_id": status.group_id,
        "status": status.status,
        "recipients": [
            {
                "id": recipient.id,
                "number": shown_number(recipient.to, None),
                "status": recipient.status.value,
            }
            for recipient in status.recipients
        ],
        "date": date.isoformat() if date else None,
    }


async def _async_recipients(
    call: ServiceCall, entry: SmskitConfigEntry
) -> list[Recipient]:
    """Return the recipients of a call; raise if there are none.

    Raises Unauthorized for a caller who may not send to them, or not in this way.
    """
    numbers, country = call.data[ATTR_NUMBERS], entry.runtime_data.settings.country
    known = await async_known(entry, numbers)
    read = partial(number_recipients, numbers, country, known)
    recipients = [
        *entity_recipients(call.hass, entry, call.data[ATTR_RECIPIENTS]),
        *(
            read()
            if len(numbers) < _LARGE
            else await call.hass.async_add_executor_job(read)
        ),
    ]
    if not recipients:
        raise _invalid("no_recipients")
    if call.context.user_id is not None:
        # An automation has no caller, and its alarm a short way.
        await _async_check_caller(call, entry, recipients)
    return recipients


async def _async_check_caller(
    call: ServiceCall, entry: SmskitConfigEntry, recipients: list[Recipient]
) -> None:
    caller = await async_caller(call.hass, call.context)
    require(caller.send_to(entry, recipients))
    media = call.data.get(ATTR_MEDIA)
    if CONF_SENDER in call.data or media or call.data[ATTR_ALLOW_REPEAT]:
        require(caller.control(entry))
    if media and (entity_id := media_entity_id(media)) is not None:
        require(caller.access(entity_id, POLICY_READ))


async def async_known(entry: SmskitConfigEntry, numbers: list[str | int]) -> set[str]:
    """Return which of the numbers that integers may be belong to somebody known."""
    integers = [number for number in numbers if isinstance(number, int)]
    if not integers:
        return set()
    data = entry.runtime_data
    with store_errors():
        return await async_known_numbers(
            entry, data.log, integers, data.settings.country
        )


async def async_valid_numbers(
    hass: HomeAssistant, entry: SmskitConfigEntry, numbers: list[str | int]
) -> list[Recipient]:
    """Return numbers as recipients; raise for one that cannot be texted."""
    known = await async_known(entry, numbers)
    country = entry.runtime_data.settings.country
    named = number_recipients(numbers, country, known)
    for number in named:
        if number.error is not None:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="invalid_number",
                translation_placeholders={
                    "number": number.number,
                    "error": reason_text(hass, Reason(number.error)),
                },
            )
    return named


def _draft(call: ServiceCall, entry: SmskitConfigEntry) -> Draft:
    """Return the draft of a call; its media are read when it is sent."""
    data = call.data
    duration = data.get(ATTR_DURATION)
    return Draft(
        text=data[ATTR_MESSAGE],
        title=data.get(ATTR_TITLE),
        type=data[ATTR_TYPE],
        sender=data.get(CONF_SENDER),
        channel=_channel(call, entry),
        route=data.get(ATTR_ROUTE),
        template=data.get(ATTR_TEMPLATE),
        file=data.get(ATTR_MEDIA),
        language=data.get(ATTR_LANGUAGE),
        duration=duration and ceil(duration.total_seconds()),
        schedule=_future_utc(data.get(ATTR_SCHEDULE)),
        hold=data.get(ATTR_EXPIRES_IN),
        max_segments=data[ATTR_MAX_SEGMENTS],
        allow_repeat=data[ATTR_ALLOW_REPEAT],
    )


def _channel(call: ServiceCall, entry: SmskitConfigEntry) -> str | None:
    """Return the channel ID that a call names by its device or gateway ID."""
    if (named := call.data.get(CONF_CHANNEL)) is None:
        return None
    if (channel_id := device_channel_id(call.hass, entry.entry_id, named)) is not None:
        return channel_id
    for channel_id, state in entry.runtime_data.channels.data.items():
        if state.channel.gateway_id == named:
            return channel_id
    raise _invalid("not_a_channel")


def _future_utc(schedule: datetime | None) -> datetime | None:
    """Return a time as UTC; raise if it is past. Naive times are local."""
    if schedule is None:
        return None
    schedule = dt_util.as_utc(schedule)
    if schedule <= dt_util.utcnow():
        raise _invalid("schedule_past")
    return schedule


def _invalid(key: str) -> ServiceValidationError:
    return ServiceValidationError(translation_domain=DOMAIN, translation_key=key)


def _outcome_response(
    hass: HomeAssistant, outcome: Outcome
) -> dict[str, JsonValueType]:
    reason = outcome.reason
    return {
        "number": outcome.number,
        "name": outcome.name,
        "via": outcome.via.value,
        "status": outcome.status.value,
        "group_id": outcome.group_id,
        "reason": reason_text(hass, reason) if reason else None,
        "reason_code": str(reason.code) if reason else None,
        "duplicate": outcome.duplicate,
    }
