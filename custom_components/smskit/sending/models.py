"""Models of an outgoing message: its draft, recipients and outcomes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from ..api import SendType, Template
from ..store import Reason
from .encoding import EncodedText
from .reasons import FailureReason

MAX_SEGMENTS: Final = 10
"""Default maximum number of segments of a text."""


class MessageType(StrEnum):
    """Message types that the actions accept."""

    AUTO = "auto"
    """SMS in the encoding that the text needs, or WhatsApp, by recipient."""
    SMS = "sms"
    UNICODE = "unicode"
    FLASH = "flash"
    WHATSAPP = "whatsapp"
    VOICE = "voice"
    MMS = "mms"


class Via(StrEnum):
    """How messages are sent to a recipient."""

    SMS = "sms"
    WHATSAPP = "whatsapp"
    WHATSAPP_THEN_SMS = "whatsapp_then_sms"


VIA_OF_TYPE: Final[Mapping[SendType, Via]] = {
    type_: Via.WHATSAPP if type_ is SendType.WHATSAPP else Via.SMS for type_ in SendType
}
"""How a message of each type is sent, as its outcome shows it."""


class Status(StrEnum):
    """Status of a message to one recipient."""

    READY = "ready"
    """It has not been sent yet; in a preview, it would be sent."""
    HELD = "held"
    """It was certainly not sent, and is sent as soon as the portal is reachable."""
    SCHEDULED = "scheduled"
    """The portal accepted it, to be sent later."""
    QUEUED = "queued"
    """The portal accepted it."""
    SENT = "sent"
    """The portal delivered it."""
    FAILED = "failed"
    """It was refused, by the portal or before sending, or could not be delivered."""
    EXPIRED = "expired"
    """It was held until its time expired."""
    UNKNOWN = "unknown"
    """It was sent without an answer: it may have arrived, so it is not repeated."""

    @property
    def final(self) -> bool:
        """Return whether nothing more will change."""
        return self in {Status.SENT, Status.FAILED, Status.EXPIRED}

    @property
    def taken(self) -> bool:
        """Return whether the portal accepted it, or gets it once it is reachable."""
        return self in {Status.HELD, Status.SENT} | AWAITED


# The portal has it, and its outcome is not known yet.
AWAITED: Final = frozenset({Status.SCHEDULED, Status.QUEUED})
# It has provably not arrived, and never will.
NOWHERE: Final = frozenset({Status.FAILED, Status.EXPIRED})


class Priority(StrEnum):
    """What a message may pass."""

    NORMAL = "normal"
    URGENT = "urgent"
    """What keeps messages from being a nuisance, such as the duplicate filter."""
    CRITICAL = "critical"
    """The limits of what is spent, too, within a limit of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """One number that a message goes to."""

    number: str = field(repr=False)
    """E.164 with a leading `+`; an invalid number as it was entered."""
    name: str | None = field(default=None, repr=False)
    via: Via = Via.SMS
    sender: str | None = None
    """Sender ID for this recipient."""
    channel: str | None = None
    """Channel ID of the WhatsApp channel for this recipient."""
    error: FailureReason | None = None
    """Why nothing can be sent to the recipient."""
    subentry_ids: frozenset[str] = frozenset()
    """The recipients that the message is for; none for a number by itself."""


def both_of(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """Return which recipients a message is for that two messages have become.

    None where one of them was for a number by itself: nobody's removal drops that.
    """
    return one | other if one and other else frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A message to send, with its options."""

    text: str = field(default="", repr=False)
    """Empty if a template says it all."""
    title: str | None = field(default=None, repr=False)
    """Goes before the text, on a line of its own."""
    type: MessageType = MessageType.AUTO
    sender: str | None = None
    channel: str | None = None
    """Channel ID of the WhatsApp channel to use."""
    route: str | None = None
    """Gateway ID of the route to use for anything but WhatsApp."""
    template: Template | None = field(default=None, repr=False)
    """Goes by WhatsApp, and the text by SMS where WhatsApp refuses it."""
    file: str | None = field(default=None, repr=False)
    """HTTPS URL of a medium, or its media source ID until it is served."""
    language: str | None = None
    """Language of a voice call; by default as set for the account."""
    duration: int | None = None
    """Length of a voice call in seconds; by default estimated from the text."""
    schedule: datetime | None = None
    """When the portal sends it, as an aware time."""
    hold: timedelta | None = None
    """How long it may be held; by default as set for the account."""
    max_segments: int = MAX_SEGMENTS
    allow_repeat: bool = False
    priority: Priority = Priority.NORMAL


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """Outcome of a message for one recipient."""

    number: str = field(repr=False)
    name: str | None = field(repr=False)
    via: Via
    status: Status
    group_id: str | None = None
    reason: Reason | None = None
    batch_id: str | None = None
    """ID of its batch, or None if it is not in one."""
    duplicate: bool = False
    """Whether it is that of another message with the same text, sent a moment ago."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """Outcomes of a message, or of its preview."""

    outcomes: tuple[Outcome, ...]
    """One outcome per number, in the order of the recipients."""
    measured: EncodedText
    text: str = field(repr=False)
    """What the portal gets as the text."""
    blocked_by: str | None = None
    """What blocks the message as a whole: `hourly_limit` or `repeat`."""


type LimitReporter = Callable[[int | None, float | None], None]
"""Takes the hourly limit that stopped a message, and until when, monotonic.

The time is None if the limit can never permit it; both are None when messages may be
sent.
"""
