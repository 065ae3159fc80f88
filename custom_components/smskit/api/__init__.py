"""Client for the HTTP API of SMSKit and of portals that run the same software.

It does not depend on Home Assistant: the caller passes an `aiohttp` session.
"""

from .client import MAX_RECIPIENTS, PortalClient
from .clock import OffsetPeriod, OffsetPeriods, learned_periods
from .errors import (
    BrokenAnswerError,
    InvalidAuthError,
    NoAnswerError,
    NotAPortalError,
    NotReachableError,
    PortalError,
    RefusedError,
    UncertainError,
)
from .matching import match_recipients
from .models import (
    Accepted,
    Balance,
    Channel,
    ChannelDetails,
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
from .tags import keep_from_tag_removal
from .template import Template
from .traits import Escaping, Processing, Traits
from .transport import Operation
from .url import normalize_url

__all__ = [
    "MAX_RECIPIENTS",
    "Accepted",
    "Balance",
    "BrokenAnswerError",
    "Channel",
    "ChannelDetails",
    "Connection",
    "DeliveryStatus",
    "Escaping",
    "GroupRecipient",
    "GroupStatus",
    "InboxMessage",
    "InvalidAuthError",
    "NewChannel",
    "NoAnswerError",
    "NotAPortalError",
    "NotReachableError",
    "OffsetPeriod",
    "OffsetPeriods",
    "Operation",
    "Picture",
    "PortalClient",
    "PortalError",
    "Processing",
    "RefusedError",
    "SendType",
    "Submission",
    "Template",
    "Traits",
    "UncertainError",
    "keep_from_tag_removal",
    "learned_periods",
    "match_recipients",
    "normalize_url",
]
