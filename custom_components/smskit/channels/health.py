"""Detection of channel problems: a lost connection or an ending subscription."""

from collections.abc import Mapping
from datetime import datetime, timedelta
import time
from typing import Final

from homeassistant.util import dt as dt_util

from .models import ChannelProblem, ChannelState

# One second less than the polling interval, so that the next poll detects the loss.
_LOST_AFTER: Final = 299.0
_ENDS_WITHIN: Final = timedelta(days=7)


class ChannelHealth:
    """Track which channels were connected and since when they are not."""

    def __init__(self) -> None:
        """Initialize the tracker without channels."""
        self._lost_since: dict[str, float | None] = {}
        """Start of the loss of each channel that was connected, in epoch seconds.

        It is None while the channel is connected, and right after a reset.
        """

    def load(self, data: dict[str, float | None]) -> None:
        """Restore the state that `as_dict` returned."""
        self._lost_since = dict(data)

    def as_dict(self) -> dict[str, float | None]:
        """Return the state to keep across restarts."""
        return dict(self._lost_since)

    def restart_loss_timer(self, channel_id: str) -> None:
        """Restart the clock of a channel that was reset, so it can be paired first."""
        if channel_id in self._lost_since:
            self._lost_since[channel_id] = None

    def check(self, states: Mapping[str, ChannelState]) -> list[ChannelProblem]:
        """Update the state and return the current problems of the channels."""
        now = time.time()
        known = self._lost_since
        self._lost_since = {c: t for c, t in known.items() if c in states}
        problems: list[ChannelProblem] = []
        for channel_id, state in states.items():
            name = state.channel.label or state.channel.gateway_id or channel_id
            if self._is_lost(channel_id, state, now):
                problems.append(
                    ChannelProblem(key="channel_lost", channel_id=channel_id, name=name)
                )
            end = state.subscription_end
            if end is not None and _needs_renewal(end, connected=state.connected):
                problems.append(
                    ChannelProblem(
                        key="subscription_ends",
                        channel_id=channel_id,
                        name=name,
                        ends=end,
                    )
                )
        return problems

    def _is_lost(self, channel_id: str, state: ChannelState, now: float) -> bool:
        if state.connected:
            self._lost_since[channel_id] = None
            return False
        if channel_id not in self._lost_since:
            return False
        # A poll that does not tell neither starts nor ends a loss.
        since = self._lost_since[channel_id]
        if since is None and state.closed:
            since = self._lost_since[channel_id] = now
        return since is not None and now - since >= _LOST_AFTER


def _needs_renewal(end: datetime, *, connected: bool) -> bool:
    """Return whether a subscription ends soon.

    Some portals report the end only once: if the channel is connected past that time,
    its subscription has been renewed.
    """
    remaining = end - dt_util.utcnow()
    return remaining <= _ENDS_WITHIN and not (connected and remaining < timedelta(0))
