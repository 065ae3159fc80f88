"""A batch: what one request carries to the portal, from its submission to its end."""

from asyncio import Future
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
import time

from homeassistant.util import dt as dt_util
from homeassistant.util.ulid import ulid_now

from ..api import SendType, Submission
from ..store import Direction, Message
from .clock import monotonic
from .models import Outcome, Status, Via


class Stage(StrEnum):
    """Where a batch is."""

    PENDING = "pending"
    """Waiting for a free slot, while its caller waits."""
    HELD = "held"
    """Kept until the portal can be reached."""
    SENDING = "sending"
    """Its request has left, or had when everything stopped."""
    ACCEPTED = "accepted"
    """The portal has it, and is asked for its outcome."""


@dataclass(kw_only=True, slots=True)
class BatchRecipient:
    """One number of a batch, and how far its message has come."""

    number: str = field(repr=False)
    """E.164 with a leading `+`."""
    name: str | None = field(default=None, repr=False)
    status: Status = Status.READY


@dataclass(kw_only=True, slots=True, eq=False)
class Batch:
    """One text to up to a hundred numbers, all via one service and from one sender.

    Only the outbox assigns to it.
    """

    created: float
    """In epoch seconds, as `expires` and `follow_from`."""
    expires: float
    """Until when it may be held; not after `created` where it must not be."""
    type: SendType
    sender: str
    text: str = field(repr=False)
    recipients: list[BatchRecipient]
    id: str = field(default_factory=ulid_now)
    fallback: SendType | None = None
    """The kind of SMS that takes over where WhatsApp is refused."""
    route: str | None = None
    file: str | None = field(default=None, repr=False)
    schedule: datetime | None = None
    """In the portal's zone, naive."""
    stage: Stage = Stage.PENDING
    group_id: str | None = None
    reason: str | None = None
    follow_from: float = 0
    """From when on the portal is asked for its outcome."""
    deadline: float = field(init=False)
    """`expires` as a monotonic moment."""
    is_stored: bool = False
    """Whether the database has it, in whatever stage."""
    done: Future[None] | None = field(default=None, repr=False)
    """Done once there is an outcome for the caller; only while one waits."""

    def __post_init__(self) -> None:
        """Anchor the deadline: a clock that was wrong makes it no later."""
        latest = time.monotonic() + max(self.expires - self.created, 0)
        self.deadline = min(monotonic(self.expires), latest)

    @property
    def may_be_held(self) -> bool:
        """Return whether it is not too late to be sent."""
        return self.deadline > time.monotonic()

    @property
    def via(self) -> Via:
        """Return what it is sent via, as an outcome shows it."""
        return Via.WHATSAPP if self.type is SendType.WHATSAPP else Via.SMS

    @property
    def numbers(self) -> set[str]:
        """Return the numbers of its recipients."""
        return {recipient.number for recipient in self.recipients}

    @property
    def pending(self) -> int:
        """Return how many of its recipients are held or not final."""
        if self.stage is not Stage.ACCEPTED:
            return len(self.recipients)
        return sum(r.status is Status.QUEUED for r in self.recipients)

    def submission(self) -> Submission:
        """Return it as the client takes it."""
        return Submission(
            type=self.type,
            sender=self.sender,
            to=tuple(r.number.removeprefix("+") for r in self.recipients),
            text=self.text,
            file=self.file,
            schedule=self.schedule,
            route=self.route,
        )

    def outcome(self, recipient: BatchRecipient) -> Outcome:
        """Return what is known of one of its recipients."""
        return Outcome(
            number=recipient.number,
            name=recipient.name,
            via=self.via,
            status=recipient.status,
            group_id=self.group_id,
            reason=self.reason,
            batch_id=self.id,
        )

    def message(self, recipient: BatchRecipient) -> Message:
        """Return the message to one of its recipients, as the history has it."""
        return Message(
            id=f"{self.id}{recipient.number}",
            direction=Direction.OUT,
            number=recipient.number,
            name=recipient.name,
            text=self.text,
            date=dt_util.utc_from_timestamp(self.created),
            status=recipient.status.value,
            reason=self.reason,
        )

    def set_done(self) -> None:
        """Let the caller go on, if one still waits."""
        if self.done is not None and not self.done.done():
            self.done.set_result(None)
