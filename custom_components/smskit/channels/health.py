"""What is wrong with channels: one that was lost, or whose time is nearly up."""

from collections.abc import Mapping
from datetime import datetime, timedelta
import time
from typing import Final

from homeassistant.util import dt as dt_util

from .models import ChannelProblem, ChannelState

# A second less than five minutes, which is how often a channel is looked at.
_LOST_AFTER: Final = 299.0
_ENDS_WITHIN: Final = timedelta(days=7)


class ChannelHealth:
    """Knows which channels were connected, and since when they are not."""

    def __init__(self) -> None:
        """Know of no channel."""
        self._lost_since: dict[str, float | None] = {}
        """Channels that were connected; since when they are not, in epoch seconds."""

    def load(self, data: dict[str, float | None]) -> None:
        """Take up what `as_dict` kept."""
        self._lost_since = dict(data)

    def as_dict(self) -> dict[str, float | None]:
        """Return what has to survive a restart."""
        return dict(self._lost_since)

    def start_over(self, channel_id: str) -> None:
        """Give somebody who has just reset a channel the time to pair it."""
        if channel_id in self._lost_since:
            self._lost_since[channel_id] = None

    def check(self, states: Mapping[str, ChannelState]) -> list[ChannelProblem]:
        """Return what is wrong with channels now."""
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
            if end is not None and _is_to_renew(end, connected=state.connected):
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
        # A portal that does not tell has not repaired anything either.
        since = self._lost_since[channel_id]
        if since is None and state.details is not None:
            since = self._lost_since[channel_id] = now
        return since is not None and now - since >= _LOST_AFTER


def _is_to_renew(end: datetime, *, connected: bool) -> bool:
    """Whether a subscription ends soon.

    Some portals tell the end once only: what works past it was renewed.
    """
    left = end - dt_util.utcnow()
    return left <= _ENDS_WITHIN and not (connected and left < timedelta(0))
