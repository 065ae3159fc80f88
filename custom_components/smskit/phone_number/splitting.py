"""Several phone numbers in one text, or from a template."""

from collections.abc import Iterable
import re
from typing import Any, Final

from homeassistant.exceptions import ServiceValidationError

from ..const import DOMAIN

MAX_NUMBERS: Final = 1_000
"""How many numbers one call takes."""
MAX_NUMBER: Final = 100
"""How long each may be, with blanks, brackets, and what is no number at all."""
_SEPARATORS: Final = re.compile(r"[,;\n\r\u060c\u061b\u3001\uff0c\uff1b]")
# What a template writes around a list of integers.
_AROUND: Final = "[](){} "


def split_numbers(value: Any) -> list[str | int]:
    """Return the numbers of a text, of an integer, or of several of them.

    A template turns `+1…, +44…` into a tuple of integers without their `+`, but keeps
    what it was made of: that is read instead. Raises ValueError for anything else, and
    ServiceValidationError for more than one call takes.
    """
    try:
        numbers = _split(value)
    except RecursionError:
        raise ValueError("lists in lists") from None
    if len(numbers) > MAX_NUMBERS:
        raise beyond("too_many", MAX_NUMBERS)
    for one in numbers:
        # Python refuses to write out an integer of thousands of digits.
        if len(one) > MAX_NUMBER if isinstance(one, str) else one >= 10**MAX_NUMBER:
            raise beyond("text_too_long", MAX_NUMBER)
    return numbers


def beyond(key: str, limit: int) -> ServiceValidationError:
    """Return the error of what is more than a call takes."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders={"limit": f"{limit:,}"},
    )


def _split(value: Any) -> list[str | int]:
    if isinstance(value, str):
        return [one for one in _SEPARATORS.split(value) if one.strip()]
    if isinstance(value, int) and not isinstance(value, bool):
        return [value]
    if isinstance(value, (list, tuple, set, frozenset)):
        rendered = getattr(value, "render_result", None)
        if isinstance(rendered, str) and all(isinstance(one, int) for one in value):
            return _split(rendered.strip().strip(_AROUND))
        return _flat(value)
    raise ValueError("neither a number nor a list of numbers")


def _flat(values: Iterable[Any]) -> list[str | int]:
    return [number for value in values for number in _split(value)]
