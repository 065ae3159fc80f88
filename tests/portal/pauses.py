"""Answers that take their time."""

import asyncio
from contextlib import suppress


class Pauses:
    """The requests that wait until time passes, or until the portal stops."""

    def __init__(self) -> None:
        """Start without any."""
        self.count = 0
        self._stop = asyncio.Event()

    async def pause(self, seconds: float | None) -> None:
        """Wait so long, or, with None, until the portal stops."""
        self.count += 1
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), seconds)
        finally:
            self.count -= 1

    def begin(self) -> None:
        """Let requests wait again."""
        self._stop.clear()

    def end(self) -> None:
        """Let nothing wait any longer."""
        self._stop.set()
