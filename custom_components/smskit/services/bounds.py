"""How much a search takes: what it costs Home Assistant has a limit."""

from typing import Any, Final

from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from ..phone_number import MAX_NUMBER, beyond

# Each is looked up, and one letter begins many.
_MAX_WORDS: Final = 10
_MAX_IDS: Final = 10_000

ID: Final = vol.All(cv.string, vol.Length(min=1, max=255))
"""Validates an ID, which may look like an integer."""
IDS: Final = vol.All(cv.ensure_list, vol.Length(max=_MAX_IDS), [ID])


def number(value: Any) -> str | int:
    """Validate what may be a number, or the name of a sender."""
    valid: str | int = value if isinstance(value, int) else cv.string(value)
    # Python refuses to write out an integer of thousands of digits.
    is_long = (
        abs(valid) >= 10**MAX_NUMBER
        if isinstance(valid, int)
        else len(valid) > MAX_NUMBER
    )
    if is_long:
        raise beyond("text_too_long", MAX_NUMBER)
    return valid


def words(value: Any) -> str:
    """Validate words to search for."""
    valid: str = vol.All(cv.string, vol.Length(min=1, max=200))(value)
    if len(valid.split()) > _MAX_WORDS:
        raise beyond("too_many", _MAX_WORDS)
    return valid
