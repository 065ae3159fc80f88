"""What went out, kept to be shown beside what came in."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Self

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util
from homeassistant.util.signal_type import SignalTypeFormat

from ..const import DOMAIN
from ..settings import Settings
from ..store import sent_journal
from .batch import Batch
from .models import Outcome, Status
from .outbox import Outbox

_SAVE_DELAY: Final = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class SentMessage:
    """A message to one number."""

    id: str
    number: str = field(repr=False)
    text: str = field(repr=False)
    date: datetime
    """Aware, UTC: when it was handed over to be sent."""
    status: Status
    """`ready` while it has not been told yet what becomes of it."""
    reason: str | None = None

    @classmethod
    def from_stored(cls, data: dict[str, Any]) -> Self:
        """Return what JSON made of one."""
        date, status = datetime.fromisoformat(data["date"]), Status(data["status"])
        return cls(**{**data, "date": date, "status": status})


# Carries each message that goes out from an account, and whether it is a new one.
SIGNAL_SENT: Final[SignalTypeFormat[SentMessage, bool]] = SignalTypeFormat(
    f"{DOMAIN}_sent_{{}}"
)


class SentMessages:
    """The messages that went out from an account, by their id.

    Only for show: what has to be sent, or must not be sent again, is for the outbox
    to know. That is why it may be written a moment later.
    """

    def __init__(
        self, hass: HomeAssistant, entry_id: str, settings: Settings, outbox: Outbox
    ) -> None:
        """Keep everything in a file of the account's own."""
        self._hass = hass
        self._signal = SIGNAL_SENT.format(entry_id)
        self._settings = settings
        self._journal = sent_journal(hass, entry_id)
        self._outbox = outbox
        self._messages: dict[str, SentMessage] = {}

    async def async_load(self) -> None:
        """Take up what was kept."""
        if (data := await self._journal.async_load()) is not None:
            self._messages = await self._hass.async_add_executor_job(_read, data)
        under_way = {
            message_id(batch.id, recipient.number)
            for batch in self._outbox.batches.values()
            for recipient in batch.recipients
        }
        for one in self.all():
            if one.status is Status.READY and one.id not in under_way:
                self._messages[one.id] = replace(one, status=Status.UNKNOWN)

    def all(self) -> list[SentMessage]:
        """Return all of them, oldest first."""
        return list(self._messages.values())

    async def async_save(self) -> None:
        """Write what was put off."""
        await self._journal.async_save(self._data())

    @callback
    def async_take(self, batch: Batch) -> None:
        """Keep a message that is about to go out."""
        date = dt_util.utc_from_timestamp(batch.created)
        for recipient in batch.recipients:
            self._put(
                SentMessage(
                    id=message_id(batch.id, recipient.number),
                    number=recipient.number,
                    text=batch.text,
                    date=date,
                    status=recipient.status,
                ),
                is_new=True,
            )

    @callback
    def async_note(self, outcome: Outcome) -> None:
        """Note how far a message has come."""
        known = self._messages.get(message_id(outcome.batch_id, outcome.number))
        if known is not None:
            changed = replace(known, status=outcome.status, reason=outcome.reason)
            self._put(changed, is_new=False)

    def _put(self, message: SentMessage, *, is_new: bool) -> None:
        self._messages[message.id] = message
        while len(self._messages) > self._settings.keep_messages:
            del self._messages[next(iter(self._messages))]
        self._journal.async_delay_save(self._data, _SAVE_DELAY)
        async_dispatcher_send(self._hass, self._signal, message, is_new)

    def _data(self) -> dict[str, Any]:
        oldest = dt_util.utcnow() - self._settings.keep_for
        return {"messages": [one for one in self.all() if one.date >= oldest]}


def message_id(batch_id: str | None, number: str) -> str:
    """Return what a message to one number is known by."""
    return f"{batch_id}{number}"


def _read(data: dict[str, Any]) -> dict[str, SentMessage]:
    messages = map(SentMessage.from_stored, data["messages"])
    return {message.id: message for message in messages}
