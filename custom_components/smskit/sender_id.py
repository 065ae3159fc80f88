"""Validation of sender IDs."""

import re
from typing import Final

import voluptuous as vol

_TEXT: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
_NUMBER: Final = re.compile(r"\+?[0-9]{1,15}")


def sender_id(value: object) -> str:
    """Validate a sender ID and return it as the portal accepts it.

    A sender ID is up to 11 letters, digits and spaces with at least one letter, or up
    to 15 digits. Raises vol.Invalid for anything else.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise vol.Invalid("not a sender ID")
    text = str(value).strip()
    if _NUMBER.fullmatch(text):
        return text.removeprefix("+")
    if _TEXT.fullmatch(text):
        return text
    raise vol.Invalid("not a sender ID")
