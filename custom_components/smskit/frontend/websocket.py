"""WebSocket commands for dashboards; each user gets what they have permission for."""

from functools import partial
from typing import Any

from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.components import websocket_api
from homeassistant.components.websocket_api import ActiveConnection
from homeassistant.const import ATTR_CONFIG_ENTRY_ID, CONF_NAME
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.helpers.dispatcher import async_dispatcher_connect
import voluptuous as vol

from ..channels import channel_identifier, channel_name
from ..const import CONF_NUMBERS, DOMAIN, SUBENTRY_RECIPIENT, UNIT_CREDITS
from ..coordinator import SmskitConfigEntry, loaded_entry
from ..inbox import SIGNAL_CHANGED, SIGNAL_RECEIVED, Received
from ..permissions import Caller, recipient_entity_id, require
from ..phone_number import current_form
from ..recipients import SIGNAL_RECIPIENTS, recipient_names, recipient_numbers
from ..sending import SIGNAL_OUTCOME, SIGNAL_SUBMITTED, Outcome
from ..store import Message, StoreError
from ..texts import common_text
from .conversations import as_conversation, as_shown

_MAX_PAGE = 200


@callback
def async_setup_websocket(hass: HomeAssistant) -> None:
    """Register the WebSocket commands."""
    websocket_api.async_register_command(hass, ws_accounts)
    websocket_api.async_register_command(hass, ws_list)
    websocket_api.async_register_command(hass, ws_text)
    websocket_api.async_register_command(hass, ws_subscribe)


