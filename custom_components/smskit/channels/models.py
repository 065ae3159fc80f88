"""A WhatsApp channel as entities show it."""

from dataclasses import dataclass, field
from datetime import datetime

from ..api import Channel, ChannelDetails, Connection, Picture


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelState:
    """A channel as entities show it."""

    channel: Channel
    details: ChannelDetails | None
    """What was last seen of it, or none while the portal does not tell."""
    connected_since: datetime | None
    last_sync: datetime | None
    subscription_end: datetime | None
    pairing: bool
    """Whether its code is fetched again and again."""
    code: Picture | None = field(repr=False)
    problem: str | None
    """Why there is no code, as the portal says."""

    @property
    def connected(self) -> bool:
        """Whether messages can go through it."""
        return self.connection is Connection.CONNECTED

    @property
    def connection(self) -> Connection:
        """What the portal's words mean."""
        return self.details.connection if self.details else Connection.UNKNOWN

    @property
    def can_be_paired(self) -> bool:
        """Whether a code is of any use to it."""
        return not self.connected and self.connection is not Connection.EXPIRED


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelProblem:
    """What somebody has to do something about."""

    key: str
    """The translation key of its repair issue: `channel_lost`, `subscription_ends`."""
    channel_id: str
    name: str
    ends: datetime | None = None
    """When the subscription ends, for that problem; aware."""


def channel_name(channel: Channel) -> str:
    """Return the portal's label, or what else tells a channel from others."""
    return channel.label or f"WhatsApp {channel.gateway_id or channel.channel_id}"
