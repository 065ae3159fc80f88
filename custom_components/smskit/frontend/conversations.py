"""Conversations and messages as dashboards get them."""

from typing import Any

from homeassistant.core import HomeAssistant

from ..phone_number import current_form
from ..store import MAX_LENGTH, Conversation, Direction, Message, shortened
from ..texts import reason_fields


def as_conversation(
    hass: HomeAssistant,
    one: Conversation,
    names: dict[str, str],
    numbers: dict[str, str],
) -> dict[str, Any]:
    """Return a conversation for a list of them."""
    return {
        "number": _shown_number(one.number, numbers),
        "name": names.get(current_form(one.number)),
        "count": one.count,
        "unread": one.unread,
        "last": as_shown(hass, one.last, numbers),
    }


def as_shown(
    hass: HomeAssistant, message: Message, numbers: dict[str, str]
) -> dict[str, Any]:
    """Return a message in the format that dashboards receive.

    A reason is there as text, and as what makes it in the language of the user.
    """
    shown: dict[str, Any] = {
        "id": message.id,
        "number": _shown_number(message.number, numbers),
        "text": shortened(message.text),
        "is_cut": len(message.text) > MAX_LENGTH,
        "date": message.date.isoformat(),
        "direction": message.direction.value,
    }
    if message.direction is Direction.IN:
        return {**shown, "read": message.read, "trusted": message.trusted}
    reason = message.reason
    explanation = reason.explanation if reason else None
    return {
        **shown,
        "status": message.status,
        **reason_fields(hass, reason),
        "cause": explanation.cause.value if explanation else None,
        "quote": explanation.quote if explanation else None,
    }


def _shown_number(number: str, numbers: dict[str, str]) -> str:
    """Return the one number that all messages of a conversation are shown with.

    A recipient has the form that works for sending.
    """
    current = current_form(number)
    return numbers.get(current, current)
