"""A batch: what one request carries to the portal, from its submission to its end."""

from asyncio import Future
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from homeassistant.util.ulid import ulid_now

from ..api import SendType
from ..store import Reason
from .models import Priority, Status
from .reasons import FailureReason


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
    reason: Reason | None = None
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
    body: str = field(repr=False)
    """What WhatsApp gets: the text, or a template in its place."""
    recipients: list[BatchRecipient]
    numbers: frozenset[str] = field(repr=False)
    """The numbers of its recipients."""
    id: str = field(default_factory=ulid_now)
    origin: str = field(default_factory=ulid_now)
    """What its messages go by, and those of all parts of what was submitted."""
    priority: Priority = Priority.NORMAL
    fallback: SendType | None = None
    """The kind of SMS that takes over where WhatsApp is refused."""
    route: str | None = None
    fallback_route: str | None = None
    """The route of the SMS that takes over."""
    file: str | None = field(default=None, repr=False)
    language: str | None = None
    duration: int | None = None
    schedule: datetime | None = None
    """When the portal is to send it, naive in its zone; None once that has come."""
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
    unwanted: dict[str, FailureReason] = field(default_factory=dict, repr=False)
    """The numbers to drop if it is held, and why."""
    canceled: list[BatchRecipient] = field(default_factory=list)
    """Who it is not for any more; a caller may still wait for that."""
    done: Future[None] | None = field(default=None, repr=False)
    """Done once there is an outcome for the caller; only while one waits."""
    parts: list[Batch] = field(default_factory=list, repr=False)
    """What goes on in its place, each with some of its recipients."""
    whole: Batch | None = field(default=None, repr=False)
    """What it is a part of, as it was submitted."""
    refusals: int = 0
    """How many parts of it were refused, with itself."""
