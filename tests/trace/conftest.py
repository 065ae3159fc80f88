"""Fixtures of the trace."""

from collections.abc import AsyncGenerator

import pytest

from tests.portal import Portal


@pytest.fixture
async def portal(socket_enabled: None) -> AsyncGenerator[Portal]:
    """Return a portal in real time."""
    async with Portal() as portal:
        yield portal
