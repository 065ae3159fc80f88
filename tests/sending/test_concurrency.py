"""Any number of automations send at once."""

import asyncio
from typing import Any

from homeassistant.exceptions import HomeAssistantError
import pytest

from tests.conftest import ANNA, BORIS

from .home import NO_LIMIT, Home

unlimited = pytest.mark.parametrize("options", [NO_LIMIT])


def _numbers(count: int) -> list[str]:
    """Return numbers of the range set aside for fiction, in many area codes."""
    areas = (202, 303, 404, 505, 602, 702, 803, 907, 208, 312)
    return [f"+1{areas[index // 100]}55501{index % 100:02}" for index in range(count)]


async def test_four_in_flight(home: Home) -> None:
    """Of twenty calls at once four requests are in flight, and all of them go out."""
    home.portal.fail("slow", "sendsms", seconds=1)
    home.portal.reset_max_in_flight()
    calls = [
        home.hass.async_create_task(home.statuses(number, message=f"To {number}"))
        for number in _numbers(20)
    ]
    await home.pass_time(20)
    assert [await call for call in calls] == [["queued"]] * 20
    assert home.portal.max_in_flight["sendsms"] == 4
    assert home.accepted(by=lambda e: e.text) == {f"To {n}": 1 for n in _numbers(20)}


async def test_order_per_recipient(home: Home) -> None:
    """Calls at once reach a recipient in the order in which they were made."""
    home.portal.fail("slow", "sendsms", seconds=1)
    calls = [
        home.hass.async_create_task(
            home.statuses(*numbers, message=f"{index} to {len(numbers)}")
        )
        for index in range(8)
        for numbers in ([ANNA], [BORIS], [ANNA, BORIS])
    ]
    await home.pass_time(40)
    for call in calls:
        assert set(await call) == {"queued"}
    order = [(index, count) for index in range(8) for count in (1, 2)]
    for number in (ANNA, BORIS):
        texts = [e.text for e in home.portal.ledger if f"+{e.to}" == number]
        assert texts == [f"{index} to {count}" for index, count in order]


async def test_cancelled_caller(home: Home) -> None:
    """What a caller began who is gone is sent once, reported and counted."""
    home.portal.fail("slow", "sendsms", seconds=5, times=1)
    call = home.hass.async_create_task(home.send(ANNA))
    behind = home.hass.async_create_task(home.send(ANNA, message="Behind"))
    await home.turn()
    call.cancel()
    behind.cancel()
    await home.pass_time(10)
    for task in (call, behind):
        with pytest.raises(asyncio.CancelledError):
            await task
    assert home.texts == ["Hello", "Behind"]
    assert home.published() == ["queued", "queued"]
    assert home.totals == (0, 0, 2)
    home.portal.deliver("sent")
    await home.advance(70)
    assert home.totals == (2, 0, 0)


@unlimited
async def test_thousand_recipients_in_ten_requests(home: Home) -> None:
    """A thousand recipients of one action are ten requests, and each gets it once."""
    numbers = _numbers(1000)
    outcomes = await home.send(*numbers)
    assert [o["number"] for o in outcomes] == numbers
    assert {o["status"] for o in outcomes} == {"queued"}
    assert len(home.requests()) == 10
    assert home.accepted(by=lambda e: f"+{e.to}") == dict.fromkeys(numbers, 1)
    groups = {
        e.group_id: {f"+{x.to}" for x in home.portal.ledger if x.group_id == e.group_id}
        for e in home.portal.ledger
    }
    assert all(o["number"] in groups[o["group_id"]] for o in outcomes)
    assert home.total("pending") == 1000


@unlimited
async def test_one_of_many_requests_fails(home: Home) -> None:
    """A request that fails among several fails its own recipients alone."""
    words = "Sender ID Not Allowed"
    home.portal.fail("refused_error", "sendsms", text=words, times=1)
    numbers = _numbers(250)
    outcomes = await home.send(*numbers)
    assert [o["number"] for o in outcomes] == numbers
    accepted = {f"+{e.to}" for e in home.portal.ledger}
    for outcome in outcomes:
        arrived = outcome["number"] in accepted
        assert outcome["status"] == ("queued" if arrived else "failed")
        assert outcome["reason"] == (
            None if arrived else f"The portal refused it: “{words}”"
        )
    assert len(accepted) in {150, 200}


async def test_caller_does_not_wait_for_ever(home: Home) -> None:
    """While the portal hangs, a call ends within its time with what is known."""
    home.portal.fail("hang", "sendsms", processed=True)
    start = home.now
    first = home.hass.async_create_task(home.send(ANNA, message="First"))
    second = home.hass.async_create_task(home.send(ANNA, message="Second"))
    third = home.hass.async_create_task(home.send(ANNA, message="Third"))
    ended: dict[str, float] = {}
    outcomes: dict[str, dict[str, Any]] = {}
    for _ in range(60):
        await home.pass_time(1)
        for name, task in (("first", first), ("second", second), ("third", third)):
            if task.done() and name not in ended:
                ended[name] = home.now - start
                (outcomes[name],) = await task
    # The request of the first ends at 30 s; the second is on its way at 45 s, and
    # the third could not leave yet.
    assert outcomes["first"]["status"] == "unknown"
    assert outcomes["second"]["status"] == "unknown"
    assert outcomes["third"]["status"] == "held"
    assert all(time <= 47 for time in ended.values())
    home.portal.clear_faults()
    await home.pass_time(120)
    assert home.texts == ["First", "Second", "Third"]


@pytest.mark.parametrize("options", [{**NO_LIMIT, "hold_hours": 0}])
async def test_caller_without_holding(home: Home) -> None:
    """With holding off, what could not leave within the time has failed for good."""
    home.portal.fail("hang", "sendsms", processed=True)
    calls = [
        home.hass.async_create_task(home.send(ANNA, message=message))
        for message in ("First", "Second", "Third")
    ]
    await home.pass_time(50)
    assert (await calls[0])[0]["status"] == "unknown"
    assert (await calls[1])[0]["status"] == "unknown"
    with pytest.raises(HomeAssistantError, match="turn did not come in time"):
        await calls[2]
    home.portal.clear_faults()
    await home.pass_time(120)
    assert home.texts == ["First", "Second"]


async def test_reload_amid_sends(home: Home) -> None:
    """A reload waits for what has left, and what had not leaves after it, once."""
    home.portal.fail("slow", "sendsms", seconds=5)
    calls = [
        home.hass.async_create_task(home.statuses(ANNA, message=str(index)))
        for index in range(4)
    ]
    await home.turn()
    entry_id = home.entry.entry_id
    reload = home.hass.async_create_task(
        home.hass.config_entries.async_reload(entry_id)
    )
    await home.turn()
    # The entity is there until the account is unloaded.
    late = home.hass.async_create_task(home.notify("notify.anna", "4"))
    await home.pass_time(10)
    assert await reload
    await late
    assert [(await call)[0] for call in calls] == ["queued", "held", "held", "held"]
    home.portal.clear_faults()
    await home.pass_time(20)
    assert home.texts == ["0", "1", "2", "3", "4"]
