"""One request to the portal and what came back, whatever that is."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from enum import StrEnum
import errno
from ipaddress import ip_address
import re
from typing import TYPE_CHECKING, Final, override
from urllib.parse import urlencode

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import BytesPayload
from yarl import URL

from . import bounds, inferred
from .errors import (
    Cause,
    NoAnswerError,
    NotAPortalError,
    NotReachableError,
    PortalError,
    RefusedError,
    TryLaterError,
)
from .page import has_markup, page_start, page_title
from .parse import Answer, Scrub, group, parse_answer
from .private import is_private_address
from .scrubber import Scrubber
from .url import ENDPOINT
from .words import one_line

if TYPE_CHECKING:
    from aiohttp.connector import Connection

# A number that breaks off may be the beginning of another one.
_GROUP_ID: Final = re.compile(
    r'"group_id"\s*+:\s*+(?:"(\w{1,128}+)"|(\d{1,128}+)(?=\s*+[,}\]]))'
)
_CONTENT_TYPE: Final = re.compile(r"[a-z]{1,20}/[a-z0-9.+-]{1,40}")
_TIMEOUT: Final = aiohttp.ClientTimeout(total=30, sock_connect=10)
# The portal may close an idle connection just as the next request goes out, and then
# nobody knows whether it was carried out. Every request opens its own connection.
_HEADERS: Final = {"Connection": "close", "Accept": "application/json, text/html"}
_REMEMBERED: Final = 20
# They come from fixed lists, and occur in any text.
_NOT_CONFIDENTIAL: Final = {"type", "list", "language", "duration", "scheduledate"}
_STATUS_CAUSES: Final = {403: Cause.FORBIDDEN, 405: Cause.METHOD}


type Overflow = Callable[[bytes], Awaitable[bool]]
"""Takes what exceeds a limit; returns whether more is to be read."""


class Operation(StrEnum):
    """The portal's operations."""

    SEND = "sendsms"
    GROUP_STATUS = "groupstatus"
    INBOX = "getinbox"
    BALANCE = "balance"
    CREATE_CHANNEL = "createchannel"
    LIST_CHANNELS = "listchannel"
    SCAN_QR = "scanqr"
    VIEW_CHANNEL = "viewchannel"
    CLEAR_QUEUE = "clearqueue"
    RESET_CHANNEL = "resetchannel"
    DELETE_CHANNEL = "deletechannel"


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """One request and its answer, of any HTTP status."""

    operation: Operation
    method: str
    status: int
    content_type: str
    """Empty if the server does not say a usual one."""
    location: str | None = field(repr=False)
    """Where a redirect points to."""
    body: str = field(repr=False)
    scrub: Scrubber = field(repr=False)
    """Removes from the portal's texts what the request was about."""
    retry_after: float
    """In how many seconds the server wants to be asked again, at the earliest."""
    is_cut: bool = False
    """Whether there was more of the body than was to be read."""

    async def read[ResultT](self, reader: Callable[[Exchange], ResultT]) -> ResultT:
        """Return what a reader makes of it, off the event loop if it is large."""
        if len(self.body) < bounds.ON_LOOP:
            return reader(self)
        return await asyncio.to_thread(reader, self)

    def answer[ResultT](self, read: Callable[[Answer, Scrub], ResultT]) -> ResultT:
        """Return what its JSON is read as; raise NotAPortalError if there is none."""
        try:
            answer = parse_answer(self.body)
        except ValueError:
            raise body_error(self) from None
        return read(answer, self.scrub)


class NotPrivateError(aiohttp.ClientError):
    """Nothing was sent: a connection without TLS leads out of the own network."""


class PortalRequest(aiohttp.ClientRequest):
    """A request that is sent without TLS only within the own network.

    What counts is the address at the other end of the connection in use, not what the
    host's name led to when it was entered, or leads to by the next look-up.
    """

    @override
    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        if not self.is_ssl():
            peer = conn.transport and conn.transport.get_extra_info("peername")
            if not peer or not is_private_address(peer[0]):
                raise NotPrivateError
        return await super().send(conn)


