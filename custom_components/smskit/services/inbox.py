"""Actions of the inbox."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import accumulate
import json
import os
from pathlib import Path
from typing import Final

from homeassistant.components.notify import DOMAIN as NOTIFY_DOMAIN
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from ..const import DOMAIN
from ..coordinator import SmskitConfigEntry, async_loaded_entry
from ..permissions import Caller, async_caller, require
from ..phone_number import (
    InvalidNumberError,
    current_form,
    normalize_number,
    shown_number,
)
from ..recipients import entity_recipients
from ..sending import Status
from ..store import Direction, Message, MessageFilter
from . import bounds
from .errors import store_errors

ATTR_ALL: Final = "all"
ATTR_BEFORE: Final = "before"
ATTR_DIRECTION: Final = "direction"
ATTR_FROM: Final = "from"
ATTR_LIMIT: Final = "limit"
ATTR_MESSAGE_IDS: Final = "message_ids"
ATTR_PATH: Final = "path"
ATTR_RECIPIENT: Final = "recipient"
ATTR_SINCE: Final = "since"
ATTR_STATUS: Final = "status"
ATTR_TEXT: Final = "text"
ATTR_UNREAD_ONLY: Final = "unread_only"

_DEFAULT_LIMIT: Final = 100
_MOST: Final = 1000
_EVERYTHING: Final = -1
# Characters of all texts of a page: they are a response, and in traces.
_MAX_TEXTS: Final = 2_000_000

_FILTER: Final = {
    vol.Optional(ATTR_CONFIG_ENTRY_ID): str,
    vol.Optional(ATTR_TEXT): bounds.words,
    vol.Optional(ATTR_DIRECTION, default="in"): vol.In(("in", "out", "both")),
    vol.Optional(ATTR_RECIPIENT): cv.entity_domain(NOTIFY_DOMAIN),
    vol.Optional(ATTR_FROM): bounds.number,
    vol.Optional(ATTR_STATUS): vol.In([status.value for status in Status]),
    vol.Optional(ATTR_UNREAD_ONLY, default=False): cv.boolean,
    vol.Optional(ATTR_SINCE): cv.datetime,
    vol.Optional(ATTR_BEFORE): bounds.ID,
}
GET_SCHEMA: Final = vol.Schema(
    {
        **_FILTER,
        vol.Optional(ATTR_LIMIT, default=_DEFAULT_LIMIT): vol.All(
            vol.Coerce(int), vol.Range(min=1, max=_MOST)
        ),
    }
)
EXPORT_SCHEMA: Final = vol.Schema(
    {**_FILTER, vol.Optional(ATTR_PATH): vol.All(cv.string, vol.Length(max=4096))}
)
IDS_SCHEMA: Final = vol.Schema(
    {
        vol.Optional(ATTR_CONFIG_ENTRY_ID): str,
        vol.Exclusive(ATTR_MESSAGE_IDS, "which"): bounds.IDS,
        vol.Exclusive(ATTR_ALL, "which"): cv.boolean,
    }
)


async def async_get_messages(call: ServiceCall) -> ServiceResponse:
    """Return messages, newest first, and how many there are."""
    entry = await async_loaded_entry(call.hass, call.data.get(ATTR_CONFIG_ENTRY_ID))
    caller = await async_caller(call.hass, call.context)
    require(caller.read(entry))
    log = entry.runtime_data.log
    with store_errors():
        messages, total = await log.async_search(
            _filter(call, entry, caller), call.data[ATTR_LIMIT]
        )
    return {"messages": _shown(_page(messages), entry, caller), "total": total}


def _page(messages: list[Message]) -> list[Message]:
    """Return the newest messages, fewer if their texts are long, but one at least."""
    lengths = accumulate(len(message.text) for message in messages)
    count = sum(length <= _MAX_TEXTS for length in lengths)
    return messages[: max(count, 1)]


async def async_export_messages(call: ServiceCall) -> ServiceResponse:
    """Return messages, or write them to a file as JSON Lines, newest first."""
    entry = await async_loaded_entry(call.hass, call.data.get(ATTR_CONFIG_ENTRY_ID))
    caller = await async_caller(call.hass, call.context)
    require(caller.read(entry), caller.control(entry))
    path = _export_path(call)
    with store_errors():
        messages, _ = await entry.runtime_data.log.async_search(
            _filter(call, entry, caller), _EVERYTHING
        )
    shown = _shown(messages, entry, caller)
    if path is None:
        return {"count": len(shown), "path": None, "messages": shown}
    try:
        await call.hass.async_add_executor_job(_write_lines, path, shown)
    except OSError as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="export_failed",
            translation_placeholders={"error": err.strerror or type(err).__name__},
        ) from err
    return {"count": len(shown), "path": str(path)}


def _export_path(call: ServiceCall) -> Path | None:
    """Return the file to write to, below the folder of local media.

    Raises ServiceValidationError for one anywhere else.
    """
    if (named := call.data.get(ATTR_PATH)) is None:
        return None
    media = call.hass.config.media_dirs.get("local")
    root = Path(media or call.hass.config.path("media")).resolve()
    below = named.removeprefix("/media/").removeprefix("media/")
    # No file system takes a NUL in a name.
    path: Path = (root / below.replace("\0", "")).resolve()
    if "\0" in named or path == root or not path.is_relative_to(root):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="path_not_allowed",
            translation_placeholders={"path": named},
        )
    return path


def _write_lines(path: Path, messages: list[JsonValueType]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        # It may have been there before, for others to read.
        os.fchmod(descriptor, 0o600)
        file.writelines(
            json.dumps(message, ensure_ascii=False) + "\n" for message in messages
        )


def _shown(
    messages: Iterable[Message], entry: SmskitConfigEntry, caller: Caller
) -> list[JsonValueType]:
    """Return messages for a caller, without names whose numbers are not for them."""
    nameless = caller.nameless(entry)
    return [
        replace(
            message,
            name=None if current_form(message.number) in nameless else message.name,
        ).as_dict()
        for message in messages
    ]


def _filter(
    call: ServiceCall, entry: SmskitConfigEntry, caller: Caller
) -> MessageFilter:
    """Return which messages a call asks for.

    Raises Unauthorized if that would show whose a number is to a caller who may not
    know.
    """
    data = call.data
    numbers: list[str] = []
    if (entity_id := data.get(ATTR_RECIPIENT)) is not None:
        recipients = entity_recipients(call.hass, entry, [entity_id])
        ids = {id_ for recipient in recipients for id_ in recipient.subentry_ids}
        require(*(caller.see(entry, id_) for id_ in ids))
        numbers += [recipient.number for recipient in recipients]
    if (sender := data.get(ATTR_FROM)) is not None:
        numbers += _senders(sender, entry.runtime_data.settings.country)
    direction = data[ATTR_DIRECTION]
    since = data.get(ATTR_SINCE)
    return MessageFilter(
        text=data.get(ATTR_TEXT),
        direction=None if direction == "both" else Direction(direction),
        numbers=tuple(numbers) if numbers else None,
        status=data.get(ATTR_STATUS),
        unread_only=data[ATTR_UNREAD_ONLY],
        since=since and dt_util.as_utc(since),
        before=data.get(ATTR_BEFORE),
    )


def _senders(raw: str | int, country: str | None) -> tuple[str, ...]:
    """Return a sender as the inbox stores it: a number, a short code, or a name.

    An integer that lost its `+` may be two.
    """
    try:
        return (normalize_number(raw, country),)
    except InvalidNumberError as err:
        return err.readings or (shown_number(str(raw), country),)


async def async_mark_messages_read(call: ServiceCall) -> ServiceResponse:
    """Mark messages as read in Home Assistant."""
    entry = await async_loaded_entry(call.hass, call.data.get(ATTR_CONFIG_ENTRY_ID))
    require((await async_caller(call.hass, call.context)).control(entry))
    with store_errors():
        count = await entry.runtime_data.messages.async_mark_read(_ids(call))
    return {"count": count}


async def async_delete_messages(call: ServiceCall) -> ServiceResponse:
    """Delete messages from Home Assistant; the portal keeps them."""
    entry = await async_loaded_entry(call.hass, call.data.get(ATTR_CONFIG_ENTRY_ID))
    require((await async_caller(call.hass, call.context)).control(entry))
    with store_errors():
        count = await entry.runtime_data.messages.async_delete(_ids(call))
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
