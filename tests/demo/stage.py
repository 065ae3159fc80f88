"""What the steps of the demo share."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, DecimalException
from typing import Final

from homeassistant.util import dt as dt_util

from .home_assistant import HomeAssistant, Json
from .portal_control import DemoPortal
from .transcript import NotSeenError

# From the ranges set aside for fiction.
ANNA: Final = "+12025550123"
BEN: Final = "+447700900123"
NEIGHBOR: Final = "+12025550145"
STRANGER: Final = "+12025550187"
OURS: Final = "12025550100"

RECENT: Final = timedelta(minutes=2)
LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(kw_only=True)
class Stage:
    """What the steps share."""

    home: HomeAssistant
    portal: DemoPortal
    api_key: str
    api_token: str
    restart: Callable[[], Awaitable[None]]
    """Stops Home Assistant, and starts it again."""
    entry_id: str = ""
    device_id: str = ""
    entities: dict[str, str] = field(default_factory=dict)
    """Entity ids of the account by their key: `balance`, `unread_messages`, …"""
    received_at: datetime = LONG_AGO
    """When Anna's first message came."""
    expected_log: list[str] = field(default_factory=list)
    """Parts of lines that a step makes the integration log as warnings."""

    def number(self, key: str) -> Decimal:
        """Return what a sensor of the account says now."""
        return Decimal(self.home.states[self.entities[key]]["state"])


type Step = Callable[[Stage], Awaitable[str]]


async def billed(stage: Stage, text: str, *numbers: str) -> None:
    """See that the portal billed a text once to each of these, and to nobody else."""
    ledger = await stage.portal.ledger()
    billed = sorted(f"+{entry['to']}" for entry in ledger if entry["text"] == text)
    if billed != sorted(numbers):
        raise NotSeenError(f"“{text}” was billed to {billed or 'nobody'}")


async def receive_now(stage: Stage, sender: str, text: str) -> None:
    """Have a message come in, and look at once."""
    await stage.portal.tell("inbound", **{"from": sender[1:], "to": OURS, "text": text})
    await stage.home.action(
        "homeassistant.update_entity", entity_id=stage.entities["unread_messages"]
    )


def is_available(state: Json) -> bool:
    """Whether there is anything behind a state."""
    return str(state["state"]) != "unavailable"


def is_number(state: Json, number: Decimal | int) -> bool:
    """Whether a state is this number."""
    try:
        return Decimal(state["state"]) == number
    except DecimalException:
        return False


def is_recent(state: Json) -> bool:
    """Whether a state is a time of just now."""
    return abs(dt_util.utcnow() - as_time(state["state"])) < RECENT


def as_time(text: str) -> datetime:
    """Return a state that is a time; long ago for one that is none."""
    return dt_util.parse_datetime(text) or LONG_AGO


def clock(text: str) -> str:
    """Return the time of day of a state that is a time."""
    return f"{as_time(text):%H:%M:%S} UTC"
