"""What goes out: a draft to recipients, and one outcome for each of them."""

from dataclasses import dataclass, field
from enum import StrEnum

from .encoding import EncodedText


class MessageType(StrEnum):
    """The kinds of message that an action takes."""

    AUTO = "auto"
    """SMS in the alphabet that the text needs, by the recipient's way."""
    SMS = "sms"
    UNICODE = "unicode"
    FLASH = "flash"
    WHATSAPP = "whatsapp"
    VOICE = "voice"
    MMS = "mms"


class Way(StrEnum):
    """How a recipient is reached."""

    SMS = "sms"
    WHATSAPP = "whatsapp"
    WHATSAPP_THEN_SMS = "whatsapp_then_sms"


class Status(StrEnum):
    """What is known of a message to one recipient."""

    QUEUED = "queued"
    """The portal took it."""
    SENT = "sent"
    """The portal delivered it."""
    FAILED = "failed"
    """It was refused, by the portal or before it left."""
    UNKNOWN = "unknown"
    """It left and no answer came: it may have been sent, and is not repeated."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """One number that a message goes to."""

    number: str = field(repr=False)
    """E.164 with a leading `+`; as it was given where it is not one."""
    name: str | None = field(default=None, repr=False)
    way: Way = Way.SMS
    sender: str | None = None
    """A sender ID of its own."""
    error: str | None = None
    """Why the number cannot be one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What is to be sent."""

    text: str = field(repr=False)
    type: MessageType = MessageType.AUTO
    sender: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of a message to one recipient."""

    recipient: Recipient
    way: Way
    status: Status
    group_id: str | None = None
    reason: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether the portal is known to have taken it."""
        return self.status in {Status.QUEUED, Status.SENT}


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What became of a message."""

    outcomes: tuple[Outcome, ...]
    """In the order of the recipients."""
    measured: EncodedText
