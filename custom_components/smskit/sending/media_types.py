"""The types of media that may be shown where they are served."""

from collections.abc import Mapping
import mimetypes
from typing import Final

SHOWN_TYPES: Final[Mapping[str, str]] = {
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".gif": "image/gif",
    ".heic": "image/heic",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".aac": "audio/aac",
    ".amr": "audio/amr",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
    ".weba": "audio/webm",
    ".3gp": "video/3gpp",
    ".mkv": "video/x-matroska",
    ".mov": "video/quicktime",
    ".mp4": "video/mp4",
    ".mpg": "video/mpeg",
    ".webm": "video/webm",
}
"""Pictures, sound and video by the suffix they are served with.

None of them can hold a script, as an SVG or a PDF can.
"""
_SUFFIXES: Final[Mapping[str, str]] = {
    **{type_: suffix for suffix, type_ in SHOWN_TYPES.items()},
    "application/ogg": ".ogg",
    "audio/mp3": ".mp3",
    "audio/opus": ".ogg",
    "audio/wave": ".wav",
    "audio/x-flac": ".flac",
    "audio/x-m4a": ".m4a",
    "audio/x-wav": ".wav",
    "image/jpg": ".jpg",
    "video/matroska": ".mkv",
    "video/x-m4v": ".mp4",
}
_OTHER: Final = ".bin"


def suffix_of(content_type: str | None) -> str:
    """Return the suffix that a medium is served with; portals go by it."""
    plain = (content_type or "").partition(";")[0].strip().lower()
    return _SUFFIXES.get(plain) or mimetypes.guess_extension(plain) or _OTHER
