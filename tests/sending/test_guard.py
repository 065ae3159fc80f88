"""The spend guard: what stops an automation that has gone wild."""

import asyncio
from contextlib import suppress
import random
from typing import Any, Final

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest

from custom_components.smskit.const import DOMAIN
from tests.conftest import ANNA, BORIS, CARLA
from tests.home import OPTIONS
from tests.portal import Processing

from .home import Home

_LIMIT: Final = 5


def _options(limit: int) -> dict[str, Any]:
    return {**OPTIONS, "hourly_limit": limit}


limited = pytest.mark.parametrize("options", [_options(_LIMIT)])


def _numbers(count: int, first: int = 0) -> list[str]:
    return [f"+120255501{index:02}" for index in range(first, first + count)]


def _clock(time: float) -> str:
    """Return a time as a person in this home reads it."""
    return dt_util.as_local(dt_util.utc_from_timestamp(time)).strftime("%H:%M:%S")


def _issue(home: Home) -> ir.IssueEntry | None:
    return ir.async_get(home.hass).async_get_issue(
        DOMAIN, f"hourly_limit_{home.entry.entry_id}"
    )


async def _refused(home: Home, count: int, *, first: int = 0) -> ServiceValidationError:
    """Send to so many, and return the error of the guard."""
    requests = len(home.portal.requests)
    with pytest.raises(ServiceValidationError) as raised:
        await home.send(*_numbers(count, first), message=f"{home.now} {count}")
    assert len(home.portal.requests) == requests
    return raised.value


async def _allowed(home: Home, count: int) -> None:
    """Send to so many, which has to go."""
    statuses = await home.statuses(*_numbers(count), message=f"{home.now} {count}")
    assert statuses == ["queued"] * count
    await home.settle()


@limited
async def test_exact_at_the_boundary(home: Home) -> None:
    """The limit is met exactly, and room comes back to the second, and no more."""
    start = home.now
    await _allowed(home, 3)
    await home.advance(600)
    await _allowed(home, 2)
    error = await _refused(home, 1)
    assert error.translation_key == "hourly_limit"
    assert error.translation_placeholders == {
        "limit": "5",
        "next": _clock(start + 3600),
    }
    await home.advance(2999)
    await _refused(home, 1)
    await home.advance(1)
    assert home.now == start + 3600
    # The three of the first minute are out of the hour, the other two are not.
    error = await _refused(home, 4)
    assert error.translation_placeholders is not None
    assert error.translation_placeholders["next"] == _clock(start + 4200)
    await _allowed(home, 3)
    await _refused(home, 1)
    assert len(home.portal.ledger) == 8


@limited
async def test_all_or_nothing(home: Home) -> None:
    """A message that would go beyond the limit goes to nobody."""
    await _allowed(home, 4)
    await _refused(home, 2)
    assert len(home.portal.ledger) == 4
    assert home.totals == (0, 0, 4)
    await _allowed(home, 1)


@limited
async def test_more_than_ever(home: Home) -> None:
    """More recipients than an hour allows can never go, and the error says so."""
    error = await _refused(home, 6)
    assert error.translation_key == "over_hourly_limit"
    assert error.translation_placeholders == {"limit": "5"}


@limited
async def test_one_that_is_no_number_does_not_count(home: Home) -> None:
    """Only those who are sent to count against the limit."""
    outcomes = await home.send(*_numbers(5), "not a number")
    assert [o["status"] for o in outcomes] == ["queued"] * 5 + ["failed"]


@limited
async def test_notify_is_guarded(home: Home) -> None:
    """The notify entities have the same limit."""
    await _allowed(home, 4)
    with pytest.raises(ServiceValidationError) as raised:
        await home.notify("notify.family")
    assert raised.value.translation_key == "hourly_limit"
    await home.notify("notify.anna")
    assert len(home.portal.ledger) == 5


@limited
@pytest.mark.parametrize("how", ["reload", "restart"])
async def test_counted_across_a_restart(home: Home, how: str) -> None:
    """Neither a reload nor a restart makes room."""
    start = home.now
    await _allowed(home, 5)
    await home.advance(1800)
    if how == "reload":
        await home.reload()
    else:
        await home.restart()
    await _refused(home, 1)
    await home.advance(1799)
    await _refused(home, 1)
    await home.advance(start + 3600 - home.now)
    await _allowed(home, 5)


@limited
async def test_loop_is_stopped(home: Home) -> None:
    """An automation that sends in a loop gets out as much as the limit allows."""
    refused = 0
    for index in range(50):
        try:
            await home.send(ANNA, message=f"Loop {index}")
        except ServiceValidationError:
            refused += 1
    assert len(home.portal.ledger) == _LIMIT
    assert refused == 45


@limited
async def test_at_once(home: Home) -> None:
    """Many calls at once do not get past the limit between them."""
    results = await asyncio.gather(
        *(home.send(number, message="All at once") for number in _numbers(20)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, list) for result in results) == _LIMIT
    assert len(home.portal.ledger) == _LIMIT


