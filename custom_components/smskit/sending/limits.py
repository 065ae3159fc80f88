"""What stops an automation that has gone wild: hourly limits, and no repeats.

Moments are monotonic; `rows` are as the database has them, in epoch seconds.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
import time
from typing import Final

from ..store import Statement
from .batch import Batch, BatchRecipient
from .clock import monotonic
from .models import NOWHERE

_HOUR: Final = 3600.0
_REPEAT: Final = 60.0


class HourlyLimit:
    """Counts the recipients of the last hour."""

    def __init__(self, name: str, limit: int) -> None:
        """Allow `limit` recipients in any rolling hour, 0 for no limit."""
        self.name = name
        self.limit = limit
        self.outstanding = 0
        """How many recipients were accepted and have not been sent to."""
        self._sent: deque[tuple[float, str, int]] = deque()
        """When how many recipients of which batch were sent to, oldest first."""
        self._count = 0

    def load(self, rows: Iterable[tuple[str, float, int]]) -> None:
        """Restore what was stored: batches, moments and counts."""
        now = time.monotonic()
        entries = sorted(
            # A clock that was set back makes nothing count for longer than an hour.
            (min(monotonic(at), now), batch_id, count)
            for batch_id, at, count in rows
        )
        self._sent = deque(entries)
        self._count = sum(count for _, _, count in entries)

    def available_at(
        self, count: int, now: float, outstanding: int = 0
    ) -> float | None:
        """Return when `count` more recipients may be sent to, `now` or later.

        `outstanding` recipients go before them. Return None when that many can never
        be sent to.
        """
        self._prune(now)
        if not self.limit:
            return now
        excess = self._count + outstanding + count - self.limit
        if excess <= 0:
            return now
        for at, _, sent in self._sent:
            excess -= sent
            if excess <= 0:
                return at + _HOUR
        return None

    def record(self, batch_id: str, count: int) -> list[Statement]:
        """Count recipients that are about to be sent to; return what to store."""
        now = time.monotonic()
        self._prune(now)
        if not self.limit:
            return []
        self._sent.append((now, batch_id, count))
        self._count += count
        at = time.time()
        return [
            Statement(
                "INSERT OR REPLACE INTO hourly (batch_id, name, at, count) "
                "VALUES (?, ?, ?, ?)",
                [(batch_id, self.name, at, count)],
            ),
            Statement("DELETE FROM hourly WHERE at < ?", [(at - _HOUR,)]),
        ]

    def refund(self, batch_id: str) -> list[Statement]:
        """Take back what was counted and cost nothing; return what to store."""
        for entry in reversed(self._sent):
            if entry[1] == batch_id:
                self._sent.remove(entry)
                self._count -= entry[2]
                return [
                    Statement("DELETE FROM hourly WHERE batch_id = ?", [(batch_id,)])
                ]
        return []

    def _prune(self, now: float) -> None:
        while self._sent and now - self._sent[0][0] >= _HOUR:
            self._count -= self._sent.popleft()[2]


@dataclass(frozen=True, slots=True)
class Original:
    """What took a text to a number."""

    at: float
    recipient: BatchRecipient
    """Shows how far it has come."""
    batch: Batch | None
    """What it was submitted in; None if that was at its end before the last start."""


class DuplicateFilter:
    """Remembers which text went to which number in the last minute."""

    def __init__(self) -> None:
        """Remember nothing."""
        self._sent: dict[str, Original] = {}

    def load(self, rows: Iterable[tuple[str, Original]]) -> None:
        """Restore what was stored, by its digest."""
        self._sent = dict(rows)

    def find(self, number: str, text: str) -> Original | None:
        """Return what took this text to this number within the last minute.

        What failed took it nowhere.
        """
        sent = self._sent.get(_digest(number, text))
        if sent is None or time.monotonic() - sent.at >= _REPEAT:
            return None
        return None if sent.recipient.status in NOWHERE else sent

    def remember(self, batch: Batch) -> list[Statement]:
        """Remember a batch that is about to be sent; return what to store."""
        now = time.monotonic()
        self._sent = {d: one for d, one in self._sent.items() if now - one.at < _REPEAT}
        new = {
            _digest(recipient.number, batch.body): Original(now, recipient, batch)
            for recipient in batch.recipients
        }
        self._sent |= new
        at = time.time()
        return [
            Statement(
                "INSERT OR REPLACE INTO duplicates (digest, at, message_id) "
                "VALUES (?, ?, ?)",
                [
                    (digest, at, f"{batch.origin}{one.recipient.number}")
                    for digest, one in new.items()
                ],
            ),
            Statement("DELETE FROM duplicates WHERE at < ?", [(at - _REPEAT,)]),
        ]


def _digest(number: str, text: str) -> str:
    return blake2b(f"{number}\n{text}".encode(), digest_size=12).hexdigest()
