"""A server that answers as a sound portal, or with an attack, over raw sockets."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
import json
from typing import Final

from tests.servers import serving

type Attack = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""Answers one request, for as long as the client reads."""

CHANNEL: Final = "hostile0channel0channel0chan"
_CHANNEL: Final[dict[str, object]] = {
    "channel_id": CHANNEL,
    "gateway_id": "501",
    "whatsapp_number": "12025550100",
    "label": "Home",
    "last_sync": "2026-01-31 12:00:00",
}
_STATUS: Final[dict[str, object]] = {"status": "success"}
_SOUND: Final[dict[str, dict[str, object]]] = {
    "balance": {"balance": "1000"},
    "getinbox": _STATUS | {"inbox": []},
    "sendsms": {"status": "queued", "group_id": "1001"},
    "groupstatus": _STATUS
    | {"group_id": "1001", "group_status": "processing", "recipients": []},
    "listchannel": _STATUS | {"channels": [_CHANNEL]},
    "viewchannel": _STATUS | _CHANNEL | {"device_status": "awaiting scan"},
}


class HostilePortal:
    """Its answers are those of an attack while there is one."""

    def __init__(self) -> None:
        """Begin as a sound portal."""
        self.url = ""
        self.attack: Attack | None = None
        self.hits: dict[str, int] = {}
        """How many requests of each operation met an attack."""
        self._serving: set[asyncio.Task[None]] = set()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one request."""
        if (task := asyncio.current_task()) is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        # Whoever is attacked hangs up.
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            operation = await _operation(reader)
            if self.attack is None:
                answer = {"request": operation} | _SOUND.get(operation, {})
                await respond(writer, json.dumps(answer).encode())
            else:
                self.hits[operation] = self.hits.get(operation, 0) + 1
                await self.attack(writer)
        writer.close()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Serve on a free port."""
        async with serving(self._serve) as address:
            self.url = f"http://{address}"
            try:
                yield
            finally:
                for task in self._serving:
                    task.cancel()
                await asyncio.gather(*self._serving, return_exceptions=True)


async def _operation(reader: asyncio.StreamReader) -> str:
    """Read a request; return the operation that it asks for."""
    head = await reader.readuntil(b"\r\n\r\n")
    target = head.split(b" ", 2)[1].decode()
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length or 0))
    return target.partition("?")[2].partition("&")[0]


async def respond(
    writer: asyncio.StreamWriter,
    body: bytes,
    *headers: str,
    status: str = "200 OK",
    length: int | None = None,
) -> None:
    """Answer with a body, of a length that may be a lie."""
    announced = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", *headers, "Connection: close"]
    if announced >= 0:
        lines.append(f"Content-Length: {announced}")
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
    await writer.drain()
