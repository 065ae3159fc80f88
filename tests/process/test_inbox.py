"""What comes in survives the death of the process, again and again."""

import pytest

from .command import check


@pytest.mark.process
def test_killed_while_messages_come_in() -> None:
    """Every message is in the inbox once, and no event is published a second time."""
    check(
        "tests.process.inbox",
        short=("--kills", "3", "--messages", "100"),
        long=("--kills", "20", "--messages", "2000"),
    )
