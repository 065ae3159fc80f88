"""Alerts: one person after the other is asked, until somebody has it."""

from .models import (
    SIGNAL_ALERT,
    SIGNAL_OPEN_ALERTS,
    Alert,
    AlertEvent,
    AlertEventType,
    OpenAlert,
    Step,
)
from .runner import ALERT, AlertRunner
from .words import acknowledges, split_words

__all__ = [
    "ALERT",
    "SIGNAL_ALERT",
    "SIGNAL_OPEN_ALERTS",
    "Alert",
    "AlertEvent",
    "AlertEventType",
    "AlertRunner",
    "OpenAlert",
    "Step",
    "acknowledges",
    "split_words",
]
