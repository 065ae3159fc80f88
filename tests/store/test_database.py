"""The database of an account: what is written, and what damage and disks do to it."""

import asyncio
from collections.abc import Callable
from contextlib import closing, nullcontext, suppress
import logging
from pathlib import Path
import sqlite3
from typing import Any, Final

from homeassistant.core import HomeAssistant
import pytest

from custom_components.smskit.store import (
    Database,
    Statement,
    Store,
    StoreError,
    async_remove_store,
)
from custom_components.smskit.store.files import StoreFiles
from custom_components.smskit.store.schema import MIGRATIONS, VERSION

from .opened import (
    ENTRY_ID,
    FULL,
    READ_ONLY,
    Opener,
    accept,
    full,
    labels,
    put,
    put_once,
    refuse,
)

_REFUSED: Final = pytest.mark.expected_log("The database cannot be written")
_ROW: Final = pytest.mark.expected_log("Something cannot be stored")
_TOO_LARGE: Final = 2**64
_SIDES: Final = ("", "-wal", "-shm")
_BIG: Final = "x" * 200_000


def _commits(caplog: pytest.LogCaptureFixture) -> int:
    """Return how many commits SQLite was asked for."""
    return sum(
        record.name == "aiosqlite"
        and record.getMessage().startswith("executing")
        and "'COMMIT'" in record.getMessage()
        for record in caplog.records
    )


def _copied(path: Path, folder: Path) -> Path:
    """Copy a database with its log, as it is on disk now."""
    folder.mkdir()
    for side in "", "-wal":
        source = path.with_name(path.name + side)
        if source.exists():
            (folder / source.name).write_bytes(source.read_bytes())
    return folder / path.name


def _rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


# --- Units ---------------------------------------------------------------------------


async def test_in_order(store: Store) -> None:
    """Units are written in the order in which they are handed over."""
    database = store.database
    written = [database.write(put(f"{n}a", f"{n}b"), put(f"{n}c")) for n in range(20)]
    await asyncio.gather(*written)
    assert await labels(database) == [f"{n}{x}" for n in range(20) for x in "abc"]


async def test_on_disk_when_done(store: Store, file: Path, tmp_path: Path) -> None:
    """What is done is on disk: a copy that is made at once has it."""
    await store.database.write(put("one"))
    copy = _copied(file, tmp_path / "copy")
    assert _rows(copy, "SELECT body FROM events") == [("one",)]


