"""Fixtures of a home with WhatsApp channels."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from tests.home import World
from tests.portal import Channel, Portal

from .home import Home


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options with an inbox that is out of the way."""
    return {"country": "US", "time_zone": "Africa/Lagos", "inbox_interval": 3600}


@pytest.fixture
def portal(portal_on_clock: Portal) -> Portal:
    """Return the portal on the clock of the test."""
    return portal_on_clock


@pytest.fixture
def unloaded(
    world: World, entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> Home:
    """Return a home whose account is not set up yet."""
    return Home(world, entry, hass_client_no_auth)


@pytest.fixture
async def home(unloaded: Home) -> Home:
    """Return a home whose account is set up and has no channel."""
    await unloaded.start()
    return unloaded


@pytest.fixture
async def office(unloaded: Home) -> Channel:
    """Return the one channel of the account, which is set up and paired."""
    channel = unloaded.portal.add_channel(unloaded.account)
    unloaded.portal.pair(channel)
    await unloaded.start()
    return channel
