"""Open alerts survive the death of the process, again and again."""

import pytest

from .command import check


@pytest.mark.process
def test_killed_while_alerts_are_open() -> None:
    """No step is taken twice, none is lost, and each end is told once."""
    check(
        "tests.process.alerts",
        short=("--kills", "2", "--alerts", "9"),
        long=("--kills", "20", "--alerts", "100"),
    )
