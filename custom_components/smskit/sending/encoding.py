"""What a text becomes on its way: as the portal takes it, its encoding, its segments.

The encoding is GSM 03.38 (3GPP TS 23.038) with its extension table if it can represent
the text, and UCS-2 otherwise. Segments of a longer text hold less, because each has a
header that joins them.
"""

from dataclasses import dataclass
from enum import StrEnum
import re
from typing import Final

import gsm0338


class Encoding(StrEnum):
    """Encoding of a text message."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


# Capacity of a single segment, and of each of several, in septets or UTF-16 code units.
_SINGLE_CAPACITY: Final = {Encoding.GSM7: 160, Encoding.UCS2: 70}
_PART_CAPACITY: Final = {Encoding.GSM7: 153, Encoding.UCS2: 67}
_GSM: Final = gsm0338.Codec()
# PHP's `strip_tags` leaves a `<` alone that one of these follows.
_OPENS_TAG: Final = re.compile(r"<(?![ \t\n\v\f\r])")


@dataclass(frozen=True, kw_only=True, slots=True)
class EncodedText:
    """Encoding and segment count of a text."""

    encoding: Encoding
    segments: int


def measure(text: str) -> EncodedText:
    """Return the encoding and the number of segments that a text needs."""
    try:
        septets = {char: _septets(char) for char in set(text)}
        widths = [septets[char] for char in text]
        encoding = Encoding.GSM7
    except UnicodeError:
        widths = [2 if ord(char) > 0xFFFF else 1 for char in text]
        encoding = Encoding.UCS2
    return EncodedText(encoding=encoding, segments=_count(widths, encoding))


def _septets(char: str) -> int:
    # The codec encodes the escape itself, which is not a character.
    if char == "\x1b":
        raise UnicodeError("the escape is not a character")
    return len(_GSM.encode(char)[0])


def _count(widths: list[int], encoding: Encoding) -> int:
    """Count the segments without splitting an escape sequence or surrogate pair."""
    if sum(widths) <= _SINGLE_CAPACITY[encoding]:
        return 1
    segments, room = 1, _PART_CAPACITY[encoding]
    for width in widths:
        if width > room:
            segments, room = segments + 1, _PART_CAPACITY[encoding]
        room -= width
    return segments


def keep_from_tag_removal(text: str) -> str:
    """Return a text that the portal leaves whole.

    It runs `strip_tags` over every parameter: from a `<` on, all is lost up to the next
    `>`, or to the end. A blank after the `<` prevents that.
    """
    return _OPENS_TAG.sub("< ", text)
