"""Each promise of SECURITY.md names the tests that keep it."""

import re
from typing import Final

import pytest

from .text import ROOT

_ROWS: Final = re.findall(
    r"^\| (.+?) \| (`.+`) \|$",
    (ROOT / "SECURITY.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


@pytest.mark.parametrize(
    ("promise", "files"), _ROWS, ids=[promise[:40] for promise, _ in _ROWS]
)
def test_promise(promise: str, files: str) -> None:
    """The tests that a promise names are there."""
    named = re.findall(r"`([^`]+)`", files)
    assert named, promise
    for file in named:
        assert "def test_" in (ROOT / file).read_text(encoding="utf-8"), file


def test_promises() -> None:
    """There are promises in each of the tables."""
    headings = (ROOT / "SECURITY.md").read_text(encoding="utf-8").count("| Promise |")
    assert headings == 4
    assert len(_ROWS) > headings * 2
