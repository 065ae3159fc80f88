"""Bodies that once cost seconds or gigabytes, and what else may be wrong with one."""

import base64
from collections.abc import Callable
from itertools import starmap
import json
import struct
from typing import Final
import zlib

_KIB: Final = 1024
_MIB: Final = 1024 * 1024


def repeated(unit: str, size: int, begin: str = "", end: str = "") -> bytes:
    """Return a unit again and again, between a beginning and an end."""
    return f"{begin}{(unit * (size // len(unit) + 1))[:size]}{end}".encode()


def refusal(words: str) -> bytes:
    """Return a refusal."""
    return json.dumps(
        {"request": "balance", "status": "error", "message": words}
    ).encode()


def inbox(count: int, text: str) -> bytes:
    """Return a listing of so many messages."""
    records = [
        {
            "id": str(n),
            "from": "12025550199",
            "to": "12025550100",
            "message": text,
            "date": "2026-01-31 12:00:00",
        }
        for n in range(count)
    ]
    answer = {"request": "getinbox", "status": "success", "inbox": records}
    return json.dumps(answer, ensure_ascii=False).encode()


def picture(side: int) -> bytes:
    """Return a picture of one color, in Base64: few bytes of many pixels."""
    # Row by row: the picture itself would take more memory than what it is sent to.
    packer = zlib.compressobj()
    row = bytes(1 + -(-side // 8))
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">2I5B", side, side, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(starmap(_chunk, chunks)))


def _chunk(kind: bytes, data: bytes) -> bytes:
    """Return a part of a PNG."""
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


# Each is made when it is used: they are large.
BODIES: Final[dict[str, Callable[[], bytes]]] = {
    "less-than signs in an error": lambda: refusal("<" * 128 * _KIB),
    "api key in an error": lambda: refusal("api key " * 16 * _KIB),
    "titles": lambda: repeated("<title>", 128 * _KIB),
    "titles without an end": lambda: repeated("<title", 2 * _MIB),
    "braces": lambda: repeated("{", 2 * _MIB),
    "braces and quotation marks": lambda: repeated('{"', 2 * _MIB),
    "brackets": lambda: repeated("[", 2 * _MIB),
    "nested objects": lambda: repeated('{"a":', 2 * _MIB),
    "nested lists in a listing": lambda: repeated("[", _MIB, '{"inbox":'),
    "a text without an end": lambda: repeated("x", 32 * _MIB, '{"inbox":"'),
    "escapes without an end": lambda: repeated("\\\\", 32 * _MIB, '{"inbox":"'),
    "pairs in a text": lambda: repeated('"a":1,', _MIB - 200, '{"inbox":[{"message":"'),
    "empty records": lambda: repeated("{},", 8 * _MIB, '{"inbox":[', "{}]}"),
    "empty lists": lambda: repeated("[],", 8 * _MIB, '{"recipients":[', "[]]}"),
    "a pair again and again": lambda: repeated('"a":1,', _MIB - 20, "{", '"a":1}'),
    "forms without an end": lambda: repeated("<input ", 2 * _MIB),
    "digits": lambda: repeated("9", _MIB - 20, '{"balance":', "}"),
    "a large exponent": lambda: b'{"balance": 1e99999999999999999999}',
    "spaces": lambda: repeated(" ", _MIB - 40, '{"group_id"', ':"1"}'),
    "no text at all": lambda: b"\0\xff\xfe" * _MIB,
    "a page with an answer in it": lambda: (
        b'<!DOCTYPE html><script>{"status":"queued","group_id":"1"}</script>'
    ),
    "long texts": lambda: inbox(500, "x" * 64 * _KIB),
    "long texts of emoji": lambda: inbox(500, "🙂" * 16 * _KIB),
    "many messages": lambda: inbox(1000, "x"),
    "many channels": lambda: json.dumps(
        {"status": "success", "channels": [{"channel_id": str(n)} for n in range(4000)]}
    ).encode(),
    "many pixels": lambda: picture(20_000),
    "a picture that is too large": lambda: base64.b64encode(b"\x89PNG" * 4 * _MIB),
}
