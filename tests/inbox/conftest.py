"""Fixtures of a home that receives."""

import pytest

from .home import Home


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home that receives."""
    return Home
