"""A check of how one portal answers, without anything of what it answers."""

from collections.abc import Iterable
from dataclasses import dataclass
import re
from typing import Any, Final

from . import inferred, parse
from .client import PortalClient
from .errors import PortalError
from .models import ChannelIds
from .shape import BodyShape, shape_of
from .traits import Traits
from .transport import Exchange, Operation

# A refusal is short; in anything longer, somebody else's text may look like one.
_MAX_REFUSAL: Final = 2000
_REFUSAL_KEYS: Final = frozenset(
    {"code", "date", "error", "message", "request", "status"}
)
# Whatever may name somebody or something: quoted parts, addresses, words with digits,
# and words too long for a language.
_NAMES: Final = re.compile(
    r"""
    "[^"]*" | “[^”]*” | „[^“”]*[“”] | «[^»]*» | \u2018[^\u2019]*\u2019 | `[^`]*`
    | (?<!\w)'[^']*'(?!\w)
    | \S*@\S* | \S*://\S* | \w[\w-]*(?:\.[\w-]+)+ | \[[\da-fA-F:.]+\]
    | \S*\d\S* | \w{21,}
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class OperationReport:
    """How a portal answered one request."""

    operation: Operation
    method: str
    parameter: str | None = None
    """Name of the parameter that named a channel."""
    names_channel: bool | None = None
    """Whether the answer was about that channel."""
    status: int | None = None
    content_type: str | None = None
    is_redirect: bool = False
    is_too_large: bool = False
    """Whether only the beginning of the answer was looked at."""
    body: BodyShape | None = None
    refusal: str | None = None
    """The words of a refusal, without anything that may be a name or a number."""
    error: str | None = None
    """The kind of error, without an answer."""

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON has it."""
        return {
            "operation": self.operation.value,
            "method": self.method,
            "parameter": self.parameter,
            "names_channel": self.names_channel,
            "status": self.status,
            "content_type": self.content_type,
            "redirect": self.is_redirect,
            "too_large": self.is_too_large,
            "answer": self.body.as_dict() if self.body else None,
            "refusal": self.refusal,
            "error": self.error,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class PortalReport:
    """How a portal answers."""

    operations: tuple[OperationReport, ...]
    traits: Traits

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON has it."""
        return {
            "operations": [report.as_dict() for report in self.operations],
            "traits": self.traits.describe(),
        }


class PortalCheck:
    """Makes requests that change nothing, and keeps the last report."""

    def __init__(self, client: PortalClient) -> None:
        """Initialize the check."""
        self._client = client
        self.last: PortalReport | None = None

    async def async_run(
        self, channel: ChannelIds | None, names: Iterable[str]
    ) -> PortalReport:
        """Return how the portal answers.

        `channel` is shown, if there is one. `names` are the words of the user's that
        may occur in a refusal.
        """
        names = sorted((name for name in names if len(name) > 1), key=len)[::-1]
        reports = [
            await self._async_ask(Operation.BALANCE, {}, names),
            # The full listing marks nothing as read; what it has is for the inbox.
            await self._async_ask(Operation.INBOX, {"list": "all"}, names),
            await self._async_ask(Operation.LIST_CHANNELS, {}, names),
        ]
        if channel is not None:
            reports += await self._async_view(channel, names)
        if (group_id := self._client.last_group_id) is not None:
            reports.append(
                await self._async_ask(
                    Operation.GROUP_STATUS, {"groupid": group_id}, names
                )
            )
        self.last = PortalReport(operations=tuple(reports), traits=self._client.traits)
        return self.last

    async def _async_view(
        self, channel: ChannelIds, names: list[str]
    ) -> list[OperationReport]:
        """View a channel by the parameter that works, or else by each one."""
        used = self._client.channel_parameter
        parameters = [used]
        if not self._client.is_verified(channel):
            parameters += [p for p in inferred.CHANNEL_PARAMETERS if p is not used]
        return [
            await self._async_ask(
                Operation.VIEW_CHANNEL,
                fields,
                names,
                parameter=parameter.name,
                channel=channel,
            )
            for parameter in parameters
            if (fields := parameter.fields(channel))
        ]

    async def _async_ask(
        self,
        operation: Operation,
        fields: dict[str, str],
        names: list[str],
        *,
        parameter: str | None = None,
        channel: ChannelIds | None = None,
    ) -> OperationReport:
        try:
            exchange = await self._client.examine(operation, fields)
        except PortalError as err:
            by_get = operation in self._client.traits.get_operations
            return OperationReport(
                operation=operation,
                method="GET" if by_get else "POST",
                parameter=parameter,
                error=type(err).__name__,
            )

        def read(exchange: Exchange) -> OperationReport:
            return _report(exchange, names, parameter, channel)

        return await exchange.read(read)


def _report(
    exchange: Exchange,
    names: list[str],
    parameter: str | None,
    channel: ChannelIds | None,
) -> OperationReport:
    body = exchange.body
    return OperationReport(
        operation=exchange.operation,
        method=exchange.method,
        parameter=parameter,
        names_channel=(_shown_channel(body) == channel.channel_id if channel else None),
        status=exchange.status,
        content_type=exchange.content_type or None,
        is_redirect=exchange.location is not None,
        is_too_large=exchange.is_cut,
        body=shape_of(body),
        refusal=_refusal(exchange, names),
    )


def _shown_channel(body: str) -> str | None:
    try:
        return parse.text(parse.parse_answer(body).get("channel_id"))
    except ValueError:
        return None


def _refusal(exchange: Exchange, names: list[str]) -> str | None:
    """Return the words of a refusal that is one beyond doubt."""
    if len(exchange.body) > _MAX_REFUSAL:
        return None
    try:
        answer = parse.parse_answer(exchange.body)
    except ValueError:
        return None
    if not answer.keys() <= _REFUSAL_KEYS or parse.is_success(answer):
        return None
    words = parse.text(answer.get("message")) or parse.text(answer.get("error"))
    words = exchange.scrub(words)
    for name in names:
        words = words.replace(name, "…")
    return _NAMES.sub("…", words) or None
