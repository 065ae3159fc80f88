"""The database of an account: what is on disk before it leaves or is published."""

from .database import Database
from .errors import DiskProblem, StoreError, disk_problem
from .messages import (
    Conversation,
    Direction,
    Message,
    MessageFilter,
    MessageLog,
    insert_messages,
    limit_unread,
    redate_messages,
    trim_messages,
)
from .publisher import Body, Publisher
from .reason import NO_REASON, Reason
from .shortening import MAX_LENGTH, shortened
from .statement import Statement, Value
from .store import Store, async_remove_store
from .traits import async_load_traits, store_traits

__all__ = [
    "MAX_LENGTH",
    "NO_REASON",
    "Body",
    "Conversation",
    "Database",
    "Direction",
    "DiskProblem",
    "Message",
    "MessageFilter",
    "MessageLog",
    "Publisher",
    "Reason",
    "Statement",
    "Store",
    "StoreError",
    "Value",
    "async_load_traits",
    "async_remove_store",
    "disk_problem",
    "insert_messages",
    "limit_unread",
    "redate_messages",
    "shortened",
    "store_traits",
    "trim_messages",
]
