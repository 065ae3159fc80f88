"""The action that asks by message and waits for the reply."""

import asyncio
from typing import Any, Final

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
import voluptuous as vol

from tests.conftest import ANNA, BORIS, CARLA
from tests.inbox.home import Home

_WAIT: Final[dict[str, Any]] = {"timeout": {"minutes": 10}}


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home that receives."""
    return Home


async def _asked(home: Home, number: str = ANNA, **data: Any) -> asyncio.Task[Any]:
    """Ask, and return once the question is out."""
    out = len(home.portal.ledger)
    fields = {"number": number, "message": "Shall I lock up?", **_WAIT, **data}
    if "recipient" in data:
        del fields["number"]
    task = home.begin("ask", **fields)
    await home.turn()
    await home.settle()
    assert len(home.portal.ledger) > out
    assert not task.done()
    return task


def _reply(home: Home, text: str, number: str = ANNA, **fields: Any) -> None:
    home.receive(text, sender=number.removeprefix("+"), **fields)


async def test_answered(home: Home) -> None:
    """The next message of the number is the reply; it is an ordinary message too."""
    _reply(home, "said before")
    await home.poll()
    task = await _asked(home)
    _reply(home, "somebody else", number=CARLA)
    await home.poll()
    assert not task.done()
    _reply(home, "yes", id="77")
    _reply(home, "or no", id="78")
    await home.poll()
    assert await task == {
        "timed_out": False,
        "reply": {
            "id": "77",
            "from": ANNA,
            "text": "yes",
            "date": home.events[-2].date,
        },
    }
    assert home.texts == ["said before", "somebody else", "yes", "or no"]
    assert home.unread == 4
    assert [entry.text for entry in home.portal.ledger] == ["Shall I lock up?"]


async def test_timed_out(home: Home) -> None:
    """Without a reply in time it says so; what comes later is an ordinary message."""
    task = await _asked(home, timeout={"seconds": 90})
    await home.poll()
    await home.poll()
    assert not task.done()
    await home.poll()
    assert await task == {"timed_out": True, "reply": None}
    _reply(home, "too late")
    await home.poll()
    assert home.texts == ["too late"]


@pytest.mark.parametrize("number", ["(202) 555-0123", 2025550123, "001 202 555 0123"])
async def test_number_as_people_write_it(home: Home, number: str | int) -> None:
    """The number may be written in any way; the reply is found by what it means."""
    task = await _asked(home, number=str(number))
    _reply(home, "yes")
    await home.poll()
    assert (await task)["reply"]["text"] == "yes"


async def test_recipient_with_two_numbers(home: Home) -> None:
    """Of a recipient with several numbers the first reply of any is returned."""
    task = await _asked(home, recipient="notify.family")
    _reply(home, "from Boris", number=BORIS)
    _reply(home, "from Anna")
    await home.poll()
    assert (await task)["reply"]["from"] == BORIS
    assert {entry.to for entry in home.portal.ledger} == {ANNA[1:], BORIS[1:]}


async def test_several_numbers_at_once(home: Home) -> None:
    """Questions to several numbers each get the reply of their own."""
    tasks = {number: await _asked(home, number) for number in (ANNA, BORIS, CARLA)}
    _reply(home, "yes", number=ANNA)
    _reply(home, "no", number=CARLA)
    await home.poll()
    assert (await tasks[ANNA])["reply"]["text"] == "yes"
    assert (await tasks[CARLA])["reply"]["text"] == "no"
    assert not tasks[BORIS].done()
    _reply(home, "maybe", number=BORIS)
    await home.poll()
    assert (await tasks[BORIS])["reply"]["text"] == "maybe"


async def test_same_number_twice(home: Home) -> None:
    """Two questions to one number are answered in the order of their asking."""
    first = await _asked(home)
    other = await _asked(home, message="And the lights?")
    _reply(home, "one")
    await home.poll()
    assert (await first)["reply"]["text"] == "one"
    assert not other.done()
    _reply(home, "two")
    await home.poll()
    assert (await other)["reply"]["text"] == "two"


async def test_one_gives_up(home: Home) -> None:
    """A question whose time is up leaves the reply to the next one."""
    first = await _asked(home, timeout={"seconds": 40})
    other = await _asked(home, message="And the lights?")
    await home.poll()
    await home.poll()
    assert (await first)["timed_out"]
    _reply(home, "on")
    await home.poll()
    assert (await other)["reply"]["text"] == "on"


async def test_reply_is_quicker_than_the_portal(home: Home) -> None:
    """A reply that comes before the portal has answered the send is not missed."""
    home.portal.fail("slow", "sendsms", seconds=15)
    await home.pass_time(24)
    task = home.begin("ask", number=ANNA, message="Shall I lock up?", **_WAIT)
    await home.turn()
    assert len(home.portal.ledger) == 1
    _reply(home, "yes")
    await home.pass_time(10)
    assert home.texts == ["yes"]
    assert not task.done()
    await home.pass_time(10)
    assert (await task)["reply"]["text"] == "yes"


@pytest.mark.expected_log("Error fetching 127.0.0.1 inbox")
async def test_reply_is_lost_on_the_way(home: Home) -> None:
    """A reply that a broken answer swallowed is found, and is the reply."""
    task = await _asked(home)
    _reply(home, "yes")
    home.portal.fail("cut", "getinbox", times=1, processed=True)
    await home.poll()
    assert not task.done()
    await home.poll()
    assert (await task)["reply"]["text"] == "yes"


async def test_send_fails(home: Home) -> None:
    """A question that is refused raises, and nobody waits for a reply to it."""
    home.account.senders = {"OTHER"}
    with pytest.raises(HomeAssistantError) as raised:
        await home.call("ask", number=ANNA, message="Shall I lock up?", **_WAIT)
    assert raised.value.translation_key == "not_sent"
    home.account.senders = None
    task = await _asked(home)
    _reply(home, "yes")
    await home.poll()
    assert (await task)["reply"]["text"] == "yes"


@pytest.mark.parametrize(
    "data",
    [
        {"number": "12"},
        {"number": "Anna"},
        {},
        {"recipient": "notify.nobody"},
    ],
)
async def test_nobody_to_ask(home: Home, data: dict[str, Any]) -> None:
    """Without somebody to ask nothing is sent."""
    with pytest.raises(HomeAssistantError):
        await home.call("ask", message="Shall I lock up?", **data)
    assert not home.portal.ledger


@pytest.mark.parametrize(
    "data",
    [
        {"number": ANNA, "recipient": "notify.anna", "message": "?"},
        {"number": ANNA},
        {"number": ANNA, "message": "?", "timeout": -1},
    ],
)
async def test_question_that_makes_no_sense(home: Home, data: dict[str, Any]) -> None:
    """What cannot be understood is refused, and nothing is sent."""
    with pytest.raises(vol.Invalid):
        await home.call("ask", **data)
    assert not home.portal.ledger


async def test_unload_ends_it(home: Home) -> None:
    """Every question ends with an error when the account is unloaded."""
    tasks = [await _asked(home), await _asked(home, BORIS)]
    await home.stop()
    for task in tasks:
        with pytest.raises(HomeAssistantError) as raised:
            await task
        assert raised.value.translation_key == "ask_interrupted"
    await home.start()
    _reply(home, "yes")
    await home.poll()
    assert home.texts == ["yes"]


async def test_two_accounts(home: Home, second: Home) -> None:
    """A reply counts at the account that asked only."""
    with pytest.raises(ServiceValidationError):
        await home.call("ask", number=ANNA, message="?")
    task = await _asked(home, config_entry_id=home.entry.entry_id)
    second.receive("no", sender=ANNA[1:])
    await home.poll()
    assert second.texts == ["no"]
    assert not task.done()
    _reply(home, "yes")
    await home.poll()
    assert (await task)["reply"]["text"] == "yes"
