"""Errors of the portal's client.

No error message contains a credential, a number, a text or a URL with parameters: the
client scrubs everything it quotes.
"""

from enum import StrEnum
from typing import Final

from .models import InboxMessage


class Cause(StrEnum):
    """Why there is no usable answer, for callers that have words of their own."""

    # Nothing was sent.
    DNS = "dns"
    """The name of the host was not found."""
    REFUSED = "refused"
    NO_ROUTE = "no_route"
    CONNECT_TIMEOUT = "connect_timeout"
    CERTIFICATE = "certificate"
    """TLS is spoken, with a certificate that is not trusted."""
    TLS = "tls"
    """What answers does not speak TLS."""
    NOT_PRIVATE = "not_private"
    """Without TLS, and out of the own network."""
    NOT_CONNECTED = "not_connected"

    # The request was sent.
    TIMEOUT = "timeout"
    CUT_OFF = "cut_off"

    # Something answered.
    REDIRECT = "redirect"
    FORBIDDEN = "forbidden"
    METHOD = "method"
    """Not by this method: HTTP 405."""
    HTTP_STATUS = "http_status"
    PAGE = "page"
    """An HTML page where an answer belongs, such as a login page."""
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    BROKEN = "broken"
    """An answer of this API that cannot be read."""
    UNREADABLE = "unreadable"
    REFUSAL = "refusal"
    """The portal understood the request and refused it."""


NO_TLS: Final = frozenset({Cause.REFUSED, Cause.TLS})
"""Causes for which nothing speaks TLS where a request was to go."""

_NOT_CONNECTED: Final = {
    Cause.DNS: "name not found",
    Cause.REFUSED: "connection refused",
    Cause.NO_ROUTE: "no route to the host",
    Cause.CONNECT_TIMEOUT: "timed out",
    Cause.CERTIFICATE: "certificate not trusted",
    Cause.TLS: "no TLS",
    Cause.NOT_PRIVATE: "neither TLS nor a private address",
    Cause.NOT_CONNECTED: "connection failed",
}


class PortalError(Exception):
    """Base class of the client's errors."""

    def __init__(self, message: str, cause: Cause, quote: str = "") -> None:
        """Initialize the error; `quote` is what the network or the portal said."""
        super().__init__(message)
        self.cause = cause
        self.quote = quote


class NotTakenError(PortalError):
    """The request was certainly not carried out, and may be made again."""

    retry_after = 0.0
    """In how many seconds, at the earliest."""


class NotReachableError(NotTakenError):
    """The request was certainly not sent: DNS lookup, connection or TLS failed."""

    def __init__(
        self, host: str, cause: Cause = Cause.NOT_CONNECTED, quote: str = ""
    ) -> None:
        """Initialize the error for a host."""
        message = f"no connection to {host} ({_NOT_CONNECTED[cause]})"
        super().__init__(message, cause, quote)


class TryLaterError(NotTakenError):
    """A web server turned the request away before the portal looked at it."""

    def __init__(self, message: str, retry_after: float, quote: str) -> None:
        """Initialize the error."""
        super().__init__(message, Cause.HTTP_STATUS, quote)
        self.retry_after = retry_after


class UncertainError(PortalError):
    """The request was sent without a usable answer: it may have been carried out."""

    def __init__(
        self,
        message: str,
        group_id: str | None = None,
        *,
        cause: Cause = Cause.UNREADABLE,
        quote: str = "",
    ) -> None:
        """Initialize the error with the group ID from a broken answer, if any."""
        super().__init__(message, cause, quote)
        self.group_id = group_id


class NoAnswerError(UncertainError):
    """No complete answer arrived in time."""


class NotAPortalError(UncertainError):
    """The response is not an answer of this API.

    It is an HTML page, a redirect, an HTTP error, or an oversized or broken body.
    """


class IncompleteInboxError(NotAPortalError):
    """A listing of unread messages that does not end: the portal lists them once.

    Raised outside of the client only with what could be read.
    """

    def __init__(self, err: UncertainError, messages: tuple[InboxMessage, ...]) -> None:
        """Initialize the error from another one."""
        super().__init__(str(err), cause=err.cause, quote=err.quote)
        self.messages = messages


class WrongChannelError(NotAPortalError):
    """The answer is about another channel than the request, or about none."""


class UnverifiedChannelError(PortalError):
    """Nothing was changed: the portal did not show the channel that was named."""


class RefusedError(PortalError):
    """The portal understood the request and refused it, or its web server did."""

    def __init__(
        self,
        words: str,
        *,
        concerns_all: bool = False,
        cause: Cause = Cause.REFUSAL,
        quote: str = "",
    ) -> None:
        """Initialize the error with the portal's words, scrubbed; it may have none.

        `concerns_all`: of a message to several numbers, none is to blame.
        """
        self.concerns_all = concerns_all
        self.reason = words or "no reason given"
        super().__init__(self.reason, cause, quote or words)


class InvalidAuthError(RefusedError):
    """The portal refused the credentials, or the account has no API access.

    The client raises it only if `balance` is refused for that, too.
    """
