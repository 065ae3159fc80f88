"""What a request to send has to be, and the message that it becomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from . import billing, inferred, numbers, refusals, templates
from .channels import refresh
from .state import Account, Channel, ChannelState, RefusedError, SqlError, State
from .templates import Template

type Parameters = Mapping[str, str]

# [doc]; the first one is the default [doc].
TYPES: Final = ("sms", "unicode", "flash", "voice", "mms", "whatsapp")

# The portal's own routing rules [doc].
_ANY_ROUTE: Final = "0"
_LAST_OF_THREE_BYTES: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class Message:
    """A send that passed every check but the account's credits."""

    type: str
    numbers: tuple[str, ...]
    sender: str
    text: str
    arrived_text: str
    segments: int
    route: str
    schedule: datetime | None
    file: str | None
    language: str | None
    duration: str | None
    template: Template | None
    channel: Channel | None


def checked(state: State, account: Account, parameters: Parameters) -> Message:
    """Return the message that is asked for, or refuse."""
    type_ = parameters.get("type") or TYPES[0]
    if type_ not in TYPES:
        raise RefusedError(inferred.UNKNOWN_TYPE)
    file = parameters.get("file") or None
    text = parameters.get("text", "")
    _check_text(state, type_, text, file)
    ignores = state.installation.ignores_schedule
    if type_ == "voice" and not ignores:
        _check_voice(parameters)
    route = parameters.get("route") or _ANY_ROUTE
    template = templates.read(text) if type_ == "whatsapp" else None
    arrived_text, segments = _bill(type_, text)
    return Message(
        type=type_,
        sender=_sender(account, parameters.get("from", "")),
        numbers=_numbers(state, account, parameters.get("to", "")),
        text=text,
        arrived_text=arrived_text,
        segments=segments,
        route=route,
        schedule=_schedule(state, account, parameters.get("scheduledate", "")),
        file=None if ignores else file,
        language=parameters.get("language") or None,
        duration=None if ignores else parameters.get("duration") or None,
        template=template,
        channel=_channel(state, account, type_, route) if template is None else None,
    )


def _check_text(state: State, type_: str, text: str, file: str | None) -> None:
    if not text and (file is None or type_ not in inferred.FILE_TYPES):
        raise RefusedError(refusals.EMPTY_TEXT)
    words = state.installation.forbidden_words
    if any(word.lower() in text.lower() for word in words):
        raise RefusedError(refusals.FORBIDDEN_WORDS)
    if not state.installation.stores_emoji and max(text, default="") > chr(
        _LAST_OF_THREE_BYTES
    ):
        raise SqlError


def _check_voice(parameters: Parameters) -> None:
    """Refuse what lacks a parameter that voice requires [doc]."""
    if not parameters.get("duration"):
        raise RefusedError(inferred.NO_DURATION)
    is_read_aloud = not parameters.get("file")
    if is_read_aloud and not parameters.get("language"):
        raise RefusedError(inferred.NO_LANGUAGE)


def _sender(account: Account, sender: str) -> str:
    if not sender:
        raise RefusedError(refusals.NO_RECIPIENTS)
    if sender in account.unapproved_senders:
        raise RefusedError(refusals.SENDER_NOT_REQUESTED)
    if account.senders is not None and sender not in account.senders:
        raise RefusedError(refusals.SENDER_NOT_ALLOWED)
    return sender


def _numbers(state: State, account: Account, to: str) -> tuple[str, ...]:
    if not (valid := numbers.read(to, account.country_code)):
        raise RefusedError(refusals.NO_RECIPIENTS)
    if not state.installation.refused_numbers.isdisjoint(valid):
        raise RefusedError(inferred.NUMBER_NOT_ALLOWED)
    return valid


def _schedule(state: State, account: Account, text: str) -> datetime | None:
    if not text or state.installation.ignores_schedule:
        return None
    try:
        return state.from_shown(text, account)
    except ValueError as err:
        raise RefusedError(inferred.BAD_SCHEDULE) from err


def _bill(type_: str, text: str) -> tuple[str, int]:
    """Return the text as it arrives, and its segments."""
    arrived = billing.as_gsm(text) if type_ in inferred.GSM_TYPES else text
    if type_ not in inferred.SEGMENTED_TYPES:
        return arrived, 1
    if type_ == "unicode":
        return arrived, billing.ucs2_segments(arrived)
    return arrived, billing.gsm_segments(arrived)


def _channel(state: State, account: Account, type_: str, route: str) -> Channel | None:
    """Return the channel that a WhatsApp message goes through."""
    if not (route.isascii() and route.isdigit()):
        raise RefusedError(inferred.BAD_ROUTE)
    own = [refresh(state, channel) for channel in state.channels_of(account)]
    addressed = [channel for channel in own if channel.gateway_id == route]
    if type_ != "whatsapp":
        if addressed:
            raise RefusedError(inferred.BAD_ROUTE)
        return None
    if route == _ANY_ROUTE:
        addressed = own
    elif not addressed or not state.installation.routes_channels:
        raise RefusedError(inferred.BAD_ROUTE)
    for channel in addressed:
        if channel.state is ChannelState.CONNECTED:
            return channel
    raise RefusedError(inferred.CHANNEL_NOT_CONNECTED)
