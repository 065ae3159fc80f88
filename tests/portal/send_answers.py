"""What sendsms answers once it has accepted a message."""

from .delivery import settle
from .processing import Processing
from .state import Group, State


def answer(state: State, group: Group, *, is_scheduled: bool) -> dict[str, object]:
    """Return what is answered to a send that was accepted."""
    if is_scheduled:
        return _queued(state, group, has_group=_schedules_have_groups(state))
    if state.installation.processing is not Processing.IMMEDIATE:
        return _queued(state, group)
    settle(state, group.recipients)
    return _sent_at_once(state, group)


def _queued(state: State, group: Group, *, has_group: bool = True) -> dict[str, object]:
    return {
        "request": "sendsms",
        "status": state.installation.accepted_word,
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
