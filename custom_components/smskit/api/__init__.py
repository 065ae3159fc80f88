"""Client for the HTTP API of SMSKit and of portals that run the same software.

It does not depend on Home Assistant: the caller passes an `aiohttp` session.
"""

from .client import MAX_RECIPIENTS, PortalClient
from .clock import OffsetPeriod, OffsetPeriods, learned_periods
from .errors import (
    InvalidAuthError,
    NoAnswerError,
    NotAPortalError,
    NotReachableError,
    PortalError,
    RefusedError,
    UncertainError,
)
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
from .traits import Escaping, Processing, Traits
from .transport import Operation
from .url import normalize_url

__all__ = [
    "MAX_RECIPIENTS",
    "Accepted",
    "Balance",
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
    "Traits",
    "UncertainError",
    "learned_periods",
    "normalize_url",
]
