"""What is sent back: true answers, distorted ones, and what takes their place."""

from collections.abc import AsyncIterator
import socket
import struct
from typing import Final

from aiohttp import web

from . import php, samples
from .distortions import distort
from .faults import Fault, FaultKind
from .operations import error
from .pauses import Pauses
from .spelling import Answer, Spelling, spell

# Nobody listens there: a client that follows fails, and no name is looked up.
NOWHERE: Final = "http://127.0.0.1:1/login"
HUGE_BODY: Final = 3 * 2**20 + 2**16

_HEADERS: Final = {"Content-Type": php.CONTENT_TYPE}
_DEFAULT_SLOWNESS: Final = 1.0
_DEFAULT_STATUS: Final = 503
_MISSING_BYTES: Final = 512


def reply(body: str, status: int = 200) -> web.Response:
    """Return an answer as this portal's web server sends it: 200 whatever happened."""
    return web.Response(body=body.encode(), status=status, headers=_HEADERS)


def error_page(status: int, body: str | None = None) -> web.Response:
    """Return a web server's own answer."""
    response = reply("", status)
    response.text = body or php.error_page(status, response.reason)
    return response


async def faulty_reply(  # noqa: PLR0913, PLR0917 - the request and all about it
    request: web.Request,
    fault: Fault,
    operation: str,
    answer: Answer | None,
    spelling: Spelling,
    pauses: Pauses,
) -> web.StreamResponse:
    """Answer as the fault says. `answer` is None where the operation had no effect."""
    match fault.kind:
        case FaultKind.HANG:
            await pauses.pause(request, fault.seconds)
            return _close(request)
        case FaultKind.RESET:
            return _reset(request)
        case FaultKind.CUT:
            return await _cut(request, operation, answer, spelling)
        case FaultKind.HUGE:
            return web.Response(body=_huge(operation), headers=_HEADERS)
        case FaultKind.REDIRECT:
            location = fault.text or NOWHERE
            return web.Response(status=302, headers=_HEADERS | {"Location": location})
        case FaultKind.SLOW:
            delay = _DEFAULT_SLOWNESS if fault.seconds is None else fault.seconds
            await pauses.pause(request, delay)
        case _:
            pass
    return _plain(fault, operation, answer, spelling)


def _plain(  # noqa: PLR0911 - one a kind
    fault: Fault, operation: str, answer: Answer | None, spelling: Spelling
) -> web.Response:
    """Return the faults that are no more than another status or body."""
    match fault.kind:
        case FaultKind.HTTP_500:
            return error_page(500, fault.text)
        case FaultKind.HTTP_STATUS:
            response = error_page(fault.status or _DEFAULT_STATUS, fault.text)
            if fault.retry_after is not None:
                response.headers["Retry-After"] = fault.retry_after
            return response
        case FaultKind.HTML_PAGE:
            return reply(fault.text or php.MAINTENANCE_PAGE)
        case FaultKind.VENDOR_SUCCESS:
            return reply(samples.SUCCESS.get(operation, ""))
        case FaultKind.VENDOR_ERROR:
            return reply(samples.ERROR.get(operation, ""))
        case FaultKind.REFUSED_ERROR:
            return reply(spell(error(operation, fault.text or "Error"), spelling))
        case FaultKind.NOT_JSON:
            return reply("OK" if fault.text is None else fault.text)
        case FaultKind.EMPTY_BODY:
            return reply("")
        case _:
            return reply(distort(fault, operation, answer or {}, spelling))


def _close(request: web.Request) -> web.Response:
    """Close the connection; what is returned finds it closed."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()


def _reset(request: web.Request) -> web.Response:
    """Close the connection so that the client sees a reset."""
    transport = request.transport
    if transport is not None:
        sock: socket.socket | None = transport.get_extra_info("socket")
        if sock is not None:
            # To linger for no time at all is what makes it a reset.
            linger = struct.pack("ii", 1, 0)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
    return web.Response()


async def _cut(
    request: web.Request, operation: str, answer: Answer | None, spelling: Spelling
) -> web.StreamResponse:
    """Send the first half of an answer, then close."""
    if answer is None:
        body = samples.SUCCESS.get(operation, "")
    else:
        body = spell(answer, spelling)
    part = body.encode()[: len(body) // 2]
    response = web.StreamResponse(headers=_HEADERS)
    response.content_length = len(part) + _MISSING_BYTES
    await response.prepare(request)
    await response.write(part)
    _close(request)
    return response


async def _huge(operation: str) -> AsyncIterator[bytes]:
    """Yield valid JSON of more than 3 MiB; its length is not announced."""
    yield f'{{"request":"{operation}","status":"success","padding":"'.encode()
    chunk = b"x" * 2**16
    for _ in range(HUGE_BODY // len(chunk)):
        yield chunk
    yield b'"}'
