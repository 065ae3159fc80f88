"""PHP's sessions: a cookie for each, and one request of it at a time."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import secrets
from typing import Final

from aiohttp import web

COOKIE: Final = "PHPSESSID"


class Sessions:
    """The sessions that clients come back to. PHP locks the file of each [server]."""

    def __init__(self) -> None:
        """Start without any."""
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def turn(self, request: web.Request) -> AsyncIterator[None]:
        """Wait for the end of earlier requests of the same session."""
        if (session := request.cookies.get(COOKIE)) is None:
            yield
            return
        async with self._locks[session]:
            yield


async def set_cookie(request: web.Request, response: web.StreamResponse) -> None:
    """Start a session with every request that brings none [server]."""
    if COOKIE not in request.cookies:
        # It is too late for the cookies of the response itself.
        cookie = f"{COOKIE}={secrets.token_hex(13)}; path=/"
        response.headers.add("Set-Cookie", cookie)
