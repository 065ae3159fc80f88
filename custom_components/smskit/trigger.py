"""Triggers: messages received, sent and failed, channels, and alerts."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, override

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.components.event import DOMAIN as EVENT_DOMAIN
from homeassistant.const import (
    ATTR_ENTITY_ID,
    CONF_OPTIONS,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, State, callback
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.target import (
    TargetStateChangedData,
    async_track_target_selector_state_change_event,
)
from homeassistant.helpers.trigger import (
    ENTITY_STATE_TRIGGER_SCHEMA,
    EntityTransitionTriggerBase,
    NotTriggeredInfo,
    StatelessEntityTriggerBase,
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
import voluptuous as vol

from .command_pin import Command, PinCheck, split_pin
from .coordinator import SmskitConfigEntry
from .entity import entities_of
from .phone_number import InvalidNumberError, current_form, normalize_number
from .text_match import Match, TextMatch

_LONGEST_PATTERN: Final = 256
_WITHOUT_EVENT: Final = frozenset({STATE_UNAVAILABLE, STATE_UNKNOWN})


@dataclass(frozen=True, slots=True)
class NotFor:
    """Why an event is not what a trigger waits for, as a trace shows it."""

    reason: str


class _EventTrigger(StatelessEntityTriggerBase):
    """Trigger for the events of an account or a recipient.

    Several entities tell of one message: the account's, and those of the recipients
    with its number. However many of them are targeted, it triggers once.
    """

    _domain_specs: Mapping[str, DomainSpec] = {EVENT_DOMAIN: DomainSpec()}
    _key: ClassVar[str]
    _event_types: ClassVar[frozenset[str]]
    _about: ClassVar = "message"
    """What the variable of the trigger is called."""
    _shows_state = True
    """Whether an automation, and so its trace, gets the state with the event."""

    @abstractmethod
    def _judge(
        self, event: Mapping[str, Any], entry_id: str
    ) -> dict[str, Any] | NotFor:
        """Return what an automation gets of an event, or why it gets nothing."""

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        return entities_of(self._hass, self._key, super().entity_filter(entities))

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Attach the trigger to an action runner."""
        registry = er.async_get(self._hass)
        told: dict[str, tuple[Mapping[str, Any], set[str]]] = {}

        def is_told(entry_id: str, entity_id: str, event: Mapping[str, Any]) -> bool:
            """Return whether another entity has told of the same event."""
            last, tellers = told.get(entry_id, (None, set[str]()))
            if event == last and entity_id not in tellers:
                tellers.add(entity_id)
                return True
            told[entry_id] = (event, {entity_id})
            return False

        @callback
        def changed(data: TargetStateChangedData) -> None:
            change = data.state_change_event
            entity_id = change.data["entity_id"]
            old, new = change.data["old_state"], change.data["new_state"]
            entity = registry.async_get(entity_id)
            if entity is None or entity.config_entry_id is None:
                return
            if new is None or not _is_event(old, new):
                return
            event = _event_of(new)
            entry_id = entity.config_entry_id
            if event["event_type"] not in self._event_types:
                return
            if is_told(entry_id, entity_id, event):
                return
            judged = self._judge(event, entry_id)
            if isinstance(judged, NotFor):
                if did_not_trigger is not None:
                    did_not_trigger(NotTriggeredInfo(judged.reason), change.context)
                return
            self._run(run_action, entity_id, new, judged, change.context)

        return await async_track_target_selector_state_change_event(
            self._hass, self._target, changed, self.entity_filter
        )

    def _run(
        self,
        run_action: TriggerActionRunner,
        entity_id: str,
        state: State,
        about: dict[str, Any],
        context: Context,
    ) -> None:
        payload: dict[str, Any] = {ATTR_ENTITY_ID: entity_id, self._about: about}
        if self._shows_state:
            payload["to_state"] = state
        run_action(payload, f"event of {entity_id}", context)


def _is_event(old: State | None, new: State) -> bool:
    """Return whether a change is an event, and no state that was restored."""
    return (
        old is not None
        and old.state != STATE_UNAVAILABLE
        and new.state not in _WITHOUT_EVENT
        and new.state != old.state
    )


def _event_of(state: State) -> dict[str, Any]:
    """Return the attributes of an event, without those of its entity."""
    shown = {"event_types", "friendly_name", "icon", "device_class"}
    return {key: said for key, said in state.attributes.items() if key not in shown}


def _pin_needs_text(options: dict[str, Any]) -> dict[str, Any]:
    """Refuse a PIN without a text: whatever anybody writes would be a wrong one."""
    if options["require_pin"] and not options["text"]:
        raise vol.Invalid("a PIN is required, so a text is, too", ["text"])
    return options


