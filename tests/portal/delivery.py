"""How queued recipients become sent or failed."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from .channels import refresh
from .state import ChannelState, GroupRecipient, RecipientState, State


def due(state: State, schedule: datetime | None) -> datetime | None:
    """Return when a message accepted now is decided; None: when a test says so."""
    if state.deliver_after is None:
        return None
    now = state.now()
    start = now if schedule is None else max(now, schedule)
    return start + timedelta(seconds=state.deliver_after)


def settle(state: State, recipients: Iterable[GroupRecipient]) -> None:
    """Give those whose time has come the state that was decided for them."""
    now = state.now()
    for recipient in recipients:
        if recipient.state != "queued" or recipient.due is None or recipient.due > now:
            continue
        if recipient.channel_id is not None:
            channel = state.channels.get(recipient.channel_id)
            # A channel without its phone keeps what it has.
            if (
                channel is None
                or refresh(state, channel).state is not ChannelState.CONNECTED
            ):
                continue
        recipient.state = recipient.outcome


def deliver(
    state: State,
    outcome: RecipientState,
    *,
    group_id: str | None,
    to: str | None,
    count: int | None,
) -> list[GroupRecipient]:
    """Change queued recipients, oldest first; return those that were changed."""
    groups = (
        list(state.groups.values()) if group_id is None else [state.groups[group_id]]
    )
    chosen: list[GroupRecipient] = []
    for group in groups:
        settle(state, group.recipients)
        chosen.extend(
            recipient
            for recipient in group.recipients
            if recipient.state == "queued" and to in {None, recipient.to}
        )
    chosen = chosen[:count]
    for recipient in chosen:
        recipient.state = outcome
        if outcome == "queued":
            # Told to wait: the clock alone does not decide it any more.
            recipient.due = None
    return chosen
