"""Conversations: what came in and what went out, by number."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util.signal_type import SignalTypeFormat

from ..const import CONF_NUMBERS, DOMAIN, SUBENTRY_RECIPIENT
from ..inbox.inbox import Inbox
from ..inbox.models import ReceivedMessage
from ..sending.history import SentMessage, SentMessages

if TYPE_CHECKING:
    from ..coordinator import SmskitConfigEntry

# Carries a change to whoever shows it; it outlives a reload of the account.
SIGNAL_CHANGE: SignalTypeFormat[dict[str, Any]] = SignalTypeFormat(
    f"{DOMAIN}_change_{{}}"
)

type Message = ReceivedMessage | SentMessage


@dataclass(kw_only=True, slots=True)
class _Summary:
    last: Message
    count: int = 0
    unread: int = 0


class Conversations:
    """The messages of an account as a person reads them."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: SmskitConfigEntry,
        inbox: Inbox,
        sent: SentMessages,
    ) -> None:
        """Show an inbox and what was sent, side by side."""
        self._hass = hass
        self._entry = entry
        self._inbox = inbox
        self._sent = sent
        sent.async_add_listener(self._async_sent_changed)

    def summaries(self, offset: int, limit: int) -> dict[str, Any]:
        """Return the conversations, the one with the newest message first."""
        found: dict[str, _Summary] = {}
        for message in self._all():
            number = _number(message)
            summary = found.setdefault(number, _Summary(last=message))
            summary.count += 1
            summary.unread += isinstance(message, ReceivedMessage) and not message.read
            if message.date >= summary.last.date:
                summary.last = message
        names = self._names()
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

    def messages(self, number: str, before: str | None, limit: int) -> dict[str, Any]:
        """Return messages of a conversation, newest first.

        `before` is the id of the oldest one that is known already.
        """
        ours = [message for message in self._all() if _number(message) == number]
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
            "name": self._names().get(number),
            "messages": [as_shown(message) for message in page],
            "more": start + len(page) < len(ours),
        }

    @callback
    def async_received(self, message: ReceivedMessage, _backlog: bool) -> None:
        """Tell of a message that came in."""
        self._send({"kind": "message", "message": as_shown(message)})

    @callback
    def async_changed(self) -> None:
        """Tell that messages were marked as read or deleted."""
        self._send({"kind": "changed"})

    @callback
    def _async_sent_changed(self, message: SentMessage, is_new: bool) -> None:
        kind = "message" if is_new else "status"
        self._send({"kind": kind, "message": as_shown(message)})

    def _send(self, change: dict[str, Any]) -> None:
        signal = SIGNAL_CHANGE.format(self._entry.entry_id)
        async_dispatcher_send(self._hass, signal, change)

    def _all(self) -> Iterable[Message]:
        return chain(self._inbox.all(), self._sent.all())

    def _names(self) -> dict[str, str]:
        """Return the name of each recipient's numbers, the first one's for several."""
        names: dict[str, str] = {}
        for subentry in self._entry.get_subentries_of_type(SUBENTRY_RECIPIENT):
            for number in subentry.data[CONF_NUMBERS]:
                names.setdefault(number, subentry.data[CONF_NAME])
        return names


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
