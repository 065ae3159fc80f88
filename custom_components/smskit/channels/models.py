"""Models of a WhatsApp channel."""

from dataclasses import dataclass, field
from datetime import datetime

from ..api import Channel, ChannelDetails, Connection, Explanation, Picture


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelState:
    """State of a channel as entities show it."""

    channel: Channel
    details: ChannelDetails | None
    """The details from the last poll, or None if they could not be fetched."""
    is_verified: bool
    """Whether the portal has shown this channel when it was named.

    Until then, nothing that changes the channel may be sent: it might change another.
    """
    connected_since: datetime | None
    last_sync: datetime | None
    subscription_end: datetime | None
    pairing: bool
    """Whether its QR code is being fetched regularly."""
    code: Picture | None = field(repr=False)
    problem: Explanation | None
    """Why there is no QR code."""

    @property
    def connected(self) -> bool:
        """Return whether messages can certainly be sent through the channel."""
        return self.connection is Connection.CONNECTED

    @property
    def closed(self) -> bool:
        """Return whether messages can certainly not be sent through the channel."""
        return self.connection in {Connection.NOT_CONNECTED, Connection.EXPIRED}

    @property
    def connection(self) -> Connection:
        """Return the connection state; unknown without details."""
        return self.details.connection if self.details else Connection.UNKNOWN

    @property
    def can_be_paired(self) -> bool:
        """Return whether scanning a QR code would connect the channel."""
        return not self.connected and self.connection is not Connection.EXPIRED


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelProblem:
    """A problem that needs the user's attention."""

    key: str
    """Translation key of the repair issue: `channel_lost` or `subscription_ends`."""
    channel_id: str
    name: str
    ends: datetime | None = None
    """When the subscription ends, as an aware time; only for `subscription_ends`."""


def channel_name(channel: Channel) -> str:
    """Return the portal's label, or a name made from an ID."""
    return channel.label or f"WhatsApp {channel.gateway_id or channel.channel_id}"