@websocket_api.websocket_command({vol.Required("type"): "smskit/accounts"})
@callback
def ws_accounts(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Return the loaded accounts with what the user may see and do."""
    caller = _caller(hass, connection, msg)
    connection.send_result(
        msg["id"],
        {
            "accounts": [
                _account(hass, entry, caller)
                for entry in hass.config_entries.async_loaded_entries(DOMAIN)
                if caller.read(entry) is None
            ]
        },
    )


def _account(
    hass: HomeAssistant, entry: SmskitConfigEntry, caller: Caller
) -> dict[str, Any]:
    data = entry.runtime_data
    entities = [
        entity
        for entity in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if caller.access(entity.entity_id, POLICY_READ) is None
    ]
    devices = dr.async_get(hass)
    account = devices.async_get_device_by_identifier(
        (DOMAIN, entry.entry_id), entry.entry_id
    )
    recipients = [
        subentry
        for subentry in entry.get_subentries_of_type(SUBENTRY_RECIPIENT)
        if caller.see(entry, subentry.subentry_id) is None
    ]
    channels = []
    for channel_id, state in data.channels.data.items():
        identifier = channel_identifier(entry.entry_id, channel_id)
        device = devices.async_get_device_by_identifier(identifier, entry.entry_id)
        if device is not None and _by_key(entities, device.id):
            channels.append(
                {
                    "device_id": device.id,
                    "name": device.name_by_user or channel_name(state.channel),
                    "entities": _by_key(entities, device.id),
                }
            )
    return {
        "config_entry_id": entry.entry_id,
        "title": entry.title,
        "unit": data.settings.currency or UNIT_CREDITS,
        "entities": _by_key(entities, account.id if account else None),
        "recipients": [
            {
                "name": subentry.data[CONF_NAME],
                "numbers": subentry.data[CONF_NUMBERS],
                "entity_id": recipient_entity_id(hass, entry, subentry.subentry_id),
            }
            for subentry in recipients
        ],
        "channels": channels,
        # What is not allowed is not offered; it would be refused.
        "may": {
            "control": caller.control(entry) is None,
            "text_others": caller.text_others(entry) is None,
            "administer": caller.administer() is None,
            "send": [
                recipient_entity_id(hass, entry, subentry.subentry_id)
                for subentry in recipients
                if caller.send(entry, subentry.subentry_id) is None
            ],
        },
    }


def _by_key(entities: list[er.RegistryEntry], device_id: str | None) -> dict[str, str]:
    """Return the IDs of a device's enabled entities by translation key."""
    return {
        entity.translation_key: entity.entity_id
        for entity in entities
        if entity.device_id == device_id
        and entity.translation_key is not None
        and entity.disabled_by is None
    }


@websocket_api.websocket_command(
    {
        vol.Required("type"): "smskit/messages/list",
        vol.Optional(ATTR_CONFIG_ENTRY_ID): str,
        vol.Optional("number"): str,
        vol.Optional("before"): str,
        vol.Optional("offset", default=0): vol.All(int, vol.Range(min=0)),
        vol.Optional("limit", default=50): vol.All(
            int, vol.Range(min=1, max=_MAX_PAGE)
        ),
    }
)
@websocket_api.async_response
async def ws_list(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Return a page of conversations, or with `number` of one's messages."""
    entry = _entry(hass, connection, msg)
    if entry is None:
        return
    caller = _caller(hass, connection, msg)
    require(caller.read(entry))
    nameless = caller.nameless(entry)
    names = {
        number: name
        for number, name in recipient_names(entry).items()
        if number not in nameless
    }
    log, limit = entry.runtime_data.log, msg["limit"]
    numbers = recipient_numbers(entry)
    page: dict[str, Any]
    try:
        if (number := msg.get("number")) is not None:
            found, more = await log.async_conversation(number, msg.get("before"), limit)
            page = {
                "number": number,
                "name": names.get(current_form(number)),
                "messages": [as_shown(hass, message, numbers) for message in found],
                "more": more,
            }
        else:
            conversations, total = await log.async_conversations(msg["offset"], limit)
            page = {
                "conversations": [
                    as_conversation(hass, one, names, numbers) for one in conversations
                ],
                "total": total,
            }
    except StoreError as err:
        _send_disk_error(hass, connection, msg, err)
        return
    connection.send_result(msg["id"], page)


@websocket_api.websocket_command(
    {
        vol.Required("type"): "smskit/messages/text",
        vol.Optional(ATTR_CONFIG_ENTRY_ID): str,
        vol.Required("message_id"): vol.All(str, vol.Length(max=255)),
    }
)
@websocket_api.async_response
async def ws_text(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Return the whole text of a message, of which pages have the beginning."""
    entry = _entry(hass, connection, msg)
    if entry is None:
        return
    require(_caller(hass, connection, msg).read(entry))
    try:
        text = await entry.runtime_data.log.async_text(msg["message_id"])
    except StoreError as err:
        _send_disk_error(hass, connection, msg, err)
        return
    connection.send_result(msg["id"], {"text": text})


def _send_disk_error(
    hass: HomeAssistant,
    connection: ActiveConnection,
    msg: dict[str, Any],
    err: StoreError,
) -> None:
    problem = common_text(hass, f"disk_{err.problem}")
    connection.send_error(
        msg["id"],
        websocket_api.ERR_UNKNOWN_ERROR,
        problem,
        translation_domain=DOMAIN,
        translation_key="not_readable",
        translation_placeholders={"error": problem},
    )


@websocket_api.websocket_command(
    {
        vol.Required("type"): "smskit/messages/subscribe",
        vol.Optional(ATTR_CONFIG_ENTRY_ID): str,
    }
)
@callback
def ws_subscribe(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Send messages, changes of their status and of recipients, as events."""
    entry = _entry(hass, connection, msg)
    if entry is None:
        return

    caller = _caller(hass, connection, msg)
    require(caller.read(entry))

    @callback
    def forward(kind: str, message: Message | None) -> None:
        if caller.read(entry) is not None:
            # It was taken away meanwhile.
            return
        change: dict[str, Any] = {"kind": kind}
        if message is not None:
            change["message"] = as_shown(hass, message, recipient_numbers(entry))
        connection.send_message(websocket_api.event_message(msg["id"], change))

    @callback
    def received(received: Received) -> None:
        forward("message", received.message)

    @callback
    def submitted(message: Message) -> None:
        forward("message", message)

    @callback
    def reported(_outcome: Outcome, message: Message) -> None:
        forward("status", message)

    changed = partial(forward, "changed", None)
    recipients_changed = partial(forward, "recipients", None)
    # The subscription survives a reload: signals depend only on the entry ID.
    entry_id = entry.entry_id
    unsubscribers = (
        async_dispatcher_connect(hass, SIGNAL_RECEIVED.format(entry_id), received),
        async_dispatcher_connect(hass, SIGNAL_SUBMITTED.format(entry_id), submitted),
        async_dispatcher_connect(hass, SIGNAL_OUTCOME.format(entry_id), reported),
        async_dispatcher_connect(hass, SIGNAL_CHANGED.format(entry_id), changed),
        async_dispatcher_connect(
            hass, SIGNAL_RECIPIENTS.format(entry_id), recipients_changed
        ),
    )

    @callback
    def unsubscribe() -> None:
        for unsubscribe_signal in unsubscribers:
            unsubscribe_signal()

    connection.subscriptions[msg["id"]] = unsubscribe
    connection.send_result(msg["id"])


def _caller(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> Caller:
    return Caller(hass=hass, context=connection.context(msg), user=connection.user)


def _entry(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> SmskitConfigEntry | None:
    """Return the requested account, or the only one; send an error if there is none."""
    try:
        return loaded_entry(hass, msg.get(ATTR_CONFIG_ENTRY_ID))
    except ServiceValidationError as err:
        connection.send_error(
            msg["id"],
            websocket_api.ERR_NOT_FOUND,
            str(err),
            translation_domain=err.translation_domain,
            translation_key=err.translation_key,
            translation_placeholders=err.translation_placeholders,
        )
        return None
