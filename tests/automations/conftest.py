"""Fixtures of a home with automations."""

import pytest

from tests.home import Home

from .home import Automations


@pytest.fixture
def automations(home: Home) -> Automations:
    """Return what notes the runs of automations."""
    return Automations(home)
