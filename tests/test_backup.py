"""Backups: a copy that is made at any moment is whole, and is known when restored."""

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
import sqlite3
from typing import Any, Final

from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.backup import async_post_backup, async_pre_backup
from custom_components.smskit.const import DOMAIN
from custom_components.smskit.store.files import StoreFiles
from tests.conftest import ANNA, BORIS
from tests.home import Home as AnyHome, Storage, World
from tests.inbox.home import Home as InboxHome
from tests.sending.home import NO_LIMIT, Home

_RESTORED: Final = "restored"
_AWAY: Final = pytest.mark.expected_log("Error fetching")


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options with an inbox that is out of the way."""
    return NO_LIMIT


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home that sends."""
    return Home


@pytest.fixture
async def receiving(
    world: World, entry: MockConfigEntry, hass: HomeAssistant
) -> InboxHome:
    """Return a home that receives."""
    hass.config_entries.async_update_entry(entry, options={"time_zone": "Africa/Lagos"})
    home = InboxHome(world, entry)
    await home.start()
    return home


def backed_up(storage: Storage) -> Storage:
    """Return what a backup has of a storage: everything that is not a cache."""
    return {
        path: content
        for path, content in storage.items()
        if "__pycache__" not in path.parts
    }


async def back_up(home: AnyHome) -> Storage:
    """Return a backup, made as Home Assistant makes it."""
    await async_pre_backup(home.hass)
    backup = backed_up(home.snapshot_storage())
    await async_post_backup(home.hass)
    return backup


@contextmanager
def kills(home: AnyHome, monkeypatch: pytest.MonkeyPatch) -> Generator[list[Storage]]:
    """Take a snapshot of what a kill would leave, before and after each token.

    There are two tokens, and what the database itself writes is in between.
    """
    write_tokens = StoreFiles.write_tokens
    taken: list[Storage] = []

    def write(files: StoreFiles, *tokens: str) -> None:
        taken.append(home.snapshot_storage())
        write_tokens(files, *tokens)
        taken.append(home.snapshot_storage())

    with monkeypatch.context() as patch:
        patch.setattr(StoreFiles, "write_tokens", write)
        yield taken
    assert len(taken) == 4


def database_of(storage: Storage, folder: Path) -> sqlite3.Connection:
    """Open a copy of a database, as after it was restored."""
    folder.mkdir()
    for path, content in storage.items():
        (folder / path.name).write_bytes(content)
    (name,) = (path.name for path in storage if path.suffix == ".db")
    return sqlite3.connect(folder / name)


def copy_slowly(storage: Storage, order: tuple[str, ...]) -> Iterator[Storage]:
    """Copy what these files have piece by piece; yield the copy after each piece.

    As a backup does, each file is copied as long as it is when its turn comes.
    """
    copy: Storage = {}
    for suffix in order:
        (path,) = (path for path in storage if path.name.endswith(suffix))
        copy[path] = b""
        left = path.stat().st_size
        with path.open("rb") as file:
            while left > 0 and (piece := file.read(min(8 * 4096, left))):
                left -= len(piece)
                copy[path] += piece
                yield copy


def assert_sound(storage: Storage, folder: Path) -> list[str]:
    """Fail unless a copy is whole; return the texts of its messages."""
    with closing(database_of(storage, folder)) as copy:
        assert copy.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        assert copy.execute("PRAGMA foreign_key_check").fetchall() == []
        copy.execute(
            "INSERT INTO messages_text (messages_text, rank) "
            "VALUES ('integrity-check', 1)"
        )
        rows = copy.execute("SELECT text FROM messages ORDER BY seq").fetchall()
        return [row[0] for row in rows]


# --- A copy is whole -----------------------------------------------------------------


