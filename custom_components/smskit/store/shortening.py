"""What states and events show of a text that is too long for them."""

from typing import Final
import unicodedata

MAX_LENGTH: Final = 2048
"""How many characters are shown at most; an SMS of ten segments has 1,530."""

_ELLIPSIS: Final = "…"
_JOINER: Final = "\u200d"
# Longer than any letter or emoji that people write.
_LONGEST: Final = 32


def shortened(text: str) -> str:
    """Return a text, or its beginning with an ellipsis if it is longer than shown.

    It is not cut within a letter and its accents, or within an emoji.
    """
    if len(text) <= MAX_LENGTH:
        return text
    end = MAX_LENGTH - len(_ELLIPSIS)
    whole = next(
        (at for at in range(end, end - _LONGEST, -1) if _begins(text, at)), end
    )
    return text[:whole] + _ELLIPSIS


def _begins(text: str, at: int) -> bool:
    """Return whether a character begins what a reader sees as one."""
    before, char = text[at - 1], text[at]
    if _JOINER in {before, char} or (before, char) == ("\r", "\n"):
        return False
    if _is_flag(char) and _is_flag(before):
        start = at
        while _is_flag(text[start - 1]) and at - start < _LONGEST:
            start -= 1
        return (at - start) % 2 == 0
    is_skin_tone = "\U0001f3fb" <= char <= "\U0001f3ff"
    # Of the flags of England, Scotland, and Wales.
    is_tag = "\U000e0020" <= char <= "\U000e007f"
    return not (is_skin_tone or is_tag or unicodedata.category(char).startswith("M"))


def _is_flag(char: str) -> bool:
    """Return whether a character is one of the two letters of a flag."""
    return "\U0001f1e6" <= char <= "\U0001f1ff"
