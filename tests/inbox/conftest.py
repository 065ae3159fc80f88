"""Fixtures of a home that receives."""

from collections.abc import AsyncGenerator
from decimal import Decimal

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.const import DOMAIN
from tests.conftest import entry_data
from tests.portal import Account, Portal

from .home import Home


@pytest.fixture
def portal(portal_on_clock: Portal) -> Portal:
    """Return the portal on the clock of the test."""
    return portal_on_clock


@pytest.fixture
def new_home(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    portal: Portal,
    account: Account,
    freezer: FrozenDateTimeFactory,
) -> Home:
    """Return a home whose account is not set up yet."""
    account.credits = Decimal(1000)
    return Home(hass, entry, portal, account, freezer)


@pytest.fixture
async def home(new_home: Home) -> Home:
    """Return a home whose account is set up, with nothing in the inbox."""
    await new_home.start()
    return new_home


@pytest.fixture
async def second(
    hass: HomeAssistant, home: Home, portal: Portal, freezer: FrozenDateTimeFactory
) -> AsyncGenerator[Home]:
    """Return a home with another account at the same portal."""
    key, token = "key-of-the-second", "token-of-the-second"
    account = portal.add_account(api_key=key, api_token=token, name="second")
    data = entry_data(portal, api_key=key, api_token=token)
    entry = MockConfigEntry(domain=DOMAIN, title="second", data=data)
    entry.add_to_hass(hass)
    other = Home(hass, entry, portal, account, freezer)
    await other.start()
    yield other
    await other.stop()