@pytest.mark.parametrize(
    "order", [(".db", "-wal"), ("-wal", ".db"), (".db", "-wal", "-shm")]
)
async def test_copied_while_messages_go_on(
    hass: HomeAssistant, home: Home, tmp_path: Path, order: tuple[str, ...]
) -> None:
    """Nothing waits for a backup, and what it copies meanwhile is whole."""
    for n in range(10):
        await home.send(f"+1202555{n:04}", message=f"before {n} {'x' * 300}")
    await async_pre_backup(hass)
    count = 0
    copies: list[Storage] = []
    for copy in copy_slowly(home.snapshot_storage(), order):
        copies.append(copy)
        await home.send(f"+1202556{count:04}", message=f"while {count} {'y' * 300}")
        home.portal.deliver("sent")
        await home.advance(1)
        count += 1
    await async_post_backup(hass)
    texts = assert_sound(copies[-1], tmp_path / "copy")
    assert count > 2
    assert [text.split(" x")[0] for text in texts[:10]] == [
        f"before {n}" for n in range(10)
    ]
    # In order, and nothing is missing in between.
    assert [text.split(" y")[0] for text in texts[10:]] == [
        f"while {n}" for n in range(len(texts) - 10)
    ]


async def test_copied_after_every_step(
    hass: HomeAssistant, home: Home, tmp_path: Path
) -> None:
    """A database that was copied first is whole with any log that is copied later."""
    await home.send(ANNA, message="before")
    await async_pre_backup(hass)
    before = backed_up(home.snapshot_storage())
    (database,) = (path for path in before if path.suffix == ".db")
    for n in range(40):
        await home.send(BORIS, message=f"{n} {'x' * 1000}")
        home.portal.deliver("sent")
        await home.advance(1)
        later = backed_up(home.snapshot_storage())
        # The file itself does not change, however long the log becomes.
        assert later[database] == before[database]
        if n % 8 == 0:
            texts = assert_sound(
                {**later, database: before[database]}, tmp_path / f"copy-{n}"
            )
            assert len(texts) == n + 2
    await async_post_backup(hass)


async def test_log_is_written_back_afterwards(hass: HomeAssistant, home: Home) -> None:
    """After a backup the log does not grow for ever."""
    await async_pre_backup(hass)
    await async_post_backup(hass)
    (log,) = (path for path in home.snapshot_storage() if path.name.endswith("-wal"))
    database = home.entry.runtime_data.store.database
    for n in range(60):
        await database.async_fetch(
            "INSERT OR REPLACE INTO meta (key, value) VALUES ('large', ?)",
            (f"{n}" * 150_000,),
        )
    assert _size(log) < 10_000_000


def _size(path: Path) -> int:
    return path.stat().st_size


async def test_without_an_account(hass: HomeAssistant, home: Home) -> None:
    """An account that is not loaded is none that has to be prepared."""
    await home.stop()
    await async_pre_backup(hass)
    await async_post_backup(hass)


@pytest.mark.expected_log("The database cannot be written")
async def test_disk_that_refuses(hass: HomeAssistant, home: Home) -> None:
    """A disk that refuses does not keep a backup from being made."""
    database = home.entry.runtime_data.store.database
    await database.async_fetch("PRAGMA query_only = ON")
    await async_pre_backup(hass)
    await async_post_backup(hass)
    await database.async_fetch("PRAGMA query_only = OFF")
    await home.advance(10)
    assert database.problem is None
    await home.restart()
    assert not home.entry.runtime_data.store.is_restored


# --- A restored one is known ---------------------------------------------------------


async def _held_in_a_backup(home: Home) -> Storage:
    """Return a backup that has a message held, which has been sent since."""
    await home.refuse()
    await home.send(ANNA, BORIS, message="Alarm")
    backup = await back_up(home)
    await home.portal.accept()
    await home.advance(10)
    assert home.texts == ["Alarm", "Alarm"]
    home.events.clear()
    return backup


@pytest.mark.parametrize("marker", ["kept", "gone"])
async def test_held_messages_are_unknown(home: Home, marker: str) -> None:
    """What is held in a backup may have been sent since: it is not sent again.

    That is so where everything else was wiped, and where it was not.
    """
    backup = await _held_in_a_backup(home)
    if marker == "kept":
        await home.stop()
        current = home.snapshot_storage()
        backup |= {p: c for p, c in current.items() if "__pycache__" in p.parts}
    await home.restart(backup)
    assert sorted(home.published()) == ["unknown", "unknown"]
    assert {event.code for event in home.events} == {_RESTORED}
    assert {event.number for event in home.events} == {ANNA, BORIS}
    await home.advance(7200)
    assert len(home.portal.ledger) == 2
    assert home.total("pending") == 0
    assert home.stored_batches() == []


