"""WhatsApp channels of an account: polling, pairing and devices."""

from .devices import (
    channel_id_of,
    channel_identifier,
    device_channel_id,
    sync_devices,
)
from .models import ChannelProblem, ChannelState, channel_name
from .poller import ChannelPoller

__all__ = [
    "ChannelPoller",
    "ChannelProblem",
    "ChannelState",
    "channel_id_of",
    "channel_identifier",
    "channel_name",
    "device_channel_id",
    "sync_devices",
]
