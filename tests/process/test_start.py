"""Home Assistant starts with a large account, too."""

import pytest

from .command import check


@pytest.mark.process
def test_start_with_a_large_account() -> None:
    """All of it is there, and the times are printed."""
    check("tests.process.start", short=("--boots", "1"), long=("--boots", "15"))
