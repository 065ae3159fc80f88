"""What the steps of the demo share."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
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

_RECENT: Final = timedelta(minutes=2)


@dataclass(kw_only=True)
class Stage:
    """What the steps share."""

    home: HomeAssistant
    portal: DemoPortal
    api_key: str
    api_token: str
    entry_id: str = ""
    device_id: str = ""
    entities: dict[str, str] = field(default_factory=dict)
    """Entity ids of the account by their key: `balance`, `unread_messages`, …"""
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
    time = _time(state["state"])
    return time is not None and abs(dt_util.utcnow() - time) < _RECENT


def _time(text: str) -> datetime | None:
    return dt_util.parse_datetime(text)


def clock(text: str) -> str:
    """Return the time of day of a state that is a time."""
    time = _time(text)
    return text if time is None else f"{time:%H:%M:%S} UTC"
