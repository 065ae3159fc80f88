"""Client for the HTTP API of SMSKit and of portals that run the same software.

It does not depend on Home Assistant: the caller passes an `aiohttp` session.
"""

from .check import PortalCheck, PortalReport
from .client import MAX_RECIPIENTS, PortalClient
from .clock import OffsetPeriod, OffsetPeriods, learned_periods
from .errors import (
    NO_TLS,
    Cause,
    IncompleteInboxError,
    InvalidAuthError,
    NoAnswerError,
    NotAPortalError,
    NotReachableError,
    NotTakenError,
    PortalError,
    RefusedError,
    TryLaterError,
    UncertainError,
    UnverifiedChannelError,
    WrongChannelError,
)
from .matching import match_recipients
from .models import (
    Accepted,
    Balance,
    Channel,
    ChannelDetails,
    ChannelIds,
    Connection,
    DeliveryStatus,
    GroupRecipient,
    GroupStatus,
    InboxMessage,
    NewChannel,
    SendType,
    Submission,
)
from .picture import Picture
from .template import Template
from .traits import Escaping, Processing, Traits
from .transport import Operation, PortalRequest
from .url import candidate_urls, normalize_url
from .words import one_line

__all__ = [
    "MAX_RECIPIENTS",
    "NO_TLS",
    "Accepted",
    "Balance",
    "Cause",
    "Channel",
    "ChannelDetails",
    "ChannelIds",
    "Connection",
    "DeliveryStatus",
    "Escaping",
    "GroupRecipient",
    "GroupStatus",
    "InboxMessage",
    "IncompleteInboxError",
    "InvalidAuthError",
    "NewChannel",
    "NoAnswerError",
    "NotAPortalError",
    "NotReachableError",
    "NotTakenError",
    "OffsetPeriod",
    "OffsetPeriods",
    "Operation",
    "Picture",
    "PortalCheck",
    "PortalClient",
    "PortalError",
    "PortalReport",
    "PortalRequest",
    "Processing",
    "RefusedError",
    "SendType",
    "Submission",
    "Template",
    "Traits",
    "TryLaterError",
    "UncertainError",
    "UnverifiedChannelError",
    "WrongChannelError",
    "candidate_urls",
    "learned_periods",
    "match_recipients",
    "normalize_url",
    "one_line",
]
