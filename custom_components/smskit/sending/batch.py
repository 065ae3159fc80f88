"""A batch: what one request carries to the portal, from its making to its end."""

from asyncio import Future
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from homeassistant.util.ulid import ulid_now

from ..api import SendType, Submission
from .models import Outcome, Status, Via


class Stage(StrEnum):
    """Where a batch is."""

    PENDING = "pending"
    """For its turn; it has not left."""
    HELD = "held"
    """It could not leave and is tried again."""
    SENDING = "sending"
    """It is on its way, or was when everything stopped."""
    ACCEPTED = "accepted"
    """The portal has it and is asked what became of it."""


@dataclass(kw_only=True, slots=True)
class BatchRecipient:
    """One number of a batch, and what is known of it."""

    number: str = field(repr=False)
    """E.164 with a leading `+`."""
    name: str | None = field(default=None, repr=False)
    status: Status = Status.READY


@dataclass(kw_only=True, slots=True)
class Batch:
    """One text to up to a hundred numbers, all in one way and from one sender.

    Times are seconds since the epoch.
    """

    created: float
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
    """From when on the portal is asked what became of it."""
    done: Future[None] | None = field(default=None, repr=False)
    """Done once there is something to tell the caller; only while one waits."""

    @property
    def via(self) -> Via:
        """How it goes, as an outcome tells."""
        return Via.WHATSAPP if self.type is SendType.WHATSAPP else Via.SMS

    @property
    def numbers(self) -> set[str]:
        """The numbers that it goes to."""
        return {recipient.number for recipient in self.recipients}

    @property
    def pending(self) -> int:
        """How many of its recipients are held back or not yet final."""
        if self.stage is not Stage.ACCEPTED:
            return len(self.recipients)
        return sum(a.status is Status.QUEUED for a in self.recipients)

    def submission(self) -> Submission:
        """Return it as the portal takes it."""
        return Submission(
            type=self.type,
            sender=self.sender,
            to=tuple(a.number.removeprefix("+") for a in self.recipients),
            text=self.text,
            file=self.file,
            schedule=self.schedule,
            route=self.route,
        )

    def outcome(self, recipient: BatchRecipient) -> Outcome:
        """Return what is known of one of its numbers."""
        return Outcome(
            number=recipient.number,
            name=recipient.name,
            via=self.via,
            status=recipient.status,
            group_id=self.group_id,
            reason=self.reason,
            batch_id=self.id,
        )

    def set_done(self) -> None:
        """Tell the caller, if one still waits."""
        if self.done is not None and not self.done.done():
            self.done.set_result(None)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON keeps it."""
        return {
            "id": self.id,
            "created": self.created,
            "expires": self.expires,
            "type": self.type.value,
            "sender": self.sender,
            "text": self.text,
            "to": [[a.number, a.name, a.status.value] for a in self.recipients],
            "fallback": self.fallback and self.fallback.value,
            "route": self.route,
            "file": self.file,
            "schedule": self.schedule and self.schedule.isoformat(),
            "stage": self.stage.value,
            "group_id": self.group_id,
            "reason": self.reason,
            "follow_from": self.follow_from,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return what `as_dict` kept."""
        fallback, schedule = data["fallback"], data["schedule"]
        return cls(
            id=data["id"],
            created=data["created"],
            expires=data["expires"],
            type=SendType(data["type"]),
            sender=data["sender"],
            text=data["text"],
            recipients=[
                BatchRecipient(number=number, name=name, status=Status(status))
                for number, name, status in data["to"]
            ],
            fallback=SendType(fallback) if fallback else None,
            route=data["route"],
            file=data["file"],
            schedule=datetime.fromisoformat(schedule) if schedule else None,
            stage=Stage(data["stage"]),
            group_id=data["group_id"],
            reason=data["reason"],
            follow_from=data["follow_from"],
        )
