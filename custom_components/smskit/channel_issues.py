"""Repair issues of channels: one that was lost, and one whose time is nearly up."""

from collections.abc import Mapping
from datetime import datetime, timedelta
import time
from typing import TYPE_CHECKING, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .const import DOMAIN

if TYPE_CHECKING:
    from .channels.poller import ChannelState
    from .coordinator import SmskitConfigEntry

# A second less than five minutes, which is how often a channel is looked at.
_LOST_AFTER: Final = 299.0
_ENDS_WITHIN: Final = timedelta(days=7)


class ChannelIssues:
    """Tells of an account's channels what somebody has to do."""

    def __init__(self, hass: HomeAssistant, entry: SmskitConfigEntry) -> None:
        """Know of no channel."""
        self._hass = hass
        self._entry = entry
        self._lost_since: dict[str, float | None] = {}
        """Channels that were connected; since when they are not, in epoch seconds."""
        self._raised: set[str] = set()
        entry.async_on_unload(self.async_clear)

    def load(self, data: dict[str, float | None]) -> None:
        """Take up what `as_dict` kept."""
        self._lost_since = dict(data)

    def as_dict(self) -> dict[str, float | None]:
        """Return what has to survive a restart."""
        return dict(self._lost_since)

    @callback
    def async_start_over(self, channel_id: str) -> None:
        """Give somebody who has just reset a channel the time to pair it."""
        if channel_id in self._lost_since:
            self._lost_since[channel_id] = None

    @callback
    def async_clear(self) -> None:
        """Take everything back."""
        for issue_id in self._raised:
            ir.async_delete_issue(self._hass, DOMAIN, issue_id)
        self._raised.clear()

    @callback
    def check(self, states: Mapping[str, ChannelState]) -> bool:
        """Raise what is wrong, take back what is not; tell if something is to keep."""
        before = dict(self._lost_since)
        now = time.time()
        self._lost_since = {c: t for c, t in before.items() if c in states}
        wanted: dict[str, tuple[str, str, dict[str, str]]] = {}
        for channel_id, state in states.items():
            name = state.channel.label or state.channel.gateway_id or channel_id
            placeholders = {"channel": name, "account": self._entry.title}
            if state.connected:
                self._lost_since[channel_id] = None
            elif channel_id in self._lost_since:
                # A portal that does not tell has not repaired anything either.
                since = self._lost_since[channel_id]
                if since is None and state.details is not None:
                    since = self._lost_since[channel_id] = now
                if since is not None and now - since >= _LOST_AFTER:
                    issue = ("channel_lost", channel_id, placeholders)
                    wanted[f"channel_lost_{channel_id}"] = issue
            end = state.subscription_end
            if end is not None and _is_to_renew(end, connected=state.connected):
                date = dt_util.as_local(end).date().isoformat()
                wanted[f"subscription_ends_{channel_id}"] = (
                    "subscription_ends",
                    channel_id,
                    {**placeholders, "date": date},
                )
        for issue_id in self._raised - wanted.keys():
            ir.async_delete_issue(self._hass, DOMAIN, issue_id)
        for issue_id, (key, channel_id, placeholders) in wanted.items():
            ir.async_create_issue(
                self._hass,
                DOMAIN,
                issue_id,
                is_fixable=key == "channel_lost",
                data={"entry_id": self._entry.entry_id, "channel_id": channel_id},
                severity=ir.IssueSeverity.WARNING,
                translation_key=key,
                translation_placeholders=placeholders,
            )
        self._raised = set(wanted)
        return self._lost_since != before


def _is_to_renew(end: datetime, *, connected: bool) -> bool:
    """Whether a subscription ends soon.

    Some portals tell the end once only: what works past it was renewed.
    """
    left = end - dt_util.utcnow()
    return left <= _ENDS_WITHIN and not (connected and left < timedelta(0))
