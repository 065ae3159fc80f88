"""A parcel: what one request carries to the portal, from its making to its end."""

from asyncio import Future
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from homeassistant.util.ulid import ulid_now

from ..api import SendType, Submission
from .models import Outcome, Status, Way


class Stage(StrEnum):
    """Where a parcel is."""

    WAITING = "waiting"
    """For its turn; it has not left."""
    HELD = "held"
    """It could not leave and is tried again."""
    LEAVING = "leaving"
    """It is on its way, or was when everything stopped."""
    ACCEPTED = "accepted"
    """The portal has it and is asked what became of it."""


@dataclass(kw_only=True, slots=True)
class Addressee:
    """One number of a parcel, and what is known of it."""

    number: str = field(repr=False)
    """E.164 with a leading `+`."""
    name: str | None = field(default=None, repr=False)
    status: Status = Status.READY


@dataclass(kw_only=True, slots=True)
class Parcel:
    """One text to up to a hundred numbers, all in one way and from one sender.

    Times are seconds since the epoch.
    """

    created: float
    expires: float
    """Until when it may be held; not after `created` where it must not be."""
    type: SendType
    sender: str
    text: str = field(repr=False)
    addressees: list[Addressee]
    id: str = field(default_factory=ulid_now)
    fallback: SendType | None = None
    """The kind of SMS that takes over where WhatsApp is refused."""
    route: str | None = None
    file: str | None = field(default=None, repr=False)
    schedule: datetime | None = None
    """In the portal's zone, naive."""
    stage: Stage = Stage.WAITING
    group_id: str | None = None
    reason: str | None = None
    follow_from: float = 0
    """From when on the portal is asked what became of it."""
    settled: Future[None] | None = field(default=None, repr=False)
    """Done once there is something to tell the caller; only while one waits."""

    @property
    def way(self) -> Way:
        """How it goes, as an outcome tells."""
        return Way.WHATSAPP if self.type is SendType.WHATSAPP else Way.SMS

    @property
    def numbers(self) -> set[str]:
        """The numbers that it goes to."""
        return {addressee.number for addressee in self.addressees}

    @property
    def pending(self) -> int:
        """How many of its recipients are held back or not yet final."""
        if self.stage is not Stage.ACCEPTED:
            return len(self.addressees)
        return sum(a.status is Status.QUEUED for a in self.addressees)

    def submission(self) -> Submission:
        """Return it as the portal takes it."""
        return Submission(
            type=self.type,
            sender=self.sender,
            to=tuple(a.number.removeprefix("+") for a in self.addressees),
            text=self.text,
            file=self.file,
            schedule=self.schedule,
            route=self.route,
        )

    def outcome(self, addressee: Addressee) -> Outcome:
        """Return what is known of one of its numbers."""
        return Outcome(
            number=addressee.number,
            name=addressee.name,
            way=self.way,
            status=addressee.status,
            group_id=self.group_id,
            reason=self.reason,
            parcel_id=self.id,
        )

    def settle(self) -> None:
        """Tell the caller, if one still waits."""
        if self.settled is not None and not self.settled.done():
            self.settled.set_result(None)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON keeps it."""
        return {
            "id": self.id,
            "created": self.created,
            "expires": self.expires,
            "type": self.type.value,
            "sender": self.sender,
            "text": self.text,
            "to": [[a.number, a.name, a.status.value] for a in self.addressees],
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
            addressees=[
                Addressee(number=number, name=name, status=Status(status))
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
