"""Words of strangers, made fit for a line of a log, an error, or a state."""

from collections.abc import Callable
import re
from typing import Final
import unicodedata

from . import bounds, inferred

_STATUS: Final = re.compile(r"[A-Za-z]{1,24}(?:[ _-][A-Za-z]{1,24}){0,2}")
_VERSION: Final = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,5}){0,3}")


def one_line(words: str, length: int = 120) -> str:
    """Return words on one line, of at most a length, as they look.

    A line break would let them pass for another line of a log. What is invisible, or
    turns the direction of writing, would let them pass for other words.
    """
    seen = "".join(map(_seen, words[: bounds.WORDS]))
    seen = " ".join(seen.split())
    return seen if len(seen) <= length else seen[: length - 1] + "…"


def _seen(char: str) -> str:
    if char.isprintable():
        return char
    return "" if unicodedata.category(char) == "Cf" else " "


def status_words(words: str, scrub: Callable[[str], str]) -> str | None:
    """Return a short status, or None: what is longer may quote anything.

    Statuses are recorded. A word that is not known may be one that matters, so that
    it is taken for a status if it is a few letters, and none that was sent.
    """
    line = one_line(words)
    if line.lower() in inferred.DEVICE_STATUS:
        return line
    is_short = _STATUS.fullmatch(line) is not None
    return line if is_short and scrub(f'"{line}"') == f'"{line}"' else None


def version_words(words: str) -> str | None:
    """Return the number of a version, or None for anything else."""
    return words if _VERSION.fullmatch(words) else None