async def test_held_messages_are_not_canceled(hass: HomeAssistant, home: Home) -> None:
    """What may have been sent is unknown: whoever cancels it is not told otherwise."""
    backup = await _held_in_a_backup(home)
    hass.set_state(CoreState.starting)
    await home.restart(backup)
    assert await home.call("cancel_held_messages", all=True) == {"count": 0}
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await home.advance(10)
    assert sorted(home.published()) == ["unknown", "unknown"]
    assert {event.code for event in home.events} == {_RESTORED}


@_AWAY
async def test_run_after_a_backup(home: Home) -> None:
    """Once it was restored, it is a run like any other: what is held is sent."""
    await home.restart(await _held_in_a_backup(home))
    home.events.clear()
    await home.refuse()
    await home.send(ANNA, message="New")
    await home.settle()
    await home.restart()
    await home.portal.accept()
    await home.advance(10)
    assert home.published() == ["held", "queued"]
    assert home.texts == ["Alarm", "Alarm", "New"]


async def test_restored_twice(home: Home) -> None:
    """The same backup is known again each time that it is restored."""
    backup = await _held_in_a_backup(home)
    for _ in range(2):
        await home.restart(backup)
        await home.advance(60)
        assert home.published() == ["unknown", "unknown"]
        home.events.clear()
    assert len(home.portal.ledger) == 2


async def test_killed_when_it_was_just_restored(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill before what is unknown was reported sends nothing again either."""
    backup = await _held_in_a_backup(home)
    with kills(home, monkeypatch) as taken:
        await home.restart(backup)
    for kill in taken:
        await home.restart(kill)
        await home.advance(60)
        assert len(home.portal.ledger) == 2
    assert set(home.published()) == {"unknown"}


async def test_received_messages_are_late(receiving: InboxHome) -> None:
    """What a backup has not published yet is late, and what came since is, too."""
    home = receiving
    publisher = home.entry.runtime_data.publisher
    publisher.async_pause()
    home.receive("Open the garage")
    await home.poll()
    backup = await back_up(home)
    assert home.events == []
    home.receive("Close it")
    await home.restart(backup)
    assert [(event.text, event.backlog) for event in home.events] == [
        ("Open the garage", True),
        ("Close it", True),
    ]


# --- A restart is not a backup -------------------------------------------------------


@_AWAY
async def test_restart_is_no_backup(hass: HomeAssistant, home: Home) -> None:
    """What is held stays held in a restart, a reload and a kill."""
    await home.refuse()
    await home.send(ANNA)
    await async_pre_backup(hass)
    killed = home.snapshot_storage()
    await async_post_backup(hass)
    after = home.snapshot_storage()
    await home.restart(killed)
    await home.restart(after)
    await home.restart()
    await home.reload()
    assert home.published() == ["held"]
    await home.portal.accept()
    await home.advance(61)
    assert home.texts == ["Hello"]


@_AWAY
@pytest.mark.parametrize("at_start", [True, False])
async def test_killed_while_the_token_is_renewed(
    hass: HomeAssistant,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    *,
    at_start: bool,
) -> None:
    """Whenever a kill comes while the token is renewed, it is a mere restart."""
    await home.refuse()
    await home.send(ANNA)
    with kills(home, monkeypatch) as taken:
        if at_start:
            await home.reload()
        else:
            await async_pre_backup(hass)
            await async_post_backup(hass)
    for kill in taken:
        await home.restart(kill)
        assert not home.entry.runtime_data.store.is_restored
        assert home.total("pending") == 1
    assert home.published() == ["held"]
    await home.portal.accept()
    await home.advance(61)
    assert home.texts == ["Hello"]


async def test_marker_is_in_no_backup(home: Home) -> None:
    """The token beside the database is where backups look for nothing."""
    storage = home.snapshot_storage()
    outside = {path for path in storage if path not in backed_up(storage)}
    assert [path.suffix for path in outside] == [".run"]


async def test_no_issue(home: Home, issue_registry: ir.IssueRegistry) -> None:
    """A restored backup is nothing that a user has to repair."""
    backup = await _held_in_a_backup(home)
    await home.restart(backup)
    assert not [key for key in issue_registry.issues if key[0] == DOMAIN]
