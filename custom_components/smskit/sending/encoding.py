"""How a text travels as SMS: its alphabet and its segments.

GSM 03.38 (3GPP TS 23.038) with its extension table where that carries the text, UCS-2
otherwise; a segment of several gives up room to the header that joins them.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import gsm0338


class Encoding(StrEnum):
    """The alphabet of a text message."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


# Septets or UTF-16 code units of the only segment, and of each of several.
_SINGLE: Final = {Encoding.GSM7: 160, Encoding.UCS2: 70}
_PART: Final = {Encoding.GSM7: 153, Encoding.UCS2: 67}
_GSM: Final = gsm0338.Codec()


@dataclass(frozen=True, kw_only=True, slots=True)
class EncodedText:
    """What a text costs."""

    encoding: Encoding
    segments: int


def measure(text: str) -> EncodedText:
    """Return the alphabet and the number of segments that a text needs."""
    try:
        widths = [_septets(char) for char in text]
        encoding = Encoding.GSM7
    except UnicodeError:
        widths = [2 if ord(char) > 0xFFFF else 1 for char in text]
        encoding = Encoding.UCS2
    return EncodedText(encoding=encoding, segments=_count(widths, encoding))


def _septets(char: str) -> int:
    # The table has the escape itself, which is no character.
    if char == "\x1b":
        raise UnicodeError("the escape is not a character")
    return len(_GSM.encode(char)[0])


def _count(widths: list[int], encoding: Encoding) -> int:
    """Count segments; neither an escape nor a surrogate pair is ever split."""
    if sum(widths) <= _SINGLE[encoding]:
        return 1
    segments, room = 1, _PART[encoding]
    for width in widths:
        if width > room:
            segments, room = segments + 1, _PART[encoding]
        room -= width
    return segments
