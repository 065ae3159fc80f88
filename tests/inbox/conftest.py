"""Fixtures of a home that receives."""

from collections.abc import AsyncGenerator
from decimal import Decimal

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.const import DOMAIN
from tests.conftest import entry_data
from tests.home import World
from tests.portal import Portal

from .home import Home


@pytest.fixture
def portal(portal_on_clock: Portal) -> Portal:
    """Return the portal on the clock of the test."""
    return portal_on_clock


@pytest.fixture
def new_home(world: World, entry: MockConfigEntry) -> Home:
    """Return a home whose account is not set up yet."""
    home = Home(world, entry)
    home.account.credits = Decimal(1000)
    return home


@pytest.fixture
async def home(new_home: Home) -> Home:
    """Return a home whose account is set up, with nothing in the inbox."""
    await new_home.start()
    return new_home


@pytest.fixture
async def second(
    hass: HomeAssistant, home: Home, portal: Portal, world: World
) -> AsyncGenerator[Home]:
    """Return a home with another account at the same portal."""
    key, token = "key-of-the-second", "token-of-the-second"
    portal.add_account(api_key=key, api_token=token, name="second")
    data = entry_data(portal, api_key=key, api_token=token)
    entry = MockConfigEntry(domain=DOMAIN, title="second", data=data)
    entry.add_to_hass(hass)
    other = Home(world, entry)
    await other.start()
    yield other
    await other.stop()