class MessageReceivedTrigger(_EventTrigger):
    """Trigger for a received message."""

    _key = "message_received"
    _event_types = frozenset({"received"})
    _schema = ENTITY_STATE_TRIGGER_SCHEMA.extend(
        {
            vol.Required(CONF_OPTIONS, default={}): vol.All(
                {
                    vol.Optional("numbers", default=[]): vol.All(
                        cv.ensure_list, [vol.All(vol.Coerce(str), vol.Length(min=1))]
                    ),
                    vol.Optional("match", default=Match.IS): vol.Coerce(Match),
                    vol.Optional("text", default=[]): vol.All(
                        cv.ensure_list,
                        [vol.All(cv.string, vol.Length(min=1, max=_LONGEST_PATTERN))],
                    ),
                    vol.Optional("case_sensitive", default=False): cv.boolean,
                    vol.Optional("require_pin", default=False): cv.boolean,
                    vol.Optional("trusted_only", default=True): cv.boolean,
                    vol.Optional("include_late", default=False): cv.boolean,
                },
                _pin_needs_text,
            ),
        }
    )

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Initialize the trigger."""
        super().__init__(hass, config)
        self._texts = TextMatch.create(
            self._options["text"],
            self._options["match"],
            case_sensitive=self._options["case_sensitive"],
        )
        self._shows_state = not self._options["require_pin"]

    @override
    def _judge(
        self, event: Mapping[str, Any], entry_id: str
    ) -> dict[str, Any] | NotFor:
        if not self._is_from(event["from"], entry_id):
            return NotFor("other_sender")
        if self._options["trusted_only"] and not event["trusted"]:
            return NotFor("sender_not_trusted")
        if event["backlog"] and not self._options["include_late"]:
            return NotFor("late")
        text = event["text"]
        words = self._texts.words_after(text)
        if self._options["require_pin"]:
            # Without a PIN, the whole text is the command, and a wrong try.
            is_command = words is not None
            text, word = split_pin(text)
            words = self._texts.words_after(text)
            if is_command or words is not None:
                check = self._check_pin(event, word, entry_id)
                if check is not PinCheck.RIGHT:
                    return NotFor(check)
        if words is None:
            return NotFor("other_text")
        return {
            "id": event["id"],
            "from": event["from"],
            "name": event["name"],
            "text": text,
            "words": words,
            "time": event["date"],
            "trusted": event["trusted"],
            "late": event["backlog"],
            "account": entry_id,
        }

    def _check_pin(
        self, event: Mapping[str, Any], word: str, entry_id: str
    ) -> PinCheck:
        """Return what comes of the last word of a command, the PIN or another."""
        if (entry := self._entry(entry_id)) is None:
            return PinCheck.NOT_SET
        command = Command(
            message_id=event["id"],
            number=event["from"],
            name=event["name"],
            trusted=event["trusted"],
            word=word,
        )
        return entry.runtime_data.command_pin.async_check(command)

    def _is_from(self, sender: str, entry_id: str) -> bool:
        """Return whether a message is from one of the numbers, where there are some."""
        if not (numbers := self._options["numbers"]):
            return True
        entry = self._entry(entry_id)
        country = entry.runtime_data.settings.country if entry else None
        return current_form(sender) in {_form(number, country) for number in numbers}

    def _entry(self, entry_id: str) -> SmskitConfigEntry | None:
        return self._hass.config_entries.async_get_entry(entry_id)


def _form(number: str, country: str | None) -> str:
    """Return what a number is compared by; names and short codes have no other form."""
    try:
        return current_form(normalize_number(number, country))
    except InvalidNumberError:
        return number


class _StatusTrigger(_EventTrigger):
    """Trigger for what became of an outgoing message."""

    _key = "message_status"
    _schema = ENTITY_STATE_TRIGGER_SCHEMA

    @override
    def _judge(
        self, event: Mapping[str, Any], entry_id: str
    ) -> dict[str, Any] | NotFor:
        message = {key: said for key, said in event.items() if key != "event_type"}
        return {**message, "status": event["event_type"], "account": entry_id}


class MessageSentTrigger(_StatusTrigger):
    """Trigger for a message that the portal delivered."""

    _event_types = frozenset({"sent"})


class MessageFailedTrigger(_StatusTrigger):
    """Trigger for a message that certainly does not arrive."""

    _event_types = frozenset({"failed", "expired"})


class _AlertTrigger(_EventTrigger):
    """Trigger for an alert that ends."""

    _key = "alert"
    _about = "alert"
    _schema = ENTITY_STATE_TRIGGER_SCHEMA

    @override
    def _judge(
        self, event: Mapping[str, Any], entry_id: str
    ) -> dict[str, Any] | NotFor:
        alert = {key: said for key, said in event.items() if key != "event_type"}
        return {**alert, "account": entry_id}


class AlertAcknowledgedTrigger(_AlertTrigger):
    """Trigger for an alert that somebody acknowledged."""

    _event_types = frozenset({"acknowledged"})


class AlertExhaustedTrigger(_AlertTrigger):
    """Trigger for an alert that nobody acknowledged."""

    _event_types = frozenset({"exhausted"})


class ChannelDisconnectedTrigger(EntityTransitionTriggerBase):
    """Trigger for a channel that messages can no longer go through."""

    _domain_specs: Mapping[str, DomainSpec] = {BINARY_SENSOR_DOMAIN: DomainSpec()}
    _from_states = {STATE_ON}  # noqa: RUF012 - as core declares it
    _to_states = {STATE_OFF}  # noqa: RUF012 - as core declares it

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        return entities_of(self._hass, "connected", super().entity_filter(entities))


_TRIGGERS: Final[dict[str, type[Trigger]]] = {
    "message_received": MessageReceivedTrigger,
    "message_sent": MessageSentTrigger,
    "message_failed": MessageFailedTrigger,
    "channel_disconnected": ChannelDisconnectedTrigger,
    "alert_acknowledged": AlertAcknowledgedTrigger,
    "alert_exhausted": AlertExhaustedTrigger,
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers of the integration."""
    return _TRIGGERS
