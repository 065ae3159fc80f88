"""Validation of the QR code pictures that the portal returns."""

import base64
import binascii
from dataclasses import dataclass, field
from io import BytesIO
import json
import re
from typing import Final

from PIL import Image, UnidentifiedImageError

_MAX_BYTES: Final = 1024 * 1024
# More than any QR code needs, and small enough to decode safely.
_MAX_SIDE: Final = 2048
_CONTENT_TYPES: Final = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "GIF": "image/gif",
    "WEBP": "image/webp",
}
# Markup in a picture could make a browser treat it as a document.
_MARKUP: Final = re.compile(
    rb"<(?:!doctype|body|html|iframe|script|svg)\b", re.IGNORECASE
)
_DATA_URI: Final = re.compile(r"data:image/[\w.+-]+;base64,", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture whose content matches its content type."""

    content_type: str
    data: bytes = field(repr=False)


def read_picture(body: str) -> Picture:
    """Return the picture in the body of a `scanqr` answer.

    The body is Base64 text, possibly quoted, wrapped, a `data:` URI or preceded by PHP
    output. Raises ValueError, with a description of the problem, unless it is a
    complete PNG, JPEG, GIF or WebP of a sensible size without markup: the caller
    serves this external picture from its own origin.
    """
    text = body.strip().removeprefix("\ufeff")
    if "<" in text:
        text = text.rpartition(">")[2].strip()
    if text.startswith('"'):
        text = str(json.loads(text))
    text = "".join(_DATA_URI.sub("", text, count=1).split())
    if not text:
        raise ValueError("no picture")
    if len(text) > _MAX_BYTES * 4 // 3 + 4:
        raise ValueError("a picture of more than 1 MiB")
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("no base-64 text, or truncated") from None
    return Picture(content_type=_check(data), data=data)


def _check(data: bytes) -> str:
    """Decode a picture completely and return its content type."""
    try:
        with Image.open(BytesIO(data), formats=tuple(_CONTENT_TYPES)) as image:
            if max(image.size) > _MAX_SIDE:
                raise ValueError("a picture that is too large")
            image.load()
            content_type = _CONTENT_TYPES[image.format or ""]
    except UnidentifiedImageError:
        raise ValueError("neither PNG, JPEG, GIF nor WebP") from None
    except (OSError, SyntaxError, Image.DecompressionBombError) as err:
        raise ValueError(f"a broken picture ({type(err).__name__})") from None
    if _MARKUP.search(data):
        raise ValueError("a picture with markup in it")
    return content_type
