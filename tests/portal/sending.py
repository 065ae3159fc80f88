"""The operation sendsms: checks, billing, the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from . import billing, inferred
from .channels import refresh
from .delivery import settle
from .processing import Processing, courses
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
    if message.schedule is None:
        return _answer(state, group)
    return _queued(state, group, has_group=_schedules_have_groups(state))


def _answer(state: State, group: Group) -> dict[str, object]:
    if state.installation.processing is not Processing.IMMEDIATE:
        return _queued(state, group)
    settle(state, group.recipients)
    return _sent_at_once(state, group)


def _queued(state: State, group: Group, *, has_group: bool = True) -> dict[str, object]:
    return {
        "request": "sendsms",
        "status": "queued",
        # There is none yet of what is scheduled, nor ever a way to ask [server].
        "group_id": group.group_id if has_group else "0",
        "date": state.local(group.accepted),
    }


def _schedules_have_groups(state: State) -> bool:
    installation = state.installation
    return (
        installation.processing is Processing.TOLD
        and installation.schedules_have_groups
    )


def _sent_at_once(state: State, group: Group) -> dict[str, object]:
    """Answer with what became of each, and above all of the last one [server]."""
    words = ["failed" if r.state == "failed" else "sent" for r in group.recipients]
    notice = state.installation.notice
    return {
        "request": "sendsms",
        "status": words[-1],
        **({} if notice is None else {"notice": notice}),
        "group_id": group.group_id,
        "messages": [
            {
                "message_id": recipient.id,
                "status": word,
                "date": state.local(group.accepted),
            }
            for recipient, word in zip(group.recipients, words, strict=True)
        ],
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
        schedule=_schedule(state, account, parameters.get("scheduledate", "")),
        file=None if state.installation.ignores_schedule else file,
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


def _schedule(state: State, account: Account, text: str) -> datetime | None:
    if not text or state.installation.ignores_schedule:
        return None
    try:
        return state.from_shown(text, account)
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
            outcome=state.installation.outcomes.get(number, state.next_delivery),
            course=course,
            channel_id=None if channel is None else channel.channel_id,
        )
        for number, course in zip(
            message.numbers,
            courses(state, message.schedule, len(message.numbers)),
            strict=True,
        )
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