@limited
async def test_unknown_counts(home: Home) -> None:
    """What may have been sent and billed counts."""
    home.portal.fail("reset", "sendsms", processed=True)
    assert await home.statuses(*_numbers(5)) == ["unknown"] * 5
    home.portal.clear_faults()
    await _refused(home, 1, first=10)


@limited
async def test_held_counts_once(home: Home) -> None:
    """What is held has its place in the hour that it leaves in, and once."""
    await home.refuse()
    for number in _numbers(5):
        await home.send(number)
    await _refused(home, 1, first=10)
    await home.portal.accept()
    await home.advance(30)
    left = home.now
    assert len(home.portal.ledger) == 5
    await _refused(home, 1, first=10)
    await home.advance(3600)
    assert home.now >= left + 3600
    await _allowed(home, 5)


@limited
async def test_never_more_in_any_hour(home: Home) -> None:
    """Whatever is sent and held, no hour of the ledger has more than the limit."""
    chance = random.Random(20270210)  # noqa: S311 - the same in every run
    for index in range(120):
        if chance.random() < 0.1:
            await home.refuse()
        else:
            await home.portal.accept()
        with suppress(HomeAssistantError):
            await home.send(
                *_numbers(chance.randint(1, 3)),
                message=f"{index}",
                expires_in={"minutes": 10},
            )
        # Less than the 30 s after which polling would log that it fails.
        await home.portal.accept()
        await home.advance(chance.choice([1, 20, 180, 600]))
    times = [entry.time.timestamp() for entry in home.portal.ledger]
    assert len(times) > 20
    assert all(
        sum(start <= time < start + 3600 for time in times) <= _LIMIT for start in times
    )


@pytest.mark.parametrize("options", [_options(0)])
async def test_no_limit(home: Home) -> None:
    """With a limit of 0 nothing is stopped."""
    for index in range(12):
        await _allowed(home, 20)
        await home.advance(index + 1)
    assert len(home.portal.ledger) == 240


async def test_default_limit(home: Home) -> None:
    """An account that says nothing of it sends to 100 an hour."""
    await _allowed(home, 99)
    await _refused(home, 2)
    await _allowed(home, 1)
    await _refused(home, 1, first=50)


@limited
async def test_issue(home: Home) -> None:
    """A repair issue reports the limit for as long as it stops messages."""
    await _allowed(home, 5)
    assert _issue(home) is None
    await home.advance(60)
    await _refused(home, 1)
    issue = _issue(home)
    assert issue is not None
    assert issue.translation_key == "hourly_limit"
    assert issue.translation_placeholders == {"account": "127.0.0.1", "limit": "5"}
    assert not issue.is_fixable
    await home.advance(3500)
    assert _issue(home) is not None
    await home.advance(60)
    assert _issue(home) is None


@limited
async def test_issue_goes_with_a_message_that_goes(home: Home) -> None:
    """A message that fits ends the issue that a larger one began."""
    await _refused(home, 6)
    assert _issue(home) is not None
    await _allowed(home, 1)
    assert _issue(home) is None


@limited
async def test_issue_goes_with_the_account(home: Home) -> None:
    """An account that is unloaded leaves no issue behind."""
    await _refused(home, 6)
    assert _issue(home) is not None
    await home.hass.config_entries.async_unload(home.entry.entry_id)
    assert _issue(home) is None


async def test_repeat(home: Home) -> None:
    """The same text to the same number within a minute is sent once."""
    (first,) = await home.send(ANNA)
    assert first["duplicate"] is False
    await home.advance(59)
    (copy,) = await home.send("(202) 555-0123")
    assert copy == {**first, "duplicate": True}
    outcomes = await home.send(ANNA, BORIS)
    assert [(o["number"], o["status"], o["duplicate"]) for o in outcomes] == [
        (ANNA, "queued", True),
        (BORIS, "queued", False),
    ]
    assert await home.statuses(ANNA, message="Another") == ["queued"]
    assert await home.statuses(ANNA, title="Title") == ["queued"]
    await home.advance(1)
    (again,) = await home.send(ANNA)
    assert again["duplicate"] is False
    assert len(home.portal.ledger) == 5
    assert home.published() == ["queued"] * 5


async def test_repeat_allowed(home: Home) -> None:
    """A call that says so may repeat, and is itself remembered."""
    await home.send(ANNA)
    await home.advance(40)
    assert await home.statuses(ANNA, allow_repeat=True) == ["queued"]
    await home.advance(40)
    (outcome,) = await home.send(ANNA)
    assert outcome["duplicate"] is True
    assert len(home.portal.ledger) == 2


@pytest.mark.parametrize("becomes", ["held", "queued", "sent", "unknown"])
async def test_repeat_across_a_restart(home: Home, becomes: str) -> None:
    """A restart does not make a repetition something new, whatever became of it."""
    match becomes:
        case "held":
            home.portal.fail("http_status", "sendsms", retry_after="60", times=1)
        case "sent":
            home.portal.processing = Processing.IMMEDIATE
        case "unknown":
            home.portal.fail("reset", "sendsms", processed=True, times=1)
    (first,) = await home.send(ANNA)
    assert first["status"] == becomes
    await home.restart()
    (copy,) = await home.send(ANNA)
    # What is held leaves with the start.
    shown = "queued" if becomes == "held" else becomes
    assert (copy["status"], copy["duplicate"]) == (shown, True)
    assert copy["reason"] == (None if becomes == "held" else first["reason"])
    await home.advance(70)
    assert len(home.portal.ledger) == 1


