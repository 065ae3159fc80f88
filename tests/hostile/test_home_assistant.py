"""A real Home Assistant under each attack."""

import pytest

from tests.process.command import check


@pytest.mark.process
def test_attacks() -> None:
    """None of them costs much memory, or makes the web server silent for long."""
    check("tests.hostile", short=("--short",), long=())
