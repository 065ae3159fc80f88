"""Fixtures of a home that raises alerts."""

from typing import Any

import pytest

from .home import Home


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options without a limit that gets in the way."""
    return {"country": "US", "time_zone": "Africa/Lagos", "hourly_limit": 0}


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home that raises alerts."""
    return Home
