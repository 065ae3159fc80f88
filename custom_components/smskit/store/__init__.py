"""The database of an account: what is on disk before it leaves or is published."""

from .database import Database
from .errors import StoreError
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
from .statement import Statement, Value
from .store import Store, async_remove_store
from .traits import async_load_traits, store_traits

__all__ = [
    "Body",
    "Conversation",
    "Database",
    "Direction",
    "Message",
    "MessageFilter",
    "MessageLog",
    "Publisher",
    "Statement",
    "Store",
    "StoreError",
    "Value",
    "async_load_traits",
    "async_remove_store",
    "insert_messages",
    "limit_unread",
    "redate_messages",
    "store_traits",
    "trim_messages",
]
