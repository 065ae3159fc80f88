"""What a picture may cost, whatever a portal makes of it."""

import base64
from collections.abc import Callable
from io import BytesIO
import time
from typing import Any, Final

from PIL import Image
import pytest

from custom_components.smskit.api.picture import read_picture

# Of a processor, in seconds: ten times what the worst of them takes.
BOUND: Final = 2.5
SIDE: Final = 2048


def noise(side: int) -> Image.Image:
    """Return a picture that cannot be packed."""
    return Image.effect_noise((side, side), 200)


def colorful(side: int) -> Image.Image:
    """Return a picture whose colors cannot be packed either."""
    gray = noise(side)
    return Image.merge("RGB", (gray, gray.rotate(90), gray.rotate(180)))


def saved(image: Image.Image, format_: str, **options: Any) -> bytes:
    """Return a picture in a format."""
    buffer = BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


def scans(image: Image.Image, more: int, **options: Any) -> bytes:
    """Return a JPEG whose last scan is repeated."""
    data = saved(image, "JPEG", progressive=True, **options)
    return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * more + data[-2:]


# As large as they may be, and as slow as their format can be.
DEAR: Final[dict[str, Callable[[], bytes]]] = {
    "JPEG": lambda: saved(colorful(SIDE), "JPEG", quality=5),
    "progressive JPEG": lambda: scans(colorful(SIDE), 0, quality=5),
    "JPEG of as many scans as may be": lambda: scans(Image.new("RGB", (SIDE, SIDE)), 6),
    "PNG": lambda: saved(noise(900), "PNG"),
    "transparent PNG": lambda: saved(Image.new("RGBA", (SIDE, SIDE)), "PNG"),
    "WebP": lambda: saved(colorful(SIDE), "WEBP", quality=0),
    "GIF": lambda: saved(noise(900), "GIF"),
}
# What is refused costs next to nothing.
REFUSED: Final[dict[str, Callable[[], bytes | str]]] = {
    "JPEG of thousands of scans": lambda: scans(Image.new("RGB", (SIDE, SIDE)), 50_000),
    "JPEG of one scan too many": lambda: scans(Image.new("RGB", (SIDE, SIDE)), 7),
    "JPEG of empty segments": lambda: b"\xff\xd8" + b"\xff\xe1\0\2" * 250_000,
    "JPEG of marks": lambda: b"\xff\xd8" + b"\xff" * 1_000_000,
    "JPEG of halves of marks": lambda: b"\xff\xd8" + b"\xff\0" * 500_000,
    "GIF of comments": lambda: (
        saved(noise(40), "GIF")[:-1] + b"\x21\xfe\1a\0" * 180_000 + b";"
    ),
    "GIF of frames": lambda: saved(
        noise(9), "GIF", save_all=True, append_images=[noise(9) for _ in range(2000)]
    ),
    "text that begins again and again": lambda: "data:image/" * 190_000,
    "text of tags": lambda: "<" * 2_000_000,
    "text in quotes": lambda: '"' + "\\u0041" * 340_000 + '"',
}


def cost(made: bytes | str) -> tuple[bytes | None, float]:
    """Return the PNG that is made of a picture, if any, and what it took."""
    text = base64.b64encode(made).decode() if isinstance(made, bytes) else made
    start = time.thread_time()
    try:
        png = read_picture(text).png
    except ValueError:
        png = None
    return png, time.thread_time() - start


@pytest.mark.parametrize("name", DEAR)
def test_bound(name: str) -> None:
    """A picture that is taken keeps a processor busy for a moment only."""
    png, seconds = cost(DEAR[name]())
    assert png is not None
    assert seconds < BOUND


@pytest.mark.parametrize("name", REFUSED)
def test_bound_of_refused(name: str) -> None:
    """A picture that is refused is refused before it is decoded."""
    png, seconds = cost(REFUSED[name]())
    assert png is None
    assert seconds < BOUND / 5
