"""Fixtures: a client of a portal of its own."""

from collections.abc import AsyncIterator

import pytest

from .client import Client, fresh_portal


@pytest.fixture
async def client(socket_enabled: None) -> AsyncIterator[Client]:
    """Return a client of a fresh portal."""
    async with fresh_portal() as client:
        yield client
