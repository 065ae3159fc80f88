"""HTTP client for the portal's API: one endpoint, eleven operations."""

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
"""Maximum number of recipients in one `sendsms` request."""

_MAX_BODY: Final = 2 * 1024 * 1024
# A full listing may contain the messages of several years.
_MAX_INBOX: Final = 32 * 1024 * 1024
# Larger answers are parsed in a thread.
_LARGE_BODY: Final = 32 * 1024
_TIMEOUT: Final = aiohttp.ClientTimeout(total=30, sock_connect=10)
# The portal may close an idle connection just as the next request goes out, and then
# nobody knows whether it was carried out. Every request opens its own connection.
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


class PortalClient:
    """Client for one account at one portal.

    Every method raises the errors of `errors`: `NotReachableError` when nothing was
    sent, `NoAnswerError` and `NotAPortalError` when the outcome is unknown,
    `InvalidAuthError` and `RefusedError` when the portal refused the request.
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
        """Initialize the client.

        `url` is a base URL as `normalize_url` returns it. `get_operations` are the
        operations that this portal accepts by GET only, as `probe` returned them.
        """
        self._session = session
        self._endpoint = URL(url) / ENDPOINT
        self._credentials = {"apikey": api_key, "apitoken": api_token}
        self._get_operations: frozenset[str] = frozenset(get_operations)

    @property
    def host(self) -> str:
        """Return the portal's host, which is not confidential."""
        return self._endpoint.host or ""

    async def probe(self) -> frozenset[str]:
        """Verify the credentials and return the operations that need GET.

        POST keeps the credentials out of the portal's access logs. However, `balance`
        and `getinbox` are documented as GET, and a portal that reads their parameters
        only from the query string refuses a POST as if it had none.
        """
        await self._probe(Operation.BALANCE, self.balance)
        # The full listing marks nothing as read. Other errors of the inbox do not
        # concern the credentials, which are verified by now.
        with suppress(PortalError):
            await self._probe(Operation.INBOX, lambda: self.inbox(unread=False))
        return self._get_operations

    async def _probe(
        self, operation: Operation, call: Callable[[], Awaitable[object]]
    ) -> None:
        """Call an operation by POST, then by GET; raise the refusal of the POST."""
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
        """Return the balance of the account."""
        return parse.balance(await self._call(Operation.BALANCE))

    async def inbox(self, *, unread: bool) -> tuple[InboxMessage, ...]:
        """Return the inbox; listing unread messages makes the portal mark them read."""
        parameters = {"list": "unread" if unread else "all"}
        limit = _MAX_BODY if unread else _MAX_INBOX
        fields, scrub = self._fields(parameters)
        body = await self._fetch(Operation.INBOX, fields, limit)

        def read() -> tuple[InboxMessage, ...]:
            return parse.inbox(_answer(Operation.INBOX, body, scrub), scrub)

        # A full inbox is megabytes, which would block the event loop.
        return await asyncio.to_thread(read) if len(body) > _LARGE_BODY else read()

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
        """Return the delivery status of the recipients of a submission."""
        answer = await self._call(Operation.GROUP_STATUS, {"groupid": group_id})
        return parse.group_status(answer)

    async def channels(self) -> tuple[Channel, ...]:
        """Return the account's WhatsApp channels."""
        answer, scrub = await self._request(Operation.LIST_CHANNELS)
        return parse.channels(answer, scrub)

    async def channel(self, channel_id: str) -> ChannelDetails:
        """Return the details of a channel."""
        return parse.channel_details(
            await self._call(Operation.VIEW_CHANNEL, _channel(channel_id))
        )

    async def scan_qr(self, channel_id: str) -> Picture:
        """Return the QR code that pairs a channel, as a validated picture."""
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
        """Create a channel, which then waits to be paired."""
        parameters = {"label": label, "plan": plan}
        return parse.new_channel(await self._call(Operation.CREATE_CHANNEL, parameters))

    async def clear_queue(self, channel_id: str) -> int | None:
        """Clear a channel's queue and return the count that the portal reports."""
        return parse.queue_count(
            await self._call(Operation.CLEAR_QUEUE, _channel(channel_id))
        )

    async def reset_channel(self, channel_id: str) -> None:
        """End a channel's session, so that it waits to be paired again."""
        parse.done(await self._call(Operation.RESET_CHANNEL, _channel(channel_id)))

    async def delete_channel(self, channel_id: str) -> None:
        """Delete a channel."""
        parse.done(await self._call(Operation.DELETE_CHANNEL, _channel(channel_id)))

    async def _call(
        self, operation: Operation, parameters: Mapping[str, str] | None = None
    ) -> parse.Answer:
        """Return the answer to an operation; raise if it is a refusal."""
        answer, scrub = await self._request(operation, parameters)
        parse.raise_if_refused(answer, scrub)
        return answer

    async def _request(
        self, operation: Operation, parameters: Mapping[str, str] | None = None
    ) -> tuple[parse.Answer, _Scrubber]:
        """Return the JSON answer to an operation, and a scrubber for its texts."""
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
        """Return the body of an answer, of at most `limit` bytes.

        Errors are raised without their cause: aiohttp's may quote the whole URL.
        """
        form = _Form(fields)
        by_get = operation in self._get_operations
        query = f"{operation}&{urlencode(fields)}" if by_get else operation.value
        # Already encoded: yarl would escape the percent signs again.
        url = URL(f"{self._endpoint}?{query}", encoded=True)
        body = bytearray()
        if self._session.closed:
            raise NotReachableError("the session is closed")
        try:
            async with self._session.request(
                "GET" if by_get else "POST",
                url,
                data=None if by_get else form,
                headers=_HEADERS,
                allow_redirects=False,
                timeout=_TIMEOUT,
                middlewares=(_without_retry,),
            ) as response:
                await _read(response, body, limit)
                if response.status != 200:
                    raise NotAPortalError(_describe_status(response))
        except aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError:
            raise NotReachableError(f"no connection to {self.host}") from None
        except (TimeoutError, aiohttp.ClientError, OSError) as err:
            if not by_get and not form.started:
                raise NotReachableError(f"no connection to {self.host}") from None
            raise NoAnswerError(
                f"no answer from {self.host} ({type(err).__name__})",
                _find_group_id(operation, body.decode(errors="replace")),
            ) from None
        return body.decode("utf-8-sig", errors="replace")


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


