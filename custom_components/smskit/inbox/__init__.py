"""The inbox: what came in, kept on disk and told of once, and who waits for it."""

from .inbox import SIGNAL_CHANGED, Inbox, InboxView
from .models import ReceivedMessage, shown_number
from .poller import SIGNAL_RECEIVED, InboxPoller
from .replies import ReplyWaiters

__all__ = [
    "SIGNAL_CHANGED",
    "SIGNAL_RECEIVED",
    "Inbox",
    "InboxPoller",
    "InboxView",
    "ReceivedMessage",
    "ReplyWaiters",
    "shown_number",
]
