"""Why a message did not go the way it was to.

A reason belongs to the transition that sets it. It is a code, and what the portal or
the network said; the text is made where it is shown, in the language of whoever reads
it.
"""

from enum import StrEnum

from ..api import (
    InvalidAuthError,
    NoAnswerError,
    NotTakenError,
    PortalError,
    RefusedError,
    TryLaterError,
)
from ..store import Reason


class FailureReason(StrEnum):
    """Code of a reason, and the end of its translation key."""

    # What was typed is no number that can be texted; as `NumberProblem`.
    INVALID_NUMBER = "invalid_number"
    LETTERS_IN_NUMBER = "letters_in_number"
    AMBIGUOUS_NUMBER = "ambiguous_number"
    AREA_CODE_MISSING = "area_code_missing"
    SHORT_CODE = "short_code"

    # There is no WhatsApp channel for it.
    NO_CHANNEL_CONNECTED = "no_channel_connected"
    CHANNEL_GONE = "channel_gone"
    CHANNEL_NOT_CONNECTED = "channel_not_connected"
    CHANNEL_WITHOUT_GATEWAY = "channel_without_gateway"

    # It has not left, and may later.
    NOT_REACHABLE = "not_reachable"
    BUSY = "busy"
    """A web server turned it away: the portal is too busy."""
    PORTAL_AWAY = "portal_away"
    """Another message found that, or is just trying it."""
    CREDENTIALS_REFUSED = "credentials_refused"
    BEHIND_HELD = "behind_held"
    HOURLY_LIMIT = "hourly_limit"
    NOT_IN_TIME = "not_in_time"
    """Its turn did not come while its caller waited."""
    STOPPING = "stopping"

    # The portal said no.
    REFUSED = "refused"
    WHATSAPP_REFUSED = "whatsapp_refused"
    """It goes by SMS."""
    WHATSAPP_NOT_DELIVERED = "whatsapp_not_delivered"
    """It goes by SMS."""
    NOT_DELIVERED = "not_delivered"
    DROPPED = "dropped"

    # The portal took it.
    PORTAL_NOTICE = "portal_notice"
    SENT_AT_ONCE = "sent_at_once"
    NOT_REPORTED = "not_reported"
    NOT_TRACKED = "not_tracked"

    # Nobody knows.
    NO_ANSWER = "no_answer"
    UNREADABLE_ANSWER = "unreadable_answer"
    UNEXPECTED_ERROR = "unexpected_error"
    STOPPED = "stopped"
    RESTORED = "restored"
    FORGOTTEN = "forgotten"
    """The history does not have what a copy was dropped for."""

    # It ended, or goes on, for a reason of our own.
    NOT_STORED = "not_stored"
    CANCELED = "canceled"
    RECIPIENT_REMOVED = "recipient_removed"
    EXPIRED = "expired"


def error_reason(err: PortalError) -> Reason:
    """Return why a message has no accepted answer."""
    match err:
        case TryLaterError():
            code = FailureReason.BUSY
        case NotTakenError():
            code = FailureReason.NOT_REACHABLE
        case InvalidAuthError():
            code = FailureReason.CREDENTIALS_REFUSED
        case RefusedError():
            code = FailureReason.REFUSED
        case NoAnswerError():
            code = FailureReason.NO_ANSWER
        case _:
            code = FailureReason.UNREADABLE_ANSWER
    return Reason(code, err.explanation)
