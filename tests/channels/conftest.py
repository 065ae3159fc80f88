"""Fixtures of a home with WhatsApp channels."""

from typing import Any

import pytest

from tests.home import OPTIONS

from .home import Home


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options with an inbox that is out of the way."""
    return OPTIONS


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home with channels."""
    return Home
