"""Conversations and messages as dashboards get them."""

from typing import Any

from ..store import Conversation, Direction, Message


def as_conversation(one: Conversation, names: dict[str, str]) -> dict[str, Any]:
    """Return a conversation for a list of them."""
    return {
        "number": one.number,
        "name": names.get(one.number),
        "count": one.count,
        "unread": one.unread,
        "last": as_shown(one.last),
    }


def as_shown(message: Message) -> dict[str, Any]:
    """Return a message in the format that dashboards receive."""
    shown: dict[str, Any] = {
        "id": message.id,
        "number": message.number,
        "text": message.text,
        "date": message.date.isoformat(),
        "direction": message.direction.value,
    }
    if message.direction is Direction.IN:
        return {**shown, "read": message.read, "trusted": message.trusted}
    return {**shown, "status": message.status, "reason": message.reason}
