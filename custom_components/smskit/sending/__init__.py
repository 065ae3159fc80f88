"""Sending: from a draft and its recipients to what became of each of them."""

from .batch import Parcel
from .delivery import DeliveryTracker
from .dispatcher import Dispatcher
from .encoding import EncodedText, Encoding
from .history import SIGNAL_SENT, SentMessage, SentMessages
from .limits import SpendGuard
from .media import async_media_url, async_setup_media
from .models import (
    MAX_SEGMENTS,
    Draft,
    MessageType,
    Outcome,
    Recipient,
    Report,
    Status,
    Way,
)
from .outbox import SIGNAL_OUTCOME, SIGNAL_SUBMITTED, SIGNAL_TOTALS, Outbox, Totals
from .planner import Planner, compose
from .sender import Sender

__all__ = [
    "MAX_SEGMENTS",
    "SIGNAL_OUTCOME",
    "SIGNAL_SENT",
    "SIGNAL_SUBMITTED",
    "SIGNAL_TOTALS",
    "DeliveryTracker",
    "Dispatcher",
    "Draft",
    "EncodedText",
    "Encoding",
    "MessageType",
    "Outbox",
    "Outcome",
    "Parcel",
    "Planner",
    "Recipient",
    "Report",
    "Sender",
    "SentMessage",
    "SentMessages",
    "SpendGuard",
    "Status",
    "Totals",
    "Way",
    "async_media_url",
    "async_setup_media",
    "compose",
]
