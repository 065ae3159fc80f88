"""The client under each attack: only its own errors, and little memory."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
import os
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from custom_components.smskit.api import (
    ChannelIds,
    PortalClient,
    PortalError,
    SendType,
    Submission,
)

from .attacks import ROWS, Row
from .portal import CHANNEL, HostilePortal

_MIB: Final = 2**20


@pytest.fixture
async def portal(socket_enabled: None) -> AsyncGenerator[HostilePortal]:
    """Return a portal that is sound until it is told an attack."""
    portal = HostilePortal()
    async with portal.running():
        yield portal


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a moment only for what never comes."""
    monkeypatch.setattr(
        "custom_components.smskit.api.transport._TIMEOUT",
        aiohttp.ClientTimeout(total=2),
    )


def _calls(client: PortalClient) -> list[Callable[[], Awaitable[object]]]:
    channel = ChannelIds(channel_id=CHANNEL, gateway_id="501")
    text = Submission(type=SendType.SMS, sender="HOME", to=("12025550123",), text="Hi")
    return [
        client.balance,
        lambda: client.inbox(unread=True),
        lambda: client.inbox(unread=False),
        lambda: client.send(text),
        lambda: client.scan_qr(channel),
    ]


def _memory() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_attack(row: Row, portal: HostilePortal) -> None:
    """Nothing but the client's errors leaves it, and it keeps nothing."""
    before = _memory()
    async with aiohttp.ClientSession() as session:
        client = PortalClient(session, portal.url, "key", "token")
        await client.channel(ChannelIds(channel_id=CHANNEL, gateway_id="501"))
        calls = _calls(client)
        portal.attack = row.attack
        # One of them is enough for what takes all of its time.
        for call in calls[:1] if row.waits else calls:
            with suppress(PortalError):
                await call()
        assert portal.hits
        portal.attack = None
        assert (await client.balance()).amount == 1000
    # The portal is in this process, too, with what it has to say.
    assert _memory() - before < (row.mib + 200) * _MIB
