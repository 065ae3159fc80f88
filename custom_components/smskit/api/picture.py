"""Decoding of the QR code pictures that the portal returns."""

import base64
import binascii
from dataclasses import dataclass, field
from io import BytesIO
import json
import re
from typing import Final

from PIL import Image, UnidentifiedImageError

from .picture_parts import PictureParts, read_parts

_MAX_BYTES: Final = 1024 * 1024
# More than any QR code needs, and small enough to decode in a fraction of a second.
_MAX_SIDE: Final = 2048
_DATA_URI: Final = re.compile(r"data:image/[\w.+-]+;base64,", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A PNG that this integration wrote."""

    png: bytes = field(repr=False)


def read_picture(body: str) -> Picture:
    """Return the picture in the body of a `scanqr` answer.

    The body is Base64 text, possibly quoted, wrapped, a `data:` URI or preceded by PHP
    output. Raises ValueError, with a description of the problem, unless it is a
    complete PNG, JPEG, GIF or WebP of one frame and a sensible size. The caller serves
    the picture from its own origin, so only what a camera sees in it is left: it is
    decoded and written anew in shades of gray. Takes less than a second of a
    processor, whatever the body.
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
    parts = read_parts(data)
    if max(parts.width, parts.height) > _MAX_SIDE:
        raise ValueError("a picture that is too large")
    return Picture(png=_write_png(parts))


def _write_png(parts: PictureParts) -> bytes:
    """Decode a picture and return it as a PNG without anything else in it."""
    png = BytesIO()
    try:
        with Image.open(BytesIO(parts.data), formats=(parts.format,)) as image:
            _flatten(image).save(png, "PNG", compress_level=1)
    except UnidentifiedImageError, OSError, SyntaxError, ValueError:
        raise ValueError("a broken picture") from None
    return png.getvalue()


def _flatten(image: Image.Image) -> Image.Image:
    """Return a picture in shades of gray, on white where it is transparent.

    On a dark dashboard, a code on a transparent background could not be scanned.
    """
    if image.mode.startswith("I"):
        # 16 bits, which are cut, not scaled, when they are converted.
        return image.point(lambda value: value / 256).convert("L")
    if image.has_transparency_data:
        pixels = image.convert("RGBA")
        white = Image.new("RGBA", pixels.size, "white")
        return Image.alpha_composite(white, pixels).convert("L")
    return image.convert("L")
