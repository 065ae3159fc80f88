"""The portal writes a balance in the forms of several installations."""

from decimal import Decimal

import pytest

from . import BalanceFormat
from .client import Client


@pytest.mark.parametrize(
    ("form", "credits_", "written"),
    [
        ("plain", "12345", "12345"),
        ("plain", "-3.5", "-3.5"),
        ("decimals", "1000", "1000.000000"),
        ("grouped", "1234.5", "1,234.50"),
        ("currency", "1234.5", "NGN 1,234.50"),
        ("currency", "-5", "NGN -5.00"),
        ("empty", "0", ""),
        ("empty", "7", "7"),
    ],
)
async def test_balances(client: Client, form: str, credits_: str, written: str) -> None:
    """The same credits are written in many ways."""
    client.portal.balance_format = BalanceFormat(form)
    client.account.credits = Decimal(credits_)
    assert await client.call("balance") == {"balance": written}