class _Form(BytesPayload):
    """A form that records whether any of it was handed to the network."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(
            urlencode(fields).encode(),
            content_type="application/x-www-form-urlencoded",
        )
        self.started = False

    @override
    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        self.started = True
        await super().write_with_length(writer, content_length)


class Transport:
    """Sends requests with the credentials of one account, each of them once."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, api_key: str, api_token: str
    ) -> None:
        """Initialize the transport for a base URL as `normalize_url` returns it.

        The session makes each request a `PortalRequest`.
        """
        self._session = session
        self._endpoint = URL(url) / ENDPOINT
        self._credentials = {"apikey": api_key, "apitoken": api_token}
        self._sent: deque[Mapping[str, str]] = deque(maxlen=_REMEMBERED)
        """What was sent last: an answer to another request may quote it."""

    @property
    def host(self) -> str:
        """Return the portal's host, which is not confidential."""
        return self._endpoint.host or ""

    async def exchange(
        self,
        operation: Operation,
        parameters: Mapping[str, str],
        limit: int,
        *,
        by_get: bool = False,
        overflow: Overflow | None = None,
    ) -> Exchange:
        """Return the answer, with a body of at most `limit` bytes.

        What exceeds them is not read, unless `overflow` takes what has been read by
        then, again and again. The last piece is the body that is returned.

        Errors are raised without their cause: aiohttp's may quote the whole URL.
        """
        fields = {**self._credentials, **parameters}
        if operation is Operation.SEND:
            self._sent.append(parameters)
        form = _Form(fields)
        method = "GET" if by_get else "POST"
        query = f"{operation}&{urlencode(fields)}" if by_get else operation.value
        # Already encoded: yarl would escape the percent signs again.
        url = URL(f"{self._endpoint}?{query}", encoded=True)
        body = bytearray()
        if self._session.closed:
            raise NotReachableError(self.host)
        try:
            async with self._session.request(
                method,
                url,
                data=None if by_get else form,
                headers=_HEADERS,
                allow_redirects=False,
                timeout=_TIMEOUT,
                middlewares=(_without_retry,),
            ) as response:
                is_cut = await _read(response, body, limit, overflow)
                return Exchange(
                    operation=operation,
                    method=method,
                    status=response.status,
                    content_type=_content_type(response),
                    location=response.headers.get("Location"),
                    body=body[:limit].decode("utf-8-sig", errors="replace"),
                    scrub=self._scrubber(fields),
                    retry_after=_retry_after(response.headers),
                    is_cut=is_cut,
                )
        except (
            aiohttp.ClientConnectorError,
            aiohttp.ConnectionTimeoutError,
            NotPrivateError,
        ) as err:
            raise self._not_reachable(err) from None
        except (TimeoutError, aiohttp.ClientError, OSError) as err:
            if not by_get and not form.started:
                raise self._not_reachable(err) from None
            raise NoAnswerError(
                f"no answer from {self.host} ({type(err).__name__})",
                find_group_id(operation, body.decode(errors="replace")),
                cause=(
                    Cause.TIMEOUT if isinstance(err, TimeoutError) else Cause.CUT_OFF
                ),
            ) from None

    def _scrubber(self, fields: Mapping[str, str]) -> Scrubber:
        return Scrubber(
            tuple(
                value
                for request in (fields, *self._sent)
                for name, value in request.items()
                if name not in _NOT_CONFIDENTIAL
            )
        )

    def _not_reachable(self, err: Exception) -> NotReachableError:
        """Return the error for what kept a request from being sent."""
        quote = ""
        cause = Cause.NOT_CONNECTED
        match err:
            case aiohttp.ClientConnectorDNSError():
                cause = Cause.DNS
            case aiohttp.ClientConnectorCertificateError():
                cause = Cause.CERTIFICATE
                quote = one_line(getattr(err.certificate_error, "verify_message", ""))
            case aiohttp.ClientConnectorSSLError():
                cause = Cause.TLS
            case NotPrivateError():
                cause = Cause.NOT_PRIVATE
            case TimeoutError():
                cause = Cause.CONNECT_TIMEOUT
            case OSError(errno=errno.ECONNREFUSED):
                cause = Cause.REFUSED
            case OSError(errno=errno.EHOSTUNREACH | errno.ENETUNREACH):
                cause = Cause.NO_ROUTE
            case aiohttp.ClientConnectorError() if self._endpoint.scheme == "https":
                # Some servers just hang up on a handshake that they do not understand.
                if isinstance(err.os_error, ConnectionError):
                    cause = Cause.TLS
        return NotReachableError(self.host, cause, quote)