async def test_failure_across_a_restart(home: Home) -> None:
    """A restart does not make a taken message of one that failed."""
    home.portal.fail("refused_error", "sendsms", times=1)
    with pytest.raises(HomeAssistantError):
        await home.send(ANNA)
    await home.restart()
    (outcome,) = await home.send(ANNA)
    assert (outcome["status"], outcome["duplicate"]) == ("queued", False)


async def test_repeat_at_once(home: Home) -> None:
    """Of the same call ten times at once, one goes out, and all have its outcome."""
    results = await asyncio.gather(*(home.send(ANNA) for _ in range(10)))
    assert [o["status"] for (o,) in results] == ["queued"] * 10
    assert sorted(o["duplicate"] for (o,) in results) == [False] + [True] * 9
    assert {o["group_id"] for (o,) in results} == {"1001"}
    assert len(home.portal.ledger) == 1


@pytest.mark.parametrize(
    ("kind", "count", "reported"),
    [
        ("slow", 1, "queued"),
        ("refused_error", 0, "failed"),
        ("reset", 0, "unknown"),
        ("http_status", 0, "held"),
    ],
)
async def test_copy_of_what_is_under_way(
    home: Home, kind: str, count: int, reported: str
) -> None:
    """A copy waits for the first one and counts as it does, as a failure, too."""
    if kind == "slow":
        home.portal.fail(kind, "sendsms", seconds=20)
    else:
        home.portal.fail(kind, "sendsms", text="Barred", retry_after="600", times=1)
    tasks = [home.hass.async_create_task(home.statuses(ANNA)) for _ in range(3)]
    for task in tasks:
        if reported == "failed":
            with pytest.raises(HomeAssistantError, match="Barred"):
                await home.until_done(task)
        else:
            assert await home.until_done(task) == [reported]
    assert len(home.requests()) == 1
    assert len(home.portal.ledger) == count


async def test_failed_may_be_repeated(home: Home) -> None:
    """What provably did not arrive may be sent again at once."""
    home.portal.fail("refused_error", "sendsms", times=1)
    with pytest.raises(HomeAssistantError):
        await home.send(ANNA)
    assert await home.statuses(ANNA) == ["queued"]


async def test_undelivered_may_be_repeated(home: Home) -> None:
    """What the portal took and could not deliver may be sent again at once."""
    await home.send(ANNA)
    home.portal.deliver("failed")
    await home.advance(6)
    assert home.published() == ["queued", "failed"]
    (outcome,) = await home.send(ANNA)
    assert (outcome["status"], outcome["duplicate"]) == ("queued", False)


@limited
async def test_copies_do_not_count(home: Home) -> None:
    """What is not sent takes no room within the hour."""
    await home.send(*_numbers(5))
    outcomes = await home.send(*_numbers(5))
    assert [o["duplicate"] for o in outcomes] == [True] * 5
    assert len(home.portal.ledger) == 5


async def test_expired_may_be_repeated(home: Home) -> None:
    """What expired may be sent again at once."""
    await home.refuse()
    await home.send(ANNA, expires_in=10)
    await home.advance(11)
    assert home.published() == ["held", "expired"]
    await home.portal.accept()
    assert await home.statuses(ANNA) == ["queued"]


@pytest.mark.parametrize("how", ["unknown", "held"])
async def test_uncertain_may_not_be_repeated(home: Home, how: str) -> None:
    """What may have been sent, or will be, is not sent beside that."""
    if how == "held":
        await home.refuse()
    else:
        home.portal.fail("reset", "sendsms", processed=True, times=1)
    assert await home.statuses(ANNA) == [how]
    await home.portal.accept()
    (outcome,) = await home.send(ANNA)
    assert (outcome["status"], outcome["duplicate"]) == (how, True)
    await home.advance(30)
    assert len(home.portal.ledger) == 1


@limited
async def test_preview_tells_what_would_stop_it(home: Home) -> None:
    """A preview says what blocks a message; it counts for nothing and sends nothing."""

    async def blocked_by(*numbers: str, message: str = "Hello") -> str | None:
        response = await home.call(
            "preview_message", numbers=list(numbers), message=message
        )
        result: str | None = response["blocked_by"]
        return result

    assert await blocked_by(*_numbers(5)) is None
    assert await blocked_by(*_numbers(5)) is None
    assert await blocked_by(*_numbers(6)) == "hourly_limit"
    assert home.requests() == []
    assert _issue(home) is None
    await home.send(ANNA, BORIS, CARLA)
    assert await blocked_by(ANNA) == "repeat"
    assert await blocked_by(ANNA, message="Another") is None
    assert await blocked_by(*_numbers(3), message="Another") == "hourly_limit"
    await _allowed(home, 2)
    assert await blocked_by(ANNA, message="Another") == "hourly_limit"
    assert len(home.portal.ledger) == 5
