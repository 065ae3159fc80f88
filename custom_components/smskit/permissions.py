"""Who may do what: the permissions that a user of Home Assistant has for entities.

The entities stand for what they show. `unread_messages` stands for all messages of an
account, the entities of its device for what changes the account or costs it money, and
the notify entity of a recipient for sending to it and for its numbers. Channels are for
administrators.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.components.http import KEY_HASS_USER
from homeassistant.components.notify import DOMAIN as NOTIFY_DOMAIN
from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.http import current_request

from .const import CONF_NUMBERS, DOMAIN, SUBENTRY_RECIPIENT
from .coordinator import SmskitConfigEntry
from .phone_number import current_form
from .sending import Recipient

type Refusal = Unauthorized | None
"""The error of a caller who may not do something; None for one who may."""


def recipient_entity_id(
    hass: HomeAssistant, entry: SmskitConfigEntry, subentry_id: str
) -> str | None:
    """Return the ID of a recipient's notify entity."""
    return er.async_get(hass).async_get_entity_id(
        NOTIFY_DOMAIN, DOMAIN, f"{entry.entry_id}_{subentry_id}"
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """The user who calls an action or a websocket command.

    Automations and scripts have no user and may do all. Each method says what refuses
    the caller something, for `require`.
    """

    hass: HomeAssistant
    context: Context
    user: User | None

    @property
    def is_admin(self) -> bool:
        """Return whether the caller may do all."""
        return self.user is None or self.user.is_admin

    def administer(self) -> Refusal:
        """Refuse what is for administrators."""
        return None if self.is_admin else Unauthorized(context=self.context)

    def access(self, entity_id: str | None, permission: str) -> Refusal:
        """Refuse what needs a permission for an entity.

        For an entity that is not registered, nobody but administrators has one.
        """
        if self.user is None or self.user.is_admin:
            return None
        if entity_id and self.user.permissions.check_entity(entity_id, permission):
            return None
        return Unauthorized(
            context=self.context, entity_id=entity_id, permission=permission
        )

    def read(self, entry: SmskitConfigEntry) -> Refusal:
        """Refuse to show the messages of an account."""
        entity_id = er.async_get(self.hass).async_get_entity_id(
            SENSOR_DOMAIN, DOMAIN, f"{entry.entry_id}_unread_messages"
        )
        return self.access(entity_id, POLICY_READ)

    def control(self, entry: SmskitConfigEntry) -> Refusal:
        """Refuse to act for an account: all entities of its device are needed."""
        if self.is_admin:
            return None
        device = dr.async_get(self.hass).async_get_device_by_identifier(
            (DOMAIN, entry.entry_id), entry.entry_id
        )
        entities = er.async_get(self.hass).entities
        own = entities.get_entries_for_device_id(device.id) if device else []
        if not own:
            return self.administer()
        return _first(self.access(one.entity_id, POLICY_CONTROL) for one in own)

    def send(self, entry: SmskitConfigEntry, subentry_id: str) -> Refusal:
        """Refuse to send to a recipient."""
        return self._access_recipient(entry, subentry_id, POLICY_CONTROL)

    def see(self, entry: SmskitConfigEntry, subentry_id: str) -> Refusal:
        """Refuse to show which numbers a recipient has."""
        return self._access_recipient(entry, subentry_id, POLICY_READ)

    def _access_recipient(
        self, entry: SmskitConfigEntry, subentry_id: str, permission: str
    ) -> Refusal:
        entity_id = recipient_entity_id(self.hass, entry, subentry_id)
        return self.access(entity_id, permission)

    def text(self, entry: SmskitConfigEntry, number: str) -> Refusal:
        """Refuse to send to a number.

        That of a recipient is one more way to send to the recipient.
        """
        form = current_form(number)
        for subentry in entry.get_subentries_of_type(SUBENTRY_RECIPIENT):
            is_own = form in map(current_form, subentry.data[CONF_NUMBERS])
            if is_own and self.send(entry, subentry.subentry_id) is None:
                return None
        return self.text_others(entry)

    def text_others(self, entry: SmskitConfigEntry) -> Refusal:
        """Refuse to send to the number of somebody who is no recipient."""
        if entry.runtime_data.settings.restrict_numbers:
            return self.administer()
        return self.control(entry)

    def send_to(
        self, entry: SmskitConfigEntry, recipients: Iterable[Recipient]
    ) -> Refusal:
        """Refuse to send to recipients and numbers."""
        return _first(
            refusal
            for one in recipients
            for refusal in (
                [self.send(entry, id_) for id_ in one.subentry_ids]
                or [self.text(entry, one.number)]
            )
        )

    def nameless(self, entry: SmskitConfigEntry) -> frozenset[str]:
        """Return the numbers, in their current form, that are shown without a name.

        They are of recipients whose numbers are not for the caller.
        """
        hidden: set[str] = set()
        shown: set[str] = set()
        for subentry in entry.get_subentries_of_type(SUBENTRY_RECIPIENT):
            is_hidden = self.see(entry, subentry.subentry_id) is not None
            group = hidden if is_hidden else shown
            group.update(map(current_form, subentry.data[CONF_NUMBERS]))
        return frozenset(hidden - shown)


async def async_caller(hass: HomeAssistant, context: Context | None) -> Caller:
    """Return who calls; raise UnknownUser for a user who does not exist."""
    context = context or Context()
    user = None
    if context.user_id is not None:
        user = await hass.auth.async_get_user(context.user_id)
        if user is None:
            raise UnknownUser(context=context)
    return Caller(hass=hass, context=context, user=user)


def require(*refusals: Refusal) -> None:
    """Raise the first error of a caller who may not do something."""
    if (refusal := _first(refusals)) is not None:
        raise refusal


def _first(refusals: Iterable[Refusal]) -> Refusal:
    return next((one for one in refusals if one is not None), None)


def is_admin_request() -> bool:
    """Return whether an administrator who is logged in makes the current HTTP request.

    The token in an image's state logs nobody in: whoever may read the state has it.
    """
    request = current_request.get()
    user = request.get(KEY_HASS_USER) if request is not None else None
    return user is not None and user.is_admin
