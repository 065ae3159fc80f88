"""The portal's HTTP API: one endpoint, eleven operations."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from enum import StrEnum
import re
from typing import Final, override
from urllib.parse import urlencode

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import BytesPayload
from yarl import URL

from . import inferred, parse
from .errors import (
    NoAnswerError,
    NotAPortalError,
    NotReachableError,
    PortalError,
    RefusedError,
)
from .models import (
    Accepted,
    Balance,
    Channel,
    ChannelDetails,
    GroupStatus,
    InboxMessage,
    NewChannel,
    Submission,
)
from .picture import Picture, read_picture
from .url import ENDPOINT

MAX_RECIPIENTS: Final = 100
"""Numbers that one `sendsms` carries."""

_MAX_BODY: Final = 2 * 1024 * 1024
# A listing of all messages of years.
_MAX_INBOX: Final = 32 * 1024 * 1024
# From here on an answer is read in a thread.
_LARGE: Final = 32 * 1024
_TIMEOUT: Final = aiohttp.ClientTimeout(total=30, sock_connect=10)
# An idle connection may be closed by the portal just when the next request leaves,
# and whether that was carried out could not be told: each request has its own.
_HEADERS: Final = {"Connection": "close", "Accept": "application/json, text/html"}
_DATE_FORMAT: Final = "%Y-%m-%d %H:%M:%S"


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


class _Form(BytesPayload):
    """A form that knows whether any of it was handed to the network."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(
            urlencode(fields).encode(),
            content_type="application/x-www-form-urlencoded",
        )
        self.left = False

    @override
    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        self.left = True
        await super().write_with_length(writer, content_length)


