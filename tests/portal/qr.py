"""The QR codes that pair a channel."""

import base64
from datetime import datetime
from functools import lru_cache
import hashlib
import io

import segno

from . import inferred


def payload(channel_id: str, session: int, now: datetime) -> str:
    """Return what the QR code says now, shaped as WhatsApp Web's payloads are.

    Four fields, comma separated: a reference, which changes every 20 s, and three
    keys, which last as long as the session.
    """
    turn = int(now.timestamp() // inferred.QR_LIFETIME)
    reference = _digest(f"{channel_id} {session} {turn}")
    keys = (_digest(f"{channel_id} {session} {name}") for name in "abc")
    return ",".join((f"2@{reference}", *keys))


def _digest(seed: str) -> str:
    return base64.b64encode(hashlib.sha256(seed.encode()).digest()).decode()


@lru_cache(maxsize=64)
def png(text: str) -> bytes:
    """Return a QR code as a PNG image."""
    buffer = io.BytesIO()
    segno.make(text, error="m", micro=False).save(buffer, kind="png", scale=5)
    return buffer.getvalue()


@lru_cache(maxsize=64)
def svg(text: str) -> bytes:
    """Return a QR code as an SVG image, which a browser would run scripts of."""
    buffer = io.BytesIO()
    segno.make(text, error="m", micro=False).save(buffer, kind="svg", scale=5)
    return buffer.getvalue().replace(
        b"</svg>", b"<script>document.title='run'</script></svg>"
    )


def base64_png(text: str) -> str:
    """Return a QR code as scanqr answers it."""
    return base64.b64encode(png(text)).decode()
