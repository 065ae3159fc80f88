"""Fixtures of a home whose actions are called."""

from decimal import Decimal

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.home import World
from tests.inbox.home import Home
from tests.portal import Portal


@pytest.fixture
def portal(portal_on_clock: Portal) -> Portal:
    """Return the portal on the clock of the test."""
    return portal_on_clock


@pytest.fixture
async def home(world: World, entry: MockConfigEntry) -> Home:
    """Return a home whose account is set up, with nothing in the inbox."""
    home = Home(world, entry)
    home.account.credits = Decimal(1000)
    await home.start()
    return home
