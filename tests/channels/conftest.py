"""Fixtures of a home with WhatsApp channels."""

from collections.abc import AsyncGenerator
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from tests.portal import Channel, Portal

from .home import Home

_FIGURES: pytest.StashKey[list[str]] = pytest.StashKey()


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options with an inbox that is out of the way."""
    return {"country": "US", "time_zone": "Africa/Lagos", "inbox_interval": 3600}


@pytest.fixture
async def portal(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, socket_enabled: None
) -> AsyncGenerator[Portal]:
    """Return a portal on the clock of the test, which starts on a quiet noon."""
    freezer.move_to("2027-02-10T12:00:00+00:00")
    async with Portal() as portal:
        yield portal


@pytest.fixture
def unloaded(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    portal: Portal,
    entry: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
) -> Home:
    """Return a home whose account is not set up yet."""
    return Home(hass, entry, portal, freezer, hass_client_no_auth)


@pytest.fixture
async def home(unloaded: Home) -> Home:
    """Return a home whose account is set up and has no channel."""
    await unloaded.set_up()
    return unloaded


@pytest.fixture
async def office(unloaded: Home) -> Channel:
    """Return the one channel of the account, which is set up and paired."""
    channel = unloaded.portal.add_channel(unloaded.account)
    unloaded.portal.pair(channel)
    await unloaded.set_up()
    return channel


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> list[str]:
    """Return lines with what was counted, printed when all tests are done."""
    return request.config.stash.setdefault(_FIGURES, [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the figures."""
    if lines := config.stash.get(_FIGURES, []):
        terminalreporter.section("What channels ask of the portal")
        for line in lines:
            terminalreporter.write_line(line)
