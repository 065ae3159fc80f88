"""A disk that refuses: what leaves, what is reported, and that nothing leaves twice."""

from typing import Final

from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.const import DOMAIN
from custom_components.smskit.store import Database
from tests.conftest import ANNA, BORIS
from tests.home import World
from tests.inbox.home import Home as InboxHome

from .home import Home

_REFUSED: Final = pytest.mark.expected_log("The database cannot be written")
_AWAY: Final = pytest.mark.expected_log("Error fetching")
_NOT_STORED: Final = "It could not be stored"
_READ_ONLY: Final = "the disk is read-only"
_MINUTES: Final = 300


def _database(home: Home | InboxHome) -> Database:
    database: Database = home.entry.runtime_data.store.database
    return database


async def refuse(home: Home | InboxHome) -> None:
    """Let SQLite refuse every write, once what waits is written."""
    await home.settle()
    await _database(home).async_fetch("PRAGMA query_only = ON")


async def accept(home: Home | InboxHome) -> None:
    """Let SQLite write again."""
    await _database(home).async_fetch("PRAGMA query_only = OFF")


def issue(home: Home | InboxHome) -> ir.IssueEntry | None:
    """Return the issue about the disk, if there is one."""
    issue_id = f"disk_error_{home.entry.entry_id}"
    return ir.async_get(home.hass).async_get_issue(DOMAIN, issue_id)


@_REFUSED
async def test_held_does_not_leave(home: Home) -> None:
    """What the disk has as not sent stays, and is sent once when it takes that."""
    await home.refuse()
    await home.send(ANNA, message="Held")
    await refuse(home)
    await home.portal.accept()
    await home.advance(_MINUTES)
    assert home.requests() == []
    assert home.total("pending") == 1
    await accept(home)
    await home.advance(_MINUTES)
    assert home.texts == ["Held"]
    assert home.published() == ["held", "queued"]
    await home.restart()
    await home.advance(60)
    assert home.texts == ["Held"]


@_REFUSED
async def test_held_after_a_kill(home: Home) -> None:
    """A kill while the disk refuses leaves what is held to the next run, once."""
    await home.refuse()
    await home.send(ANNA, message="Held")
    await refuse(home)
    await home.portal.accept()
    await home.advance(60)
    await home.restart()
    await home.advance(60)
    assert home.texts == ["Held"]


@_REFUSED
async def test_fresh_leaves(home: Home) -> None:
    """A new message leaves all the same, and its outcome says what is missing."""
    await refuse(home)
    (outcome,) = await home.send(ANNA)
    assert (outcome["status"], outcome["reason"]) == ("queued", _NOT_STORED)
    assert home.texts == ["Hello"]
    await home.settle()
    assert [(e.status, e.reason) for e in home.events] == [("queued", _NOT_STORED)]
    home.portal.deliver("sent")
    await home.advance(10)
    assert home.published() == ["queued", "sent"]
    assert home.totals == (1, 0, 0)
    await accept(home)
    await home.advance(70)
    assert home.stored("SELECT text, status FROM messages") == [("Hello", "sent")]
    assert home.stored_batches() == []
    await home.restart()
    await home.advance(60)
    assert home.texts == ["Hello"]
    assert home.totals == (1, 0, 0)
    assert home.published() == ["queued", "sent"]


@_REFUSED
async def test_fresh_after_a_kill(home: Home) -> None:
    """What left and was not stored is forgotten by a kill, and not sent again."""
    await refuse(home)
    await home.send(ANNA)
    await home.restart()
    await home.advance(120)
    assert home.texts == ["Hello"]


@_REFUSED
async def test_neither_sent_nor_stored(home: Home) -> None:
    """A message that can be neither sent nor stored fails: nobody may rely on it."""
    await home.refuse()
    await refuse(home)
    with pytest.raises(HomeAssistantError, match=_NOT_STORED):
        await home.hass.services.async_call(
            DOMAIN,
            "send_message",
            {"numbers": [ANNA], "message": "Lost"},
            blocking=True,
        )
    await home.settle()
    assert home.published()[-1] == "failed"
    assert home.events[-1].reason == _NOT_STORED
    assert home.totals == (0, 1, 0)
    await home.portal.accept()
    await accept(home)
    await home.advance(_MINUTES)
    assert home.texts == []
    assert home.stored_batches() == []
    # It may be sent again at once.
    assert [o["status"] for o in await home.send(ANNA, message="Lost")] == ["queued"]


