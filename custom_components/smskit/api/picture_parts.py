"""The parts of a picture file that its decoder needs, and how much work they are.

A few hundred KiB of a picture can keep a decoder busy for minutes, and nothing ends a
thread that decodes. All of it is therefore found out beforehand, in one pass over the
file: the size, whether it is one picture, and how often the decoder would go over it.
Whatever is no pixel (comments, metadata, what stands behind the end) is left out.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
import re
import struct
from struct import pack, unpack_from
from typing import Final

# Encoders write ten scans in a progressive JPEG.
_MAX_SCANS: Final = 16
# A file of 1 MiB in the 8 KiB chunks that libpng writes has 128 of them.
_MAX_PARTS: Final = 1024

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_PARTS: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})

_JPEG: Final = b"\xff\xd8"
_JPEG_SIZES: Final = frozenset({0xC0, 0xC1, 0xC2})
_JPEG_TABLES: Final = frozenset({0xC4, 0xDB, 0xDD})
# Says how the colors are to be understood.
_JPEG_ADOBE: Final = 0xEE
_JPEG_SCAN: Final = 0xDA
_JPEG_END: Final = b"\xff\xd9"
_JPEG_MARKER: Final = re.compile(rb"\xff[^\xff\x00\xd0-\xd7]", re.DOTALL)

_GIF: Final = re.compile(rb"GIF8[79]a")
_GIF_EXTENSION: Final = 0x21
_GIF_TRANSPARENCY: Final = 0xF9
_GIF_IMAGE: Final = 0x2C
_GIF_END: Final = 0x3B

_WEBP: Final = re.compile(rb"RIFF....WEBP", re.DOTALL)
_WEBP_HAS_ALPHA: Final = 0x10


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureParts:
    """A picture of one frame, with nothing in it but what makes its pixels."""

    format: str
    """As Pillow names it."""
    width: int
    height: int
    data: bytes


def read_parts(data: bytes) -> PictureParts:
    """Return the parts of a PNG, JPEG, GIF or WebP.

    Raises ValueError for anything else, for an animation, and for a file in more parts
    than an encoder makes of a picture. Whether the pixels are sound is not looked at.
    """
    for starts, read in _READERS:
        if starts(data):
            try:
                return read(data)
            except struct.error, IndexError:
                raise ValueError("a broken picture") from None
    raise ValueError("neither PNG, JPEG, GIF nor WebP")


def _read_png(data: bytes) -> PictureParts:
    """Return a PNG without its ancillary chunks, and without what is behind it."""
    parts = [_PNG]
    width, height = unpack_from(">II", data, 16)
    position, count = len(_PNG), 0
    while True:
        length, kind = unpack_from(">I4s", data, position)
        end = position + length + 12
        if end > len(data) or (kind == b"IHDR") != (count == 0):
            raise ValueError("a broken picture")
        if kind == b"acTL":
            raise ValueError("an animation")
        count = _counted(count)
        if kind in _PNG_PARTS:
            parts.append(data[position:end])
        if kind == b"IEND":
            break
        position = end
    return PictureParts(format="PNG", width=width, height=height, data=b"".join(parts))


def _read_jpeg(data: bytes) -> PictureParts:
    """Return a JPEG of one frame, which few scans complete."""
    parts, sizes, scans = [_JPEG], [], 0
    for marker, segment, pixels in _jpeg_segments(data):
        if marker in _JPEG_SIZES:
            height, width = unpack_from(">HH", segment, 5)
            sizes.append((width, height))
        elif marker == _JPEG_SCAN:
            scans += 1
            if scans > _MAX_SCANS:
                raise ValueError("a picture of too many scans")
        elif marker != _JPEG_ADOBE and marker not in _JPEG_TABLES:
            continue
        parts += segment, pixels
    if len(sizes) != 1:
        raise ValueError("a broken picture")
    ((width, height),) = sizes
    parts.append(_JPEG_END)
    return PictureParts(format="JPEG", width=width, height=height, data=b"".join(parts))


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield the marker of each segment, the segment, and the pixels that follow it."""
    position, count = len(_JPEG), 0
    while not data.startswith(_JPEG_END, position):
        count = _counted(count)
        start, mark, marker, length = position, *unpack_from(">BBH", data, position)
        end = position + 2 + length
        # Pixels have no markers in them.
        if (following := _JPEG_MARKER.search(data, end)) is None or mark != 0xFF:
            raise ValueError("a broken picture")
        position = following.start()
        if position != end and marker != _JPEG_SCAN:
            raise ValueError("a broken picture")
        yield marker, data[start:end], data[end:position]


