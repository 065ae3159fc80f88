"""A home that sends."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, override

from homeassistant.core import State
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests import home
from tests.portal import LedgerEntry, RequestLog

NO_LIMIT: Final = {**home.OPTIONS, "hourly_limit": 0}


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusEvent:
    """What the account's `message_status` reported."""

    time: float
    status: str
    number: str
    name: str | None
    group_id: str | None
    reason: str | None
    code: str | None
    """The code of the reason."""


class Home(home.Home):
    """A home that sends, and notes what is reported of it."""

    def __init__(self, world: home.World, entry: MockConfigEntry) -> None:
        """Note each event of the account's `message_status`."""
        super().__init__(world, entry)
        self.account.credits = Decimal(100_000)
        self.events: list[StatusEvent] = []
        self.on_event(self.entity("event", "message_status"), self._note)

    def _note(self, state: State) -> None:
        self.events.append(
            StatusEvent(
                time=self.now,
                status=state.attributes["event_type"],
                number=state.attributes["number"],
                name=state.attributes["name"],
                group_id=state.attributes["group_id"],
                reason=state.attributes["reason"],
                code=state.attributes["reason_code"],
            )
        )

    @override
    async def restart(self, storage: home.Storage | None = None) -> None:
        """Start the account from a snapshot of its storage, by default from one of now.

        What it writes while it stops is lost: nothing here relies on that.
        """
        await super().restart(storage or self.snapshot_storage())

    async def refuse(self) -> None:
        """Let the portal be away, from when nothing is under way."""
        await self.settle()
        await self.portal.refuse()

    # --- What a user does ------------------------------------------------------------

    async def send(
        self, *numbers: str | int, message: str = "Hello", **data: Any
    ) -> list[dict[str, Any]]:
        """Send a text and return the outcomes."""
        response = await self.call(
            "send_message", numbers=list(numbers), message=message, **data
        )
        outcomes: list[dict[str, Any]] = response["recipients"]
        return outcomes

    async def statuses(
        self, *numbers: str | int, message: str = "Hello", **data: Any
    ) -> list[str]:
        """Send a text and return the status of each outcome."""
        return [o["status"] for o in await self.send(*numbers, message=message, **data)]

    async def notify(self, entity_id: str, message: str = "Hello") -> None:
        """Send a text by a notify entity."""
        try:
            await self.hass.services.async_call(
                "notify",
                "send_message",
                {"entity_id": entity_id, "message": message},
                blocking=True,
            )
        finally:
            await home.wait_for_databases()

    # --- What a user sees ------------------------------------------------------------

    def total(self, key: str) -> int:
        """Return the state of `messages_sent`, `messages_failed` or `_pending`."""
        return int(self.shown(self.entity("sensor", f"messages_{key}")).state)

    @property
    def totals(self) -> tuple[int, int, int]:
        """How many recipients are sent, failed and pending."""
        return self.total("sent"), self.total("failed"), self.total("pending")

    def published(self, number: str | None = None) -> list[str]:
        """Return every status that was published, of a number or of all."""
        return [e.status for e in self.events if number in {None, e.number}]

    # --- What the portal saw ---------------------------------------------------------

    @override
    def requests(self, *operations: str) -> list[RequestLog]:
        """Return the requests of operations, by default those that send."""
        return super().requests(*(operations or ("sendsms",)))

    def accepted(self, *, by: Callable[[LedgerEntry], str]) -> Counter[str]:
        """Count what the portal accepted, by something of its ledger."""
        return Counter(by(entry) for entry in self.portal.ledger)

    @property
    def texts(self) -> list[str]:
        """Every text of the portal's ledger, in order."""
        return [entry.text for entry in self.portal.ledger]
