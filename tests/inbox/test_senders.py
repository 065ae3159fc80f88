"""One person, however the portal writes the number: trusted, answered, one thread."""

from typing import Any, Final

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from tests.conftest import BORIS, recipient_data

from .home import Home

_MEXICO: Final = ("+5219987654321", "+529987654321")
_ARGENTINA: Final = ("+541123456789", "+5491123456789")
_BRAZIL: Final = ("+553187654321", "+5531987654321")
_WAIT: Final[dict[str, Any]] = {"timeout": {"minutes": 10}}
_FORMS: Final = {
    BORIS: (
        "447700900123",
        "+44 7700-900-123",
        "0044 7700 900123",
        "07700 900123",
        "(07700) 900123",
        "tel:+447700900123",
        "whatsapp:+447700900123",
        "447700900123@c.us",
        "447700900123:12@s.whatsapp.net",
    ),
    **{
        mine: (theirs.removeprefix("+"), f"{theirs.removeprefix('+')}@c.us")
        for old, new in (_MEXICO, _ARGENTINA, _BRAZIL)
        for mine, theirs in ((old, new), (new, old))
    },
}


@pytest.fixture
def person() -> str:
    """Return the number of the recipient; a test of others overrides this."""
    return BORIS


@pytest.fixture
def recipients(person: str) -> list[ConfigSubentryData]:
    """Return the one recipient."""
    return [recipient_data("Person", person)]


@pytest.fixture
def options() -> dict[str, Any]:
    """Return the options of a home in Britain."""
    return {"country": "GB", "time_zone": "Africa/Lagos"}


@pytest.mark.parametrize("person", _FORMS)
async def test_one_person(
    home: Home, person: str, hass_ws_client: WebSocketGenerator
) -> None:
    """Each form is trusted and answers a question; all are one conversation."""
    forms = _FORMS[person]
    for form in forms:
        task = home.begin("ask", number=person, message=f"Are you {form}?", **_WAIT)
        await home.turn()
        await home.settle()
        home.receive(f"yes, {form}", sender=form)
        await home.poll()
        assert (await task)["reply"]["text"] == f"yes, {form}"
    assert [event.trusted for event in home.events] == [True] * len(forms)
    for one in (person, home.events[0].sender):
        found = await home.messages(**{"from": one, "direction": "both"})
        assert len(found) == 2 * len(forms)
    assert len(await home.messages(recipient="notify.person")) == len(forms)

    socket = await hass_ws_client(home.hass)
    await socket.send_json_auto_id({"type": "smskit/messages/list"})
    listed = (await socket.receive_json())["result"]
    (conversation,) = listed["conversations"]
    # The recipient has the form that works.
    assert conversation["number"] == conversation["last"]["number"] == person
    assert conversation["name"] == "Person"
    assert conversation["count"] == 2 * len(forms)
    await socket.send_json_auto_id({"type": "smskit/messages/list", "number": person})
    page = (await socket.receive_json())["result"]
    assert page["name"] == "Person"
    assert {one["number"] for one in page["messages"]} == {person}


@pytest.mark.parametrize(
    "sender",
    [
        "447700900123@g.us",
        "447700900123@lid",
        "447700900123-1600000000@g.us",
        "4477009001234",
        "47700900123",
        "7700900123",
    ],
)
async def test_not_the_person(home: Home, sender: str) -> None:
    """A group, and a number that merely looks alike, is somebody else."""
    home.receive("Open", sender=sender)
    await home.poll()
    (event,) = home.events
    assert not event.trusted
    assert event.sender.removeprefix("+") == sender


@pytest.mark.parametrize("code", ["70997", "60070", "112"])
async def test_short_code(home: Home, code: str) -> None:
    """A short code is found as it is shown, and takes no replies."""
    home.receive("Your code is 1", sender=code)
    home.receive("Hello")
    await home.poll()
    for asked in (code, int(code)):
        (found,) = await home.messages(**{"from": asked})
        assert found["from"] == code
    sent = len(home.portal.ledger)
    with pytest.raises(HomeAssistantError, match="A short code cannot be texted"):
        await home.call("send_message", numbers=[code], message="STOP")
    assert len(home.portal.ledger) == sent


@pytest.mark.parametrize("sender", ["BANK", "447700900123@lid", "x447700900123"])
async def test_name_is_found(home: Home, sender: str) -> None:
    """A sender that is a name is found by it."""
    home.receive("Hello", sender=sender)
    home.receive("Hello")
    await home.poll()
    (found,) = await home.messages(**{"from": sender})
    assert found["from"] == sender


# --- A template that lost the plus ---------------------------------------------------

_EGYPT: Final = "+2015550123"
_NEW_JERSEY: Final = "+12015550123"
_LOST: Final = int(_EGYPT)


def _in_america(home: Home) -> None:
    options = {**home.entry.options, "country": "US"}
    home.hass.config_entries.async_update_entry(home.entry, options=options)


@pytest.mark.parametrize("known", [_EGYPT, _NEW_JERSEY])
async def test_the_inbox_knows(home: Home, known: str) -> None:
    """A number that could be two is the one that wrote before."""
    _in_america(home)
    await home.settle()
    with pytest.raises(HomeAssistantError, match="could be two numbers"):
        await home.call("send_message", numbers=_LOST, message="Hello?")
    home.receive("Hello", sender=known)
    await home.poll()
    await home.call("send_message", numbers=[_LOST], message="Hello")
    assert [sent.to for sent in home.portal.ledger] == [known[1:]]
    found = await home.messages(**{"from": _LOST})
    assert [one["from"] for one in found] == [known]


@pytest.mark.parametrize("person", [_EGYPT, _NEW_JERSEY])
async def test_a_recipient_knows(home: Home, person: str) -> None:
    """A number that could be two is the one that a recipient has."""
    _in_america(home)
    await home.settle()
    task = home.begin("ask", number=_LOST, message="Are you there?", **_WAIT)
    await home.turn()
    await home.settle()
    home.receive("yes", sender=person)
    await home.poll()
    assert (await task)["reply"]["from"] == person
    assert [sent.to for sent in home.portal.ledger] == [person[1:]]


async def test_both_are_known(home: Home) -> None:
    """A number that could be two that wrote is not guessed at."""
    _in_america(home)
    await home.settle()
    for known in (_EGYPT, _NEW_JERSEY):
        home.receive("Hello", sender=known)
    await home.poll()
    with pytest.raises(HomeAssistantError, match="could be two numbers"):
        await home.call("send_message", numbers=[_LOST], message="Hello")
    assert home.portal.ledger == []
    assert len(await home.messages(**{"from": _LOST})) == 2
