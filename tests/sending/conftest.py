"""Fixtures of a home that sends, and the table of the matrix."""

from collections.abc import AsyncGenerator
from decimal import Decimal
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.portal import Account, Channel, Portal

from .home import Home

type Row = tuple[str, ...]
_ROWS: pytest.StashKey[list[Row]] = pytest.StashKey()
_HEADINGS: Row = (
    "fault",
    "recipients",
    "kind",
    "portal accepted",
    "reported",
    "after recovery",
)


@pytest.fixture
async def portal(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, socket_enabled: None
) -> AsyncGenerator[Portal]:
    """Return a portal on the clock of the test, which starts on a quiet noon."""
    freezer.move_to("2027-02-10T12:00:00+00:00")
    async with Portal() as portal:
        yield portal


@pytest.fixture
async def home(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    freezer: FrozenDateTimeFactory,
    portal: Portal,
    entry: MockConfigEntry,
) -> Home:
    """Return a home whose account is set up and has credits enough."""
    portal.accounts[0].credits = Decimal(100_000)
    home = Home(hass, entry, portal, freezer, hass_storage)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await home.settle()
    return home


@pytest.fixture
def channel(portal: Portal, account: Account) -> Channel:
    """Return a paired WhatsApp channel; named before `home`, it is known there."""
    channel = portal.add_channel(account)
    portal.pair(channel)
    return channel


@pytest.fixture
def matrix(request: pytest.FixtureRequest) -> list[Row]:
    """Return the rows of the matrix, printed when all tests are done."""
    return request.config.stash.setdefault(_ROWS, [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the matrix."""
    rows = config.stash.get(_ROWS, [])
    if not rows:
        return
    table = [_HEADINGS, *rows]
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    terminalreporter.section("What the portal accepted, and what was reported")
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        terminalreporter.write_line(" | ".join(cells).rstrip())
