"""How fast events are published."""

import time
from typing import Final

BURST: Final = 200
"""How many are published at once."""
PER_SECOND: Final = 20
"""How many follow in a second."""


class Pace:
    """Lets so many events go at once, and so many a second after that.

    Home Assistant drops a client of its websocket that has more than 4,096 messages
    before it, or more than 1,024 for ten seconds. An event is several messages: to the
    entity, to the card, and whatever an automation does about it. At this pace, a
    client may be away for half a minute, which is when it is dropped for its silence.
    """

    def __init__(self) -> None:
        """Start with everything that may go at once."""
        self._left = float(BURST)
        self._counted = time.monotonic()

    def take(self, count: int) -> float:
        """Take the place of events, all of them; return for how long to wait if not."""
        now = time.monotonic()
        since = max(now - self._counted, 0)
        self._left = min(BURST, self._left + since * PER_SECOND)
        self._counted = now
        if self._left < count:
            return (count - self._left) / PER_SECOND
        self._left -= count
        return 0
