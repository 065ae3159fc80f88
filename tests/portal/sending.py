"""The operation sendsms: checks, billing, the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from . import billing, inferred
from .channels import refresh
from .delivery import due
from .state import (
    Account,
    Channel,
    ChannelState,
    Group,
    GroupRecipient,
    LedgerEntry,
    RefusedError,
    State,
)

type Parameters = Mapping[str, str]

TYPES: Final = frozenset({"sms", "unicode", "flash", "voice", "mms", "whatsapp"})
SENDER_NOT_ALLOWED: Final = "Sender ID not allowed"


@dataclass(frozen=True, slots=True)
class Message:
    """A send that passed every check but the account's credits."""

    type: str
    numbers: tuple[str, ...]
    sender: str
    text: str
    arrived_text: str
    segments: int
    route: str
    schedule: datetime | None
    file: str | None
    channel: Channel | None


def sendsms(
    state: State, account: Account, parameters: Parameters
) -> dict[str, object]:
    """Accept one text for one or several numbers, all or none of them."""
    message = _checked(state, account, parameters)
    price = account.price * message.segments
    total = price * len(message.numbers)
    if total > account.credits:
        raise RefusedError(inferred.INSUFFICIENT_CREDITS)
    account.credits -= total
    group = _accept(state, account, message, price)
    return {
        "request": "sendsms",
        "status": "queued",
        "group_id": group.group_id,
        "date": state.local(group.accepted),
    }


def _checked(state: State, account: Account, parameters: Parameters) -> Message:
    type_ = parameters.get("type", "")
    if type_ not in TYPES:
        raise RefusedError(inferred.UNKNOWN_TYPE)
    text = parameters.get("text", "")
    file = parameters.get("file") or None
    if not text and (file is None or type_ not in inferred.FILE_TYPES):
        raise RefusedError(inferred.EMPTY_TEXT)
    route = parameters.get("route") or inferred.ANY_ROUTE
    arrived_text, segments = _bill(type_, text)
    return Message(
        type=type_,
        numbers=_numbers(parameters.get("to", "")),
        sender=_sender(account, parameters.get("from", "")),
        text=text,
        arrived_text=arrived_text,
        segments=segments,
        route=route,
        schedule=_schedule(state, parameters.get("scheduledate", "")),
        file=file,
        channel=_channel(state, account, type_, route),
    )


def _numbers(to: str) -> tuple[str, ...]:
    if not to:
        raise RefusedError(inferred.NO_RECIPIENT)
    numbers = tuple(to.split(","))
    if not all(inferred.NUMBER.fullmatch(number) for number in numbers):
        raise RefusedError(inferred.BAD_NUMBER)
    return numbers


def _sender(account: Account, sender: str) -> str:
    if not sender or (account.senders is not None and sender not in account.senders):
        raise RefusedError(SENDER_NOT_ALLOWED)
    return sender


def _schedule(state: State, text: str) -> datetime | None:
    if not text:
        return None
    try:
        return state.from_local(text)
    except ValueError as err:
        raise RefusedError(inferred.BAD_SCHEDULE) from err


def _bill(type_: str, text: str) -> tuple[str, int]:
    """Return the text as it arrives, and its segments."""
    arrived = billing.as_gsm(text) if type_ in inferred.GSM_TYPES else text
    if type_ not in inferred.SEGMENTED_TYPES:
        return arrived, 1
    if type_ == "unicode":
        return arrived, billing.ucs2_segments(arrived)
    return arrived, billing.gsm_segments(arrived)


def _channel(state: State, account: Account, type_: str, route: str) -> Channel | None:
    """Return the channel that a WhatsApp message goes through."""
    if not (route.isascii() and route.isdigit()):
        raise RefusedError(inferred.BAD_ROUTE)
    own = [refresh(state, channel) for channel in state.channels_of(account)]
    addressed = [channel for channel in own if channel.gateway_id == route]
    if type_ != "whatsapp":
        if addressed:
            raise RefusedError(inferred.BAD_ROUTE)
        return None
    if route == inferred.ANY_ROUTE:
        addressed = own
    elif not addressed:
        raise RefusedError(inferred.BAD_ROUTE)
    for channel in addressed:
        if channel.state is ChannelState.CONNECTED:
            return channel
    raise RefusedError(inferred.CHANNEL_NOT_CONNECTED)


def _accept(state: State, account: Account, message: Message, price: Decimal) -> Group:
    now = state.now()
    group_id = str(state.next_id("group"))
    channel = message.channel
    recipients = tuple(
        GroupRecipient(
            id=str(state.next_id("recipient")),
            group_id=group_id,
            to=number,
            state="queued",
            outcome=state.next_delivery,
            due=due(state, message.schedule),
            channel_id=None if channel is None else channel.channel_id,
        )
        for number in message.numbers
    )
    if channel is not None:
        channel.sent.extend(recipients)
    group = state.groups[group_id] = Group(group_id, account, now, recipients)
    for recipient in recipients:
        state.record(
            LedgerEntry(
                time=now,
                account=account.name,
                group_id=group_id,
                recipient_id=recipient.id,
                to=recipient.to,
                type=message.type,
                sender=message.sender,
                text=message.text,
                arrived_text=message.arrived_text,
                segments=message.segments,
                credits=price,
                route=message.route,
                schedule=message.schedule,
                file=message.file,
            )
        )
    return group