@_REFUSED
async def test_everything_once_after_a_recovery(home: Home) -> None:
    """What was held before, and what came while the disk refused, is sent once."""
    await home.refuse()
    await home.send(ANNA, message="Held")
    await refuse(home)
    await home.portal.accept()
    assert [o["status"] for o in await home.send(BORIS, message="Fresh")] == ["queued"]
    # Behind what is held for the same number, and not stored either.
    with pytest.raises(HomeAssistantError, match=_NOT_STORED):
        await home.send(ANNA, message="Behind")
    await accept(home)
    await home.send(BORIS, message="Later")
    await home.advance(_MINUTES)
    home.portal.deliver("sent")
    await home.advance(_MINUTES)
    assert sorted(home.texts) == ["Fresh", "Held", "Later"]
    assert home.totals == (3, 1, 0)
    assert home.stored("SELECT text, status FROM messages ORDER BY text") == [
        ("Behind", "failed"),
        ("Fresh", "sent"),
        ("Held", "sent"),
        ("Later", "sent"),
    ]
    await home.restart()
    await home.advance(60)
    assert len(home.texts) == 3
    assert home.totals == (3, 1, 0)


@pytest.mark.expected_log("Something cannot be stored")
async def test_stored_and_not_as_sent(home: Home) -> None:
    """What is on disk as not sent does not leave before it is there as sent.

    Otherwise it would be sent again after a kill.
    """
    fetch = _database(home).async_fetch
    await fetch(
        "CREATE TEMP TRIGGER refuse BEFORE UPDATE ON batches "
        "BEGIN SELECT RAISE (ABORT, 'refused'); END"
    )
    assert await home.statuses(ANNA) == ["held"]
    assert home.texts == []
    await fetch("DROP TRIGGER refuse")
    await home.advance(_MINUTES)
    assert home.texts == ["Hello"]
    await home.restart()
    await home.advance(60)
    assert home.texts == ["Hello"]


# --- The issue -----------------------------------------------------------------------


@_REFUSED
async def test_issue(home: Home) -> None:
    """An issue is there for as long as the disk refuses, and says why."""
    assert issue(home) is None
    await refuse(home)
    assert issue(home) is None
    await home.send(ANNA)
    raised = issue(home)
    assert raised is not None
    assert raised.translation_key == "disk_error"
    assert raised.severity is ir.IssueSeverity.ERROR
    assert raised.translation_placeholders == {
        "account": "127.0.0.1",
        "error": _READ_ONLY,
    }
    await accept(home)
    # Without another write: it is tried again.
    await home.advance(61)
    assert issue(home) is None


@_REFUSED
async def test_issue_after_a_reload(home: Home) -> None:
    """The issue goes when the account finds the disk in order after a reload."""
    await refuse(home)
    await home.send(ANNA)
    assert issue(home) is not None
    await home.reload()
    await home.send(BORIS)
    assert issue(home) is None


@_REFUSED
async def test_issue_goes_with_the_account(home: Home) -> None:
    """An account that is removed leaves no issue behind."""
    await refuse(home)
    await home.send(ANNA)
    assert issue(home) is not None
    await home.hass.config_entries.async_remove(home.entry.entry_id)
    assert issue(home) is None


# --- Received ------------------------------------------------------------------------


@pytest.fixture
async def receiving(world: World, entry: MockConfigEntry) -> InboxHome:
    """Return a home that receives."""
    hass = world.hass
    hass.config_entries.async_update_entry(entry, options={"time_zone": "Africa/Lagos"})
    home = InboxHome(world, entry)
    await home.start()
    return home


@_REFUSED
async def test_received_once_in_a_run(receiving: InboxHome) -> None:
    """A message that cannot be stored is published, once for as long as it runs."""
    home = receiving
    home.receive("before")
    await home.poll()
    await refuse(home)
    home.receive("Open the garage")
    await home.poll()
    for _ in range(3):
        await home.poll()
    # Listings of all, which have it again.
    for _ in range(2):
        await home.skip(86_400 + 31)
    assert home.texts == ["before", "Open the garage"]
    assert home.events[1].backlog is False
    assert home.unread == 2
    await accept(home)
    await home.advance(61)
    await home.skip(86_400 + 31)
    assert len(await home.messages()) == 2
    await home.restart()
    assert home.texts == ["before", "Open the garage"]


@_REFUSED
async def test_received_after_a_kill(receiving: InboxHome) -> None:
    """What was published and could not be stored comes again after a kill, late."""
    home = receiving
    await refuse(home)
    home.receive("Open the garage")
    await home.poll()
    await home.restart(home.snapshot_storage())
    assert [(event.text, event.backlog) for event in home.events] == [
        ("Open the garage", False),
        ("Open the garage", True),
    ]


@_REFUSED
async def test_marking_on_a_disk_that_refuses(receiving: InboxHome) -> None:
    """An action on the inbox says that the disk refuses, and is made up for."""
    home = receiving
    home.receive("Hello")
    await home.poll()
    await refuse(home)
    with pytest.raises(HomeAssistantError) as raised:
        await home.call("mark_messages_read", all=True)
    assert raised.value.translation_key == "not_stored"
    assert raised.value.translation_placeholders == {"error": _READ_ONLY}
    await accept(home)
    await home.advance(61)
    assert [message["read"] for message in await home.messages()] == [True]
