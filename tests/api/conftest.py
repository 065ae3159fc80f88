"""Fixtures: a client of the portal's account."""

from collections.abc import AsyncGenerator

import aiohttp
import pytest

from custom_components.smskit.api import PortalClient, PortalRequest
from tests.conftest import API_KEY, API_TOKEN
from tests.portal import Account, Portal


@pytest.fixture
async def portal(socket_enabled: None) -> AsyncGenerator[Portal]:
    """Return a portal in real time: the client is tested without Home Assistant."""
    async with Portal() as portal:
        yield portal


@pytest.fixture
async def session(socket_enabled: None) -> AsyncGenerator[aiohttp.ClientSession]:
    """Return a session that is closed in the end."""
    async with aiohttp.ClientSession(request_class=PortalRequest) as session:
        yield session


@pytest.fixture
def client(
    session: aiohttp.ClientSession, portal: Portal, account: Account
) -> PortalClient:
    """Return a client with right credentials."""
    return PortalClient(session, portal.url, API_KEY, API_TOKEN)
