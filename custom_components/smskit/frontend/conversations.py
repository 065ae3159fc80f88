"""Conversations: what came in and what went out, by number."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from ..coordinator import SmskitData
from ..inbox import ReceivedMessage
from ..sending import SentMessage

type Message = ReceivedMessage | SentMessage


@dataclass(kw_only=True, slots=True)
class _Summary:
    last: Message
    count: int = 0
    unread: int = 0


def summaries(
    data: SmskitData, names: dict[str, str], offset: int, limit: int
) -> dict[str, Any]:
    """Return the conversations, the one with the newest message first."""
    found: dict[str, _Summary] = {}
    for message in _all(data):
        number = _number(message)
        summary = found.setdefault(number, _Summary(last=message))
        summary.count += 1
        summary.unread += isinstance(message, ReceivedMessage) and not message.read
        if message.date >= summary.last.date:
            summary.last = message
    ordered = sorted(found.items(), key=lambda one: one[1].last.date, reverse=True)
    return {
        "conversations": [
            {
                "number": number,
                "name": names.get(number),
                "count": summary.count,
                "unread": summary.unread,
                "last": as_shown(summary.last),
            }
            for number, summary in ordered[offset : offset + limit]
        ],
        "total": len(ordered),
    }


def messages(
    data: SmskitData, names: dict[str, str], number: str, before: str | None, limit: int
) -> dict[str, Any]:
    """Return messages of a conversation, newest first.

    `before` is the id of the oldest one that is known already.
    """
    ours = [message for message in _all(data) if _number(message) == number]
    # Of those of one second, the one that came last comes first.
    ours.sort(key=_by_date)
    ours.reverse()
    start = 0
    if before is not None:
        ids = [message.id for message in ours]
        start = ids.index(before) + 1 if before in ids else len(ids)
    page = ours[start : start + limit]
    return {
        "number": number,
        "name": names.get(number),
        "messages": [as_shown(message) for message in page],
        "more": start + len(page) < len(ours),
    }


def _all(data: SmskitData) -> Iterable[Message]:
    return chain(data.messages.all(), data.sent.all())


def as_shown(message: Message) -> dict[str, Any]:
    """Return a message as a dashboard gets it."""
    shown: dict[str, Any] = {
        "id": message.id,
        "number": _number(message),
        "text": message.text,
        "date": message.date.isoformat(),
    }
    if isinstance(message, ReceivedMessage):
        return {
            **shown,
            "direction": "in",
            "read": message.read,
            "trusted": message.trusted,
        }
    return {
        **shown,
        "direction": "out",
        "status": message.status.value,
        "reason": message.reason,
    }


def _number(message: Message) -> str:
    return message.sender if isinstance(message, ReceivedMessage) else message.number


def _by_date(message: Message) -> datetime:
    return message.date
