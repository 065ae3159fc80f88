"""What goes out: a draft to recipients, and one outcome for each of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from .encoding import EncodedText

MAX_SEGMENTS: Final = 10
"""Segments that a text may have unless its sender allows more."""


class MessageType(StrEnum):
    """The kinds of message that an action takes."""

    AUTO = "auto"
    """SMS in the alphabet that the text needs, or WhatsApp: the recipient's way."""
    SMS = "sms"
    UNICODE = "unicode"
    FLASH = "flash"
    WHATSAPP = "whatsapp"
    VOICE = "voice"
    MMS = "mms"


class Via(StrEnum):
    """How a recipient is reached."""

    SMS = "sms"
    WHATSAPP = "whatsapp"
    WHATSAPP_THEN_SMS = "whatsapp_then_sms"


class Status(StrEnum):
    """What is known of a message to one recipient."""

    READY = "ready"
    """A preview: it would be sent."""
    HELD = "held"
    """It provably never left, and leaves as soon as the portal is reached."""
    QUEUED = "queued"
    """The portal took it."""
    SENT = "sent"
    """The portal delivered it."""
    FAILED = "failed"
    """It was refused, by the portal or before it left, or could not be delivered."""
    EXPIRED = "expired"
    """It was held until it was too late."""
    UNKNOWN = "unknown"
    """It left and no answer came: it may have been sent, and is not repeated."""

    @property
    def final(self) -> bool:
        """Return whether nothing more will change."""
        return self in {Status.SENT, Status.FAILED, Status.EXPIRED}

    @property
    def taken(self) -> bool:
        """Whether the portal took it, or will get it as soon as it is reached."""
        return self in {Status.HELD, Status.QUEUED, Status.SENT}


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """One number that a message goes to."""

    number: str = field(repr=False)
    """E.164 with a leading `+`; as it was given where it is not one."""
    name: str | None = field(default=None, repr=False)
    via: Via = Via.SMS
    sender: str | None = None
    """A sender ID of its own."""
    channel: str | None = None
    """The portal's id of a WhatsApp channel of its own."""
    error: str | None = None
    """Why nothing can be sent to it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What is to be sent, and how."""

    text: str = field(repr=False)
    type: MessageType = MessageType.AUTO
    sender: str | None = None
    channel: str | None = None
    """The portal's id of the WhatsApp channel to use."""
    file: str | None = field(default=None, repr=False)
    """Address of a media file."""
    schedule: datetime | None = None
    """When the portal is to send it, aware."""
    hold: timedelta | None = None
    """How long it may be held; the account's setting where there is none."""
    max_segments: int = MAX_SEGMENTS
    allow_repeat: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of a message to one recipient."""

    number: str = field(repr=False)
    name: str | None = field(repr=False)
    via: Via
    status: Status
    group_id: str | None = None
    reason: str | None = None
    batch_id: str | None = None
    """What it went out with; none for what did not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What became of a message, or what would."""

    outcomes: tuple[Outcome, ...]
    """One for each number, in the order of the recipients."""
    measured: EncodedText
    blocked_by: str | None = None
    """What would stop the message as a whole: `hourly_limit` or `repeat`."""


type LimitReporter = Callable[[int | None, float | None], None]
"""Takes the hourly limit that stopped a message, and until when, monotonic.

None and None when messages may go.
"""
