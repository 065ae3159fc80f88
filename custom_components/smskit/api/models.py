"""The portal's answers, typed.

Times are naive: they are in the portal's own zone, which the API does not tell.
Numbers are digits without a leading `+`, as the portal writes them.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum


class SendType(StrEnum):
    """The portal's kinds of message."""

    SMS = "sms"
    UNICODE = "unicode"
    FLASH = "flash"
    VOICE = "voice"
    MMS = "mms"
    WHATSAPP = "whatsapp"


class Connection(StrEnum):
    """What a channel's words about its device mean."""

    CONNECTED = "connected"
    NOT_CONNECTED = "not_connected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    """A word that nobody has seen yet; not connected, as far as anybody can tell."""


class DeliveryStatus(StrEnum):
    """How far a message to one recipient has come."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        """Whether nothing more will change."""
        return self is not DeliveryStatus.QUEUED


@dataclass(frozen=True, kw_only=True, slots=True)
class Balance:
    """What is left on the account, in credits or in the account's currency."""

    amount: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """One message to one or several numbers, as `sendsms` takes it."""

    type: SendType
    sender: str
    to: tuple[str, ...] = field(repr=False)
    """Digits with the country code, without `+`."""
    text: str = field(repr=False)
    file: str | None = field(default=None, repr=False)
    """Address of a media file, for voice, mms and whatsapp."""
    schedule: datetime | None = None
    """When to send, in the portal's zone."""
    route: str | None = None
    """A gateway id; the portal decides when there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """What `sendsms` answered to a submission that it took."""

    group_id: str | None
    status: DeliveryStatus
    date: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupRecipient:
    """The state of one recipient of a group."""

    id: str | None
    to: str = field(repr=False)
    status: DeliveryStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupStatus:
    """What became of a submission."""

    group_id: str
    status: str
    recipients: tuple[GroupRecipient, ...]
    date: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class InboxMessage:
    """A message that came in."""

    id: str | None
    sender: str = field(repr=False)
    recipient: str | None = field(repr=False)
    text: str = field(repr=False)
    date: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """A WhatsApp channel as `listchannel` lists it."""

    channel_id: str
    gateway_id: str | None
    number: str | None = field(repr=False)
    label: str | None = field(repr=False)
    last_sync: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelDetails(Channel):
    """A WhatsApp channel as `viewchannel` shows it."""

    plan: str | None
    version: str | None
    device_status: str | None
    """The portal's own words."""
    connection: Connection
    up_time: timedelta | None
    """Since when the channel is connected."""
    subscription_end: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NewChannel:
    """What `createchannel` gave."""

    channel_id: str
    gateway_id: str | None
    subscription_end: datetime | None
