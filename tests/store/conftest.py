"""Fixtures of a store without an account around it."""

from collections.abc import AsyncGenerator
from pathlib import Path

from homeassistant.core import HomeAssistant
import pytest

from custom_components.smskit.store import Store

from .opened import ENTRY_ID, Opener


@pytest.fixture
async def opener(hass: HomeAssistant) -> AsyncGenerator[Opener]:
    """Return what opens the store of an account, and closes it after the test."""
    opener = Opener(hass)
    yield opener
    await opener.close()


@pytest.fixture
async def store(opener: Opener) -> Store:
    """Return a store that is open and empty."""
    return await opener.open()


@pytest.fixture
def file(hass: HomeAssistant) -> Path:
    """Return where the database is."""
    return Path(hass.config.path(".storage", f"smskit.{ENTRY_ID}.db"))
