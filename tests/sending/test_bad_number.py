"""One number that a portal refuses keeps a message from nobody else."""

from collections.abc import Iterable
from typing import Any, Final

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from tests.conftest import ANNA, BORIS, CARLA
from tests.home import OPTIONS
from tests.portal import Account, Channel

from .home import NO_LIMIT, Home

_REASON: Final = "Destination not allowed"


def _numbers(count: int) -> list[str]:
    return [f"+1202555{index:04}" for index in range(100, 100 + count)]


def _refuse(home: Home, numbers: Iterable[str]) -> None:
    """Let the portal refuse every message to one of these numbers."""
    home.portal.refused_numbers = {number[1:] for number in numbers}


def _accepted(home: Home) -> dict[str, int]:
    return dict(home.accepted(by=lambda entry: f"+{entry.to}"))


@pytest.mark.parametrize("options", [NO_LIMIT])
@pytest.mark.parametrize("kind", ["sms", "whatsapp"])
@pytest.mark.parametrize(
    ("count", "bad", "most"),
    [
        (2, {0}, 3),
        (2, {1}, 3),
        (3, {1}, 5),
        (5, {0, 4}, 9),
        (7, {2, 3, 5}, 13),
        (8, {7}, 7),
        (40, {0, 19, 39}, 33),
        (100, {63}, 15),
        (100, {0, 25, 50, 75, 99}, 60),
    ],
)
async def test_others_get_it(  # noqa: PLR0913, PLR0917 - a case and its home
    channel: Channel, home: Home, kind: str, count: int, bad: set[int], most: int
) -> None:
    """Those that are refused fail, and everybody else gets the message once."""
    numbers = _numbers(count)
    refused = {numbers[index] for index in bad}
    _refuse(home, refused)
    outcomes = await home.send(*numbers, type=kind)
    assert [o["number"] for o in outcomes] == numbers
    for outcome in outcomes:
        is_bad = outcome["number"] in refused
        assert outcome["status"] == ("failed" if is_bad else "queued")
        assert outcome["reason"] == (
            f"The portal refused it: “{_REASON}”" if is_bad else None
        )
        assert (outcome["group_id"] is None) is is_bad
    assert _accepted(home) == dict.fromkeys(set(numbers) - refused, 1)
    assert len(home.requests()) <= most
    assert home.totals == (0, len(bad), count - len(bad))
    assert len(home.events) == count
    home.portal.deliver("sent")
    await home.advance(120)
    assert home.totals == (count - len(bad), len(bad), 0)
    assert _accepted(home) == dict.fromkeys(set(numbers) - refused, 1)


async def test_all_are_bad(home: Home) -> None:
    """Where nobody is left, the action raises."""
    _refuse(home, [ANNA, BORIS, CARLA])
    with pytest.raises(HomeAssistantError, match=_REASON) as raised:
        await home.send(ANNA, BORIS, CARLA)
    assert raised.value.translation_key == "not_sent"
    assert home.portal.ledger == []


async def test_notify(home: Home) -> None:
    """A notify entity says who got it, and who did not, and why."""
    _refuse(home, [ANNA])
    with pytest.raises(HomeAssistantError) as raised:
        await home.notify("notify.family")
    assert raised.value.translation_key == "sent_in_part"
    assert _accepted(home) == {BORIS: 1}


async def test_history(home: Home) -> None:
    """Each number has one message in the history, with what became of it."""
    _refuse(home, [BORIS])
    await home.send(ANNA, BORIS, CARLA)
    found = await home.call("get_messages", direction="out")
    assert {m["to"]: m["status"] for m in found["messages"]} == {
        ANNA: "queued",
        BORIS: "failed",
        CARLA: "queued",
    }
    assert found["total"] == 3
    assert len({m["id"] for m in found["messages"]}) == 3