def _read_gif(data: bytes) -> PictureParts:
    """Return a GIF of one frame."""
    width, height, flags = unpack_from("<HHB", data, 6)
    position = 13 + _size_of_colors(flags)
    parts, count, frames = [data[:position]], 0, 0
    while data[position] != _GIF_END:
        count = _counted(count)
        kind, start = data[position], position
        if kind == _GIF_EXTENSION:
            is_kept = data[position + 1] == _GIF_TRANSPARENCY
            position += 2
        elif kind == _GIF_IMAGE:
            is_kept, frames = True, frames + 1
            if frames > 1:
                raise ValueError("an animation")
            left, top, right, bottom, flags = unpack_from("<HHHHB", data, position + 1)
            width, height = max(width, left + right), max(height, top + bottom)
            position += 11 + _size_of_colors(flags)
        else:
            raise ValueError("a broken picture")
        while length := data[position]:
            position += 1 + length
        position += 1
        if is_kept:
            parts.append(data[start:position])
    parts.append(bytes((_GIF_END,)))
    return PictureParts(format="GIF", width=width, height=height, data=b"".join(parts))


def _size_of_colors(flags: int) -> int:
    """Return how many bytes a GIF's table of colors takes."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _read_webp(data: bytes) -> PictureParts:
    """Return a WebP that is one picture, with its transparency."""
    parts, sizes = [], []
    for kind, content in _webp_chunks(data):
        if kind == b"VP8X":
            # Sizes are less by one.
            low, high, low_2, high_2 = unpack_from("<HBHB", content, 4)
            sizes.append((1 + low + (high << 16), 1 + low_2 + (high_2 << 16)))
            # What is left out is not announced.
            flags = bytes((content[0] & _WEBP_HAS_ALPHA,))
            parts.append(_webp_chunk(kind, flags + content[1:10]))
            continue
        if kind == b"VP8 ":
            width, height = unpack_from("<HH", content, 6)
            sizes.append((width & 0x3FFF, height & 0x3FFF))
        elif kind == b"VP8L":
            (bits,) = unpack_from("<I", content, 1)
            sizes.append((1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)))
        elif kind in {b"ANIM", b"ANMF"}:
            raise ValueError("an animation")
        elif kind != b"ALPH":
            continue
        parts.append(_webp_chunk(kind, content))
    if not sizes:
        raise ValueError("a broken picture")
    body = b"WEBP" + b"".join(parts)
    return PictureParts(
        format="WEBP",
        width=max(width for width, _ in sizes),
        height=max(height for _, height in sizes),
        data=b"RIFF" + pack("<I", len(body)) + body,
    )


def _webp_chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of a WebP."""
    return kind + pack("<I", len(content)) + content + bytes(len(content) % 2)


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the chunks of a WebP, and nothing that is behind its end."""
    (length,) = unpack_from("<I", data, 4)
    position, end, count = 12, 8 + length, 0
    if end > len(data):
        raise ValueError("a broken picture")
    while position < end:
        count = _counted(count)
        kind, length = unpack_from("<4sI", data, position)
        position += 8
        if position + length > end:
            raise ValueError("a broken picture")
        yield kind, data[position : position + length]
        position += length + length % 2


def _counted(count: int) -> int:
    """Return a count of parts with one more; raise if that is too many."""
    if count >= _MAX_PARTS:
        raise ValueError("a picture of too many parts")
    return count + 1


_READERS: Final[
    tuple[tuple[Callable[[bytes], object], Callable[[bytes], PictureParts]], ...]
] = (
    (lambda data: data.startswith(_PNG), _read_png),
    (lambda data: data.startswith(_JPEG), _read_jpeg),
    (_GIF.match, _read_gif),
    (_WEBP.match, _read_webp),
)
