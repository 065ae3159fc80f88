"""The life of a WhatsApp channel: what a user, a phone and time do to it [inferred]."""

from datetime import datetime, timedelta
import hashlib

from . import inferred, qr
from .state import Account, Channel, ChannelState, RefusedError, State


def create(state: State, account: Account, label: str, plan: str) -> Channel:
    """Add a channel that waits for its QR code to be scanned."""
    now = state.now()
    number = state.next_id("channel")
    channel = Channel(
        channel_id=_channel_id(number),
        gateway_id=str(state.next_id("gateway")),
        account=account,
        label=label,
        plan=plan,
        created=now,
        subscription_end=inferred.subscription_end(now, plan),
    )
    state.channels[channel.channel_id] = channel
    return channel


def _channel_id(number: int) -> str:
    """Return 26 digits and lower-case letters, as in the vendor's samples."""
    value = int.from_bytes(hashlib.sha256(f"channel {number}".encode()).digest())
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return "".join(digits[value // 36**place % 36] for place in range(26))


def refresh(state: State, channel: Channel) -> Channel:
    """Bring a channel up to date: subscriptions end, connected ones synchronize."""
    now = state.now()
    if now >= channel.subscription_end and channel.state is not ChannelState.EXPIRED:
        _disconnect(channel, ChannelState.EXPIRED)
    since = channel.connected_since
    if since is not None:
        interval = timedelta(seconds=inferred.SYNC_INTERVAL)
        channel.last_sync = since + (now - since) // interval * interval
    return channel


def _disconnect(channel: Channel, to: ChannelState) -> None:
    channel.state = to
    channel.connected_since = None
    channel.session += 1


def pair(state: State, channel: Channel, number: str) -> None:
    """Scan the QR code with a phone."""
    if refresh(state, channel).state is ChannelState.EXPIRED:
        raise RefusedError(inferred.CHANNEL_EXPIRED)
    channel.state = ChannelState.CONNECTED
    channel.whatsapp_number = number
    channel.connected_since = channel.last_sync = state.now()


def drop(state: State, channel: Channel) -> None:
    """Unlink the phone, as its user does or a long absence."""
    if refresh(state, channel).state is not ChannelState.EXPIRED:
        _disconnect(channel, ChannelState.DISCONNECTED)


def expire(state: State, channel: Channel) -> None:
    """End the subscription now."""
    channel.subscription_end = state.now()
    refresh(state, channel)


def reset(state: State, channel: Channel) -> None:
    """Forget the session and the phone; wait for a scan again."""
    if refresh(state, channel).state is ChannelState.EXPIRED:
        raise RefusedError(inferred.CHANNEL_EXPIRED)
    _disconnect(channel, ChannelState.PAIRING)
    channel.whatsapp_number = ""
    channel.last_sync = None


def remove(state: State, channel: Channel) -> None:
    """Take the channel away, with all that waits in its queue."""
    clear_queue(channel)
    state.channels.pop(channel.channel_id, None)


def clear_queue(channel: Channel) -> int:
    """Fail all that waits in the channel's queue; return how many that were."""
    waiting = [r for r in channel.sent if r.state == "queued"]
    for recipient in waiting:
        recipient.tell("failed")
    channel.sent.clear()
    return len(waiting)


def qr_payload(state: State, channel: Channel) -> str:
    """Return what the QR code says now, or refuse."""
    current = refresh(state, channel).state
    if current is ChannelState.EXPIRED:
        raise RefusedError(inferred.CHANNEL_EXPIRED)
    if current is ChannelState.CONNECTED:
        raise RefusedError(inferred.ALREADY_CONNECTED)
    return qr.payload(channel.channel_id, channel.session, state.now())


def up_time(channel: Channel, now: datetime) -> str:
    """Return the time since the pairing as H:MM:SS."""
    if channel.connected_since is None:
        return inferred.NOT_RUNNING
    minutes, seconds = divmod(int((now - channel.connected_since).total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
