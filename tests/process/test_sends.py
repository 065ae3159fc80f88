"""A stream of messages survives the death of the process, again and again."""

import pytest

from .command import check


@pytest.mark.process
def test_killed_while_it_sends() -> None:
    """Nothing is sent twice, and every message is accounted for."""
    check(
        "tests.process.sends",
        short=("--kills", "3", "--sends", "50"),
        long=("--kills", "20", "--sends", "500"),
    )
