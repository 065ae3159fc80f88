"""The repair issue that tells of a spend guard which stopped something."""

import time
from typing import TYPE_CHECKING

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_call_later

from .const import DOMAIN

if TYPE_CHECKING:
    from .coordinator import SmskitConfigEntry


class LimitIssue:
    """Is there while the hourly limit of an account stops messages."""

    def __init__(self, hass: HomeAssistant, entry: SmskitConfigEntry) -> None:
        """Go away with the account."""
        self._hass = hass
        self._entry = entry
        self._id = f"hourly_limit_{entry.entry_id}"
        self._cancel_timer: CALLBACK_TYPE | None = None
        entry.async_on_unload(self.async_clear)

    @callback
    def async_raise(self, limit: int, until: float | None) -> None:
        """Tell of it until messages may go again; `until` is in epoch seconds."""
        self._stop_timer()
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            self._id,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key="hourly_limit",
            translation_placeholders={
                "account": self._entry.title,
                "limit": str(limit),
            },
        )
        if until is not None:
            delay = max(until - time.time(), 0)
            self._cancel_timer = async_call_later(self._hass, delay, self._on_timer)

    @callback
    def async_clear(self) -> None:
        """Take it back."""
        self._stop_timer()
        ir.async_delete_issue(self._hass, DOMAIN, self._id)

    def _stop_timer(self) -> None:
        if self._cancel_timer is not None:
            self._cancel_timer()
            self._cancel_timer = None

    @callback
    def _on_timer(self, _: object) -> None:
        self._cancel_timer = None
        self.async_clear()
