"""When held messages may leave: how fast, and how soon after a failure.

Moments are monotonic.
"""

from collections.abc import Iterable
import time
from typing import Final

_MAX_BACKOFF: Final = 60.0
# Held messages leave as a stream: a pause after each request, and a longer one before
# the next text to the same number.
_PACE: Final = 0.25
_PACE_PER_NUMBER: Final = 1.0
_NEVER: Final = float("-inf")


class Pacing:
    """The pace of an account, and its patience with a portal that is away."""

    def __init__(self) -> None:
        """Start with a portal that answers."""
        self.next_held = _NEVER
        """When the next held message may leave."""
        self.backoff = 0.0
        """For how long nothing is tried after the last failure; 0 after a success."""
        self.left_alone_until = _NEVER
        """Until when the portal asked for patience."""
        self.is_probed = True
        """Whether the portal has answered since the last failure."""
        self.last_started: dict[str, float] = {}
        """When the last text to a number left."""

    def ready_at(self, numbers: Iterable[str]) -> float:
        """Return when the next text to these numbers may leave."""
        last = max(self.last_started.get(number, _NEVER) for number in numbers)
        return last + _PACE_PER_NUMBER

    def held_started(self) -> None:
        """Note that a held message leaves: the next one waits a little."""
        now = time.monotonic()
        self.next_held = now + _PACE
        self.last_started = {
            number: at
            for number, at in self.last_started.items()
            if now - at < _PACE_PER_NUMBER
        }

    def reached(self, *, was_held: bool) -> None:
        """Note that the portal answers: held messages may leave."""
        if self.backoff:
            self.backoff = 0.0
            self.left_alone_until = _NEVER
            self.is_probed = True
            # A held message that found it back is the first of the stream.
            self.next_held = time.monotonic() + _PACE if was_held else _NEVER

    def back_off(self, *, was_held: bool, retry_after: float = 0) -> None:
        """Note that an attempt failed, of a message that was held or a new one.

        `retry_after` is for how long the portal asks to be left alone.
        """
        now = time.monotonic()
        self.is_probed = False
        self.left_alone_until = max(self.left_alone_until, now + retry_after)
        # One that was new was tried out of turn: many at once are still one outage.
        if was_held or not self.backoff:
            self.backoff = min(max(1.0, self.backoff * 2), _MAX_BACKOFF)
            self.next_held = now + self.backoff
        self.next_held = max(self.next_held, self.left_alone_until)
