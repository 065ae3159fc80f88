"""Several phone numbers in one text, or from a template."""

from collections.abc import Iterable
import re
from typing import Any, Final

_SEPARATORS: Final = re.compile(r"[,;\n\r\u060c\u061b\u3001\uff0c\uff1b]")
# What a template writes around a list of integers.
_AROUND: Final = "[](){} "


def split_numbers(value: Any) -> list[str | int]:
    """Return the numbers of a text, of an integer, or of several of them.

    A template turns `+1…, +44…` into a tuple of integers without their `+`, but keeps
    what it was made of: that is read instead. Raises ValueError for anything else.
    """
    if isinstance(value, str):
        return [one for one in _SEPARATORS.split(value) if one.strip()]
    if isinstance(value, int) and not isinstance(value, bool):
        return [value]
    if isinstance(value, (list, tuple, set, frozenset)):
        rendered = getattr(value, "render_result", None)
        if isinstance(rendered, str) and all(isinstance(one, int) for one in value):
            return split_numbers(rendered.strip().strip(_AROUND))
        return _flat(value)
    raise ValueError("neither a number nor a list of numbers")


def _flat(values: Iterable[Any]) -> list[str | int]:
    return [number for value in values for number in split_numbers(value)]
