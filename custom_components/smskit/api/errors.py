"""What can go wrong between a caller and the portal.

No message of these errors holds a credential, a number, a text or an address with
parameters: the client scrubs what it quotes.
"""


class PortalError(Exception):
    """Base of everything the client raises."""


class NotReachableError(PortalError):
    """The request provably never left: name lookup, connection or TLS failed."""


class NoAnswerError(PortalError):
    """The request left and no whole answer came: it may have been carried out."""


class NotAPortalError(PortalError):
    """Something answered that is not this API; the request may have been carried out.

    An HTML page, a redirect, an HTTP error or a body that is too large or broken.
    """


class RefusedError(PortalError):
    """The portal understood the request and refused it."""

    def __init__(self, reason: str) -> None:
        """Keep the portal's reason, already scrubbed."""
        super().__init__(reason)
        self.reason = reason


class InvalidAuthError(RefusedError):
    """The portal refused the credentials, or API access is off for the account."""
