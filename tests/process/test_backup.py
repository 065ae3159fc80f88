"""A backup is made while messages are on their way, and is restored."""

import pytest

from .command import check


@pytest.mark.process
def test_backup_and_restore() -> None:
    """The copy is consistent, and what was held in it does not go again."""
    check("tests.process.backup", short=(), long=())
