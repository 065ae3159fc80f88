"""Each message is reported once, whatever happens around it."""

from collections import Counter
from datetime import timedelta

from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.const import CONF_GET_OPERATIONS
from tests.conftest import entry_data
from tests.portal import Portal

from .home import DAY, Home

_FETCH_ERROR = "Error fetching 127.0.0.1 inbox"
_faulty = pytest.mark.expected_log(_FETCH_ERROR)
# Each takes effect at the portal, and no whole answer comes.
_SWALLOWERS = [
    "cut",
    "reset",
    "http_500",
    "html_page",
    "not_json",
    "empty_body",
    "huge",
    "redirect",
]


async def test_in_order_of_time_with_one_write_each(home: Home) -> None:
    """Messages that one poll finds are reported in order of time, each in one write."""
    noon = home.portal.state.now()
    for minutes, text in (5, "second"), (3, "first"), (9, "third"):
        home.receive(text, date=noon - timedelta(minutes=10 - minutes))
    home.writes.clear()
    await home.poll()
    assert home.texts == ["first", "second", "third"]
    assert Counter(home.writes) == {
        home.entity("event", "message_received"): 3,
        home.entity("sensor", "unread_messages"): 1,
        home.entity("sensor", "last_message"): 1,
    }
    assert not any(event.backlog for event in home.events)
    assert home.unread == 3


async def test_nothing_new_writes_no_state(home: Home) -> None:
    """Polls that find nothing write no state, a listing of all included."""
    home.receive("Hello")
    await home.poll()
    home.writes.clear()
    listings = len(home.listings)
    for _ in range(3):
        await home.poll()
    await home.poll(DAY)
    lists = [r.parameters["list"] for r in home.listings[listings:]]
    assert lists == ["unread", "unread", "unread", "all"]
    assert home.texts == ["Hello"]
    assert not [w for w in home.writes if w.startswith(("event.", "sensor."))]


async def test_what_was_there_before_the_account(new_home: Home) -> None:
    """What the portal had before the account was added is kept as read, unpublished."""
    home = new_home
    for text in "old", "older":
        home.receive(text)
    await home.start()
    assert home.events == []
    assert [m["read"] for m in await home.messages()] == [True, True]
    home.receive("new")
    await home.poll()
    await home.restart()
    await home.poll(DAY)
    assert home.texts == ["new"]


async def test_after_a_restart(home: Home) -> None:
    """What came while Home Assistant was not running is a backlog, in order."""
    home.receive("before")
    await home.poll()
    await home.stop()
    now = home.portal.state.now()
    home.receive("later", date=now + timedelta(minutes=2))
    home.receive("sooner", date=now + timedelta(minutes=1))
    await home.restart()
    assert [(e.text, e.backlog) for e in home.events] == [
        ("before", False),
        ("sooner", True),
        ("later", True),
    ]
    await home.poll(DAY)
    await home.restart()
    assert len(home.events) == 3
    home.receive("after")
    await home.poll()
    assert [(e.text, e.backlog) for e in home.events[3:]] == [("after", False)]


async def test_start_of_home_assistant(home: Home) -> None:
    """A backlog waits until Home Assistant has started: before, no automation runs.

    A second start before that, or a poll in between, publishes nothing twice.
    """
    await home.stop()
    home.receive("meanwhile")
    home.hass.set_state(CoreState.not_running)
    await home.restart()
    await home.poll()
    home.receive("while it starts")
    await home.restart()
    await home.poll()
    assert home.events == []
    assert len(await home.messages()) == 2
    home.hass.set_state(CoreState.running)
    home.hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    # Automations take a moment more.
    await home.poll(timedelta(seconds=15))
    assert [(e.text, e.backlog) for e in home.events] == [
        ("meanwhile", True),
        ("while it starts", True),
    ]
    home.receive("after")
    await home.poll()
    assert home.events[2:][0].text == "after"
    assert len(home.events) == 3


