"""Fixtures of a home that sends, and the table of the matrix."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Report
from tests.home import OPTIONS
from tests.portal import Account, Channel, Portal

from .home import Home

type Row = tuple[str, ...]
_MATRIX = (
    "fault | recipients | kind | portal accepted | reported | accepted after recovery"
)
_WIDTHS = (36, 10, 8, 15, 28, 30)


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options with an inbox that is out of the way."""
    return OPTIONS


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home that sends."""
    return Home


@pytest.fixture
def channel(portal: Portal, account: Account) -> Channel:
    """Return a paired WhatsApp channel; named before `home`, it is known there."""
    channel = portal.add_channel(account)
    portal.pair(channel)
    return channel


@pytest.fixture
def matrix(report: Report) -> Callable[[Row], None]:
    """Return what takes a row of the matrix, printed when all tests are done."""

    def take(row: Row) -> None:
        cells = (cell.ljust(width) for cell, width in zip(row, _WIDTHS, strict=True))
        report(_MATRIX, " | ".join(cells).rstrip())

    return take
