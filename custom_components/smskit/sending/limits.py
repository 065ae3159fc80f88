"""The spend guard: what stops an automation that has gone wild."""

from collections import deque
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, Final

_HOUR: Final = 3600
_REPEAT: Final = 60


class SpendGuard:
    """Counts the recipients of the last hour and remembers the texts of a minute.

    Times are seconds since the epoch.
    """

    def __init__(self, limit: int) -> None:
        """Allow `limit` recipients in any rolling hour, 0 for no limit."""
        self.limit = limit
        self._left: deque[float] = deque()
        self._texts: dict[str, float] = {}

    def load(self, data: dict[str, Any]) -> None:
        """Take up what `as_dict` kept."""
        self._left = deque(data["left"])
        self._texts = dict(data["texts"])

    def as_dict(self, now: float) -> dict[str, Any]:
        """Return what has to survive a restart."""
        self._forget(now)
        return {"left": list(self._left), "texts": dict(self._texts)}

    def room_at(self, count: int, outstanding: int, now: float) -> float | None:
        """Return when `count` more recipients may go, `now` or later.

        `outstanding` are those that were let in and have not left yet. None when
        that many can never go.
        """
        self._forget(now)
        if not self.limit:
            return now
        excess = len(self._left) + outstanding + count - self.limit
        if excess <= 0:
            return now
        if excess > len(self._left):
            return None
        return self._left[excess - 1] + _HOUR

    def leave(self, count: int, now: float) -> None:
        """Count recipients that are about to leave."""
        if self.limit:
            self._left.extend([now] * count)

    def come_back(self, count: int) -> None:
        """Take back what was counted last and cost nothing."""
        for _ in range(min(count, len(self._left))):
            self._left.pop()

    def is_repeat(self, number: str, text: str, now: float) -> bool:
        """Whether this text went to this number within the last minute."""
        return now - self._texts.get(_digest(number, text), 0) < _REPEAT

    def remember(self, numbers: Iterable[str], text: str, now: float) -> None:
        """Remember a text that is about to leave."""
        for number in numbers:
            self._texts[_digest(number, text)] = now

    def forget_text(self, numbers: Iterable[str], text: str) -> None:
        """Forget a text that provably did not arrive, so that it may be tried again."""
        for number in numbers:
            self._texts.pop(_digest(number, text), None)

    def _forget(self, now: float) -> None:
        while self._left and now - self._left[0] >= _HOUR:
            self._left.popleft()
        self._texts = {
            digest: time for digest, time in self._texts.items() if now - time < _REPEAT
        }


def _digest(number: str, text: str) -> str:
    return blake2b(f"{number}\n{text}".encode(), digest_size=12).hexdigest()