async def test_after_a_reload(home: Home) -> None:
    """What came during a reload is no backlog, and nothing is reported again."""
    home.receive("before")
    await home.poll()
    await home.stop()
    home.receive("meanwhile")
    await home.start()
    await home.reload()
    assert [(e.text, e.backlog) for e in home.events] == [
        ("before", False),
        ("meanwhile", False),
    ]


async def test_portal_reuses_ids(home: Home) -> None:
    """Messages with the same id are all reported, and each can be named alone."""
    home.receive("one", id="7")
    home.receive("two", id="7")
    await home.poll()
    home.receive("two", id="7")
    await home.poll()
    home.receive("three", id="7", sender="12025550199")
    await home.poll()
    assert home.texts == ["one", "two", "two", "three"]
    ids = [m["id"] for m in await home.messages()]
    assert len(set(ids)) == 4
    for event, id_ in zip(home.events, reversed(ids), strict=True):
        assert event.id == id_
    assert await home.call("mark_messages_read", message_ids=[ids[0]]) == {"count": 1}
    assert home.unread == 3
    await home.poll(DAY)
    await home.restart()
    assert len(home.events) == 4


async def test_portal_has_no_ids(home: Home) -> None:
    """Messages without an id are reported once each, those of the same second too."""
    for text in "a", "a", "b":
        home.receive(text).id = ""
    await home.poll()
    assert home.texts == ["a", "a", "b"]
    assert len({event.id for event in home.events}) == 3
    home.receive("a").id = ""
    await home.poll()
    await home.poll(DAY)
    await home.restart()
    assert home.texts == ["a", "a", "b", "a"]


async def test_message_is_listed_twice(home: Home) -> None:
    """A message that one listing has twice is one message."""
    message = home.receive("Open the door")
    home.account.inbox.append(message)
    await home.poll()
    await home.poll(DAY)
    await home.restart()
    assert home.texts == ["Open the door"]
    assert len(await home.messages()) == 1


@pytest.mark.parametrize("has_id", [True, False])
async def test_portal_does_not_mark_as_read(home: Home, has_id: bool) -> None:
    """A message that every listing of the unread has is reported once."""
    message = home.receive("Open the door")
    if not has_id:
        message.id = ""
    for _ in range(4):
        message.read = False
        await home.poll()
    message.read = False
    home.writes.clear()
    await home.poll()
    assert home.texts == ["Open the door"]
    assert not [w for w in home.writes if w.startswith(("event.", "sensor."))]
    await home.restart()
    assert home.texts == ["Open the door"]


@_faulty
@pytest.mark.parametrize("kind", _SWALLOWERS)
async def test_answer_is_lost(home: Home, kind: str) -> None:
    """What a broken answer swallowed comes with the next listing, and only once."""
    message = home.receive("Hello")
    home.portal.fail(kind, "getinbox", times=1, processed=True)
    await home.poll()
    assert home.events == []
    assert message.read
    await home.poll()
    assert home.listings[-1].parameters["list"] == "all"
    assert home.texts == ["Hello"]
    for _ in range(2):
        await home.poll()
    assert home.listings[-1].parameters["list"] == "unread"
    await home.restart()
    assert home.texts == ["Hello"]
    assert not home.events[0].backlog


@_faulty
async def test_portal_hangs(home: Home) -> None:
    """What an answer that never came had in it is found, and reported once."""
    message = home.receive("Hello")
    home.portal.fail("hang", "getinbox", times=1, processed=True)
    await home.pass_time(100)
    await home.settle()
    assert message.read
    assert home.portal.faults[0].hits == 1
    assert home.texts == ["Hello"]


@_faulty
@pytest.mark.parametrize("kind", ["cut", "reset", "http_500"])
async def test_every_poll_fails_for_a_while(home: Home, kind: str) -> None:
    """Messages of a time when no answer was whole are reported afterwards, in order."""
    home.portal.fail(kind, "getinbox", processed=True)
    for number in range(5):
        home.receive(f"message {number}")
        await home.poll()
    assert home.events == []
    home.portal.clear_faults()
    await home.poll()
    await home.poll()
    assert home.texts == [f"message {number}" for number in range(5)]


