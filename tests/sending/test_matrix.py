"""Every way in which a send can go wrong: the portal's ledger beside the reports."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

from homeassistant.exceptions import HomeAssistantError
import pytest

from tests.conftest import ANNA, BORIS, CARLA
from tests.portal import Channel, FaultKind, Processing

from .conftest import Row
from .home import Home

NUMBERS: Final = (ANNA, BORIS, CARLA)


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to go wrong, and what has to be reported of it.

    `kind` None is a refused connection. `lies`: the answer is whole and well-formed
    and says what is not so, which nobody can see.
    """

    kind: FaultKind | None
    reported: str
    processed: bool = False
    lies: bool = False
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it is called in the table."""
        if self.kind is None:
            return "connection refused"
        more = "".join(f" {value}" for value in self.more.values())
        done = " (processed)" if self.processed else ""
        return f"{self.kind.value}{more}{done}"


# The portal never answers, answers too late, or with what is no answer.
_UNCERTAIN: Final[tuple[tuple[FaultKind, dict[str, Any]], ...]] = (
    (FaultKind.HANG, {}),
    (FaultKind.HANG, {"seconds": 5}),
    (FaultKind.CUT, {}),
    (FaultKind.RESET, {}),
    (FaultKind.HTTP_500, {}),
    (FaultKind.HTTP_STATUS, {"status": 502}),
    (FaultKind.HTTP_STATUS, {"status": 503, "text": "Backend fetch failed"}),
    (FaultKind.HTML_PAGE, {}),
    (FaultKind.REDIRECT, {"text": "/smsAPI?sendsms"}),
    (FaultKind.NOT_JSON, {}),
    (FaultKind.HUGE, {}),
    (FaultKind.EMPTY_BODY, {}),
)
FAULTS: Final = (
    Fault(None, "held"),
    *(
        Fault(kind, "unknown", processed, more=more)
        for kind, more in _UNCERTAIN
        for processed in (False, True)
    ),
    # A web server says so before it hands a request on.
    Fault(FaultKind.HTTP_STATUS, "failed", more={"status": 404}),
    Fault(FaultKind.HTTP_STATUS, "held", more={"status": 429}),
    Fault(FaultKind.HTTP_STATUS, "held", more={"status": 429, "retry_after": "5"}),
    Fault(FaultKind.HTTP_STATUS, "held", more={"status": 503}),
    Fault(FaultKind.HTTP_STATUS, "held", more={"status": 503, "retry_after": "5"}),
    Fault(FaultKind.SLOW, "queued", processed=True, more={"seconds": 20}),
    Fault(FaultKind.SLOW, "unknown", processed=True, more={"seconds": 40}),
    Fault(FaultKind.PHP_NOTICE, "queued", processed=True),
    Fault(FaultKind.BOM, "queued", processed=True),
    Fault(FaultKind.ODD_TYPES, "queued", processed=True),
    Fault(FaultKind.EMPTY_FORMS, "queued", processed=True),
    Fault(FaultKind.VENDOR_SUCCESS, "queued", lies=True),
    Fault(FaultKind.VENDOR_SUCCESS, "queued", processed=True, lies=True),
    Fault(FaultKind.VENDOR_ERROR, "failed"),
    Fault(FaultKind.REFUSED_ERROR, "failed", more={"text": "Route blocked"}),
)
# What each becomes once the portal is well and has delivered all that it has.
_IN_THE_END: Final = {
    "held": "sent",
    "queued": "sent",
    "failed": "failed",
    "unknown": "unknown",
}


def test_matrix_is_complete() -> None:
    """Each fault of the portal that a send can meet is in the matrix."""
    kinds = {kind for kind in FaultKind if not kind.startswith("qr_")}
    assert {fault.kind for fault in FAULTS} == kinds | {None}


@pytest.mark.parametrize(
    "cell",
    product(FAULTS, (1, 3), ("sms", "whatsapp")),
    ids=lambda cell: f"{cell[0].name}, {cell[1]}, {cell[2]}",
)
async def test_cell(
    channel: Channel,
    home: Home,
    matrix: Callable[[Row], None],
    cell: tuple[Fault, int, str],
) -> None:
    """What is reported is what the ledger has: none twice, none lost, none wrongly."""
    fault, count, kind = cell
    portal, numbers = home.portal, NUMBERS[:count]
    if fault.kind is None:
        await home.refuse()
    else:
        portal.fail(fault.kind, "sendsms", processed=fault.processed, **fault.more)

    reported: dict[str, str] = {}
    raised: str | None = None
    try:
        outcomes = await home.until_done(home.send(*numbers, type=kind))
        reported = {o["number"]: o["status"] for o in outcomes}
    except HomeAssistantError as err:
        raised = err.translation_key
        reported = {e.number: e.status for e in home.events}
    await home.turn()
    in_ledger = _accepted(home)

    assert reported == dict.fromkeys(numbers, fault.reported)
    assert raised == ("not_sent" if fault.reported == "failed" else None)
    assert home.published() == [fault.reported] * count
    assert in_ledger == Counter(dict.fromkeys(numbers, int(fault.processed)))
    assert home.totals == (
        0,
        count if fault.reported == "failed" else 0,
        count if fault.reported in {"held", "queued"} else 0,
    )
    assert all(entry.type == kind for entry in portal.ledger)
    # Credentials do not go where an answer points to.
    assert not any(request.followed for request in portal.requests)

    portal.clear_faults()
    await portal.accept()
    # Nothing but what was held leaves once the portal is well, and that once.
    await home.advance(10)
    portal.deliver("sent")
    await home.advance(2 * 3600)
    in_the_end = "queued" if fault.lies else _IN_THE_END[fault.reported]
    assert {n: home.published(n)[-1] for n in numbers} == dict.fromkeys(
        numbers, in_the_end
    )
    expected = int(fault.processed or fault.reported == "held")
    assert _accepted(home) == Counter(dict.fromkeys(numbers, expected))
    assert home.totals == (
        count if in_the_end == "sent" else 0,
        count if in_the_end == "failed" else 0,
        count if in_the_end == "queued" else 0,
    )
    if fault.lies:
        # The group that it named does not exist: a day later that is said.
        await home.advance(24 * 3600)
        in_the_end = "unknown"
        assert home.published() == ["queued"] * count + ["unknown"] * count
        assert home.totals == (0, 0, 0)
        assert _accepted(home) == Counter(dict.fromkeys(numbers, expected))

    matrix(
        (
            fault.name,
            str(count),
            kind,
            str(in_ledger.total()),
            f"{count} {fault.reported}{', the action raises' if raised else ''}",
            f"{_accepted(home).total()} accepted, {count} {in_the_end}",
        )
    )


@dataclass(frozen=True, slots=True)
class Habit:
    """What a portal does that is no fault of it, and what numbers show of it.

    `is_away`: it cannot be reached at first.
    """

    name: str
    first: str
    first_in_the_end: str
    others: str
    refuses_first: bool = False
    processing: Processing = Processing.TOLD
    is_away: bool = False


HABITS: Final = (
    Habit("one bad number", "failed", "failed", "queued", refuses_first=True),
    Habit(
        "one bad number, held",
        "held",
        "failed",
        "held",
        refuses_first=True,
        is_away=True,
    ),
    Habit("immediate", "sent", "sent", "sent", processing=Processing.IMMEDIATE),
    Habit(
        "immediate, one bad number",
        "failed",
        "failed",
        "sent",
        refuses_first=True,
        processing=Processing.IMMEDIATE,
    ),
    Habit(
        "immediate, held",
        "held",
        "sent",
        "held",
        processing=Processing.IMMEDIATE,
        is_away=True,
    ),
)


@pytest.mark.parametrize(
    "cell",
    product(HABITS, (2, 3), ("sms", "whatsapp")),
    ids=lambda cell: f"{cell[0].name}, {cell[1]}, {cell[2]}",
)
async def test_habit(
    channel: Channel,
    home: Home,
    matrix: Callable[[Row], None],
    cell: tuple[Habit, int, str],
) -> None:
    """Each number is told what became of it, and nobody pays for another one."""
    habit, count, kind = cell
    portal, numbers = home.portal, NUMBERS[:count]
    first, *others = numbers
    portal.processing = habit.processing
    if habit.refuses_first:
        portal.refused_numbers = {first[1:]}
    if habit.is_away:
        await home.refuse()

    outcomes = await home.send(*numbers, type=kind)
    in_ledger = _accepted(home)
    reported = {o["number"]: o["status"] for o in outcomes}
    assert reported == {first: habit.first, **dict.fromkeys(others, habit.others)}
    taken = others if habit.refuses_first else numbers
    assert in_ledger == Counter({} if habit.is_away else dict.fromkeys(taken, 1))

    await portal.accept()
    await home.advance(10)
    if habit.processing is not Processing.IMMEDIATE:
        portal.deliver("sent")
    await home.advance(2 * 3600)
    assert home.published(first)[-1] == habit.first_in_the_end
    assert {home.published(number)[-1] for number in others} == {"sent"}
    assert _accepted(home) == Counter(dict.fromkeys(taken, 1))
    assert home.totals == (len(taken), count - len(taken), 0)

    shown = Counter(reported.values())
    in_the_end = Counter(home.published(number)[-1] for number in numbers)
    matrix(
        (
            habit.name,
            str(count),
            kind,
            str(in_ledger.total()),
            ", ".join(f"{n} {status}" for status, n in shown.items()),
            f"{_accepted(home).total()} accepted, "
            + ", ".join(f"{n} {status}" for status, n in in_the_end.items()),
        )
    )


def _accepted(home: Home) -> Counter[str]:
    """Count what the portal accepted for each number; one with nothing is no entry."""
    return home.accepted(by=lambda entry: f"+{entry.to}")
