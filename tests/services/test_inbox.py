"""The actions on the inbox: what they return, change and refuse."""

from datetime import datetime, timedelta
from typing import Any

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
import voluptuous as vol

from custom_components.smskit.const import DOMAIN
from tests.inbox.home import PHONE, STRANGER, Home


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home that receives."""
    return Home


@pytest.fixture
async def filled(home: Home) -> Home:
    """Return a home with four messages, half an hour apart, the second one read."""
    noon = home.portal.state.now()
    for number, sender in enumerate((PHONE, STRANGER, "12025550123", "BANK")):
        date = noon + timedelta(minutes=30 * number)
        home.receive(f"message {number}", sender=sender, date=date, id=f"{number}")
    await home.poll(timedelta(hours=2))
    await home.call("mark_messages_read", message_ids=["1"])
    return home


async def _ids(home: Home, **filters: Any) -> list[str]:
    return [message["id"] for message in await home.messages(**filters)]


# --- get_messages --------------------------------------------------------------------


async def test_shape(home: Home) -> None:
    """A message has the fields that the contract names, its time in UTC."""
    date = datetime.fromisoformat("2027-02-10T11:59:58+01:00")
    home.receive("Hello", id="12", date=date)
    await home.poll()
    assert await home.call("get_messages") == {
        "messages": [
            {
                "id": "12",
                "from": "+447700900123",
                "name": "Family",
                "to": f"+{home.account.number}",
                "text": "Hello",
                "date": "2027-02-10T10:59:58+00:00",
                "read": False,
                "trusted": True,
            }
        ],
        "total": 1,
    }


async def test_empty_inbox(home: Home) -> None:
    """An empty inbox has no messages."""
    assert await home.call("get_messages") == {"messages": [], "total": 0}


async def test_newest_first(filled: Home) -> None:
    """The newest message comes first, also of those of the same second."""
    assert await _ids(filled) == ["3", "2", "1", "0"]
    date = filled.portal.state.now() + timedelta(hours=3)
    for id_ in "8", "9":
        filled.receive("Hello", id=id_, date=date)
    await filled.poll()
    assert (await _ids(filled))[:2] == ["9", "8"]
    assert filled.shown(filled.entity("sensor", "last_message")).attributes["id"] == "9"


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({"unread_only": True}, ["3", "2", "0"]),
        ({"unread_only": False}, ["3", "2", "1", "0"]),
        ({"from": "+44 7700 900123"}, ["0"]),
        ({"from": "00447700900123"}, ["0"]),
        ({"from": 447700900123}, ["0"]),
        ({"from": "(202) 555-0123"}, ["2"]),
        ({"from": 2025550123}, ["2"]),
        ({"from": "BANK"}, ["3"]),
        ({"from": "+12025550199"}, []),
        ({"since": "2027-02-10T12:30:00+00:00"}, ["3", "2", "1"]),
        ({"since": "2027-02-10T13:30:01+01:00"}, ["3", "2"]),
        # Without a zone it is Home Assistant's own: here, eight hours behind.
        ({"since": "2027-02-10 05:00:00"}, ["3", "2"]),
        ({"since": "2027-02-11T00:00:00+00:00"}, []),
        ({"limit": 1}, ["3"]),
        ({"limit": 2, "unread_only": True}, ["3", "2"]),
        ({"from": 447700900555, "unread_only": True}, []),
    ],
)
async def test_filters(filled: Home, filters: dict[str, Any], ids: list[str]) -> None:
    """Each filter leaves what it says, and all of them work together."""
    assert await _ids(filled, **filters) == ids


async def test_total_counts_beyond_the_limit(filled: Home) -> None:
    """The total is of all that fit the filters, the limit aside."""
    answer = await filled.call("get_messages", limit=1, unread_only=True)
    assert (len(answer["messages"]), answer["total"]) == (1, 3)


@pytest.mark.parametrize("data", [{"limit": 0}, {"since": "noon"}, {"color": "red"}])
async def test_filters_that_make_no_sense(home: Home, data: dict[str, Any]) -> None:
    """Whatever is no filter is refused."""
    with pytest.raises(vol.Invalid):
        await home.call("get_messages", **data)


# --- mark_messages_read and delete_messages ------------------------------------------


async def test_mark_as_read(filled: Home) -> None:
    """Marking counts those that were unread, and the sensors follow at once."""
    assert filled.unread == 3
    marked = await filled.call("mark_messages_read", message_ids=["0", "1", "none"])
    assert marked == {"count": 1}
    assert filled.unread == 2
    assert await _ids(filled, unread_only=True) == ["3", "2"]
    shown = filled.shown(filled.entity("sensor", "unread_messages")).attributes[
        "messages"
    ]
    assert [m["read"] for m in shown] == [False, False, True, True]
    assert await filled.call("mark_messages_read", all=True) == {"count": 2}
    assert await filled.call("mark_messages_read", all=True) == {"count": 0}
    assert filled.unread == 0


async def test_delete(filled: Home) -> None:
    """Deleting counts what was there; the portal keeps its own."""
    deleted = await filled.call("delete_messages", message_ids=["3", "1", "none"])
    assert deleted == {"count": 2}
    assert await _ids(filled) == ["2", "0"]
    assert filled.unread == 2
    assert filled.shown(filled.entity("sensor", "last_message")).attributes["id"] == "2"
    assert await filled.call("delete_messages", all=True) == {"count": 2}
    assert await _ids(filled) == []
    assert filled.shown(filled.entity("sensor", "last_message")).state == "unknown"
    assert len(filled.account.inbox) == 4


async def test_ids_that_yaml_made_numbers(filled: Home) -> None:
    """Ids may be given as numbers, and one alone without a list."""
    assert await filled.call("mark_messages_read", message_ids=[0]) == {"count": 1}
    assert await filled.call("delete_messages", message_ids=2) == {"count": 1}


async def test_no_answer_wanted(filled: Home) -> None:
    """Both work without asking for the count."""
    for action in "mark_messages_read", "delete_messages":
        await filled.hass.services.async_call(
            DOMAIN, action, {"all": True}, blocking=True
        )
    assert await _ids(filled) == []


@pytest.mark.parametrize("action", ["mark_messages_read", "delete_messages"])
@pytest.mark.parametrize("data", [{}, {"all": False}])
async def test_nothing_named(filled: Home, action: str, data: dict[str, Any]) -> None:
    """Neither ids nor all is refused, and changes nothing."""
    with pytest.raises(ServiceValidationError) as raised:
        await filled.call(action, **data)
    assert raised.value.translation_key == "no_messages"
    assert (filled.unread, len(await _ids(filled))) == (3, 4)


@pytest.mark.parametrize("action", ["mark_messages_read", "delete_messages"])
async def test_both_named(filled: Home, action: str) -> None:
    """Ids and all together are refused, and change nothing."""
    with pytest.raises(vol.Invalid):
        await filled.call(action, message_ids=["0"], all=True)
    assert (filled.unread, len(await _ids(filled))) == (3, 4)


async def test_an_empty_list_is_no_message(filled: Home) -> None:
    """An empty list of ids is none, not all."""
    assert await filled.call("delete_messages", message_ids=[]) == {"count": 0}
    assert len(await _ids(filled)) == 4


# --- Two accounts --------------------------------------------------------------------


async def test_two_accounts(home: Home, second: Home) -> None:
    """Every account has its own inbox, and has to be named where there are two."""
    home.receive("to the first", id="5")
    second.receive("to the second", id="5")
    await home.poll()
    assert (home.texts, second.texts) == (["to the first"], ["to the second"])
    for each in home, second:
        assert [m["text"] for m in await each.messages()] == each.texts
    everything: dict[str, Any] = {"all": True}
    for action, fields in (
        ("get_messages", {}),
        ("mark_messages_read", everything),
        ("delete_messages", everything),
    ):
        with pytest.raises(ServiceValidationError):
            await home.call(action, **fields)
    ours = {"config_entry_id": second.entry.entry_id}
    await home.call("mark_messages_read", message_ids=["5"], **ours)
    assert (home.unread, second.unread) == (1, 0)
    await home.call("delete_messages", all=True, **ours)
    assert (len(await home.messages()), len(await second.messages())) == (1, 0)


async def test_account_that_is_not_loaded(home: Home) -> None:
    """An account that is unloaded takes no action."""
    await home.stop()
    with pytest.raises(HomeAssistantError):
        await home.call("get_messages", config_entry_id=home.entry.entry_id)
