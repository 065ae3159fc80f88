"""Conversations: received and sent messages, grouped by number."""

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
    """Return a page of conversations, the most recent one first."""
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
    """Return a page of a conversation's messages, newest first.

    `before` is the ID of the oldest message of the previous page.
    """
    conversation = [message for message in _all(data) if _number(message) == number]
    # The sort is stable: of messages with the same time, the latest one comes first.
    conversation.sort(key=_by_date)
    conversation.reverse()
    start = 0
    if before is not None:
        ids = [message.id for message in conversation]
        start = ids.index(before) + 1 if before in ids else len(ids)
    page = conversation[start : start + limit]
    return {
        "number": number,
        "name": names.get(number),
        "messages": [as_shown(message) for message in page],
        "more": start + len(page) < len(conversation),
    }


def _all(data: SmskitData) -> Iterable[Message]:
    return chain(data.messages.all(), data.sent.all())


def as_shown(message: Message) -> dict[str, Any]:
    """Return a message in the format that dashboards receive."""
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
