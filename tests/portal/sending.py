"""The operation sendsms: billing, the ledger, and the course of what was accepted."""

from collections.abc import Mapping
from decimal import Decimal

from . import refusals, send_answers
from .messages import Message, checked
from .processing import courses
from .state import Account, Group, GroupRecipient, LedgerEntry, RefusedError, State

type Parameters = Mapping[str, str]


def sendsms(
    state: State, account: Account, parameters: Parameters
) -> dict[str, object]:
    """Accept one text for one or several numbers; no limit is documented."""
    message = checked(state, account, parameters)
    price = account.price * message.segments
    total = price * len(message.numbers)
    if total > account.credits:
        raise RefusedError(refusals.INSUFFICIENT_BALANCE)
    account.credits -= total
    group = _accept(state, account, message, price)
    return send_answers.answer(state, group, is_scheduled=message.schedule is not None)


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
                language=message.language,
                duration=message.duration,
                template=message.template,
            )
        )
    return group
