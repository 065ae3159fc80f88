"""Home Assistant is stopped in the middle of its work, again and again."""

import os

import pytest

from .command import check


@pytest.mark.process
@pytest.mark.parametrize(
    "disk", ("normal", "slow") if os.environ.get("SMSKIT_LONG") == "1" else ("both",)
)
def test_stopped_while_messages_come_and_go(disk: str) -> None:
    """Nothing is lost, nothing goes twice, and everything is reported once."""
    check(
        "tests.process.stops",
        short=("--disk", disk, "--stops", "2", "--sends", "18"),
        long=("--disk", disk, "--stops", "20", "--sends", "400"),
    )