class PortalClient:
    """One account at one portal.

    Every method raises the errors of `errors`: `NotReachableError` when nothing was
    sent, `NoAnswerError` and `NotAPortalError` when the outcome is not known,
    `InvalidAuthError` and `RefusedError` when the portal said no.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        api_key: str,
        api_token: str,
        *,
        get_operations: Iterable[str] = (),
    ) -> None:
        """Prepare an account.

        `url` is a base address as `normalize_url` returns it. `get_operations` are
        those that this portal answers by GET only, as `probe` found out.
        """
        self._session = session
        self._endpoint = URL(url) / ENDPOINT
        self._credentials = {"apikey": api_key, "apitoken": api_token}
        self._get_operations: frozenset[str] = frozenset(get_operations)

    @property
    def host(self) -> str:
        """The portal's host, which is no secret."""
        return self._endpoint.host or ""

    async def probe(self) -> frozenset[str]:
        """Prove the credentials; return the operations that need GET.

        POST keeps the credentials out of the portal's address logs. `balance` and
        `getinbox` are documented as GET, though, and a portal that reads their
        parameters from there alone refuses a POST as if it had carried nothing.
        """
        await self._probe(Operation.BALANCE, self.balance)
        # The full list marks nothing as read. Whatever else is wrong with the inbox
        # says nothing about the credentials, which are proved by now.
        with suppress(PortalError):
            await self._probe(Operation.INBOX, lambda: self.inbox(unread=False))
        return self._get_operations

    async def _probe(
        self, operation: Operation, call: Callable[[], Awaitable[object]]
    ) -> None:
        """Call an operation by POST, then by GET; raise the refusal of the first."""
        try:
            await call()
        except RefusedError as refusal:
            self._get_operations |= {operation}
            try:
                await call()
            except PortalError:
                self._get_operations -= {operation}
                raise refusal from None

    async def balance(self) -> Balance:
        """Return what is left on the account."""
        return parse.balance(await self._call(Operation.BALANCE))

    async def inbox(self, *, unread: bool) -> tuple[InboxMessage, ...]:
        """Return the inbox; a listing of the unread marks them as read there."""
        parameters = {"list": "unread" if unread else "all"}
        limit = _MAX_BODY if unread else _MAX_INBOX
        fields, scrub = self._fields(parameters)
        body = await self._fetch(Operation.INBOX, fields, limit)

        def read() -> tuple[InboxMessage, ...]:
            return parse.inbox(_answer(Operation.INBOX, body, scrub), scrub)

        # A full inbox is megabytes: nobody else has to wait while it is read.
        return await asyncio.to_thread(read) if len(body) > _LARGE else read()

    async def send(self, submission: Submission) -> Accepted:
        """Send a text to up to `MAX_RECIPIENTS` numbers."""
        parameters = {
            "type": submission.type.value,
            "from": submission.sender,
            "to": ",".join(submission.to),
            "text": submission.text,
        }
        if submission.file is not None:
            parameters["file"] = submission.file
        if submission.schedule is not None:
            parameters["scheduledate"] = submission.schedule.strftime(_DATE_FORMAT)
        if submission.route is not None:
            parameters[inferred.ROUTE_PARAMETER] = submission.route
        return parse.accepted(await self._call(Operation.SEND, parameters))

    async def group_status(self, group_id: str) -> GroupStatus:
        """Return how far the recipients of a submission have come."""
        answer = await self._call(Operation.GROUP_STATUS, {"groupid": group_id})
        return parse.group_status(answer)

    async def channels(self) -> tuple[Channel, ...]:
        """Return the account's WhatsApp channels."""
        answer, scrub = await self._request(Operation.LIST_CHANNELS)
        return parse.channels(answer, scrub)

    async def channel(self, channel_id: str) -> ChannelDetails:
        """Return all that the portal tells of a channel."""
        return parse.channel_details(
            await self._call(Operation.VIEW_CHANNEL, _channel(channel_id))
        )

    async def scan_qr(self, channel_id: str) -> Picture:
        """Return the code that pairs a channel, as a picture that was checked."""
        fields, scrub = self._fields(_channel(channel_id))
        body = await self._fetch(Operation.SCAN_QR, fields, _MAX_BODY)
        if "{" in body:
            with suppress(ValueError):
                parse.raise_if_refused(parse.parse_answer(body), scrub)
            raise NotAPortalError(_describe(body, scrub))
        try:
            return await asyncio.to_thread(read_picture, body)
        except ValueError as err:
            raise NotAPortalError(f"not a code: {err}") from None

    async def create_channel(self, label: str, plan: str) -> NewChannel:
        """Make a channel, which then waits to be paired."""
        parameters = {"label": label, "plan": plan}
        return parse.new_channel(await self._call(Operation.CREATE_CHANNEL, parameters))

    async def clear_queue(self, channel_id: str) -> int | None:
        """Empty a channel's queue; return what the portal counted."""
        return parse.queue_count(
            await self._call(Operation.CLEAR_QUEUE, _channel(channel_id))
        )

    async def reset_channel(self, channel_id: str) -> None:
        """End a channel's session, so that it waits to be paired."""
        parse.done(await self._call(Operation.RESET_CHANNEL, _channel(channel_id)))

    async def delete_channel(self, channel_id: str) -> None:
        """Delete a channel."""
        parse.done(await self._call(Operation.DELETE_CHANNEL, _channel(channel_id)))

    async def _call(
        self, operation: Operation, parameters: Mapping[str, str] | None = None
    ) -> parse.Answer:
        """Return the answer to an operation unless it is a refusal."""
        answer, scrub = await self._request(operation, parameters)
        parse.raise_if_refused(answer, scrub)
        return answer

    async def _request(
        self, operation: Operation, parameters: Mapping[str, str] | None = None
    ) -> tuple[parse.Answer, _Scrubber]:
        """Return any JSON answer to an operation, and what keeps its words clean."""
        fields, scrub = self._fields(parameters or {})
        body = await self._fetch(operation, fields, _MAX_BODY)
        return _answer(operation, body, scrub), scrub

    def _fields(
        self, parameters: Mapping[str, str]
    ) -> tuple[dict[str, str], _Scrubber]:
        fields = {**self._credentials, **parameters}
        return fields, _Scrubber(fields.values())

    async def _fetch(
        self, operation: Operation, fields: Mapping[str, str], limit: int
    ) -> str:
        """Return the body of an answer, of no more than `limit` bytes.

        Errors are raised without their cause: aiohttp's may quote the whole address.
        """
        form = _Form(fields)
        by_get = operation in self._get_operations
        query = f"{operation}&{urlencode(fields)}" if by_get else operation.value
        # Encoded already: yarl would encode the percent signs once more.
        url = URL(f"{self._endpoint}?{query}", encoded=True)
        body = bytearray()
        try:
            async with self._session.request(
                "GET" if by_get else "POST",
                url,
                data=None if by_get else form,
                headers=_HEADERS,
                allow_redirects=False,
                timeout=_TIMEOUT,
                middlewares=(_once,),
            ) as response:
                await _read(response, body, limit)
                if response.status != 200:
                    raise NotAPortalError(_describe_status(response))
        except aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError:
            raise NotReachableError(f"no connection to {self.host}") from None
        except (TimeoutError, aiohttp.ClientError, OSError) as err:
            if not by_get and not form.left:
                raise NotReachableError(f"no connection to {self.host}") from None
            raise NoAnswerError(
                f"no answer from {self.host} ({type(err).__name__})",
                _named_group(operation, body.decode(errors="replace")),
            ) from None
        return body.decode("utf-8-sig", errors="replace")


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating a GET by itself when its connection breaks.

    A listing of unread messages that is made twice loses them.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as err:
        raise aiohttp.ClientConnectionError(type(err).__name__) from None


