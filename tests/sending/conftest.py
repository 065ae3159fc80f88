"""Fixtures of a home that sends, and the table of the matrix."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.conftest import Tell
from tests.home import World
from tests.portal import Account, Channel, Portal

from .home import OPTIONS, Home

type Row = tuple[str, ...]
_MATRIX = (
    "fault | recipients | kind | portal accepted | reported | accepted after recovery"
)
_WIDTHS = (36, 10, 8, 15, 28, 30)


@pytest.fixture
def portal(portal_on_clock: Portal) -> Portal:
    """Return the portal on the clock of the test."""
    return portal_on_clock


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options with an inbox that is out of the way."""
    return OPTIONS


@pytest.fixture
async def home(world: World, entry: MockConfigEntry) -> Home:
    """Return a home whose account is set up and has credits enough."""
    home = Home(world, entry)
    home.account.credits = Decimal(100_000)
    await home.start()
    return home


@pytest.fixture
def channel(portal: Portal, account: Account) -> Channel:
    """Return a paired WhatsApp channel; named before `home`, it is known there."""
    channel = portal.add_channel(account)
    portal.pair(channel)
    return channel


@pytest.fixture
def matrix(tell: Tell) -> Callable[[Row], None]:
    """Return what takes a row of the matrix, printed when all tests are done."""

    def take(row: Row) -> None:
        cells = (cell.ljust(width) for cell, width in zip(row, _WIDTHS, strict=True))
        tell(_MATRIX, " | ".join(cells).rstrip())

    return take
