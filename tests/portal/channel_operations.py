"""The seven operations on WhatsApp channels.

What they answer is [doc]; the parameters, and what a channel does in between, are
[inferred].
"""

from collections.abc import Mapping

from . import channels, inferred, qr
from .delivery import settle
from .state import Account, Channel, ChannelState, RefusedError, State

type Parameters = Mapping[str, str]


def _channel(state: State, account: Account, parameters: Parameters) -> Channel:
    for name in state.installation.channel_parameters:
        channel = state.channels.get(parameters.get(name, ""))
        if channel is not None and channel.account is account:
            return channels.refresh(state, channel)
    raise RefusedError(inferred.UNKNOWN_CHANNEL)


def _success(operation: str, channel: Channel) -> dict[str, object]:
    return {
        "request": operation,
        "status": "success",
        "channel_id": channel.channel_id,
    }


def _last_sync(state: State, channel: Channel) -> str:
    if channel.last_sync is None:
        return inferred.NEVER
    return state.shown(channel.last_sync, channel.account)


def createchannel(
    state: State, account: Account, parameters: Parameters
) -> dict[str, object]:
    """Add a channel; it waits to be paired."""
    label = parameters.get(inferred.LABEL_PARAMETER, "").strip()
    if not label:
        raise RefusedError(inferred.NO_LABEL)
    plan = parameters.get(inferred.PLAN_PARAMETER) or inferred.DEFAULT_PLAN
    channel = channels.create(state, account, label, plan)
    return _success("createchannel", channel) | {
        "gateway_id": channel.gateway_id,
        "subscription_end": state.local(channel.subscription_end),
    }


def listchannel(
    state: State, account: Account, parameters: Parameters
) -> dict[str, object]:
    """List the account's channels."""
    del parameters
    listed = [channels.refresh(state, c) for c in state.channels_of(account)]
    return {
        "request": "listchannel",
        "status": "success",
        "channels": [
            {
                "channel_id": channel.channel_id,
                "gateway_id": channel.gateway_id,
                "whatsapp_number": channel.whatsapp_number,
                "label": channel.label,
                "last_sync": _last_sync(state, channel),
            }
            for channel in listed
        ],
        "channel_count": str(len(listed)),
    }


def viewchannel(
    state: State, account: Account, parameters: Parameters
) -> dict[str, object]:
    """Describe one channel."""
    channel = _channel(state, account, parameters)
    connected = channel.state is ChannelState.CONNECTED
    return _success("viewchannel", channel) | {
        "gateway_id": channel.gateway_id,
        "plan": channel.plan,
        "whatsapp_number": channel.whatsapp_number,
        "whatsapp_version": inferred.WHATSAPP_VERSION if connected else "",
        "label": channel.label,
        "last_sync": _last_sync(state, channel),
        "device_status": inferred.DEVICE_STATUS[channel.state],
        "up_time": channels.up_time(channel, state.now()),
    }


def scanqr(state: State, account: Account, parameters: Parameters) -> str:
    """Show the QR code that pairs the channel, as the base-64 text of a PNG image."""
    channel = _channel(state, account, parameters)
    return qr.base64_png(channels.qr_payload(state, channel))


def clearqueue(
    state: State, account: Account, parameters: Parameters
) -> dict[str, object]:
    """Throw away what waits to be sent through a channel."""
    channel = _channel(state, account, parameters)
    settle(state, channel.sent)
    removed = channels.clear_queue(channel)
    count = inferred.queue_count(remaining=0, removed=removed)
    return _success("clearqueue", channel) | {"queue_count": str(count)}


def resetchannel(
    state: State, account: Account, parameters: Parameters
) -> dict[str, object]:
    """Drop a channel's session; it has to be paired again."""
    channel = _channel(state, account, parameters)
    channels.reset(state, channel)
    return _success("resetchannel", channel)


def deletechannel(
    state: State, account: Account, parameters: Parameters
) -> dict[str, object]:
    """Remove a channel."""
    channel = _channel(state, account, parameters)
    settle(state, channel.sent)
    channels.remove(state, channel)
    return _success("deletechannel", channel)
