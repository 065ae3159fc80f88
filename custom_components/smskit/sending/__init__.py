"""Sending: from a draft and its recipients to what became of each of them."""

from .batch import Batch, BatchRecipient
from .clock import epoch, monotonic
from .delivery import DeliveryTracker
from .dispatcher import Dispatcher
from .encoding import EncodedText, Encoding
from .media import MediaServer, async_remove_media, media_entity_id
from .media_view import async_setup_media
from .models import (
    MAX_SEGMENTS,
    NOWHERE,
    Draft,
    MessageType,
    Outcome,
    Priority,
    Recipient,
    Report,
    Status,
    Via,
)
from .outbox import (
    OUTCOME,
    SIGNAL_OUTCOME,
    SIGNAL_SUBMITTED,
    SIGNAL_TOTALS,
    Outbox,
    Totals,
)
from .planner import Planner
from .reasons import FailureReason
from .sender import Sender

__all__ = [
    "MAX_SEGMENTS",
    "NOWHERE",
    "OUTCOME",
    "SIGNAL_OUTCOME",
    "SIGNAL_SUBMITTED",
    "SIGNAL_TOTALS",
    "Batch",
    "BatchRecipient",
    "DeliveryTracker",
    "Dispatcher",
    "Draft",
    "EncodedText",
    "Encoding",
    "FailureReason",
    "MediaServer",
    "MessageType",
    "Outbox",
    "Outcome",
    "Planner",
    "Priority",
    "Recipient",
    "Report",
    "Sender",
    "Status",
    "Totals",
    "Via",
    "async_remove_media",
    "async_setup_media",
    "epoch",
    "media_entity_id",
    "monotonic",
]