def _answer(operation: Operation, body: str, scrub: _Scrubber) -> parse.Answer:
    """Return the JSON answer in a body; raise NotAPortalError if there is none."""
    try:
        return parse.parse_answer(body)
    except ValueError:
        group_id = _find_group_id(operation, body)
        raise NotAPortalError(_describe(body, scrub), group_id) from None


async def _read(response: aiohttp.ClientResponse, body: bytearray, limit: int) -> None:
    """Read the whole body; raise NotAPortalError if it exceeds the limit."""
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise NotAPortalError(f"an answer of more than {limit} bytes")


def _find_group_id(operation: Operation, body: str) -> str | None:
    """Return the group ID that a broken answer to a send still contains."""
    if operation is not Operation.SEND:
        return None
    match = re.search(r'"group_id"\s*:\s*"(\w+)"', body)
    return match[1] if match else None


def _channel(channel_id: str) -> dict[str, str]:
    return dict.fromkeys(inferred.CHANNEL_ID_PARAMETERS, channel_id)


class _Scrubber:
    """Removes request values and numbers from the texts of a portal."""

    def __init__(self, values: Iterable[str]) -> None:
        secrets = {value.strip() for value in values} | {
            part for value in values for part in value.split(",")
        }
        # Short values ("0", "sms", "all") are not confidential and occur in any text.
        self._secrets = sorted((s for s in secrets if len(s) > 3), key=len)[::-1]

    def __call__(self, words: str) -> str:
        for secret in self._secrets:
            words = words.replace(secret, "…")
        words = re.sub(r"<[^>]*>", " ", words)
        words = re.sub(r"\d[\d ().-]{4,}\d", "…", words)
        words = " ".join("".join(c if c.isprintable() else " " for c in words).split())
        return words if len(words) <= 120 else words[:119] + "…"


def _describe_status(response: aiohttp.ClientResponse) -> str:
    """Describe an HTTP error or a redirect without quoting any URL."""
    if location := response.headers.get("Location"):
        try:
            host = URL(location).host or "the same host"
        except ValueError:
            host = "an invalid URL"
        return f"a redirect (HTTP {response.status}) to {host}"
    return f"HTTP {response.status} ({response.content_type})"


def _describe(body: str, scrub: _Scrubber) -> str:
    """Describe a body that is not an answer without quoting its data."""
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
