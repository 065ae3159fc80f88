"""A plain client, for the portal's own tests.

Every number is one set aside for fiction.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import json
from typing import Any

import aiohttp

from .portal import Portal
from .spelling import Spelling
from .state import Account

PHONE = "12025550123"
OTHER_PHONE = "447700900456"
START = datetime(2026, 1, 31, 11, 0, tzinfo=UTC)


class Clock:
    """The portal's clock, moved by hand."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def tick(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class Client:
    """A client with right credentials."""

    portal: Portal
    session: aiohttp.ClientSession
    account: Account
    clock: Clock

    async def text(self, operation: str, **parameters: str) -> str:
        """Call an operation and return the answer's body."""
        url = f"{self.portal.url}/smsAPI?{operation}"
        data = {"apikey": "key", "apitoken": "token", **parameters}
        async with self.session.post(url, data=data) as response:
            assert response.status == 200
            assert response.headers["Content-Type"] == "text/html; charset=UTF-8"
            return await response.text()

    async def call(self, operation: str, **parameters: str) -> dict[str, Any]:
        """Call an operation and parse what it answers."""
        answer: dict[str, Any] = json.loads(await self.text(operation, **parameters))
        return answer

    async def send(self, **parameters: str) -> dict[str, Any]:
        """Send a short message."""
        message = {"type": "sms", "from": "Home", "to": PHONE, "text": "Hi"}
        return await self.call("sendsms", **message | parameters)

    async def control(self, method: str, path: str, **data: object) -> Any:
        """Use the control interface."""
        url = f"{self.portal.control_url}/control/{path}"
        async with self.session.request(method, url, json=data) as response:
            return await response.json() | {"http": response.status}


@asynccontextmanager
async def fresh_portal() -> AsyncIterator[Client]:
    """Run a portal with one account and a control interface; return its client."""
    clock = Clock()
    # By hand some answers are no JSON, as the samples are not: tests of the spelling
    # change it.
    portal = Portal(clock=clock, spelling=Spelling.ENCODED)
    account = portal.add_account(api_key="key", api_token="token")
    await portal.start(control_port=0)
    timeout = aiohttp.ClientTimeout(total=5)
    async with portal, aiohttp.ClientSession(timeout=timeout) as session:
        yield Client(portal, session, account, clock)


def message_of(answer: dict[str, Any]) -> str:
    """Return why something was refused."""
    assert answer["status"] == "error"
    return str(answer["message"])
