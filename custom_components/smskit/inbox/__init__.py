"""The inbox: received messages, kept and published once, and who waits for a reply."""

from .inbox import RECEIVED, SIGNAL_CHANGED, SIGNAL_RECEIVED, Inbox, InboxView
from .lateness import Lateness
from .models import Received
from .poller import InboxPoller
from .replies import ReplyWaiter, ReplyWaiters

__all__ = [
    "RECEIVED",
    "SIGNAL_CHANGED",
    "SIGNAL_RECEIVED",
    "Inbox",
    "InboxPoller",
    "InboxView",
    "Lateness",
    "Received",
    "ReplyWaiter",
    "ReplyWaiters",
]
