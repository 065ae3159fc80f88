"""Models of the portal's answers.

Times are naive: they are in the portal's time zone, which the API does not report.
Numbers are digits without a leading `+`, as the portal writes them.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum


class SendType(StrEnum):
    """The portal's message types."""

    SMS = "sms"
    UNICODE = "unicode"
    FLASH = "flash"
    VOICE = "voice"
    MMS = "mms"
    WHATSAPP = "whatsapp"


class Connection(StrEnum):
    """Connection state of a channel, derived from its device status."""

    CONNECTED = "connected"
    NOT_CONNECTED = "not_connected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    """A device status that is not known yet: nobody knows what it means."""


class DeliveryStatus(StrEnum):
    """Delivery status of a message to one recipient."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Balance:
    """Balance of the account, in credits or in the account's currency."""

    amount: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """One message to one or more numbers, as `sendsms` takes it."""

    type: SendType
    sender: str
    to: tuple[str, ...] = field(repr=False)
    """Digits with the country code, without `+`."""
    text: str = field(repr=False)
    file: str | None = field(default=None, repr=False)
    """URL of a media file, for voice, mms and whatsapp."""
    language: str | None = None
    """Language that a text is spoken in, for voice."""
    duration: int | None = None
    """Length in seconds, for voice."""
    schedule: datetime | None = None
    """When to send, in the portal's time zone."""
    route: str | None = None
    """A gateway ID; without one, the portal chooses the route."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """Answer of `sendsms` to an accepted submission."""

    group_id: str | None
    """None if the portal names none, so that there is nothing to ask for."""
    all_sent: bool = False
    """Whether the answer shows of each number that it was sent."""
    is_processed: bool = False
    """Whether the portal did not wait: the answer has an outcome, if not everyone's."""
    notice: str | None = None
    """The portal's remark, scrubbed: why numbers failed."""
    date: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupRecipient:
    """Delivery status of one recipient of a group."""

    id: str | None = field(repr=False)
    to: str = field(repr=False)
    status: DeliveryStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupStatus:
    """Delivery status of a submission."""

    group_id: str
    status: str
    is_completed: bool = False
    """Whether all its recipients are listed, so that others were dropped."""
    recipients: tuple[GroupRecipient, ...]
    date: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class InboxMessage:
    """A received message."""

    id: str | None = field(repr=False)
    sender: str = field(repr=False)
    recipient: str | None = field(repr=False)
    text: str = field(repr=False)
    date: datetime | None
    is_ambiguous: bool = False
    """Whether the portal's answer leaves open who wrote what in it."""
    is_forgeable: bool = False
    """Whether the text of a message before it in the listing may have made it up."""
    shows_encoder: bool = False
    """Whether its text stands in the answer as only an encoder writes it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelIds:
    """What a WhatsApp channel can be named by."""

    channel_id: str
    gateway_id: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel(ChannelIds):
    """A WhatsApp channel as `listchannel` lists it."""

    number: str | None = field(repr=False)
    label: str | None = field(repr=False)
    last_sync: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelDetails(Channel):
    """A WhatsApp channel as `viewchannel` shows it."""

    plan: str | None
    """In the portal's wording, scrubbed."""
    version: str | None
    device_status: str | None
    """Device status in the portal's wording, None if it is more than a status."""
    connection: Connection
    up_time: timedelta | None
    """How long the channel has been connected."""
    subscription_end: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NewChannel(ChannelIds):
    """A channel that `createchannel` created."""

    subscription_end: datetime | None
