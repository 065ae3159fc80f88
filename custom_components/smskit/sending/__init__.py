"""Sending: from a draft and its recipients to what became of each of them."""

from .batch import Batch, BatchRecipient
from .clock import epoch, monotonic
from .delivery import DeliveryTracker
from .dispatcher import Dispatcher
from .encoding import EncodedText, Encoding
from .media import async_media_url, async_setup_media, media_entity_id
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
    CANCELED,
    OUTCOME,
    REMOVED,
    SIGNAL_OUTCOME,
    SIGNAL_SUBMITTED,
    SIGNAL_TOTALS,
    Outbox,
    Totals,
)
from .planner import Planner
from .sender import Sender

__all__ = [
    "CANCELED",
    "MAX_SEGMENTS",
    "NOWHERE",
    "OUTCOME",
    "REMOVED",
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
    "async_media_url",
    "async_setup_media",
    "epoch",
    "media_entity_id",
    "monotonic",
]
