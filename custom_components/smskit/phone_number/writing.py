"""The characters that phone numbers are written with."""

from typing import Final
import unicodedata

_PLUS_SIGNS: Final = frozenset("+\uff0b\ufe62")


def plain(text: str) -> str:
    """Return a number in ASCII digits, without what cannot be seen.

    Numbers that were copied from a chat have marks for the direction of writing, and
    in many languages digits of their own.
    """
    return "".join(
        _plain(char) for char in text if unicodedata.category(char) != "Cf"
    ).strip()


def _plain(char: str) -> str:
    if char in _PLUS_SIGNS:
        return "+"
    if char.isspace():
        return " "
    return str(unicodedata.decimal(char)) if char.isdecimal() else char


def digits_of(text: str) -> str:
    """Return the digits of a plain number."""
    return "".join(char for char in text if char.isdecimal())
