"""What can go wrong between a caller and the portal.

No message of these errors holds a credential, a number, a text or an address with
parameters: the client scrubs what it quotes.
"""


class PortalError(Exception):
    """Base of everything the client raises."""


class NotReachableError(PortalError):
    """The request provably never left: name lookup, connection or TLS failed."""


class UncertainError(PortalError):
    """The request left and no answer could be read: it may have been carried out."""

    def __init__(self, message: str, group_id: str | None = None) -> None:
        """Keep the group that the broken answer to a send had named, if any."""
        super().__init__(message)
        self.group_id = group_id


class NoAnswerError(UncertainError):
    """No whole answer came, or not in time."""


class NotAPortalError(UncertainError):
    """What came is not an answer of this API.

    An HTML page, a redirect, an HTTP error, or a body that is too large or broken.
    """


class RefusedError(PortalError):
    """The portal understood the request and refused it."""

    def __init__(self, reason: str) -> None:
        """Keep the portal's reason, already scrubbed."""
        super().__init__(reason)
        self.reason = reason


class InvalidAuthError(RefusedError):
    """The portal refused the credentials, or API access is off for the account."""
