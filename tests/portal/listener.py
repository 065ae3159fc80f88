"""A port that an application answers on, and that can be closed and opened again."""

import asyncio
from collections import Counter

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web_protocol import RequestHandler

# How long a stop waits for answers that are under way, in seconds.
_SHUTDOWN_TIMEOUT = 1.0
# After so many turns of the loop a client on it has seen that a connection was closed.
_TURNS = 5


class Listener:
    """One application on one address."""

    def __init__(self, application: web.Application, host: str, port: int) -> None:
        """Listen nowhere yet. Port 0 is any free one, and stays the same from then."""
        self._busy: Counter[RequestHandler] = Counter()
        application.middlewares.append(self._tracking())
        # Without the cancellation a hanging answer would outlive its client.
        self._runner = web.AppRunner(
            application,
            access_log=None,
            handler_cancellation=True,
            shutdown_timeout=_SHUTDOWN_TIMEOUT,
        )
        self._host = host
        self._port = port
        self._site: web.TCPSite | None = None

    async def start(self) -> None:
        """Listen."""
        await self._runner.setup()
        await self.accept()

    async def stop(self) -> None:
        """Close the port and every connection."""
        self._site = None
        await self._runner.cleanup()

    async def accept(self) -> None:
        """Listen again, on the same port."""
        if self._site is not None:
            return
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._site = site
        self._port = site.port

    async def refuse(self) -> None:
        """Refuse connections and drop idle ones; what is under way is answered."""
        if self._site is None:
            return
        await self._site.stop()
        self._site = None
        if self._runner.server is None:
            return
        for connection in self._runner.server.connections:
            if self._busy[connection]:
                connection.close()
            else:
                connection.force_close()
        # Else its next request would go out on a dead connection: lost, not refused.
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    def _tracking(self) -> Middleware:
        """Return what notes the connections that are being answered."""

        @web.middleware
        async def track(request: web.Request, handler: Handler) -> web.StreamResponse:
            connection = request.protocol
            self._busy[connection] += 1
            try:
                return await handler(request)
            finally:
                del self._busy[connection]

        return track

    @property
    def url(self) -> str:
        """The address, without a path."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"
