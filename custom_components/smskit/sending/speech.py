"""How long it takes to say a text."""

from math import ceil
from typing import Final

# Slow speech, in words a minute: what is longer than announced may be cut off.
_WORDS: Final = 120
# For languages that do not part words by blanks.
_CHARACTERS: Final = 10 * _WORDS


def speech_seconds(text: str) -> int:
    """Return an estimate of the seconds that a text takes to be spoken."""
    minutes = max(len(text.split()) / _WORDS, len(text) / _CHARACTERS)
    return max(ceil(60 * minutes), 1)
