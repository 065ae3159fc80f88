"""The action that asks by message and waits for the reply."""

import asyncio
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

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


# --- What the portal had before ------------------------------------------------------


@pytest.mark.parametrize("seconds", [0, 1, 20, 29])
@pytest.mark.parametrize("zone", ["Africa/Lagos", "US/Pacific", "Asia/Kathmandu"])
async def test_written_before(home: Home, seconds: int, zone: str) -> None:
    """What the portal had when the question left is no reply to it."""
    home.portal.state.zone = ZoneInfo(zone)
    _reply(home, "Ok")
    await home.advance(seconds)
    task = await _asked(home)
    await home.poll()
    assert home.texts == ["Ok"]
    assert not task.done()
    _reply(home, "Ok, I see to it")
    await home.poll()
    assert (await task)["reply"]["text"] == "Ok, I see to it"


@pytest.mark.expected_log("Error fetching 127.0.0.1 inbox")
async def test_written_before_and_lost(home: Home) -> None:
    """What a broken answer swallowed before the question is no reply, either."""
    await home.poll()
    _reply(home, "Ok")
    home.portal.fail("cut", "getinbox", times=1, processed=True)
    await home.poll()
    task = await _asked(home)
    assert home.texts == ["Ok"]
    assert not task.done()
    _reply(home, "yes")
    await home.poll()
    assert (await task)["reply"]["text"] == "yes"


@pytest.mark.expected_log("Error fetching 127.0.0.1 inbox")
@pytest.mark.parametrize("kind", ["http_500", "cut", "html_page"])
async def test_inbox_cannot_be_read(home: Home, kind: str) -> None:
    """The question leaves all the same; the first listing then is from before it."""
    _reply(home, "Ok")
    fault = home.portal.fail(kind, "getinbox", processed=True)
    task = await _asked(home)
    await home.poll()
    assert fault.hits
    home.portal.clear_faults()
    await home.poll()
    assert home.texts == ["Ok"]
    assert not task.done()
    _reply(home, "yes")
    await home.poll()
    assert (await task)["reply"]["text"] == "yes"


async def test_inbox_hangs(home: Home) -> None:
    """An urgent question does not wait for long for the inbox."""
    fault = home.portal.fail("slow", "getinbox", times=1, seconds=25)
    task = home.begin("ask", number=ANNA, message="Shall I lock up?", **_WAIT)
    await home.pass_time(9)
    assert not home.portal.ledger
    await home.pass_time(2)
    assert len(home.portal.ledger) == 1
    await home.pass_time(20)
    assert fault.hits == 1
    await home.poll()
    _reply(home, "yes")
    await home.poll()
    assert (await task)["reply"]["text"] == "yes"


async def test_delayed_message(home: Home) -> None:
    """What was written long before the question is no reply, whenever it comes."""
    _reply(home, "known")
    task = await _asked(home)
    date = home.portal.state.now() - timedelta(hours=2)
    _reply(home, "Ok", date=date)
    await home.poll()
    assert [(e.text, e.backlog) for e in home.events][1:] == [("Ok", True)]
    assert not task.done()
    _reply(home, "yes")
    await home.poll()
    assert (await task)["reply"]["text"] == "yes"


async def test_same_question_again(home: Home) -> None:
    """To ask again at once is no repetition."""
    await _asked(home)
    task = await _asked(home)
    assert len(home.portal.ledger) == 2
    _reply(home, "yes")
    _reply(home, "yes, yes")
    await home.poll()
    assert (await task)["reply"]["text"] == "yes, yes"


# --- A question that cannot leave ----------------------------------------------------

_away = pytest.mark.expected_log("Error fetching 127.0.0.1")


async def _held(home: Home, **data: Any) -> asyncio.Task[Any]:
    """Ask while the portal is away, and return once the question is held."""
    await home.portal.refuse()
    fields = {"number": ANNA, "message": "Shall I lock up?", **_WAIT, **data}
    task = home.begin("ask", **fields)
    await home.advance(5)
    assert not task.done()
    assert [batch["stage"] for batch in home.stored_batches()] == ["held"]
    return task


async def _left(home: Home) -> None:
    """Wait until a question that is held has left."""
    for _ in range(300):
        if home.portal.ledger:
            return
        await home.advance(1)
    raise AssertionError


@_away
@pytest.mark.parametrize("minutes", [1, 5])
async def test_cannot_leave_in_time(home: Home, minutes: int) -> None:
    """It expires with its ask, and does not leave afterwards."""
    task = await _held(home, timeout={"minutes": minutes})
    await home.advance(60 * minutes)
    assert await task == {"timed_out": True, "reply": None}
    status = home.shown(home.entity("event", "message_status"))
    assert status.attributes["event_type"] == "expired"
    await home.portal.accept()
    await home.advance(120)
    assert not home.portal.ledger
    assert not home.stored_batches()


@_away
@pytest.mark.parametrize("minutes", [1, 2])
async def test_leaves_late(home: Home, minutes: int) -> None:
    """The wait begins when it leaves, and what came before that is no reply."""
    task = await _held(home, timeout={"minutes": 10})
    await home.advance(60 * minutes)
    _reply(home, "Ok")
    await home.portal.accept()
    await _left(home)
    await home.advance(35)
    assert home.texts == ["Ok"]
    await home.advance(500)
    assert not task.done()
    _reply(home, "yes")
    await home.advance(29)
    assert task.done()
    assert (await task)["reply"]["text"] == "yes"
    assert len(home.portal.ledger) == 1


@_away
async def test_leaves_late_without_a_reply(home: Home) -> None:
    """It is waited for as long as for any other."""
    task = await _held(home, timeout={"minutes": 10})
    await home.advance(100)
    await home.portal.accept()
    await _left(home)
    await home.advance(590)
    assert not task.done()
    await home.advance(12)
    assert await task == {"timed_out": True, "reply": None}


async def test_caller_is_gone(home: Home) -> None:
    """A question of an automation that was stopped does not leave."""
    task = await _held(home)
    task.cancel()
    await home.settle()
    await home.portal.accept()
    await home.advance(60)
    assert not home.portal.ledger


async def test_unload_while_it_is_held(home: Home) -> None:
    """A question that is held when the account is unloaded does not leave later."""
    task = await _held(home)
    await home.stop()
    with pytest.raises(HomeAssistantError) as raised:
        await task
    assert raised.value.translation_key == "ask_interrupted"
    await home.portal.accept()
    await home.start()
    await home.advance(60)
    assert not home.portal.ledger


async def test_refused_when_it_leaves(home: Home) -> None:
    """A question that the portal refuses in the end raises."""
    task = await _held(home)
    home.account.senders = {"OTHER"}
    await home.portal.accept()
    with pytest.raises(HomeAssistantError) as raised:
        await home.until_done(task)
    assert raised.value.translation_key == "not_sent"
