"""Normalization of phone numbers to E.164."""

from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber

_E164: Final = phonenumbers.PhoneNumberFormat.E164
_NATIONAL: Final = phonenumbers.PhoneNumberFormat.NATIONAL


def normalize_number(raw: str | int, country: str | None) -> str:
    """Return a number as E.164, with a leading `+`.

    Accepts `+` and `00` prefixes, the national format of `country` (ISO 3166-1
    alpha-2), spaces, dashes and brackets, and integers. Raises ValueError for anything
    that cannot be a phone number, and for an ambiguous integer, which may have lost
    its `+` when YAML parsed it.
    """
    text = str(raw).strip()
    if any(char.isalpha() for char in text):
        raise ValueError("letters in a number")
    if isinstance(raw, int) and raw < 0:
        raise ValueError("a negative number")
    if text.startswith(("+", "\uff0b")):
        number = _parse(text, None)
    elif text.startswith("00"):
        number = _parse(f"+{text.removeprefix('00')}", None)
    else:
        number = _choose(text, country, exact=isinstance(raw, int))
    if number is None:
        raise ValueError("not a phone number")
    return _format(number, _E164)


def _choose(text: str, country: str | None, *, exact: bool) -> PhoneNumber | None:
    """Return the better interpretation of a number that starts with a digit."""
    national = _parse(text, country) if country else None
    international = _parse(f"+{text}", None)
    if national is None or international is None or national == international:
        return national or international
    as_dialled = _digits(_format(national, _NATIONAL)) == _digits(text)
    valid = [n for n in (national, international) if phonenumbers.is_valid_number(n)]
    if len(valid) == 1:
        return valid[0]
    if not as_dialled:
        # The national prefix is missing, so this is not the national format.
        return international
    if exact:
        raise ValueError("could be two numbers")
    return national


def _parse(text: str, country: str | None) -> PhoneNumber | None:
    """Return a number whose length and country code are possible, or None.

    Whether the number is assigned is left to the portal: numbering plans change more
    often than the library on a user's system.
    """
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    if number.extension or not phonenumbers.is_possible_number(number):
        return None
    return number


def _format(number: PhoneNumber, number_format: int) -> str:
    return phonenumbers.format_number(number, number_format)


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdecimal())


def mask_number(number: str) -> str:
    """Return the last digits of a number, for errors and logs."""
    return f"…{number[-3:]}"
