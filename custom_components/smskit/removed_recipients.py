"""Recipients that were removed, and that automations or scripts still use."""

from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.event import (
    async_call_later,
    async_track_state_change_event,
)

from .issues import AccountIssues, RemovedRecipient
from .usage import users_of

# An automation that is edited is gone for a moment; in seconds.
_SETTLING_TIME: Final = 5


class RemovedRecipients:
    """Keeps an issue for each removed recipient that is still used.

    The issue names the automations and scripts, and goes when none is left.
    """

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, issues: AccountIssues
    ) -> None:
        """Initialize without recipients."""
        self._hass = hass
        self._entry = entry
        self._issues = issues
        self._removed: dict[str, RemovedRecipient] = {}
        self._cancel_tracking: CALLBACK_TYPE | None = None
        self._cancel_timer: CALLBACK_TYPE | None = None

    @callback
    def async_start(self, _: object) -> None:
        """Go on with the issues of the last run, once automations are there."""
        for removed in self._issues.recipients_in_use():
            self._removed.setdefault(removed.subentry_id, removed)
        self._check()

    @callback
    def async_update(self) -> None:
        """Note the recipients that were just removed.

        Home Assistant calls listeners before it removes entities and devices.
        """
        entities, devices = er.async_get(self._hass), dr.async_get(self._hass)
        for device in dr.async_entries_for_config_entry(devices, self._entry.entry_id):
            subentry_id = device.config_subentry_id
            if subentry_id is None or subentry_id in self._entry.subentries:
                continue
            own = er.async_entries_for_device(
                entities, device.id, include_disabled_entities=True
            )
            self._removed[subentry_id] = RemovedRecipient(
                subentry_id=subentry_id,
                name=device.name_by_user or device.name or "",
                ids=(device.id, *(entity.entity_id for entity in own)),
            )
        self._check()

    @callback
    def async_stop(self) -> None:
        """Look no more; the issues stay."""
        for cancel in (self._cancel_tracking, self._cancel_timer):
            if cancel is not None:
                cancel()
        self._cancel_tracking = self._cancel_timer = None

    @callback
    def _check(self, _: object = None) -> None:
        """Raise and clear issues, and follow what they name."""
        self.async_stop()
        used_by: set[str] = set()
        for removed in tuple(self._removed.values()):
            ids = [one for one in removed.ids if not self._is_taken(one, removed)]
            users = users_of(self._hass, ids)
            self._issues.async_show_recipient_in_use(removed, users.values())
            used_by |= users.keys()
            if not users:
                del self._removed[removed.subentry_id]
        if used_by:
            self._cancel_tracking = async_track_state_change_event(
                self._hass, used_by, self._on_change
            )

    def _is_taken(self, entity_id: str, removed: RemovedRecipient) -> bool:
        """Return whether an entity ID is another one's by now."""
        entity = er.async_get(self._hass).async_get(entity_id)
        return entity is not None and entity.config_subentry_id != removed.subentry_id

    @callback
    def _on_change(self, _: object) -> None:
        if self._cancel_timer is None:
            self._cancel_timer = async_call_later(
                self._hass, _SETTLING_TIME, self._check
            )
