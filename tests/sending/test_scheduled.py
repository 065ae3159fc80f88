"""What the portal is to send later, and what it sends at once all the same."""

from datetime import timedelta
import json
from typing import Any, Final

from homeassistant.util import dt as dt_util
import pytest

from tests.conftest import ANNA, BORIS
from tests.portal import Processing

from .home import Home

_HOUR: Final = 3600
_AT_ONCE: Final = "sent_at_once"


async def _send_later(home: Home, *numbers: str, hours: float = 2) -> list[str]:
    """Send a message that is for later, and return the outcomes."""
    when = dt_util.as_local(dt_util.utcnow() + timedelta(hours=hours))
    return await home.statuses(*numbers, schedule=when.isoformat())


def _answer(home: Home, **answer: Any) -> None:
    """Let the portal answer the next send with something else."""
    text = json.dumps({"request": "sendsms", "date": "2027-02-10 13:00:00", **answer})
    home.portal.fail("not_json", "sendsms", text=text, processed=True, times=1)


async def _history(home: Home) -> list[tuple[str, str | None]]:
    """Return what the history shows, newest first."""
    found = await home.call("get_messages", direction="out")
    return [
        (message["status"], message["reason_code"]) for message in found["messages"]
    ]


async def test_scheduled_until_its_time(home: Home) -> None:
    """It is scheduled until its time, queued from then on, and then what it became."""
    assert await _send_later(home, ANNA) == ["scheduled"]
    await home.advance(2 * _HOUR - 1)
    assert home.published() == ["scheduled"]
    assert await _history(home) == [("scheduled", None)]
    assert home.totals == (0, 0, 1)
    await home.advance(10)
    assert home.published() == ["scheduled", "queued"]
    home.portal.deliver("sent")
    await home.advance(120)
    assert home.published() == ["scheduled", "queued", "sent"]
    assert home.totals == (1, 0, 0)
    assert home.stored_batches() == []


async def test_asked_for_from_its_time(home: Home) -> None:
    """It is asked for from its time on, and once after the cron has run."""
    start = home.now
    await _send_later(home, ANNA, hours=30)
    await home.advance(30 * _HOUR + 10)
    times = [r.time.timestamp() - start for r in home.requests("groupstatus")]
    assert times == pytest.approx([125, 30 * _HOUR + 5], abs=1)


async def test_survives_restart(home: Home) -> None:
    """After a restart, too, it is scheduled, and asked for from its time on."""
    await _send_later(home, ANNA)
    await home.restart()
    await home.advance(2 * _HOUR - 60)
    assert home.requests("groupstatus") == []
    assert home.published() == ["scheduled"]
    home.portal.deliver("sent")
    await home.advance(90)
    assert home.published() == ["scheduled", "queued", "sent"]


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("processing", [Processing.CRON, Processing.IMMEDIATE])
async def test_without_a_group(
    home: Home, processing: Processing, *, restart: bool
) -> None:
    """Where the portal names no group, nobody ever knows, and that is said."""
    home.portal.processing = processing
    assert await _send_later(home, ANNA) == ["scheduled"]
    if restart:
        await home.restart()
    await home.advance(2 * _HOUR)
    assert home.published() == ["scheduled"]
    assert home.totals == (0, 0, 1)
    await home.advance(70)
    assert home.published() == ["scheduled", "unknown"]
    assert await _history(home) == [("unknown", "not_tracked")]
    assert home.requests("groupstatus") == []
    assert home.totals == (0, 0, 0)
    assert home.stored_batches() == []


async def test_answer_that_says_sent(home: Home) -> None:
    """A portal that sends it at once is noticed by its answer."""
    _answer(home, status="sent", group_id="1001")
    assert await _send_later(home, ANNA) == ["sent"]
    assert [(e.status, e.code) for e in home.events] == [("sent", _AT_ONCE)]
    assert await _history(home) == [("sent", _AT_ONCE)]


async def test_portal_without_schedules(home: Home) -> None:
    """A portal that has never heard of schedules is found out."""
    home.portal.processing = Processing.IMMEDIATE
    home.portal.ignores_schedule = True
    assert await _send_later(home, ANNA) == ["sent"]
    assert [e.code for e in home.events] == [_AT_ONCE]


async def test_cron_without_schedules(home: Home) -> None:
    """It is found out, too, where it sends by its cron."""
    home.portal.processing = Processing.CRON
    home.portal.ignores_schedule = True
    assert await _send_later(home, ANNA) == ["scheduled"]
    await home.advance(126)
    assert [(e.status, e.code) for e in home.events] == [
        ("scheduled", None),
        ("sent", _AT_ONCE),
    ]


async def test_answer_that_says_sent_of_several(home: Home) -> None:
    """Where it was sent at once to several, each is asked for now."""
    _answer(home, status="sent", group_id="1001")
    assert await _send_later(home, ANNA, BORIS) == ["queued"] * 2
    home.portal.deliver("sent")
    await home.advance(6)
    assert home.published(ANNA) == home.published(BORIS) == ["queued", "sent"]
    assert {event.code for event in home.events} == {_AT_ONCE}


async def test_group_that_says_sent(home: Home) -> None:
    """A portal that sends it at once is noticed by its group; the rest is followed."""
    assert await _send_later(home, ANNA, BORIS) == ["scheduled"] * 2
    home.portal.deliver("sent", to=ANNA[1:])
    await home.advance(126)
    assert home.published(ANNA) == ["scheduled", "sent"]
    assert home.published(BORIS) == ["scheduled", "queued"]
    sent = [e.code for e in home.events if e.status == "sent"]
    assert sent == [_AT_ONCE]
    home.portal.deliver("sent")
    await home.restart()
    await home.advance(70)
    assert home.published(BORIS) == ["scheduled", "queued", "sent"]


async def test_canceled_before_its_time(home: Home) -> None:
    """What fails before its time was not sent at once."""
    await _send_later(home, ANNA)
    home.portal.deliver("failed")
    await home.advance(126)
    assert [(e.status, e.code) for e in home.events] == [
        ("scheduled", None),
        ("failed", "not_delivered"),
    ]


@pytest.mark.expected_log("Error fetching 127.0.0.1 ")
async def test_held_beyond_its_time(home: Home) -> None:
    """What leaves after its time is for now; the portal gets no time that is past."""
    await home.refuse()
    when = dt_util.as_local(dt_util.utcnow() + timedelta(minutes=5))
    assert await home.statuses(ANNA, schedule=when.isoformat()) == ["held"]
    await home.advance(600)
    await home.portal.accept()
    await home.advance(120)
    assert home.published() == ["held", "queued"]
    assert "scheduledate" not in home.requests()[-1].parameters


async def test_broken_answer(home: Home) -> None:
    """Where the answer broke off, it is unknown until the portal reports it."""
    cut = '{"request":"sendsms","status":"queued","group_id":1001,"da'
    home.portal.fail("not_json", "sendsms", processed=True, text=cut, times=1)
    assert await _send_later(home, ANNA) == ["unknown"]
    await home.advance(126)
    assert home.published() == ["unknown", "scheduled"]
    await home.advance(2 * _HOUR)
    assert home.published() == ["unknown", "scheduled", "queued"]
