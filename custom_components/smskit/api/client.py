"""HTTP client for the portal's API: one endpoint, eleven operations."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any, Final

import aiohttp

from . import bounds, inferred, parse
from .channel_parameter import ChannelEvidence, ChannelParameter
from .clock import PortalClocks
from .credentials import Credentials
from .errors import (
    Cause,
    IncompleteInboxError,
    InvalidAuthError,
    NoAnswerError,
    NotAPortalError,
    NotTakenError,
    PortalError,
    RefusedError,
    UnverifiedChannelError,
    WrongChannelError,
)
from .inbox import InboxListing, read_inbox
from .inbox_reader import InboxReader
from .models import (
    Accepted,
    Balance,
    Channel,
    ChannelDetails,
    ChannelIds,
    GroupStatus,
    InboxMessage,
    NewChannel,
    SendType,
    Submission,
)
from .page import page_start
from .picture import Picture, read_picture
from .traits import Escaping, Processing, Traits
from .transport import (
    Exchange,
    Operation,
    Overflow,
    Transport,
    body_error,
    status_error,
)

MAX_RECIPIENTS: Final = 100
"""Maximum number of recipients in one `sendsms` request."""

_LIMITS: Final = {
    Operation.INBOX: bounds.LISTING,
    Operation.GROUP_STATUS: bounds.LIST,
    Operation.LIST_CHANNELS: bounds.LIST,
    Operation.SCAN_QR: bounds.PICTURE,
}
_DATE_FORMAT: Final = "%Y-%m-%d %H:%M:%S"


class PortalClient:
    """Client for one account at one portal.

    Every method raises the errors of `errors`: `NotReachableError` when nothing was
    sent, `TryLaterError` when nobody looked at it, `NoAnswerError` and
    `NotAPortalError` when the outcome is unknown, `InvalidAuthError` and `RefusedError`
    when the portal refused the request.
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
        on_credentials: Callable[[], None] | None = None,
    ) -> None:
        """Initialize the client.

        `url` is a base URL as `normalize_url` returns it. `traits` are what is known
        of the portal; `on_learned` gets them whenever an answer has changed them.
        `on_credentials` is called when `credentials` may have changed.
        """
        self._transport = Transport(session, url, api_key, api_token)
        self.credentials = Credentials(on_credentials)
        self._on_learned = on_learned
        self.traits = traits or Traits()
        self._clocks = PortalClocks(
            self.traits.offset_periods, self.traits.listed_offset_periods
        )
        self._channels = ChannelEvidence()
        self._only_gateway: str | None = None
        self.last_group_id: str | None = None
        """The group that was sent or asked for last."""

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
        and `getinbox` are documented as GET, and some portals answer them by GET only.
        So the credentials become part of an address only after a POST failed in a way
        that a method can explain, once for each of the two, which change nothing; and
        credentials that `balance` refuses by GET, too, are not tried on the inbox.
        """
        await self._probe(Operation.BALANCE, self.balance)
        # The full listing marks nothing as read. Other errors of the inbox do not
        # concern the credentials, which are verified by now.
        with suppress(PortalError):
            await self._probe(Operation.INBOX, lambda: self._inbox(unread=False))

    async def _probe(
        self, operation: Operation, call: Callable[[], Awaitable[object]]
    ) -> None:
        """Call an operation by POST, then by GET if that may be what is missing."""
        try:
            await call()
        except (RefusedError, NotAPortalError) as by_post:
            if isinstance(by_post, NotAPortalError) and (
                by_post.cause not in inferred.MAY_NEED_GET
            ):
                raise
            known = self.traits.get_operations
            self._learn(get_operations=known | {operation})
            try:
                await call()
            except PortalError as by_get:
                self._learn(get_operations=known)
                if isinstance(by_post, NotAPortalError) and (
                    isinstance(by_get, RefusedError)
                ):
                    # The words of the API tell more than a page does.
                    raise
                raise by_post from None

    async def balance(self) -> Balance:
        """Return the balance of the account; that shows what the credentials are."""

        def read(answer: parse.Answer, scrub: parse.Scrub) -> Balance:
            parse.raise_if_refused(answer, scrub)
            return parse.balance(answer)

        try:
            balance = await self._request(Operation.BALANCE, {}, read)
        except InvalidAuthError:
            self.credentials.refuse()
            raise
        self.credentials.accept()
        return balance

    @asynccontextmanager
    async def _doubting(self) -> AsyncGenerator[None]:
        """Believe what is said of the credentials only if `balance` says so, too.

        In any other answer, such words may be about a sender, a channel or a number.
        """
        try:
            yield
        except InvalidAuthError as err:
            try:
                await self.balance()
            except InvalidAuthError:
                raise err from None
            except PortalError as unknown:
                raise RefusedError(err.quote) from unknown
            raise RefusedError(err.quote) from None

    async def inbox(self, *, unread: bool) -> tuple[InboxMessage, ...]:
        """Return the inbox; listing unread messages makes the portal mark them read."""
        async with self._doubting():
            messages = await self._inbox(unread=unread)
        self.credentials.accept()
        return messages

    async def _inbox(self, *, unread: bool) -> tuple[InboxMessage, ...]:
        parameters = {"list": "unread" if unread else "all"}
        escaping = self.traits.escaping
        reader = InboxReader(escaping)

        async def overflow(data: bytes) -> bool:
            return await asyncio.to_thread(reader.feed, data)

        def read(exchange: Exchange) -> InboxListing:
            if reader.has_begun:
                return reader.finish(exchange.body)
            try:
                return read_inbox(exchange.body, escaping, exchange.scrub)
            except ValueError:
                raise body_error(exchange) from None

        try:
            exchange = await self._fetch(Operation.INBOX, parameters, overflow)
            listing = await exchange.read(read)
        except (NoAnswerError, NotAPortalError) as err:
            if unread and reader.messages:
                raise IncompleteInboxError(err, tuple(reader.messages)) from None
            raise
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
        if submission.language is not None:
            parameters["language"] = submission.language
        if submission.duration is not None:
            parameters["duration"] = str(submission.duration)
        if submission.route is None:
            return await self._submit(submission, parameters)
        return await self._submit_by_route(submission, parameters)

    async def _submit(
        self, submission: Submission, parameters: Mapping[str, str]
    ) -> Accepted:
        read = partial(parse.accepted, count=len(submission.to))
        async with self._doubting():
            accepted = await self._request(Operation.SEND, parameters, read)
        if accepted.is_processed:
            self._learn(processing=Processing.IMMEDIATE)
        if submission.schedule is None and self._clocks.note_accepted(accepted):
            self._learn(offset_periods=self._clocks.sent.periods)
        self.last_group_id = accepted.group_id or self.last_group_id
        return accepted

    async def _submit_by_route(
        self, submission: Submission, parameters: Mapping[str, str]
    ) -> Accepted:
        """Submit a message by its route.

        Nobody knows whether portals take a channel as a route. If a portal refuses it,
        the message can go without: a refused message was not accepted. That is only for
        the gateway of the account's only channel: with several channels, the message
        could go out by another number.
        """
        by_route = {**parameters, inferred.ROUTE_PARAMETER: submission.route or ""}
        if submission.type is not SendType.WHATSAPP:
            return await self._submit(submission, by_route)
        is_only = submission.route == self._only_gateway
        if is_only and self.traits.route_accepted is False:
            return await self._submit(submission, parameters)
        try:
            accepted = await self._submit(submission, by_route)
        except RefusedError as refusal:
            is_about_route = inferred.ROUTE_REFUSAL.search(refusal.reason)
            if not is_only or not is_about_route or self.traits.route_accepted:
                raise
            accepted = await self._submit(submission, parameters)
            self._learn(route_accepted=False)
        else:
            self._learn(route_accepted=True)
        return accepted

    async def group_status(self, group_id: str) -> GroupStatus:
        """Return the delivery status of the recipients of a submission."""
        self.last_group_id = group_id
        group = await self._call(
            Operation.GROUP_STATUS, {"groupid": group_id}, parse.group_status
        )
        if not group.recipients:
            self._learn(processing=Processing.CRON)
        if self._clocks.note_group(group_id, group.date):
            self._learn(listed_offset_periods=self._clocks.listed.periods)
        return group

    async def channels(self) -> tuple[Channel, ...]:
        """Return the account's WhatsApp channels."""
        async with self._doubting():
            channels = await self._request(Operation.LIST_CHANNELS, {}, parse.channels)
        self.credentials.accept()
        self._only_gateway = channels[0].gateway_id if len(channels) == 1 else None
        return channels

    @property
    def channel_parameter(self) -> ChannelParameter:
        """Return the parameter that names a channel, or the likeliest one."""
        for parameter in inferred.CHANNEL_PARAMETERS:
            if parameter.name == self.traits.channel_parameter:
                return parameter
        return inferred.CHANNEL_PARAMETERS[0]

    def is_verified(self, channel: ChannelIds) -> bool:
        """Return whether the portal has shown a channel when it was named."""
        return channel.channel_id in self._channels.verified

    async def channel(self, channel: ChannelIds) -> ChannelDetails:
        """Return the details of a channel.

        Raises WrongChannelError if the portal shows another one.
        """
        return await self._view(channel, self.channel_parameter)

    async def find_channel(self, channel: ChannelIds) -> ChannelDetails:
        """Return the details of a channel by the first parameter that shows it.

        For a portal that does not show it by the one in use; raises RefusedError or
        WrongChannelError if no other one does.
        """
        tried = self._channels.disproved | {self.channel_parameter.name}
        failure: PortalError = WrongChannelError("no other parameter to try")
        for parameter in inferred.CHANNEL_PARAMETERS:
            if parameter.name in tried or not parameter.fields(channel):
                continue
            try:
                return await self._view(channel, parameter)
            except InvalidAuthError:
                raise
            except (RefusedError, WrongChannelError) as err:
                failure = err
        raise failure

    async def _view(
        self, channel: ChannelIds, parameter: ChannelParameter
    ) -> ChannelDetails:

        def read(
            answer: parse.Answer, scrub: parse.Scrub
        ) -> tuple[parse.Answer, parse.Scrub]:
            parse.raise_if_refused(answer, scrub)
            return answer, scrub

        fields = parameter.fields(channel)
        async with self._doubting():
            answer, scrub = await self._request(Operation.VIEW_CHANNEL, fields, read)
        shown = parse.text(answer.get("channel_id"))
        if shown != channel.channel_id and (shown or parse.is_success(answer)):
            self._channels.disprove(parameter)
            if parameter.name == self.traits.channel_parameter:
                self._learn(channel_parameter=None)
            raise WrongChannelError("an answer about another channel")
        details = parse.channel_details(answer, scrub)
        if self._channels.confirm(parameter, channel):
            self._learn(channel_parameter=parameter.name)
        return details

    async def _named(self, channel: ChannelIds) -> dict[str, str]:
        """Return the fields that name a channel to what changes it.

        Raises UnverifiedChannelError unless the portal has shown that channel by them:
        otherwise it might change another one.
        """
        if not self.is_verified(channel):
            try:
                await self.channel(channel)
            except InvalidAuthError, NotTakenError:
                raise
            except PortalError as err:
                raise UnverifiedChannelError(str(err), err.cause) from None
            if not self.is_verified(channel):
                raise UnverifiedChannelError(
                    "an answer about another channel", Cause.UNREADABLE
                )
        return self.channel_parameter.fields(channel)

    async def scan_qr(self, channel: ChannelIds) -> Picture:
        """Return the QR code that pairs a channel, as a validated picture."""
        fields = await self._named(channel)
        exchange = await self._fetch(Operation.SCAN_QR, fields)

        def read() -> Picture:
            if "{" in exchange.body or page_start(exchange.body) == 0:
                with suppress(ValueError):
                    answer = parse.parse_answer(exchange.body)
                    parse.raise_if_refused(answer, exchange.scrub)
                raise body_error(exchange)
            try:
                return read_picture(exchange.body)
            except ValueError as err:
                raise NotAPortalError(f"not a code: {err}") from None

        async with self._doubting():
            # Also a small picture takes its time.
            return await asyncio.to_thread(read)

    async def create_channel(self, label: str, plan: str) -> NewChannel:
        """Create a channel, which then waits to be paired."""
        parameters = {"label": label, "plan": plan}
        return await self._call(Operation.CREATE_CHANNEL, parameters, parse.new_channel)

    async def clear_queue(self, channel: ChannelIds) -> int | None:
        """Clear a channel's queue and return the count that the portal reports."""
        fields = await self._named(channel)
        return await self._call(Operation.CLEAR_QUEUE, fields, parse.queue_count)

    async def reset_channel(self, channel: ChannelIds) -> None:
        """End a channel's session, so that it waits to be paired again."""
        fields = await self._named(channel)
        await self._call(Operation.RESET_CHANNEL, fields, parse.done)

    async def delete_channel(self, channel: ChannelIds) -> None:
        """Delete a channel."""
        fields = await self._named(channel)
        await self._call(Operation.DELETE_CHANNEL, fields, parse.done)

    async def _call[ResultT](
        self,
        operation: Operation,
        parameters: Mapping[str, str],
        read: Callable[[parse.Answer], ResultT],
    ) -> ResultT:
        """Return what an answer is read as; raise if it is a refusal."""

        def read_success(answer: parse.Answer, scrub: parse.Scrub) -> ResultT:
            parse.raise_if_refused(answer, scrub)
            return read(answer)

        async with self._doubting():
            return await self._request(operation, parameters, read_success)

    async def _request[ResultT](
        self,
        operation: Operation,
        parameters: Mapping[str, str],
        read: Callable[[parse.Answer, parse.Scrub], ResultT],
    ) -> ResultT:
        """Return what the JSON answer to an operation is read as.

        Raises NotAPortalError if the answer is anything else.
        """
        exchange = await self._fetch(operation, parameters)
        return await exchange.read(partial(Exchange.answer, read=read))

    async def _fetch(
        self,
        operation: Operation,
        parameters: Mapping[str, str],
        overflow: Overflow | None = None,
    ) -> Exchange:
        """Return a whole answer that is no HTTP error."""
        exchange = await self.examine(operation, parameters, overflow)
        if exchange.status != 200 or exchange.is_cut:
            raise await exchange.read(
                status_error if exchange.status != 200 else body_error
            )
        return exchange

    async def examine(
        self,
        operation: Operation,
        parameters: Mapping[str, str],
        overflow: Overflow | None = None,
    ) -> Exchange:
        """Return an answer as it came, whatever it is."""
        by_get = operation in self.traits.get_operations
        limit = _LIMITS.get(operation, bounds.BODY)
        return await self._transport.exchange(
            operation, parameters, limit, by_get=by_get, overflow=overflow
        )