@pytest.mark.parametrize(
    "words",
    [
        "Insufficient Balance",
        "Insufficient credit",
        "Not enough funds",
        "Sender ID Not Allowed",
        "Sender ID was not Request",
        "Message Field Is Empty",
        "Message Contains Forbidden Words",
        "Invalid message type",
        "Language is required",
        "Invalid schedule date",
        "WhatsApp channel not connected",
        "Account suspended",
        "Daily limit reached",
        "IP address not allowed",
        "API is under maintenance",
    ],
)
async def test_what_concerns_all(home: Home, words: str) -> None:
    """What is no number's fault is not tried again for each of them."""
    home.portal.fail("refused_error", "sendsms", text=words)
    with pytest.raises(HomeAssistantError, match=words):
        await home.send(ANNA, BORIS, CARLA)
    assert len(home.requests()) == 1
    assert home.published() == ["failed"] * 3


async def test_no_money(home: Home, account: Account) -> None:
    """Money that is enough for some is spent on nobody."""
    account.credits = account.price * 2
    with pytest.raises(HomeAssistantError, match="Insufficient Balance"):
        await home.send(ANNA, BORIS, CARLA)
    assert len(home.requests()) == 1


@pytest.mark.parametrize("options", [NO_LIMIT])
@pytest.mark.parametrize(("count", "most"), [(3, 5), (16, 31), (100, 80)])
async def test_another_reason(home: Home, count: int, most: int) -> None:
    """What is refused whoever it is to is given up after a while."""
    home.portal.fail("refused_error", "sendsms", text="Route blocked")
    with pytest.raises(HomeAssistantError, match="Route blocked"):
        await home.send(*_numbers(count))
    assert len(home.requests()) <= most
    assert home.published() == ["failed"] * count
    assert home.totals == (0, count, 0)


@pytest.mark.parametrize("options", [{**OPTIONS, "hourly_limit": 6}])
async def test_refused_is_given_back(home: Home) -> None:
    """What the portal refused leaves room for others within the hour."""
    home.portal.fail("refused_error", "sendsms", text="Sender ID Not Allowed", times=1)
    with pytest.raises(HomeAssistantError):
        await home.send(*_numbers(6))
    _refuse(home, [ANNA, CARLA])
    outcomes = await home.send(ANNA, BORIS, CARLA)
    assert [o["status"] for o in outcomes] == ["failed", "queued", "failed"]
    assert await home.statuses(*_numbers(5)) == ["queued"] * 5
    with pytest.raises(ServiceValidationError) as raised:
        await home.send(BORIS, message="One more")
    assert raised.value.translation_key == "hourly_limit"
    # Also for whoever starts anew.
    await home.restart()
    with pytest.raises(ServiceValidationError):
        await home.send(BORIS, message="One more")
    await home.advance(3600)
    assert await home.statuses(*_numbers(6), message="Later") == ["queued"] * 6


async def test_held(home: Home) -> None:
    """A message that was held is split in the same way."""
    await home.refuse()
    assert await home.statuses(ANNA, BORIS, CARLA) == ["held"] * 3
    assert await home.statuses(ANNA, CARLA, message="Later") == ["held"] * 2
    _refuse(home, [BORIS])
    await home.portal.accept()
    await home.advance(30)
    assert (
        home.published(ANNA) == home.published(CARLA) == ["held"] * 2 + ["queued"] * 2
    )
    assert home.published(BORIS) == ["held", "failed"]
    for number in (ANNA, CARLA):
        texts = [e.text for e in home.portal.ledger if f"+{e.to}" == number]
        assert texts == ["Hello", "Later"]


@pytest.mark.parametrize("how", ["restart", "kill", "reload"])
async def test_parts_survive(home: Home, how: str) -> None:
    """Parts that are held leave once, whatever happens meanwhile."""
    numbers = _numbers(5)
    home.portal.fail("refused_error", "sendsms", text=_REASON, times=1)
    home.portal.fail("http_status", "sendsms", status=503)
    assert await home.statuses(*numbers) == ["held"] * 5
    storage = home.snapshot_storage()
    _refuse(home, numbers[2:3])
    home.portal.clear_faults()
    if how == "reload":
        await home.reload()
    else:
        await home.restart(storage if how == "kill" else None)
    await home.advance(30)
    assert _accepted(home) == dict.fromkeys([n for n in numbers if n != numbers[2]], 1)
    found = await home.call("get_messages", direction="out")
    assert found["total"] == 5
    assert {m["status"] for m in found["messages"] if m["to"] != numbers[2]} == {
        "queued"
    }


