"""The disk refuses, and Home Assistant is restarted."""

import pytest

from .command import check
from .disk import CASES


@pytest.mark.process
def test_disk_that_refuses() -> None:
    """An alarm is billed once, a command runs once, and an issue is raised."""
    check(
        "tests.process.disk",
        short=("--cases", "full:before", "read-only:while", "faulty:before"),
        long=("--cases", *CASES),
    )
