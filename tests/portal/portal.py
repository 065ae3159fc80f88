"""The portal as tests hold it: its life on the network, and what happens around it."""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from decimal import Decimal
import json
from pathlib import Path
from types import TracebackType
from typing import Self, override

from . import channels, control, delivery
from .faults import ANY_OPERATION, Fault, FaultKind, FaultRules
from .installation import DEFAULT_SPELLING, Installation
from .listener import Listener
from .plain import plain
from .processing import Processing
from .server import API_PATHS, Server
from .spelling import Spelling
from .state import (
    Account,
    Channel,
    Group,
    GroupRecipient,
    InboxMessage,
    LedgerEntry,
    PostAnswer,
    RequestLog,
    State,
    utc_now,
)
from .words import RECIPIENT_STATES, RecipientState


class Portal(Installation, AbstractAsyncContextManager["Portal"]):
    """A bulk-messaging portal on a loopback port."""

    def __init__(  # noqa: PLR0913 - what tests choose from the start
        self,
        *,
        spelling: Spelling = DEFAULT_SPELLING,
        processing: Processing = Processing.TOLD,
        time_zone: str = "Africa/Lagos",
        deliver_after: float | None = None,
        paths: tuple[str, ...] = API_PATHS,
        ledger_file: Path | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Make a portal whose times are of `time_zone`.

        Recipients stay queued for `deliver_after` seconds, None: until `deliver`.
        `ledger_file` gets every ledger entry as a JSON line. `clock` answers UTC.
        """
        super().__init__(spelling=spelling, processing=processing)
        self.state = State(
            self, time_zone=time_zone, deliver_after=deliver_after, clock=clock
        )
        self._faults = FaultRules()
        self._server = Server(self.state, self._faults, paths)
        self._listener: Listener | None = None
        self._control: Listener | None = None
        if ledger_file is not None:
            self.state.ledger_listener = _appender(ledger_file)

    # --- Life ------------------------------------------------------------------------

    async def start(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        control_port: int | None = None,
    ) -> None:
        """Listen. Port 0 is any free one; control port None: no control interface."""
        self._server.pauses.begin()
        self._listener = Listener(self._server.application(), host, port)
        if control_port is not None:
            self._control = Listener(control.application(self), host, control_port)
        try:
            await self._listener.start()
            if self._control is not None:
                await self._control.start()
        except OSError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close every connection and every port."""
        self._server.pauses.end()
        for listener in (self._listener, self._control):
            if listener is not None:
                await listener.stop()
        self._listener = self._control = None

    @override
    async def __aenter__(self) -> Self:
        if self._listener is None:
            await self.start()
        return self

    @override
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def refuse(self) -> None:
        """Refuse connections and drop idle ones; what is under way is answered."""
        await _started(self._listener).refuse()

    async def accept(self) -> None:
        """Listen again, on the same port."""
        await _started(self._listener).accept()

    @property
    def url(self) -> str:
        """The portal's address, without a path."""
        return _started(self._listener).url

    @property
    def control_url(self) -> str:
        """The control interface's address, without a path."""
        return _started(self._control).url

    # --- What it knows ---------------------------------------------------------------

    @property
    def accounts(self) -> list[Account]:
        """Every account; the first one is the default."""
        return self.state.accounts

    @property
    def channels(self) -> dict[str, Channel]:
        """Every channel by its id, brought up to date."""
        for channel in self.state.channels.values():
            channels.refresh(self.state, channel)
        return self.state.channels

    @property
    def groups(self) -> dict[str, Group]:
        """Every accepted send by its id, its recipients brought up to date."""
        for group in self.state.groups.values():
            delivery.settle(self.state, group.recipients)
        return self.state.groups

    @property
    def ledger(self) -> list[LedgerEntry]:
        """Every message to every recipient that was accepted and billed, in order."""
        return self.state.ledger

    @property
    def requests(self) -> list[RequestLog]:
        """Every request that reached the portal, in order, without credentials."""
        return self.state.requests

    @property
    def max_in_flight(self) -> Counter[str]:
        """The most requests at once, by operation; `*` is all of them."""
        return self._server.max_in_flight

    @property
    def paused(self) -> set[int]:
        """The clients' ports of the requests that get no answer unless time passes."""
        return self._server.pauses.ports

    def reset_max_in_flight(self) -> None:
        """Count the most requests at once afresh."""
        self._server.max_in_flight.clear()

    # --- Accounts and messages -------------------------------------------------------

    def add_account(  # noqa: PLR0913 - the fields of an account
        self,
        *,
        api_key: str,
        api_token: str,
        credits: Decimal = Decimal(100),  # noqa: A002 - the portal's own word
        senders: set[str] | None = None,
        api_enabled: bool = True,
        post_answer: PostAnswer | None = None,
        name: str | None = None,
    ) -> Account:
        """Add an account. `senders` None allows any sender ID."""
        if self.state.account_of(api_key) is not None:
            msg = "this API key is taken"
            raise ValueError(msg)
        account = Account(
            name=name or f"account-{self.state.next_id('account')}",
            api_key=api_key,
            api_token=api_token,
            credits=credits,
            senders=senders,
            api_enabled=api_enabled,
            post_answer=post_answer,
        )
        self.state.accounts.append(account)
        return account

    def receive(  # noqa: PLR0913, PLR0917 - the fields of a message
        self,
        account: Account,
        sender: str,
        text: str,
        to: str | None = None,
        date: datetime | None = None,
        id: str | None = None,  # noqa: A002 - the portal's own word
    ) -> InboxMessage:
        """Put an unread message into the inbox. A date without a zone is local."""
        if date is None:
            date = self.state.now()
        elif date.tzinfo is None:
            date = date.replace(tzinfo=self.state.zone)
        message = InboxMessage(
            id=id or str(self.state.next_id("message")),
            sender=sender,
            to=to or account.number,
            text=text,
            date=date,
        )
        account.inbox.append(message)
        account.credits -= account.receive_price
        return message

    @property
    def next_delivery(self) -> RecipientState:
        """What a recipient accepted from now on becomes after `deliver_after`."""
        return self.state.next_delivery

    @next_delivery.setter
    def next_delivery(self, value: RecipientState) -> None:
        if value not in RECIPIENT_STATES:
            msg = f"not a recipient's state: {value}"
            raise ValueError(msg)
        self.state.next_delivery = value

    @property
    def deliver_after(self) -> float | None:
        """How long recipients accepted from now on stay queued, in seconds."""
        return self.state.deliver_after

    @deliver_after.setter
    def deliver_after(self, value: float | None) -> None:
        self.state.deliver_after = value

    def deliver(
        self,
        state: RecipientState,
        group_id: str | None = None,
        to: str | None = None,
        count: int | None = None,
    ) -> list[GroupRecipient]:
        """Change queued recipients now, oldest first; return those changed.

        "queued" takes them off the clock: they wait until told again.
        """
        if state not in RECIPIENT_STATES:
            msg = f"not a recipient's state: {state}"
            raise ValueError(msg)
        return delivery.deliver(
            self.state, state, group_id=group_id, to=to, count=count
        )

    # --- Channels --------------------------------------------------------------------

    def add_channel(
        self, account: Account, label: str = "Office", plan: str = "pro"
    ) -> Channel:
        """Add a channel as the portal's own pages do; it waits to be paired."""
        return channels.create(self.state, account, label, plan)

    def channel(self, channel: Channel | str) -> Channel:
        """Return a channel by its id."""
        if isinstance(channel, Channel):
            return channel
        return self.state.channels[channel]

    def pair(self, channel: Channel | str, number: str = "447700900123") -> None:
        """Scan the QR code with the phone of this number."""
        channels.pair(self.state, self.channel(channel), number)

    def drop(self, channel: Channel | str) -> None:
        """Disconnect the phone; the QR code has to be scanned again."""
        channels.drop(self.state, self.channel(channel))

    def expire(self, channel: Channel | str) -> None:
        """End the channel's subscription."""
        channels.expire(self.state, self.channel(channel))

    def rename(self, channel: Channel | str, label: str) -> None:
        """Change the channel's label."""
        self.channel(channel).label = label

    def remove_channel(self, channel: Channel | str) -> None:
        """Remove the channel, as the portal's own pages do."""
        channels.remove(self.state, self.channel(channel))

    def qr_payload(self, channel: Channel | str) -> str:
        """Return what the QR code says now; raise RefusedError if there is none."""
        return channels.qr_payload(self.state, self.channel(channel))

    # --- Faults ----------------------------------------------------------------------

    @property
    def faults(self) -> list[Fault]:
        """The rules, in the order in which they are tried."""
        return self._faults.rules

    def fail(  # noqa: PLR0913 - the fields of a rule
        self,
        kind: FaultKind | str,
        operation: str = ANY_OPERATION,
        *,
        times: int | None = None,
        seconds: float | None = None,
        processed: bool = False,
        text: str | None = None,
        status: int | None = None,
        retry_after: str | None = None,
    ) -> Fault:
        """Misbehave from now on, `times` times or until `clear_faults`."""
        fault = Fault(
            FaultKind(kind),
            operation,
            times=times,
            seconds=seconds,
            processed=processed,
            text=text,
            status=status,
            retry_after=retry_after,
        )
        self._faults.rules.append(fault)
        return fault

    def clear_faults(self) -> None:
        """Behave from now on."""
        self._faults.rules.clear()


def _started(listener: Listener | None) -> Listener:
    if listener is None:
        msg = "this was not started"
        raise RuntimeError(msg)
    return listener


def _appender(path: Path) -> Callable[[LedgerEntry], None]:
    """Return what appends ledger entries to a file, a JSON line each."""

    def append(entry: LedgerEntry) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(plain(entry)) + "\n")

    return append
