"""A batch: what one request carries to the portal, from its submission to its end."""

from asyncio import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
import time

from homeassistant.util.ulid import ulid_now

from ..api import SendType, Submission
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
    reason: str | None = None
    """Why it has this status, or goes by SMS."""
    subentry_ids: frozenset[str] = frozenset()
    """The recipients that it is for; none for a number by itself."""


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
    """What the history shows, and an SMS says."""
    recipients: list[BatchRecipient]
    numbers: frozenset[str] = field(repr=False)
    """The numbers of its recipients."""
    id: str = field(default_factory=ulid_now)
    fallback: SendType | None = None
    """The kind of SMS that takes over where WhatsApp is refused."""
    route: str | None = None
    fallback_route: str | None = None
    """The route of the SMS that takes over."""
    template: str | None = field(default=None, repr=False)
    """What WhatsApp gets in place of the text."""
    file: str | None = field(default=None, repr=False)
    language: str | None = None
    duration: int | None = None
    schedule: datetime | None = None
    """In the portal's zone, naive."""
    stage: Stage = Stage.PENDING
    group_id: str | None = None
    notice: str | None = None
    """What the portal remarked when it took it."""
    follow_from: float = 0
    """From when on the portal is asked for its outcome."""
    deadline: float = 0
    """`expires` as a monotonic moment."""
    stored: Future[None] | None = field(default=None, repr=False)
    """Done once the database has it, in whatever stage; none for one from there."""
    order: int = 0
    """Where it stands among all batches, as they were submitted."""
    unwanted: dict[str, str] = field(default_factory=dict, repr=False)
    """The numbers to drop if it is held again, and why."""
    canceled: list[BatchRecipient] = field(default_factory=list)
    """Who it is not for any more; a caller may still wait for that."""
    done: Future[None] | None = field(default=None, repr=False)
    """Done once there is an outcome for the caller; only while one waits."""

    @property
    def via(self) -> Via:
        """Return what it is sent via, as an outcome shows it."""
        return Via.WHATSAPP if self.type is SendType.WHATSAPP else Via.SMS

    @property
    def body(self) -> str:
        """Return what was to be sent, which a repetition would have again."""
        return self.template or self.text

    @property
    def is_early(self) -> bool:
        """Return whether it is for later."""
        return self.schedule is not None and self.follow_from > time.time()

    def explain(self, reason: str | None) -> None:
        """Give all its recipients a reason for what they show."""
        for recipient in self.recipients:
            recipient.reason = reason

    def submission(self) -> Submission:
        """Return it as the client takes it."""
        return Submission(
            type=self.type,
            sender=self.sender,
            to=tuple(r.number.removeprefix("+") for r in self.recipients),
            text=self.body if self.type is SendType.WHATSAPP else self.text,
            file=self.file,
            language=self.language,
            duration=self.duration,
            # Of one that was held for too long, the portal might refuse it.
            schedule=self.schedule if self.is_early else None,
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
            reason=recipient.reason,
            batch_id=self.id,
        )

    def outcomes_now(self) -> dict[str, Outcome]:
        """Return what is known of each number when a caller's time is up."""
        recipients = (*self.recipients, *self.canceled)
        outcomes = {one.number: self.outcome(one) for one in recipients}
        if self.stage is not Stage.SENDING:
            return outcomes
        return {
            number: replace(one, status=Status.UNKNOWN, reason="no answer in time")
            if one.status in {Status.READY, Status.HELD}
            else one
            for number, one in outcomes.items()
        }
