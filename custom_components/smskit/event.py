"""Events of an account and its recipients: messages in, and the status of those out."""

from collections.abc import Mapping
from typing import Any, Final, override

from homeassistant.components.event import EventEntity
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .alerts import SIGNAL_ALERT, AlertEvent, AlertEventType
from .command_pin import SIGNAL_BLOCKED, Blocked
from .const import CONF_NUMBERS
from .coordinator import SmskitConfigEntry
from .entity import RecipientEntity, SmskitEntity, async_add_for_recipients
from .inbox import SIGNAL_RECEIVED, Received
from .phone_number import current_form
from .sending import SIGNAL_OUTCOME, Outcome, Status
from .store import Message
from .texts import reason_text

PARALLEL_UPDATES = 0

_RECEIVED: Final = "message_received"
_STATUS: Final = "message_status"


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmskitConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the events of an account and of its recipients."""
    async_add_entities(
        [
            AccountReceivedEvent(entry),
            AccountStatusEvent(entry),
            AlertEventEntity(entry.entry_id),
        ]
    )

    def create(subentry: ConfigSubentry) -> list[Entity]:
        return [
            RecipientReceivedEvent(hass, entry, subentry),
            RecipientStatusEvent(hass, entry, subentry),
        ]

    async_add_for_recipients(hass, entry, async_add_entities, create)


class _EarlyAttributes(EventEntity):
    """Base event entity whose attributes are there before its first event.

    The visual editor offers only attributes that a state has.
    """

    _attribute_keys: tuple[str, ...]

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return the attributes that no event has set yet, empty."""
        present = self.state_attributes
        return {key: None for key in self._attribute_keys if key not in present}


class _MessageEvent(_EarlyAttributes):
    """Base event entity for messages."""

    def _concerns(self, _number: str) -> bool:
        """Return whether a message from or to a number is one of this entity's."""
        return True


class _ReceivedEvent(_MessageEvent):
    """Event entity that fires once for every received message.

    It also fires when the commands of a sender are ignored after wrong PINs.
    """

    _unrecorded_attributes = frozenset({"from", "name", "to", "text", "command", "id"})
    _attribute_keys = (
        "from",
        "name",
        "to",
        "text",
        "command",
        "id",
        "date",
        "trusted",
        "sender_trust",
        "backlog",
    )
    _attr_event_types = ["received", "blocked"]  # noqa: RUF012 - as core declares it
    _entry: SmskitConfigEntry

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        signal = SIGNAL_RECEIVED.format(self._entry.entry_id)
        self.async_on_remove(
            async_dispatcher_connect(self.hass, signal, self._async_fire)
        )
        signal_blocked = SIGNAL_BLOCKED.format(self._entry.entry_id)
        self.async_on_remove(
            async_dispatcher_connect(
                self.hass, signal_blocked, self._async_fire_blocked
            )
        )

    @callback
    def _async_fire_blocked(self, blocked: Blocked) -> None:
        if self._concerns(blocked.number):
            attributes = {"from": blocked.number, "name": blocked.name}
            self._trigger_event("blocked", attributes)
            self.async_write_ha_state()

    @callback
    def _async_fire(self, received: Received) -> None:
        message = received.message
        if not self._concerns(message.number):
            return
        attributes = message.as_attributes()
        del attributes["read"]
        attributes |= {
            "command": attributes["text"].strip().lower(),
            "sender_trust": "trusted" if message.trusted else "untrusted",
            "backlog": received.backlog,
        }
        self._trigger_event("received", attributes)
        self.async_write_ha_state()


class _StatusEvent(_MessageEvent):
    """Event entity that fires when the status of a recipient's message changes."""

    _unrecorded_attributes = frozenset({"number", "name", "group_id", "reason"})
    _attribute_keys = ("group_id", "number", "name", "reason", "reason_code")
    _attr_event_types = [  # noqa: RUF012 - as core declares it
        status.value for status in Status if status is not Status.READY
    ]
    _entry: SmskitConfigEntry

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        signal = SIGNAL_OUTCOME.format(self._entry.entry_id)
        self.async_on_remove(
            async_dispatcher_connect(self.hass, signal, self._async_fire)
        )

    @callback
    def _async_fire(self, outcome: Outcome, _message: Message) -> None:
        if not self._concerns(outcome.number):
            return
        reason = outcome.reason
        attributes: dict[str, Any] = {
            "group_id": outcome.group_id,
            "number": outcome.number,
            "name": outcome.name,
            "reason": reason and reason_text(self.hass, reason),
            "reason_code": reason and str(reason.code),
        }
        self._trigger_event(outcome.status.value, attributes)
        self.async_write_ha_state()


class AccountReceivedEvent(_ReceivedEvent, SmskitEntity):
    """Event entity for the messages that an account receives."""

    def __init__(self, entry: SmskitConfigEntry) -> None:
        """Initialize the event entity."""
        super().__init__(entry.entry_id, _RECEIVED)
        self._entry = entry


class AccountStatusEvent(_StatusEvent, SmskitEntity):
    """Event entity for the messages that an account sends."""

    def __init__(self, entry: SmskitConfigEntry) -> None:
        """Initialize the event entity."""
        super().__init__(entry.entry_id, _STATUS)
        self._entry = entry


class _RecipientEvent(RecipientEntity, _MessageEvent):
    """Base event entity for the messages from or to the numbers of a recipient."""

    _key: str

    def __init__(
        self, hass: HomeAssistant, entry: SmskitConfigEntry, subentry: ConfigSubentry
    ) -> None:
        """Initialize the event entity."""
        super().__init__(hass, entry, subentry, self._key)

    @override
    def _concerns(self, number: str) -> bool:
        # Read anew each time: a changed recipient reloads nothing.
        numbers = self._subentry.data[CONF_NUMBERS]
        return current_form(number) in map(current_form, numbers)


class RecipientReceivedEvent(_RecipientEvent, _ReceivedEvent):
    """Event entity for the messages that come from a recipient."""

    _key = _RECEIVED


class RecipientStatusEvent(_RecipientEvent, _StatusEvent):
    """Event entity for the messages that go to a recipient."""

    _key = _STATUS


class AlertEventEntity(_EarlyAttributes, SmskitEntity):
    """Event entity that fires for each step of an alert, its start, and its end."""

    _unrecorded_attributes = frozenset({"message", "asked", "by", "name"})
    _attribute_keys = ("alert_id", "message", "step", "round", "asked", "by", "name")

    def __init__(self, entry_id: str) -> None:
        """Initialize the event entity."""
        super().__init__(entry_id, "alert")
        self._attr_event_types = [type_.value for type_ in AlertEventType]

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        signal = SIGNAL_ALERT.format(self._entry_id)
        self.async_on_remove(
            async_dispatcher_connect(self.hass, signal, self._async_fire)
        )

    @callback
    def _async_fire(self, event: AlertEvent) -> None:
        attributes: dict[str, Any] = {
            "alert_id": event.alert_id,
            "message": event.message,
            "step": event.step,
            "round": event.round,
            "asked": list(event.asked),
            "by": event.by,
            "name": event.name,
        }
        self._trigger_event(event.type.value, attributes)
        self.async_write_ha_state()