def _answer(operation: Operation, body: str, scrub: _Scrubber) -> parse.Answer:
    """Return the JSON answer in a body, or raise what came instead."""
    try:
        return parse.parse_answer(body)
    except ValueError:
        group_id = _named_group(operation, body)
        raise NotAPortalError(_describe(body, scrub), group_id) from None


async def _read(response: aiohttp.ClientResponse, body: bytearray, limit: int) -> None:
    """Read the whole body, or raise when it is longer than any answer."""
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise NotAPortalError(f"an answer of more than {limit} bytes")


def _named_group(operation: Operation, body: str) -> str | None:
    """Return the group that a broken answer to a send names in full."""
    if operation is not Operation.SEND:
        return None
    match = re.search(r'"group_id"\s*:\s*"(\w+)"', body)
    return match[1] if match else None


def _channel(channel_id: str) -> dict[str, str]:
    return dict.fromkeys(inferred.CHANNEL_ID_PARAMETERS, channel_id)


class _Scrubber:
    """Takes out of a portal's words what a request carried, and every number."""

    def __init__(self, values: Iterable[str]) -> None:
        secrets = {value.strip() for value in values} | {
            part for value in values for part in value.split(",")
        }
        # Short ones ("0", "sms", "all") are no secrets and occur in any sentence.
        self._secrets = sorted((s for s in secrets if len(s) > 3), key=len)[::-1]

    def __call__(self, words: str) -> str:
        for secret in self._secrets:
            words = words.replace(secret, "…")
        words = re.sub(r"<[^>]*>", " ", words)
        words = re.sub(r"\d[\d ().-]{4,}\d", "…", words)
        words = " ".join("".join(c if c.isprintable() else " " for c in words).split())
        return words if len(words) <= 120 else words[:119] + "…"


def _describe_status(response: aiohttp.ClientResponse) -> str:
    """Say what came instead of an answer, without any address that was asked."""
    if location := response.headers.get("Location"):
        try:
            host = URL(location).host or "itself"
        except ValueError:
            host = "nowhere"
        return f"a redirect (HTTP {response.status}) to {host}"
    return f"HTTP {response.status} ({response.content_type})"


def _describe(body: str, scrub: _Scrubber) -> str:
    """Say what came instead of an answer: never any of its data."""
    if not body.strip():
        return "an empty body"
    if title := re.search(
        r"<title[^>]*>(.*?)</title>", body, re.IGNORECASE | re.DOTALL
    ):
        return f"an HTML page “{scrub(title[1])[:60]}”"
    if re.search(r"<(?:!doctype|html|body|br|b)\b", body, re.IGNORECASE):
        return f"an HTML page of {len(body)} characters"
    if "{" in body or "[" in body:
        return f"broken JSON of {len(body)} characters"
    return f"“{scrub(body[:200])[:60]}”"
