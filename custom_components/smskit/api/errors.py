"""Errors of the portal's client.

No error message contains a credential, a number, a text or a URL with parameters: the
client scrubs everything it quotes.
"""


class PortalError(Exception):
    """Base class of the client's errors."""


class NotReachableError(PortalError):
    """The request was certainly not sent: DNS lookup, connection or TLS failed."""


class UncertainError(PortalError):
    """The request was sent without a usable answer: it may have been carried out."""

    def __init__(self, message: str, group_id: str | None = None) -> None:
        """Initialize the error with the group ID from a broken answer, if any."""
        super().__init__(message)
        self.group_id = group_id


class NoAnswerError(UncertainError):
    """No complete answer arrived in time."""


class NotAPortalError(UncertainError):
    """The response is not an answer of this API.

    It is an HTML page, a redirect, an HTTP error, or an oversized or broken body.
    """


class BrokenAnswerError(NotAPortalError):
    """The response is an answer of this API that cannot be read."""


class RefusedError(PortalError):
    """The portal understood the request and refused it."""

    def __init__(self, reason: str) -> None:
        """Initialize the error with the portal's reason, already scrubbed."""
        super().__init__(reason)
        self.reason = reason


class InvalidAuthError(RefusedError):
    """The portal refused the credentials, or the account has no API access."""