async def _without_retry(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating a GET when its connection breaks.

    Requesting the unread messages twice would lose them.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as err:
        raise aiohttp.ClientConnectionError(type(err).__name__) from None


async def _read(
    response: aiohttp.ClientResponse,
    body: bytearray,
    limit: int,
    overflow: Overflow | None,
) -> bool:
    """Read the body, piece by piece if it is large; return whether it is cut."""
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            # No character is cut behind a quotation mark.
            end = body.rfind(b'"') + 1
            if overflow is None or not await overflow(bytes(body[:end])):
                return True
            del body[:end]
    return False


def _content_type(response: aiohttp.ClientResponse) -> str:
    """Return the content type; anything may stand in its header."""
    said = response.content_type.lower()
    return said if _CONTENT_TYPE.fullmatch(said) else ""


def _retry_after(headers: Mapping[str, str]) -> float:
    """Return how long a server wants to be left alone, in seconds.

    A time of day is compared with the server's own clock, which says nothing of ours.
    """
    words = headers.get("Retry-After", "").strip()
    try:
        if words.isdecimal():
            seconds = float(words)
        else:
            now = parsedate_to_datetime(headers.get("Date", ""))
            seconds = (parsedate_to_datetime(words) - now).total_seconds()
    except TypeError, ValueError, OverflowError:
        return 0
    return min(max(seconds, 0), inferred.LONGEST_RETRY_AFTER.total_seconds())


def find_group_id(operation: Operation, body: str) -> str | None:
    """Return the group ID that a broken answer to a send still contains."""
    if operation is not Operation.SEND:
        return None
    # A page may show one of another message, or a sample.
    match = _GROUP_ID.search(body, 0, page_start(body))
    return group(match[1] or match[2]) if match else None


def status_error(exchange: Exchange) -> PortalError:
    """Return the error for an HTTP error or a redirect. It quotes no URL."""
    status = exchange.status
    if location := exchange.location:
        host = _host_of(location, exchange.scrub)
        return NotAPortalError(
            f"a redirect (HTTP {status}) to {host or 'another page'}",
            cause=Cause.REDIRECT,
            quote=host,
        )
    content_type = exchange.content_type or "of no known type"
    message = f"HTTP {status} ({exchange.scrub(content_type)})"
    cause = _STATUS_CAUSES.get(status, Cause.HTTP_STATUS)
    if '"group_id"' in exchange.body:
        # Whatever its status is: this is of the portal, which looked at the request.
        group_id = find_group_id(exchange.operation, exchange.body)
        return NotAPortalError(message, group_id, cause=cause, quote=str(status))
    if status in inferred.TRY_LATER_STATUS and (
        not inferred.HANDED_ON.search(exchange.body)
    ):
        return TryLaterError(message, exchange.retry_after, str(status))
    if exchange.operation is Operation.SEND and 400 <= status < 500:
        return RefusedError(message, concerns_all=True, cause=cause, quote=str(status))
    return NotAPortalError(message, cause=cause, quote=str(status))


def _host_of(location: str, scrub: Scrubber) -> str:
    """Return the host that a redirect leads to, "" if it names none."""
    try:
        host = URL(location).host or ""
    except ValueError:
        return ""
    with suppress(ValueError):
        # It looks like a number, and is none.
        return str(ip_address(host))
    return scrub(host)


def body_error(exchange: Exchange) -> NotAPortalError:
    """Return the error for a body that is not an answer. It quotes no data of it."""
    body, scrub = exchange.body, exchange.scrub
    cause, quote = Cause.UNREADABLE, ""
    if exchange.is_cut:
        cause = Cause.PAGE if page_start(body) == 0 else Cause.TOO_LARGE
        message = "an answer that is too large"
    elif body.find('"request"', 0, page_start(body)) >= 0:
        cause, message = Cause.BROKEN, f"broken JSON of {len(body)} characters"
    elif not body.strip():
        cause, message = Cause.EMPTY, "an empty body"
    elif (title := page_title(body)) is not None:
        cause, quote = Cause.PAGE, scrub(title)[:60]
        message = f"an HTML page “{quote}”"
    elif has_markup(body):
        cause, message = Cause.PAGE, f"an HTML page of {len(body)} characters"
    elif "{" in body or "[" in body:
        message = f"broken JSON of {len(body)} characters"
    else:
        quote = scrub(body)[:60]
        message = f"“{quote}”"
    group_id = find_group_id(exchange.operation, body)
    return NotAPortalError(message, group_id, cause=cause, quote=quote)
