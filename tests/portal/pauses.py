"""Answers that take their time."""

import asyncio
from contextlib import suppress

from aiohttp import web


class Pauses:
    """The requests that wait until time passes, or until the portal stops."""

    def __init__(self) -> None:
        """Start without any."""
        self.ports: set[int] = set()
        """The clients' ends of the connections."""
        self._stop = asyncio.Event()

    async def pause(self, request: web.Request, seconds: float | None) -> None:
        """Let a request wait so long, or, with None, until the portal stops."""
        assert request.transport is not None
        port: int = request.transport.get_extra_info("peername")[1]
        self.ports.add(port)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), seconds)
        finally:
            self.ports.discard(port)

    def begin(self) -> None:
        """Let requests wait again."""
        self._stop.clear()

    def end(self) -> None:
        """Let nothing wait any longer."""
        self._stop.set()
