"""The portal's times, which have no zone, come out as UTC."""

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
import json
from typing import Any

import pytest

from tests.clock import Clock
from tests.portal import Portal

from .home import DAY, PHONE, Home


@pytest.fixture
async def portal(clock: Clock, socket_enabled: None) -> AsyncGenerator[Portal]:
    """Return a portal in Paris, on the day before a test's own."""
    clock.set("2026-01-15T12:00:00+00:00")
    async with Portal(time_zone="Europe/Paris") as portal:
        yield portal


@pytest.fixture
def options() -> dict[str, Any]:
    """Return the options of an account whose portal is in Paris."""
    return {"country": "US", "time_zone": "Europe/Paris"}


@pytest.mark.parametrize(
    "start", ["2026-03-29T00:00:00+00:00", "2026-10-24T23:00:00+00:00"]
)
async def test_as_the_clocks_change(new_home: Home, start: str) -> None:
    """Through both nights in which the clocks change every time is right."""
    home = new_home
    night = datetime.fromisoformat(start)
    home.clock.set(night - timedelta(minutes=5))
    await home.start()
    expected = []
    for step in range(16):
        date = night + timedelta(minutes=15 * step)
        home.clock.tick(date.timestamp() - home.now)
        home.receive(f"message {step}")
        await home.poll()
        expected.append(date.isoformat())
        assert (
            home.shown(home.entity("sensor", "last_message")).state == date.isoformat()
        )
    assert [event.date for event in home.events] == expected
    assert [m["date"] for m in await home.messages()] == expected[::-1]
    await home.restart()
    await home.poll(DAY)
    assert len(home.events) == 16


async def test_backlog_of_the_night_in_march(new_home: Home) -> None:
    """What came in that night while nobody polled has its times and their order."""
    home = new_home
    await home.start()
    await home.stop()
    dates = [
        datetime.fromisoformat("2026-03-29T00:00:00+00:00") + timedelta(minutes=20 * n)
        for n in range(9)
    ]
    for date in dates:
        home.receive(f"{date}", date=date)
    home.clock.set(dates[-1] + timedelta(hours=5))
    await home.restart()
    assert [event.date for event in home.events] == [d.isoformat() for d in dates]
    assert home.texts == [str(date) for date in dates]


@pytest.mark.parametrize(
    ("date", "utc", "now"),
    [
        ("2026-01-15 12:00:00", "2026-01-15T11:00:00+00:00", "2026-07-31"),
        ("2026-07-15 12:00:00", "2026-07-15T10:00:00+00:00", "2026-12-31"),
        # Of the hour that comes twice it is the first, as long as it may be.
        ("2026-10-25 02:30:00", "2026-10-25T00:30:00+00:00", "2026-10-25 00:45"),
    ],
)
async def test_summer_and_winter(new_home: Home, date: str, utc: str, now: str) -> None:
    """A time of summer is of summer time, whatever time it is now."""
    home = new_home
    home.clock.set(f"{now}+00:00" if ":" in now else f"{now}T12:00:00+00:00")
    await home.start()
    await _list(home, [{"date": date}])
    assert [event.date for event in home.events] == [utc]


async def _list(home: Home, messages: list[dict[str, Any]]) -> None:
    """Have the next poll find messages just as they are given."""
    common = {"from": PHONE, "to": home.account.number, "message": "Hello"}
    answer = {
        "request": "getinbox",
        "status": "success",
        "inbox": [{"id": f"{id_}", **common, **m} for id_, m in enumerate(messages)],
    }
    home.portal.fail("not_json", "getinbox", times=1, text=json.dumps(answer))
    await home.poll()


async def test_no_time_at_all(home: Home) -> None:
    """A message without a time is of when it was first seen, and reported once."""
    messages: list[dict[str, Any]] = [
        {"date": None},
        {"date": ""},
        {"date": "0000-00-00 00:00:00"},
        {"date": "2026-02-30 12:00:00"},
        {"date": "yesterday"},
        {"date": []},
        {"date": 0},
    ]
    before = home.portal.state.now()
    await _list(home, messages)
    now = home.portal.state.now()
    dates = [datetime.fromisoformat(event.date) for event in home.events]
    assert len(dates) == len(messages)
    assert all(before < date <= now for date in dates)
    shown = [message["date"] for message in await home.messages()]
    await _list(home, messages)
    assert len(home.events) == len(messages)
    assert [message["date"] for message in await home.messages()] == shown


@pytest.mark.parametrize(
    "date",
    ["2026-01-15 13:30:00", "2026-01-17 12:00:00", "2099-12-31 23:59:59", "9999-12-31"],
)
async def test_in_the_future(home: Home, date: str) -> None:
    """A message with a date to come is of when it arrived, and sorted there."""
    home.receive("before")
    await home.poll()
    await _list(home, [{"id": "77", "date": date, "message": "to come"}])
    arrival = home.portal.state.now()
    home.clock.tick(1)
    home.receive("after")
    await home.poll()
    messages = await home.messages()
    assert [m["text"] for m in messages] == ["after", "to come", "before"]
    assert datetime.fromisoformat(messages[1]["date"]) == arrival


@pytest.mark.parametrize(
    "date", ["1970-01-01 00:00:00", "1970-01-01 01:00:00", "2001-01-01 12:00:00"]
)
async def test_in_the_past(home: Home, date: str) -> None:
    """A message is dropped by how long it is kept, not for the date that it has."""
    await _list(home, [{"id": "77", "date": date, "message": "old"}])
    await home.call("mark_messages_read", all=True)
    await home.poll(DAY)
    await home.reload()
    assert [m["text"] for m in await home.messages()] == ["old"]
    await home.poll(timedelta(days=366))
    await home.poll(DAY)
    assert await home.messages() == []
