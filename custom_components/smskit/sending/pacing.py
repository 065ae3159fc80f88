"""When what is held may leave: how fast, and how soon after a failure."""

from collections.abc import Iterable
import time
from typing import Final

_MAX_BACKOFF: Final = 60.0
# What was held leaves as a stream: a pause after each request, and a longer one
# before the next text to the same number.
_PACE: Final = 0.25
_PACE_PER_NUMBER: Final = 1.0


class Pacing:
    """The pace of an account, and its patience with a portal that is away.

    Times are seconds since the epoch.
    """

    def __init__(self) -> None:
        """Begin with a portal that answers."""
        self.next_held = 0.0
        """When the next held message may leave."""
        self._backoff = 0.0
        self._last_started: dict[str, float] = {}

    @property
    def is_backing_off(self) -> bool:
        """Whether the portal did not answer the last time."""
        return self._backoff > 0

    def left(self, numbers: Iterable[str], now: float) -> None:
        """Note that something leaves for these numbers."""
        self._last_started = {
            number: left
            for number, left in self._last_started.items()
            if now - left < _PACE_PER_NUMBER
        }
        self._last_started.update(dict.fromkeys(numbers, now))

    def held_left(self, now: float) -> None:
        """Note that something that was held leaves."""
        self.next_held = now + _PACE

    def ready_at(self, numbers: Iterable[str]) -> float:
        """Return when the next text to these numbers may leave."""
        return max(self._last_started.get(n, 0.0) for n in numbers) + _PACE_PER_NUMBER

    def reached(self) -> None:
        """Note that the portal answers: what is held may leave."""
        if self._backoff:
            self._backoff = 0.0
            self.next_held = 0.0

    def back_off(self, *, was_held: bool) -> None:
        """Note that the portal did not answer to something, held before or new."""
        if self._backoff and not was_held:
            # It was tried out of turn: many at once are still one outage.
            return
        self._backoff = min(max(1.0, self._backoff * 2), _MAX_BACKOFF)
        self.next_held = time.time() + self._backoff
