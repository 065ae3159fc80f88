"""How recipients of a send become sent or failed."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from . import inferred
from .channels import refresh
from .processing import Processing
from .state import ChannelState, Group, GroupRecipient, State
from .words import OPEN_STATES, RecipientState

if TYPE_CHECKING:
    from datetime import datetime


def settle(state: State, recipients: Iterable[GroupRecipient]) -> None:
    """Give those whose time has come the state that was decided for them."""
    now = state.now()
    for recipient in recipients:
        if recipient.state in OPEN_STATES and not _is_held(state, recipient):
            _settle(recipient, now)


def _is_held(state: State, recipient: GroupRecipient) -> bool:
    """Return whether it waits in a channel: one without its phone keeps its queue."""
    if recipient.channel_id is None:
        return False
    channel = state.channels.get(recipient.channel_id)
    return (
        channel is None or refresh(state, channel).state is not ChannelState.CONNECTED
    )


def _settle(recipient: GroupRecipient, now: datetime) -> None:
    course = recipient.course
    if course.done is not None and course.done <= now:
        recipient.state = recipient.outcome
    elif course.taken is not None and course.taken <= now:
        recipient.state = "sending"


def listed(state: State, group: Group) -> list[GroupRecipient]:
    """Return the recipients that the portal lists by now."""
    settle(state, group.recipients)
    now = state.now()
    return [
        recipient
        for recipient in group.recipients
        if recipient.course.listed is None or recipient.course.listed <= now
    ]


def group_status(state: State, group: Group) -> str:
    """Return the status of a group whose recipients are settled."""
    states = [recipient.state for recipient in group.recipients]
    if state.installation.processing is Processing.TOLD:
        return inferred.group_status(states)
    # These are the words for groups [server].
    if OPEN_STATES.isdisjoint(states):
        return "completed"
    return "queued" if set(states) == {"queued"} else "processing"


def deliver(
    state: State,
    outcome: RecipientState,
    *,
    group_id: str | None,
    to: str | None,
    count: int | None,
) -> list[GroupRecipient]:
    """Change waiting recipients, oldest first; return those that were changed."""
    groups = (
        list(state.groups.values()) if group_id is None else [state.groups[group_id]]
    )
    chosen: list[GroupRecipient] = []
    for group in groups:
        settle(state, group.recipients)
        chosen.extend(
            recipient
            for recipient in group.recipients
            if recipient.state in OPEN_STATES and to in {None, recipient.to}
        )
    chosen = chosen[:count]
    for recipient in chosen:
        recipient.tell(outcome)
    return chosen
