"""The attacks: one row each. Whoever knows another one adds a row."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
import gzip
from itertools import repeat
from typing import Final
import zlib

from . import bodies
from .portal import Attack, respond

_MIB: Final = 1024 * 1024
_PIECE: Final = b"x" * 64 * 1024
_HEAD: Final = b"HTTP/1.1 200 OK\r\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """An attack and what it may cost."""

    name: str
    attack: Attack
    mib: int = 100
    """Memory over idle, at most."""
    silence: float = 3
    """Seconds without an answer of Home Assistant's web server, at most.

    The goal is 0.1; the bound is for a machine that others use, too.
    """
    waits: bool = False
    """Whether it ends only by the client's patience, so that it takes long."""
    holds: bool = False
    """Whether messages are held from then on: it asks to be left alone."""

    def __str__(self) -> str:
        return self.name


def _body(make: Callable[[], bytes], *headers: str, status: str = "200 OK") -> Attack:
    async def answer(writer: asyncio.StreamWriter) -> None:
        await respond(writer, make(), *headers, status=status)

    return answer


def _raw(begin: bytes, piece: bytes = b"", *, pause: float = 0) -> Attack:
    """Write a beginning, and then a piece for ever."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(begin)
        for again in repeat(piece):
            await writer.drain()
            if not again:
                return
            writer.write(again)
            await asyncio.sleep(pause)

    return answer


def _chunked(piece: bytes) -> Attack:
    return _raw(
        _HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
        b"%x\r\n%s\r\n" % (len(piece), piece),
    )


def _bomb(layers: int) -> Callable[[], bytes]:
    def make() -> bytes:
        data = b"0" * 64 * _MIB
        for _ in range(layers):
            data = gzip.compress(data)
        return data

    return make


# Each of these texts is published, to whoever has Home Assistant open.
_MIB_OF: Final = {"long texts": 300, "long texts of emoji": 300}

ROWS: Final = (
    *(
        Row(name=name, attack=_body(make), mib=_MIB_OF.get(name, 100))
        for name, make in bodies.BODIES.items()
    ),
    *(
        Row(
            name=f"{name}, HTTP {status}",
            attack=_body(make, status=f"{status} X"),
            holds=status == 503,
        )
        for status in (404, 503)
        for name, make in bodies.BODIES.items()
        if name == "braces"
    ),
    Row(name="a body without an end", attack=_raw(_HEAD + b"\r\n", _PIECE)),
    Row(name="chunks without an end", attack=_chunked(_PIECE)),
    Row(name="chunks of a byte", attack=_chunked(b"x"), waits=True),
    Row(
        name="a length too large",
        attack=_raw(_HEAD + b"Content-Length: 99999999999\r\n\r\n", _PIECE),
    ),
    Row(
        name="a length too small",
        attack=_raw(_HEAD + b'Content-Length: 3\r\n\r\n{"balance": "1"}'),
    ),
    Row(name="no length", attack=_raw(_HEAD + b"Content-Length: x\r\n\r\n{}")),
    Row(
        name="two lengths",
        attack=_raw(_HEAD + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\n{}"),
    ),
    Row(name="headers without an end", attack=_raw(_HEAD, b"X-A: b\r\n" * 1000)),
    Row(name="a header without an end", attack=_raw(_HEAD + b"X-A: ", _PIECE)),
    Row(name="a status without an end", attack=_raw(b"HTTP/1.1 200 ", _PIECE)),
    Row(name="no HTTP", attack=_raw(b"\x16\x03\x01" * 100, _PIECE)),
    Row(name="nothing", attack=_raw(b"")),
    Row(
        name="interim answers without an end",
        attack=_raw(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
        waits=True,
    ),
    Row(
        name="early hints without an end",
        attack=_raw(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100),
        waits=True,
    ),
    Row(
        name="a dripping header", attack=_raw(_HEAD, b"X-A: b\r\n", pause=1), waits=True
    ),
    Row(
        name="a dripping body", attack=_raw(_HEAD + b"\r\n", b"{", pause=1), waits=True
    ),
    Row(name="silence", attack=_raw(b"", b"\r\n", pause=600), waits=True),
    Row(name="a bomb", attack=_body(_bomb(1), "Content-Encoding: gzip")),
    Row(
        name="a bomb in a bomb", attack=_body(_bomb(2), "Content-Encoding: gzip, gzip")
    ),
    Row(
        name="a deflated bomb",
        attack=_body(
            lambda: zlib.compress(b"{" * 64 * _MIB), "Content-Encoding: deflate"
        ),
    ),
    Row(
        name="a broken bomb",
        attack=_body(
            lambda: gzip.compress(b"0" * 64 * _MIB)[:-9], "Content-Encoding: gzip"
        ),
    ),
    Row(
        name="a redirect to itself",
        attack=_body(lambda: b"", "Location: /smsAPI?balance", status="302 Found"),
    ),
    Row(
        name="a redirect to nowhere",
        attack=_body(
            lambda: b"", f"Location: http://[{'a' * 4000}", status="302 Found"
        ),
    ),
    Row(
        name="a wait without an end",
        holds=True,
        attack=_body(lambda: b"", f"Retry-After: {'9' * 8000}", status="503 Busy"),
    ),
    Row(
        name="a wait until a strange day",
        holds=True,
        attack=_body(
            lambda: b"",
            "Date: Mon, 1 Jan 99999999999999999999 00:00:00 GMT",
            "Retry-After: Mon, 1 Jan 99999999999999999999 00:00:00 GMT",
            status="429 Busy",
        ),
    ),
    Row(
        name="a strange content type",
        attack=_body(lambda: b"{}", f"Content-Type: {'text/' * 1000}; charset=\x01"),
    ),
)