@_faulty
async def test_every_other_poll_fails(home: Home) -> None:
    """Messages are reported once each while every other answer is lost."""
    for number in range(10):
        home.receive(f"message {number}")
        home.portal.fail("cut", "getinbox", times=1, processed=True)
        await home.poll()
        await home.poll()
    assert home.texts == [f"message {number}" for number in range(10)]
    await home.restart()
    assert len(home.events) == 10


@_faulty
async def test_portal_is_away(home: Home) -> None:
    """What came while the portal could not be reached is reported once it can be."""
    await home.portal.refuse()
    home.receive("Hello")
    await home.poll()
    assert home.shown(home.entity("sensor", "unread_messages")).state == "unavailable"
    await home.portal.accept()
    await home.poll()
    assert home.texts == ["Hello"]
    assert home.unread == 1


class TestGetOnly:
    """A portal that takes the operations by GET only."""

    @pytest.fixture
    def entry(self, entry: MockConfigEntry, portal: Portal) -> MockConfigEntry:
        """Return an account that was found to need GET."""
        get = {CONF_GET_OPERATIONS: ["balance", "getinbox"]}
        entry.runtime_data = None
        object.__setattr__(entry, "data", {**entry_data(portal), **get})
        return entry

    @_faulty
    @pytest.mark.parametrize("kind", ["cut", "reset"])
    async def test_answer_is_lost(self, new_home: Home, kind: str) -> None:
        """No GET is repeated by itself, and what a lost answer had in it is found."""
        home = new_home
        home.account.post_answer = "refusal"
        await home.start()
        home.receive("Hello")
        home.portal.fail(kind, "getinbox", times=1, processed=True)
        listings = len(home.listings)
        await home.poll()
        assert len(home.listings) == listings + 1
        assert home.listings[-1].method == "GET"
        assert home.events == []
        await home.poll()
        await home.poll()
        assert home.texts == ["Hello"]


async def test_another_client_reads_first(home: Home) -> None:
    """What another client has read first is found by the daily listing of all."""
    home.receive("Hello").read = True
    for _ in range(3):
        await home.poll(timedelta(hours=7))
    assert home.events == []
    assert home.unread == 0
    await home.poll(timedelta(hours=4))
    assert home.texts == ["Hello"]
    assert home.unread == 1
    await home.poll(DAY)
    assert len(home.events) == 1


async def test_marking_does_not_put_off_the_polls(home: Home) -> None:
    """An automation that marks messages one by one stops no poll."""
    for number in range(9):
        home.receive(f"message {number}")
    await home.poll()
    home.receive("Hello")
    for message in await home.messages():
        await home.poll(timedelta(seconds=10))
        await home.call("mark_messages_read", message_ids=[message["id"]])
    assert home.texts[9:] == ["Hello"]
    assert home.unread == 1


@_faulty
async def test_marking_does_not_hide_an_outage(home: Home) -> None:
    """An action on the inbox does not show a portal as there that is away."""
    home.receive("Hello")
    await home.poll()
    home.portal.fail("http_500", "getinbox")
    await home.poll()
    await home.call("mark_messages_read", all=True)
    assert home.shown(home.entity("sensor", "unread_messages")).state == "unavailable"
    home.portal.clear_faults()
    await home.poll()
    assert home.unread == 0


@pytest.mark.expected_log("Error fetching")
async def test_first_look_is_at_the_unread(new_home: Home) -> None:
    """Old messages fire nothing when the first listing of all comes late."""
    home = new_home
    home.receive("old and read").read = True
    home.receive("old")
    home.portal.fail("http_500", "getinbox", times=1)
    await home.start()
    await home.poll()
    home.receive("new")
    await home.poll()
    assert home.texts == ["new"]
    await home.advance(300)
    assert home.texts == ["new"]
    assert {m["text"] for m in await home.messages()} == {"old and read", "old", "new"}
    await home.restart()
    assert home.texts == ["new"]
