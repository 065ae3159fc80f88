"""Counts segments as an SMS gateway bills them.

Written from GSM 03.38 and 03.40 alone, so that it can contradict the integration.
"""

from collections.abc import Iterable
from typing import Final

# GSM 03.38's basic character set, without the escape that leads to the extension.
GSM_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Its extension: an escape and a character, two septets.
GSM_EXTENSION: Final = frozenset("\f^{}\\[~]|€")

# Characters of a message that stands alone, and of each part of a longer one.
GSM_SINGLE, GSM_PART = 160, 153
UCS2_SINGLE, UCS2_PART = 70, 67

_LAST_OF_BMP: Final = 0xFFFF


def is_gsm(character: str) -> bool:
    """Return whether the GSM 7-bit alphabet has this character."""
    return character in GSM_BASIC or character in GSM_EXTENSION


def as_gsm(text: str) -> str:
    """Return the text as it arrives over 7 bits: question marks for all else."""
    return "".join(character if is_gsm(character) else "?" for character in text)


def gsm_segments(text: str) -> int:
    """Return the number of segments of a text of GSM characters."""
    costs = [2 if character in GSM_EXTENSION else 1 for character in text]
    return _pack(costs, GSM_SINGLE, GSM_PART)


def ucs2_segments(text: str) -> int:
    """Return the number of segments of any text in UCS-2 (UTF-16)."""
    costs = [2 if ord(character) > _LAST_OF_BMP else 1 for character in text]
    return _pack(costs, UCS2_SINGLE, UCS2_PART)


def _pack(costs: Iterable[int], single: int, part: int) -> int:
    """Fill parts in order; what costs two is never split between parts."""
    costs = list(costs)
    if sum(costs) <= single:
        return 1
    parts, used = 1, 0
    for cost in costs:
        if used + cost > part:
            parts, used = parts + 1, 0
        used += cost
    return parts