async def test_one_turn_is_one_commit(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """All that is written in one turn of the loop shares one commit."""
    caplog.set_level(logging.DEBUG, "aiosqlite")
    before = _commits(caplog)
    await asyncio.gather(*(store.database.write(put(n)) for n in range(50)))
    assert _commits(caplog) == before + 1
    await store.database.write(put("later"))
    assert _commits(caplog) == before + 2


@_ROW
@pytest.mark.parametrize(
    "bad",
    [
        put_once("taken", "secret 4711"),
        put("secret 4711", _TOO_LARGE),
        put("secret 4711 \ud800"),
        Statement("INSERT INTO meta (key, value) VALUES (?, ?)", [("secret 4711",)]),
    ],
    ids=["duplicate", "too large", "surrogate", "too few"],
)
async def test_row_fails_alone(
    store: Store, bad: Statement, caplog: pytest.LogCaptureFixture
) -> None:
    """A row at fault fails its own unit as a whole, and nobody else's."""
    database = store.database
    await database.write(put_once("taken"))
    first = database.write(put("first"))
    failed = database.write(put("part of it"), bad, put("rest of it"))
    last = database.write(put("last"))
    await first
    with pytest.raises(StoreError):
        await failed
    await last
    assert await labels(database) == ["first", "last"]
    assert database.problem is None
    assert "4711" not in caplog.text


@_ROW
@pytest.mark.parametrize("is_nested", [False, True])
async def test_as_one(store: Store, is_nested: bool) -> None:
    """What is written in a block is one unit: all of it is stored, or nothing."""
    database = store.database
    with database.as_one():
        first = database.write(put("first"))
        with database.as_one() if is_nested else nullcontext():
            second = database.write(put("second"))
    await asyncio.gather(first, second)
    with database.as_one():
        good = database.write(put("third"))
        with database.as_one() if is_nested else nullcontext():
            bad = database.write(put(_TOO_LARGE))
    after = database.write(put("fourth"))
    for failed in good, bad:
        with pytest.raises(StoreError):
            await failed
    await after
    assert await labels(database) == ["first", "second", "fourth"]


@_ROW
async def test_row_at_fault_is_not_tried_again(store: Store) -> None:
    """What a row was at fault for is gone; the next write has nothing of it."""
    with pytest.raises(StoreError):
        await store.database.write(put("bad", _TOO_LARGE))
    await store.database.write(put("good"))
    assert await labels(store.database) == ["good"]


async def test_nobody_has_to_wait(store: Store) -> None:
    """Canceling the wait cancels nothing else, and what was written is."""
    written = store.database.write(put("one"))
    written.cancel()
    await store.database.write(put("two"))
    assert await labels(store.database) == ["one", "two"]


async def test_reading_what_cannot_be(store: Store) -> None:
    """A query that fails raises the store's own error."""
    with pytest.raises(StoreError):
        await store.database.async_fetch("SELECT nothing FROM nowhere")
    with pytest.raises(StoreError):
        await store.database.async_fetch("SELECT ?", (_TOO_LARGE,))


async def test_nothing_in_the_log(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """However much the driver logs, no text and no number is in it."""
    caplog.set_level(logging.DEBUG, "aiosqlite")
    await store.database.write(put("Open the door"), put_once("+12025550123", "4711"))
    await store.database.async_fetch(
        "SELECT 1 FROM events WHERE body IN (?, ?)", ("Open the door", "+12025550123")
    )
    lines = "\n".join(r.getMessage() for r in caplog.records if r.name == "aiosqlite")
    assert "INSERT INTO events" in lines
    for value in "Open the door", "12025550123", "4711":
        assert value not in lines


# --- Closing -------------------------------------------------------------------------


async def test_close_writes_what_waits(opener: Opener, store: Store) -> None:
    """Whatever was handed over before the end is on disk after it."""
    written = [store.database.write(put(n)) for n in range(50)]
    await store.async_close()
    assert all(one.done() for one in written)
    store = await opener.open()
    assert await labels(store.database) == [str(n) for n in range(50)]


@pytest.mark.parametrize("turns", range(12))
async def test_close_in_the_middle_of_writes(
    opener: Opener, store: Store, turns: int
) -> None:
    """A write is on disk, or fails, whenever the database is closed."""
    stored: list[str] = []

    async def write() -> None:
        for n in range(20):
            with suppress(StoreError):
                await store.database.write(put(n))
                stored.append(str(n))

    writing = asyncio.create_task(write())
    for _ in range(turns):
        await asyncio.sleep(0)
    await store.async_close()
    async with asyncio.timeout(5):
        await writing
    store = await opener.open()
    assert await labels(store.database) == stored


async def test_closed(store: Store) -> None:
    """A closed database refuses, and closing it again does nothing."""
    await store.async_close()
    await store.async_close()
    with pytest.raises(StoreError, match="closed"):
        await store.database.write(put("late"))
    with pytest.raises(StoreError, match="closed"):
        await labels(store.database)


# --- A disk that refuses -------------------------------------------------------------


@_REFUSED
async def test_refused_fails_everybody(opener: Opener, store: Store) -> None:
    """Whoever waits is told of the disk, and that is reported once, as its end is."""
    database = store.database
    await refuse(database)
    written = [database.write(put(n)) for n in range(3)]
    written.append(database.write(put(_TOO_LARGE)))
    results = await asyncio.gather(*written, return_exceptions=True)
    assert [str(result) for result in results] == [READ_ONLY] * 4
    assert database.problem == READ_ONLY
    with pytest.raises(StoreError):
        await database.write(put("more"))
    assert opener.problems == ["read_only"]


@_REFUSED
async def test_kept_and_written_first(
    opener: Opener, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """What was refused is written before all that is written later, once."""
    database = store.database
    await refuse(database)
    for label in "a", "b":
        with pytest.raises(StoreError):
            await database.write(put(label))
    assert await labels(database) == []
    await accept(database)
    await database.write(put("c"))
    assert await labels(database) == ["a", "b", "c"]
    await database.write(put("d"))
    assert await labels(database) == ["a", "b", "c", "d"]
    assert opener.problems == ["read_only", None]
    assert database.problem is None
    assert caplog.text.count("The database cannot be written") == 1
    assert caplog.text.count("The database can be written again") == 1


@_REFUSED
@_ROW
async def test_row_at_fault_among_what_was_refused(store: Store) -> None:
    """Of what was kept, a row at fault is left out, and the rest is written."""
    database = store.database
    await refuse(database)
    for unit in put("a"), put(_TOO_LARGE), put("b"):
        with pytest.raises(StoreError):
            await database.write(unit)
    await accept(database)
    await database.write(put("c"))
    assert await labels(database) == ["a", "b", "c"]


@_REFUSED
async def test_tried_again_by_a_timer(opener: Opener, store: Store) -> None:
    """What was refused is tried again without another write, until it is taken."""
    database = store.database
    await refuse(database)
    with pytest.raises(StoreError):
        await database.write(put("a"))
    await opener.retry()
    assert opener.problems == ["read_only"]
    await accept(database)
    await opener.retry(5)
    assert opener.problems == ["read_only"]
    await opener.retry(11)
    assert opener.problems == ["read_only", None]
    assert await labels(database) == ["a"]


@_REFUSED
async def test_full(opener: Opener, store: Store) -> None:
    """A full disk refuses what it has no room for, and takes it when it has."""
    database = store.database
    async with full(database):
        small = database.write(put("small"))
        with pytest.raises(StoreError, match=FULL):
            await database.write(put(_BIG))
        with pytest.raises(StoreError, match=FULL):
            await small
        assert await labels(database) == []
    await database.write(put("last"))
    assert await labels(database) == ["small", _BIG, "last"]
    assert opener.problems == ["full", None]


@_REFUSED
async def test_another_problem(opener: Opener, store: Store) -> None:
    """When what is wrong changes, that is shown; the log has one line."""
    database = store.database
    async with full(database):
        with pytest.raises(StoreError):
            await database.write(put(_BIG))
        await refuse(database)
        with pytest.raises(StoreError):
            await database.write(put("b"))
        await accept(database)
    await database.write(put("c"))
    assert opener.problems == ["full", "read_only", None]
    assert await labels(database) == [_BIG, "b", "c"]


@_REFUSED
async def test_close_on_a_disk_that_refuses(opener: Opener, store: Store) -> None:
    """A disk that refuses does not keep an account from closing."""
    await store.database.write(put("a"))
    await refuse(store.database)
    store.database.write(put("b"))
    await store.async_close()
    store = await opener.open()
    assert await labels(store.database) == ["a"]


# --- Opening -------------------------------------------------------------------------


async def test_survives(opener: Opener, store: Store) -> None:
    """What was written is there when the database is opened again."""
    await store.database.write(put("one"))
    store = await opener.open()
    assert await labels(store.database) == ["one"]
    assert opener.set_aside is None
    assert not store.is_restored


async def test_private(store: Store, file: Path) -> None:
    """Nobody else may read the database, its log, or its index."""
    await store.database.write(put("one"))
    assert _modes(*(file.with_name(file.name + side) for side in _SIDES)) == {0o600}


async def test_made_private(opener: Opener, store: Store, file: Path) -> None:
    """A database that others may read is closed to them."""
    await opener.close()
    _open_to_all(file)
    await opener.open()
    assert _modes(file) == {0o600}


def _modes(*paths: Path) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in paths}


def _open_to_all(path: Path) -> None:
    path.chmod(0o644)


def _text(path: Path) -> None:
    path.write_text("This is not a database." * 1000)


def _newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _header(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[:100] = b"\xff" * 100
    path.write_bytes(content)


def _damage(path: Path, damage: Callable[[Path], None]) -> bytes:
    """Damage a file; return what is in it then."""
    damage(path)
    return path.read_bytes()


@pytest.mark.parametrize("damage", [_text, _newer, _truncated, _header])
async def test_damaged(
    opener: Opener, store: Store, file: Path, damage: Callable[[Path], None]
) -> None:
    """What is no database of ours is set aside as it is, and the store works."""
    await store.database.write(put("old"))
    await opener.close()
    before = _damage(file, damage)
    store = await opener.open()
    assert opener.set_aside is not None
    assert opener.set_aside.parent == file.parent
    assert opener.set_aside.read_bytes() == before
    assert await labels(store.database) == []
    await store.database.write(put("new"))
    assert not store.is_restored
    assert opener.problems == []
    store = await opener.open()
    assert opener.set_aside is None
    assert await labels(store.database) == ["new"]


async def test_set_aside_with_its_log(hass: HomeAssistant, file: Path) -> None:
    """The log and its index go with their database, and come to no other one."""
    file.parent.mkdir()
    for side in _SIDES:
        file.with_name(file.name + side).write_text(f"old{side}")
    aside = StoreFiles.of(hass, ENTRY_ID).set_aside()
    assert not list(file.parent.glob(f"{file.name}-*"))
    for side in _SIDES:
        assert aside.with_name(aside.name + side).read_text() == f"old{side}"


@_REFUSED
async def test_disk_that_can_only_be_read(
    opener: Opener, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is stored is read all the same, and written once the disk takes it."""
    await store.database.write(put("old"))
    await opener.close()

    def read_only(_: StoreFiles) -> None:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(StoreFiles, "create", read_only)
        store = await opener.open()
        database = store.database
        assert opener.set_aside is None
        assert await labels(database) == ["old"]
        with pytest.raises(StoreError, match="Read-only file system"):
            await database.write(put("new"))
        assert opener.problems == ["read_only"]
    await opener.retry()
    assert opener.problems == ["read_only", None]
    assert await labels(database) == ["old", "new"]
    await database.write(put("last"))
    store = await opener.open()
    assert await labels(store.database) == ["old", "new", "last"]
    assert not store.is_restored


@_REFUSED
async def test_read_from_the_log_too(
    opener: Opener, store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only the log has, after a kill, is read from there."""
    await store.database.write(put("old"))
    killed = {p: p.read_bytes() for p in file.parent.glob(f"{file.name}*")}
    await opener.close()
    for path, content in killed.items():
        path.write_bytes(content)

    def read_only(_: StoreFiles) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(StoreFiles, "create", read_only)
    store = await opener.open()
    assert await labels(store.database) == ["old"]


def _block(path: Path) -> None:
    """Put something where there can be no database then."""
    path.mkdir(parents=True)


def _unblock(path: Path) -> None:
    path.rmdir()


@_REFUSED
async def test_file_that_cannot_be_opened(opener: Opener, file: Path) -> None:
    """Without any file the store works from memory until there can be one."""
    _block(file)
    store = await opener.open()
    with pytest.raises(StoreError):
        await store.database.write(put("one"))
    assert await labels(store.database) == []
    _unblock(file)
    await opener.retry()
    assert opener.problems[-1] is None
    assert await labels(store.database) == ["one"]
    store = await opener.open()
    assert await labels(store.database) == ["one"]


# --- Versions ------------------------------------------------------------------------


def _schema(connection: sqlite3.Connection) -> list[tuple[str, ...]]:
    return connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
    ).fetchall()


@pytest.mark.parametrize("version", range(VERSION + 1))
async def test_migrated(opener: Opener, file: Path, version: int) -> None:
    """From whatever version, a database becomes what a new one is."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file)) as old:
        for script in MIGRATIONS[:version]:
            old.executescript(script)
        old.execute(f"PRAGMA user_version = {version}")
    await opener.open()
    await opener.close()
    assert opener.set_aside is None
    assert _rows(file, "PRAGMA user_version") == [(VERSION,)]
    with closing(sqlite3.connect(file)) as migrated:
        found = _schema(migrated)
    with closing(sqlite3.connect(":memory:")) as new:
        for script in MIGRATIONS:
            new.executescript(script)
        assert found == _schema(new)


# --- Damage that does not show at once -----------------------------------------------


async def _fill(database: Database, count: int = 3000) -> None:
    await database.write(
        Statement(
            "INSERT INTO messages (id, direction, number, peer, text, date) "
            "VALUES (?, 'in', '+12025550123', '+12025550123', ?, ?)",
            [(f"{n:05}", f"message {n} {'x' * 200}", float(n)) for n in range(count)],
        ),
        Statement(
            "INSERT INTO seen (fingerprint) VALUES (?)",
            [(f"{n:040}",) for n in range(count)],
        ),
        put_once("account", "mine"),
        put_once("sent", "7"),
    )


def _page_of(path: Path, text: bytes) -> int:
    """Return the number of the page, from 0, that a text is on."""
    return path.read_bytes().index(text) // 4096


def _break_page(path: Path, page: int) -> None:
    content = bytearray(path.read_bytes())
    content[page * 4096 : (page + 1) * 4096] = b"\xa5" * 4096
    path.write_bytes(content)


async def _meta(database: Database) -> dict[str, str]:
    return dict(await database.async_fetch("SELECT key, value FROM meta"))


async def test_sound(store: Store) -> None:
    """A sound database stays as it is."""
    await _fill(store.database)
    assert await store.async_check() is None


async def test_salvaged(opener: Opener, store: Store, file: Path) -> None:
    """What is before and after a page that is damaged is kept, and the rest works."""
    await _fill(store.database)
    await opener.close()
    _break_page(file, _page_of(file, b"message 1500 "))
    store = await opener.open()
    database = store.database
    assert opener.set_aside is None
    aside = await store.async_check()
    assert aside is not None
    assert aside.exists()
    ids = [r[0] for r in await database.async_fetch("SELECT id FROM messages")]
    assert {"00000", "02999"} <= set(ids)
    assert 2900 < len(ids) < 3000
    ((count,),) = await database.async_fetch("SELECT count FROM conversations")
    assert count == len(ids)
    ((found,),) = await database.async_fetch(
        "SELECT count(*) FROM messages_text WHERE messages_text MATCH 'message'"
    )
    assert found == len(ids)
    meta = await _meta(database)
    assert (meta["account"], meta["sent"]) == ("mine", "7")
    await database.write(put("new"))
    assert await store.async_check() is None
    store = await opener.open()
    assert await labels(store.database) == ["new"]
    assert not store.is_restored


async def test_salvaged_without_all_that_was_seen(
    opener: Opener, store: Store, file: Path
) -> None:
    """Where it is not known what was listed before, nobody's messages are known."""
    await _fill(store.database)
    await opener.close()
    _break_page(file, _page_of(file, f"{1500:040}".encode()))
    store = await opener.open()
    assert await store.async_check() is not None
    ((seen,),) = await store.database.async_fetch("SELECT count(*) FROM seen")
    assert 0 < seen < 3000
    meta = await _meta(store.database)
    assert "account" not in meta
    assert meta["sent"] == "7"


@pytest.mark.parametrize("turns", range(0, 40, 4))
async def test_written_while_it_is_replaced(
    opener: Opener, store: Store, file: Path, turns: int
) -> None:
    """What is written while a database is replaced comes after what was there."""
    await _fill(store.database)
    await store.database.write(put("old"))
    await opener.close()
    _break_page(file, _page_of(file, b"message 1500 "))
    store = await opener.open()
    checking = asyncio.create_task(store.async_check())
    change = Statement("UPDATE meta SET value = ? WHERE key = 'sent'", [("8",)])
    await asyncio.sleep(0.002 * turns)
    await store.database.write(change, put("new"))
    await store.database.write(Statement("DELETE FROM events WHERE body = 'old'"))
    assert await checking is not None
    assert (await _meta(store.database))["sent"] == "8"
    assert await labels(store.database) == ["new"]


async def test_closed_while_it_is_replaced(
    opener: Opener, store: Store, file: Path
) -> None:
    """An account that is unloaded meanwhile loses nothing more."""
    await _fill(store.database)
    await opener.close()
    _break_page(file, _page_of(file, b"message 1500 "))
    store = await opener.open()
    replacing = asyncio.create_task(store.database.async_replace())
    await asyncio.sleep(0.002)
    replacing.cancel()
    await store.async_close()
    store = await opener.open()
    ((count,),) = await store.database.async_fetch("SELECT count(*) FROM messages")
    assert 2900 < count < 3000


@_REFUSED
async def test_damaged_on_a_disk_that_refuses(
    opener: Opener, store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be set aside stays in use, as far as it can be."""
    await _fill(store.database)
    await opener.close()
    _break_page(file, _page_of(file, b"message 1500 "))
    store = await opener.open()

    def read_only(_: StoreFiles) -> Path:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(StoreFiles, "set_aside", read_only)
        assert await store.async_check() is None
    await opener.retry()
    await store.database.write(put("new"))
    assert await labels(store.database) == ["new"]
    assert (await _meta(store.database))["sent"] == "7"


# --- Removal -------------------------------------------------------------------------


async def test_removed(
    hass: HomeAssistant, opener: Opener, store: Store, file: Path
) -> None:
    """Nothing is left of an account, whatever happened before."""
    await store.database.write(put("one"))
    await opener.close()
    _text(file)
    await opener.open()
    marker = file.parent / "__pycache__" / f"{file.stem}.run"
    assert marker.exists()
    await opener.close()
    # As after a kill.
    file.with_name(f"{file.name}-wal").touch()
    file.with_name(f"{file.name}-shm").touch()
    marker.with_suffix(".new").touch()
    other = file.with_name("smskit.01K0OTHER.db")
    other.touch()
    await async_remove_store(hass, ENTRY_ID)
    left = [path for path in file.parent.rglob("*") if "smskit" in path.name]
    assert left == [other]
    assert not marker.parent.exists()


async def test_removed_twice(hass: HomeAssistant, file: Path) -> None:
    """Where nothing is, nothing has to be removed."""
    await async_remove_store(hass, ENTRY_ID)
