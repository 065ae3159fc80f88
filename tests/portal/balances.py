"""The forms in which installations write a balance."""

from decimal import Decimal
from enum import StrEnum

from . import inferred


class BalanceFormat(StrEnum):
    """How the credits of an account are written; each may be negative [server]."""

    PLAIN = "plain"
    """`12345` [doc], `1234.5`."""
    DECIMALS = "decimals"
    """`1000.000000` [server]."""
    GROUPED = "grouped"
    """`1,234.50` [server]."""
    CURRENCY = "currency"
    """`1,234.50` with a currency in front [server]."""
    EMPTY = "empty"
    """Nothing at all, while an account has no credits [inferred]."""


def write(credits_: Decimal, form: BalanceFormat) -> str:
    """Return the credits of an account as an answer has them."""
    match form:
        case BalanceFormat.DECIMALS:
            return f"{credits_:.6f}"
        case BalanceFormat.GROUPED:
            return f"{credits_:,.2f}"
        case BalanceFormat.CURRENCY:
            return f"{inferred.CURRENCY}{credits_:,.2f}"
        case BalanceFormat.EMPTY if not credits_:
            return ""
        case _:
            return f"{credits_:f}"
