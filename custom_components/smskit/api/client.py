"""HTTP client for the portal's API: one endpoint, eleven operations."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
import time
from typing import Any, Final

import aiohttp

from . import inferred, parse
from .clock import OffsetLearner
from .errors import BrokenAnswerError, NotAPortalError, PortalError, RefusedError
from .inbox import InboxListing, read_inbox
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
from .traits import Escaping, Processing, Traits
from .transport import (
    Operation,
    Scrubber,
    Transport,
    describe,
    describe_status,
    find_group_id,
)

MAX_RECIPIENTS: Final = 100
"""Maximum number of recipients in one `sendsms` request."""

_MAX_BODY: Final = 2 * 1024 * 1024
# A full listing may contain the messages of several years.
_MAX_INBOX: Final = 32 * 1024 * 1024
# Larger answers are parsed in a thread.
_LARGE_BODY: Final = 32 * 1024
_DATE_FORMAT: Final = "%Y-%m-%d %H:%M:%S"


class PortalClient:
    """Client for one account at one portal.

    Every method raises the errors of `errors`: `NotReachableError` when nothing was
    sent, `NoAnswerError` and `NotAPortalError` when the outcome is unknown,
    `InvalidAuthError` and `RefusedError` when the portal refused the request.
    """

    def __init__(  # noqa: PLR0913 - what is known, and who learns of more
        self,
        session: aiohttp.ClientSession,
        url: str,
        api_key: str,
        api_token: str,
        *,
        traits: Traits | None = None,
        on_learned: Callable[[Traits], None] | None = None,
    ) -> None:
        """Initialize the client.

        `url` is a base URL as `normalize_url` returns it. `traits` are what is known
        of the portal; `on_learned` gets them whenever an answer has changed them.
        """
        self._transport = Transport(session, url, api_key, api_token)
        self._on_learned = on_learned
        self.traits = traits or Traits()
        self._clock = OffsetLearner(self.traits.offset_periods)

    @property
    def host(self) -> str:
        """Return the portal's host, which is not confidential."""
        return self._transport.host

    def _learn(self, **changes: Any) -> None:
        """Keep what an answer has shown of the portal."""
        if (traits := replace(self.traits, **changes)) != self.traits:
            self.traits = traits
            if self._on_learned is not None:
                self._on_learned(traits)

    async def probe(self) -> None:
        """Verify the credentials, and learn which operations need GET.

        POST keeps the credentials out of the portal's access logs. However, `balance`
        and `getinbox` are documented as GET, and a portal that reads their parameters
        only from the query string refuses a POST as if it had none.
        """
        await self._probe(Operation.BALANCE, self.balance)
        # The full listing marks nothing as read. Other errors of the inbox do not
        # concern the credentials, which are verified by now.
        with suppress(PortalError):
            await self._probe(Operation.INBOX, lambda: self.inbox(unread=False))

    async def _probe(
        self, operation: Operation, call: Callable[[], Awaitable[object]]
    ) -> None:
        """Call an operation by POST, then by GET; raise the refusal of the POST."""
        try:
            await call()
        except RefusedError as refusal:
            known = self.traits.get_operations
            self._learn(get_operations=known | {operation})
            try:
                await call()
            except PortalError:
                self._learn(get_operations=known)
                raise refusal from None

    async def balance(self) -> Balance:
        """Return the balance of the account."""
        return parse.balance(await self._call(Operation.BALANCE))

    async def inbox(self, *, unread: bool) -> tuple[InboxMessage, ...]:
        """Return the inbox; listing unread messages makes the portal mark them read."""
        parameters = {"list": "unread" if unread else "all"}
        limit = _MAX_BODY if unread else _MAX_INBOX
        fields, scrub = self._transport.fields(parameters)
        body = await self._fetch(Operation.INBOX, fields, limit)

        def read() -> InboxListing:
            try:
                return read_inbox(body, self.traits.escaping, scrub)
            except ValueError:
                raise _unreadable(Operation.INBOX, body, scrub) from None

        # A full inbox is megabytes, which would block the event loop.
        large = len(body) > _LARGE_BODY
        listing = await asyncio.to_thread(read) if large else read()
        if listing.is_handwritten:
            self._learn(escaping=Escaping.HANDWRITTEN)
        return listing.messages

    def note_encoder(self) -> None:
        """Note that the portal escapes the texts in its answers.

        The caller has seen a text that only an encoder writes, from somebody who has
        no reason to feign it.
        """
        self._learn(escaping=Escaping.ENCODED)

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
        if submission.language is not None:
            parameters["language"] = submission.language
        if submission.duration is not None:
            parameters["duration"] = str(submission.duration)
        answer, scrub = await self._request(Operation.SEND, parameters)
        accepted = parse.accepted(answer, len(submission.to), scrub)
        if accepted.is_processed:
            self._learn(processing=Processing.IMMEDIATE)
        if accepted.date is not None and submission.schedule is None:
            now = datetime.now(UTC)
            self._clock.accepted(
                accepted.group_id, accepted.date, now, time.monotonic()
            )
            self._learn(offset_periods=self._clock.periods)
        return accepted

    async def group_status(self, group_id: str) -> GroupStatus:
        """Return the delivery status of the recipients of a submission."""
        answer = await self._call(Operation.GROUP_STATUS, {"groupid": group_id})
        group = parse.group_status(answer)
        if not group.recipients:
            self._learn(processing=Processing.CRON)
        if group.date is not None:
            now = datetime.now(UTC)
            self._clock.reported(group_id, group.date, now, time.monotonic())
            self._learn(offset_periods=self._clock.periods)
        return group

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
        fields, scrub = self._transport.fields(_channel(channel_id))
        body = await self._fetch(Operation.SCAN_QR, fields, _MAX_BODY)
        if "{" in body:
            with suppress(ValueError):
                parse.raise_if_refused(parse.parse_answer(body), scrub)
            raise NotAPortalError(describe(body, scrub))
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
    ) -> tuple[parse.Answer, Scrubber]:
        """Return the JSON answer to an operation, and a scrubber for its texts."""
        fields, scrub = self._transport.fields(parameters)
        body = await self._fetch(operation, fields, _MAX_BODY)
        return _answer(operation, body, scrub), scrub

    async def _fetch(
        self, operation: Operation, fields: Mapping[str, str], limit: int
    ) -> str:
        """Return the body of an answer, of at most `limit` bytes."""
        by_get = operation in self.traits.get_operations
        exchange = await self._transport.exchange(
            operation, fields, limit, by_get=by_get
        )
        if exchange.status != 200:
            raise NotAPortalError(describe_status(exchange))
        return exchange.body


def _answer(operation: Operation, body: str, scrub: Scrubber) -> parse.Answer:
    """Return the JSON answer in a body; raise NotAPortalError if there is none."""
    try:
        return parse.parse_answer(body)
    except ValueError:
        raise _unreadable(operation, body, scrub) from None


def _unreadable(operation: Operation, body: str, scrub: Scrubber) -> NotAPortalError:
    """Return the error for a body that is no answer, or a broken one."""
    kind = BrokenAnswerError if '"request"' in body else NotAPortalError
    return kind(describe(body, scrub), find_group_id(operation, body))


def _channel(channel_id: str) -> dict[str, str]:
    return dict.fromkeys(inferred.CHANNEL_ID_PARAMETERS, channel_id)
