"""Models of an alert: its steps, who was asked, and what is reported of it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from homeassistant.util.signal_type import SignalTypeFormat

from ..const import DOMAIN
from ..sending import MessageType, Status


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """Whom to ask, how, and how long to wait for one of them."""

    subentry_ids: tuple[str, ...]
    """Recipients; their numbers are those that they have when they are asked."""
    numbers: tuple[str, ...] = field(repr=False)
    """E.164 with a leading `+`."""
    type: MessageType
    wait: float
    """In seconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """The message of an alert to one number."""

    batch_id: str
    number: str = field(repr=False)
    """E.164 with a leading `+`."""
    name: str | None = field(repr=False)
    position: int
    """Which of all steps it is of, counted from 0 over all rounds."""
    status: Status
    after: int | None
    """The last listing of this run without a reply; None if it has not left."""

    @property
    def message_id(self) -> str:
        """Return what the history knows it by."""
        return f"{self.batch_id}{self.number}"

    @property
    def who(self) -> str:
        """Return the name, or the number of somebody without one."""
        return self.name or self.number


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """An open alert, and how far it has come."""

    id: str
    message: str = field(repr=False)
    steps: tuple[Step, ...]
    rounds: int
    """How often it goes through the steps in all."""
    words: tuple[str, ...] = field(repr=False)
    """What acknowledges it, as `split_words` returns it."""
    announcement: str | None = field(repr=False)
    """What the others are told when somebody has it, with `{name}`."""
    is_critical: bool
    position: int = 0
    """How many steps were taken, over all rounds."""
    deadline: float
    """When the next step, or the end, is due; monotonic."""
    questions: tuple[Question, ...] = field(default=(), repr=False)
    """Whom it asked, in order."""


class AlertEventType(StrEnum):
    """What is reported of an alert."""

    STARTED = "started"
    STEP = "step"
    ACKNOWLEDGED = "acknowledged"
    EXHAUSTED = "exhausted"
    """Nobody acknowledged it."""
    ENDED = "ended"
    """Somebody called it off."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertEvent:
    """What happened to an alert, as it is published."""

    type: AlertEventType
    alert_id: str
    message: str = field(repr=False)
    step: int | None = None
    """Which step was taken last, counted from 1; None before the first."""
    round: int | None = None
    """How often it has gone through the steps, with this time."""
    asked: tuple[str, ...] = field(default=(), repr=False)
    """Who was asked in that step, by name, or by number without one."""
    by: str | None = field(default=None, repr=False)
    """The number that acknowledged it."""
    name: str | None = field(default=None, repr=False)
    """The name that goes with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenAlert:
    """An open alert as it is shown."""

    alert_id: str
    message: str = field(repr=False)
    step: int | None
    round: int | None
    asked: tuple[str, ...] = field(repr=False)
    """Everybody who was asked so far."""
    next: tuple[str, ...] = field(repr=False)
    """Who is asked next, if nobody acknowledges it; nobody after the last step."""


# Carry, for an account: what happened to an alert, and all that are open.
SIGNAL_ALERT: Final[SignalTypeFormat[AlertEvent]] = SignalTypeFormat(
    f"{DOMAIN}_alert_{{}}"
)
SIGNAL_OPEN_ALERTS: Final[SignalTypeFormat[tuple[OpenAlert, ...]]] = SignalTypeFormat(
    f"{DOMAIN}_open_alerts_{{}}"
)
