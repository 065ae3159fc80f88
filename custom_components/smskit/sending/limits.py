"""What stops an automation that has gone wild: an hourly limit, and no repeats.

Times are seconds since the epoch.
"""

from collections import deque
from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

_HOUR: Final = 3600
_REPEAT: Final = 60


class HourlyLimit:
    """Counts the recipients of the last hour."""

    def __init__(self, limit: int) -> None:
        """Allow `limit` recipients in any rolling hour, 0 for no limit."""
        self.limit = limit
        self._sent: deque[float] = deque()

    def load(self, data: list[float]) -> None:
        """Restore what `as_list` returned."""
        self._sent = deque(data)

    def as_list(self, now: float) -> list[float]:
        """Return what has to survive a restart."""
        self._prune(now)
        return list(self._sent)

    def available_at(self, count: int, outstanding: int, now: float) -> float | None:
        """Return when `count` more recipients may be sent to, `now` or later.

        `outstanding` recipients were accepted and not sent to yet. Return None when
        that many can never be sent to.
        """
        self._prune(now)
        if not self.limit:
            return now
        excess = len(self._sent) + outstanding + count - self.limit
        if excess <= 0:
            return now
        if excess > len(self._sent):
            return None
        return self._sent[excess - 1] + _HOUR

    def record(self, count: int, now: float) -> None:
        """Count recipients that are about to be sent to."""
        if self.limit:
            self._sent.extend([now] * count)

    def refund(self, count: int) -> None:
        """Take back what was counted last and cost nothing."""
        for _ in range(min(count, len(self._sent))):
            self._sent.pop()

    def _prune(self, now: float) -> None:
        while self._sent and now - self._sent[0] >= _HOUR:
            self._sent.popleft()


class DuplicateFilter:
    """Remembers which text went to which number in the last minute."""

    def __init__(self) -> None:
        """Remember nothing."""
        self._sent: dict[str, float] = {}

    def load(self, data: dict[str, float]) -> None:
        """Restore what `as_dict` returned."""
        self._sent = dict(data)

    def as_dict(self, now: float) -> dict[str, float]:
        """Return what has to survive a restart."""
        self._sent = {k: at for k, at in self._sent.items() if now - at < _REPEAT}
        return dict(self._sent)

    def is_duplicate(self, number: str, text: str, now: float) -> bool:
        """Return whether this text went to this number within the last minute."""
        return now - self._sent.get(_digest(number, text), 0) < _REPEAT

    def remember(self, numbers: Iterable[str], text: str, now: float) -> None:
        """Remember a text that is about to be sent."""
        for number in numbers:
            self._sent[_digest(number, text)] = now

    def forget(self, numbers: Iterable[str], text: str) -> None:
        """Forget a text that provably did not arrive, so that it may be tried again."""
        for number in numbers:
            self._sent.pop(_digest(number, text), None)


def _digest(number: str, text: str) -> str:
    return blake2b(f"{number}\n{text}".encode(), digest_size=12).hexdigest()
