"""Fixtures of the benchmarks."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from decimal import Decimal
import logging
from pathlib import Path

from homeassistant.core import HomeAssistant
import pytest

from tests.portal import Account, Portal

from .filled import Filled


@pytest.fixture(autouse=True)
def _as_in_production(enable_event_loop_debug: None) -> Generator[None]:
    """Log no details, and do without the event loop's own checks."""
    asyncio.get_event_loop().set_debug(False)
    logging.disable(logging.INFO)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
async def portal(socket_enabled: None) -> AsyncGenerator[Portal]:
    """Return a portal in real time: time is what is measured."""
    async with Portal() as portal:
        yield portal


@pytest.fixture(scope="session")
def filled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where databases are that were filled once."""
    return tmp_path_factory.mktemp("filled")


@pytest.fixture
def filled(
    hass: HomeAssistant, portal: Portal, account: Account, filled_folder: Path
) -> Filled:
    """Return what makes accounts that have a lot on disk."""
    account.credits = Decimal(10**9)
    return Filled(hass, portal, filled_folder)