@pytest.mark.parametrize("kind", ["reset", "html_page"])
async def test_a_part_without_an_answer(home: Home, kind: str) -> None:
    """A part of which nobody knows is unknown, and the other part goes on."""
    home.portal.fail("refused_error", "sendsms", text=_REASON, times=1)
    home.portal.fail(kind, "sendsms", processed=True, times=1)
    statuses = await home.statuses(*_numbers(4))
    assert sorted(statuses) == ["queued"] * 2 + ["unknown"] * 2
    await home.advance(3600)
    assert _accepted(home) == dict.fromkeys(_numbers(4), 1)


@pytest.mark.parametrize("seconds", [10, 20])
async def test_slow(home: Home, seconds: float) -> None:
    """A caller who waited long enough is told what is known by then."""
    numbers = _numbers(8)
    _refuse(home, numbers[:1])
    home.portal.fail("slow", "sendsms", seconds=seconds)
    outcomes = await home.until_done(home.send(*numbers))
    known = {o["number"]: o["status"] for o in outcomes}
    assert set(known.values()) <= {"queued", "unknown", "held", "failed"}
    assert known[numbers[-1]] == "queued"
    home.portal.clear_faults()
    await home.pass_time(300)
    assert _accepted(home) == dict.fromkeys(numbers[1:], 1)
    assert {home.published(n)[-1] for n in numbers[1:]} == {"queued"}
    assert home.published(numbers[0])[-1] == "failed"


@pytest.mark.parametrize("canceled", [[ANNA], [CARLA], [ANNA, CARLA], [BORIS]])
async def test_canceled_meanwhile(home: Home, canceled: list[str]) -> None:
    """What is canceled while it is tried again is dropped from the parts of it."""
    home.portal.fail("http_status", "sendsms", status=503, times=1)
    await home.send(ANNA, BORIS, CARLA)
    home.portal.fail("slow", "sendsms", seconds=5, times=1)
    _refuse(home, [BORIS])
    await home.pass_time(3)
    assert len(home.requests()) == 2
    answer = await home.call("cancel_held_messages", numbers=canceled)
    assert answer == {"count": 0}
    await home.pass_time(60)
    left = {ANNA, CARLA} - set(canceled)
    assert _accepted(home) == dict.fromkeys(left, 1)
    assert {e.number for e in home.events if e.code == "canceled"} == set(canceled)
    assert home.totals == (0, 3 - len(left), len(left))


async def test_what_comes_later_goes_later(home: Home) -> None:
    """A part goes before what was submitted to its numbers meanwhile."""
    _refuse(home, [BORIS])
    home.portal.fail("slow", "sendsms", seconds=2, times=1)
    first = home.hass.async_create_task(home.send(ANNA, BORIS, CARLA, message="First"))
    await home.turn()
    second = home.hass.async_create_task(home.send(ANNA, CARLA, message="Second"))
    await home.until_done(first)
    await home.until_done(second)
    for number in (ANNA, CARLA):
        texts = [e.text for e in home.portal.ledger if f"+{e.to}" == number]
        assert texts == ["First", "Second"]


@pytest.mark.parametrize("more", [{"expires_in": 0}, {}])
async def test_again_at_once(home: Home, more: dict[str, Any]) -> None:
    """Who was refused may be tried again at once; who was not is no repeat."""
    _refuse(home, [BORIS])
    await home.send(ANNA, BORIS, **more)
    _refuse(home, [])
    assert await home.statuses(BORIS) == ["queued"]
    assert _accepted(home) == {ANNA: 1, BORIS: 1}
