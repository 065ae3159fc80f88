"""What the portal knows: accounts, groups, inboxes, channels and its ledger."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import count
from typing import Final, Literal
from zoneinfo import ZoneInfo

from . import inferred
from .installation import Installation
from .processing import Course
from .templates import Template
from .words import RecipientState

# How an account's GET-only operations answer a POST: as if it had no parameters, or
# with another page. Older pages of the vendor document them as GET [doc]; what such a
# portal says to a POST is [inferred].
type PostAnswer = Literal["refusal", "login_page", "status_405", "status_403"]
POST_ANSWERS: Final[tuple[PostAnswer, ...]] = (
    "refusal",
    "login_page",
    "status_405",
    "status_403",
)

TIME_FORMAT: Final = "%Y-%m-%d %H:%M:%S"


class SqlError(Exception):
    """The database failed; its error is the whole body of the answer."""


class RefusedError(ValueError):
    """The portal does not do what it was asked; the text is what it answers."""


@dataclass(slots=True, eq=False)
class InboxMessage:
    """One inbound message. Numbers are digits with a country code, no plus."""

    id: str
    sender: str
    to: str
    text: str
    date: datetime
    read: bool = False


@dataclass(slots=True, eq=False)
class Account:
    """One customer of the portal; tests may change any field at any time.

    `senders` are the sender IDs allowed, None allows every one; `unapproved_senders`
    were asked for. National numbers are of `country_code`. `receive_price` is what an
    inbound message costs: receiving may [server]. `price` is what one
    segment to one recipient costs, in credits. `post_answer` is how balance and
    getinbox answer a POST, None: as a GET. `white_list` are the addresses that the API
    is used from, none turns it off [doc]. `time_zone` is the user's own setting, None:
    the portal's zone; all dates that are shown move with it [server].
    """

    name: str
    api_key: str
    api_token: str = field(repr=False)
    credits: Decimal
    senders: set[str] | None = None
    unapproved_senders: set[str] = field(default_factory=set)
    country_code: str = inferred.COUNTRY_CODE
    api_enabled: bool = True
    post_answer: PostAnswer | None = None
    white_list: set[str] = field(default_factory=set)
    time_zone: str | None = None
    price: Decimal = Decimal(1)
    receive_price: Decimal = Decimal(0)
    number: str = inferred.INBOUND_NUMBER
    inbox: list[InboxMessage] = field(default_factory=list, repr=False)


@dataclass(slots=True, eq=False)
class GroupRecipient:
    """One recipient of one send; its course ends in what `outcome` says."""

    id: str
    group_id: str
    to: str
    state: RecipientState
    outcome: RecipientState
    course: Course
    channel_id: str | None = None

    def tell(self, state: RecipientState) -> None:
        """Change it now; the clock does not decide about it any more."""
        self.state = state
        self.course = Course()


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """One accepted send."""

    group_id: str
    account: Account
    accepted: datetime
    recipients: tuple[GroupRecipient, ...]


class ChannelState(StrEnum):
    """The life of a WhatsApp channel."""

    PAIRING = "pairing"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    EXPIRED = "expired"


@dataclass(slots=True, eq=False)
class Channel:
    """A WhatsApp channel. Times in UTC; `session` counts the pairings begun."""

    channel_id: str
    gateway_id: str
    account: Account
    label: str
    plan: str
    created: datetime
    subscription_end: datetime
    state: ChannelState = ChannelState.PAIRING
    whatsapp_number: str = ""
    connected_since: datetime | None = None
    last_sync: datetime | None = None
    session: int = 1
    sent: list[GroupRecipient] = field(default_factory=list, repr=False)


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One message to one recipient, accepted and billed.

    `time` is UTC, `schedule` in the user's zone, `account` an account's name.
    `text` is what strip_tags left of the request's, `arrived_text` what the phone
    shows; `credits` is the price of this one recipient.
    """

    time: datetime
    account: str
    group_id: str
    recipient_id: str
    to: str
    type: str
    sender: str
    text: str
    arrived_text: str
    segments: int
    credits: Decimal
    route: str
    schedule: datetime | None
    file: str | None
    language: str | None
    duration: str | None
    template: Template | None


@dataclass(frozen=True, slots=True)
class RequestLog:
    """One request that reached the portal, without its credentials.

    `parameters` are those of the URL and the body but the operation, as they came.
    `has_cookie`: it brought the cookie of a session. `followed` says that it went where
    a redirect had pointed to, `fault` which disturbance it met.
    """

    time: datetime
    method: str
    path: str
    operation: str
    parameters: Mapping[str, str]
    has_credentials: bool
    credentials_in_url: bool
    credentials_in_headers: bool
    has_cookie: bool
    followed: bool
    fault: str | None


def utc_now() -> datetime:
    """Return the time; a frozen clock freezes the portal's too."""
    return datetime.now(UTC)


class State:
    """All that the portal remembers, and its clock."""

    def __init__(
        self,
        installation: Installation,
        *,
        time_zone: str,
        deliver_after: float | None,
        clock: Callable[[], datetime],
    ) -> None:
        """Start with nothing. `deliver_after` is in seconds, None: until told."""
        self.installation = installation
        self.zone = ZoneInfo(time_zone)
        self.deliver_after = deliver_after
        self.next_delivery: RecipientState = "sent"
        self.now = clock
        self.accounts: list[Account] = []
        self.groups: dict[str, Group] = {}
        self.taken_by_run: Counter[datetime] = Counter()
        self.channels: dict[str, Channel] = {}
        self.ledger: list[LedgerEntry] = []
        self.requests: list[RequestLog] = []
        self.ledger_listener: Callable[[LedgerEntry], None] | None = None
        self._ids = {
            "account": count(1),
            "group": count(1001),
            "recipient": count(20001),
            "message": count(301),
            "channel": count(1),
            "gateway": count(501),
        }

    def next_id(self, kind: str) -> int:
        """Return the next number of its kind."""
        return next(self._ids[kind])

    def local(self, time: datetime) -> str:
        """Return a time as the portal writes it, in its own zone."""
        return time.astimezone(self.zone).strftime(TIME_FORMAT)

    def shown(self, time: datetime, account: Account) -> str:
        """Return a time as it is listed to an account, in the user's zone."""
        return time.astimezone(self._zone_of(account)).strftime(TIME_FORMAT)

    def from_shown(self, text: str, account: Account) -> datetime:
        """Read a time of the user's zone; raise ValueError if it is none."""
        zone = self._zone_of(account)
        # strptime alone would take single digits too.
        time = datetime.strptime(text, TIME_FORMAT).replace(tzinfo=zone)
        if time.strftime(TIME_FORMAT) != text:
            raise ValueError(text)
        return time

    def _zone_of(self, account: Account) -> ZoneInfo:
        zone = account.time_zone
        return self.zone if zone is None else ZoneInfo(zone)

    def account_of(self, api_key: str) -> Account | None:
        """Return the account with this key."""
        return next((a for a in self.accounts if a.api_key == api_key), None)

    def channels_of(self, account: Account) -> list[Channel]:
        """Return an account's channels, oldest first."""
        return [c for c in self.channels.values() if c.account is account]

    def record(self, entry: LedgerEntry) -> None:
        """Add to the ledger."""
        self.ledger.append(entry)
        if self.ledger_listener is not None:
            self.ledger_listener(entry)
