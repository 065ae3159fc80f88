"""Events: published once, in order, after they are on disk."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import closing
from functools import partial
from pathlib import Path
import shutil
import sqlite3
from typing import Any, Final

import pytest

from custom_components.smskit.store import Publisher, Store, StoreError

from .opened import READ_ONLY, Opener, accept, put_once, refuse

type Files = dict[Path, bytes]

_TEXT: Final = "text"


class Listener:
    """Hears events, and raises at some."""

    def __init__(self, *bad: str) -> None:
        """Raise at these."""
        self._bad = bad
        self.heard: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.at_each: Callable[[], object] | None = None

    def __call__(self, body: dict[str, Any]) -> None:
        """Hear an event."""
        if self.at_each is not None:
            self.at_each()
        self.heard.append(body[_TEXT])
        self.bodies.append(body)
        if body[_TEXT] in self._bad:
            raise RuntimeError(body[_TEXT])


class Publishers:
    """Makes publishers on the same database again and again."""

    def __init__(self, opener: Opener) -> None:
        """Make none yet."""
        self.opener = opener
        self._made: list[Publisher] = []

    async def make(
        self,
        listener: Listener,
        *,
        after_a_start: bool = False,
        start: bool = True,
    ) -> tuple[Publisher, Store]:
        """Return a publisher that has loaded, as after a restart, and its store."""
        await self.stop()
        store = await self.opener.open()
        publisher = Publisher(self.opener.hass, store.database)
        await publisher.async_load(after_a_start=after_a_start)
        for kind in "received", "outcome":
            publisher.async_handle(kind, listener)
        if start:
            publisher.async_start()
        self._made.append(publisher)
        return publisher, store

    async def stop(self) -> None:
        """Stop what runs."""
        for publisher in self._made:
            await publisher.async_stop()
        self._made.clear()


@pytest.fixture
async def publishers(opener: Opener) -> AsyncGenerator[Publishers]:
    """Return what makes publishers, and stops them after the test."""
    publishers = Publishers(opener)
    yield publishers
    await publishers.stop()


def _events(*texts: str | int, **more: Any) -> list[dict[str, Any]]:
    return [{_TEXT: str(text), **more} for text in texts]


def _on_disk(files: Files, folder: Path) -> list[str]:
    """Return the events that a copy of the files still has."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (name,) = (path.name for path in files if path.name.endswith(".db"))
    for path, content in files.items():
        if not path.name.endswith("-shm"):
            (folder / path.name).write_bytes(content)
    with closing(sqlite3.connect(folder / name)) as connection:
        rows = connection.execute("SELECT json_extract(body, '$.text') FROM events")
        return [row[0] for row in rows]


def _snapshot(file: Path) -> Files:
    """Return what is on disk at this moment, as a kill would leave it."""
    return {path: path.read_bytes() for path in file.parent.glob(f"{file.name}*")}


def _restore(file: Path, files: Files) -> None:
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink()
    for path, content in files.items():
        if not path.name.endswith("-shm"):
            path.write_bytes(content)


async def test_once_and_in_order(publishers: Publishers) -> None:
    """Whatever is written is published once, in order, whatever its kind."""
    listener = Listener()
    publisher, _ = await publishers.make(listener)
    for n in range(50):
        publisher.write(("received", "outcome")[n % 2], _events(n))
    await publisher.async_drain()
    assert listener.heard == [str(n) for n in range(50)]
    publisher, _ = await publishers.make(listener)
    await publisher.async_drain()
    assert len(listener.heard) == 50


async def test_after_its_commit(
    publishers: Publishers, file: Path, tmp_path: Path
) -> None:
    """What an event is about is on disk when it is published."""
    listener = Listener()
    found: list[tuple[str, ...]] = []

    def look() -> None:
        folder = tmp_path / "copy"
        _on_disk(_snapshot(file), folder)
        with closing(sqlite3.connect(folder / file.name)) as connection:
            rows = connection.execute("SELECT key FROM meta WHERE key LIKE 'about%'")
            found.append(tuple(row[0] for row in rows))

    listener.at_each = look
    publisher, _ = await publishers.make(listener)
    for n in range(3):
        await publisher.write("received", _events(n), put_once(f"about {n}"))
        await publisher.async_drain()
    assert found == [tuple(f"about {m}" for m in range(n + 1)) for n in range(3)]


async def test_not_before_the_start(publishers: Publishers) -> None:
    """Nothing is published before those who listen are there, and then in order."""
    listener = Listener()
    publisher, store = await publishers.make(listener, start=False)
    await publisher.write("received", _events("one"))
    publisher.write("received", _events("two"))
    await store.database.async_drain()
    await publisher.async_drain()
    assert listener.heard == []
    publisher.async_start()
    await publisher.async_drain()
    assert listener.heard == ["one", "two"]


async def test_not_after_a_pause(publishers: Publishers) -> None:
    """What is written once nobody listens any longer is published the next time."""
    listener = Listener()
    publisher, _ = await publishers.make(listener)
    await publisher.write("outcome", _events("one"))
    await publisher.async_drain()
    publisher.async_pause()
    await publisher.write("outcome", _events("two", "three"))
    await publisher.async_stop()
    assert listener.heard == ["one"]
    publisher, _ = await publishers.make(listener)
    publisher.write("outcome", _events("four"))
    await publisher.async_drain()
    assert listener.heard == ["one", "two", "three", "four"]


@pytest.mark.parametrize("after_a_start", [True, False])
async def test_late_after_a_start(
    publishers: Publishers, *, after_a_start: bool
) -> None:
    """What is left is late after a start, and what it was after a mere reload.

    Only a received message can be late.
    """
    publisher, _ = await publishers.make(Listener(), start=False)
    publisher.write("received", _events("new", backlog=False))
    publisher.write("outcome", _events("sent"))
    await publisher.write("received", _events("old", backlog=True))
    listener = Listener()
    publisher, _ = await publishers.make(listener, after_a_start=after_a_start)
    publisher.write("received", _events("newest", backlog=False))
    await publisher.async_drain()
    assert listener.bodies == [
        {"text": "new", "backlog": after_a_start},
        {"text": "sent"},
        {"text": "old", "backlog": True},
        {"text": "newest", "backlog": False},
    ]


@pytest.mark.expected_log("An event could not be published")
async def test_listener_that_raises(publishers: Publishers) -> None:
    """One that raises keeps nobody else from hearing, and nothing comes twice."""
    listener = Listener("2")
    publisher, _ = await publishers.make(listener)
    publisher.write("received", _events(1, 2, 3))
    await publisher.async_drain()
    publisher.write("received", _events(4))
    await publisher.async_drain()
    assert listener.heard == ["1", "2", "3", "4"]
    publisher, _ = await publishers.make(listener)
    await publisher.async_drain()
    assert listener.heard == ["1", "2", "3", "4"]


@pytest.mark.expected_log("An event could not be published")
async def test_of_a_kind_that_nobody_knows(publishers: Publishers) -> None:
    """An event that nothing publishes any more goes, and the others are published."""
    listener = Listener()
    publisher, _ = await publishers.make(listener)
    publisher.write("forgotten", _events("one"))
    publisher.write("received", _events("two"))
    await publisher.async_drain()
    assert listener.heard == ["two"]


async def test_body_that_cannot_be_read(publishers: Publishers) -> None:
    """A row that is no event is left out, and the others are published."""
    listener = Listener()
    publisher, store = await publishers.make(listener, start=False)
    await publisher.write("received", _events("one"))
    for body in "no JSON", "[1]":
        await store.database.async_fetch(
            "INSERT INTO events (kind, body) VALUES ('received', ?)", (body,)
        )
    publisher, _ = await publishers.make(listener)
    await publisher.write("received", _events("two"))
    await publisher.async_drain()
    assert listener.heard == ["one", "two"]


@pytest.mark.expected_log("The database cannot be written")
async def test_on_a_disk_that_refuses(publishers: Publishers) -> None:
    """What cannot be stored is published all the same, once in this run."""
    listener = Listener()
    publisher, store = await publishers.make(listener)
    await publisher.write("received", _events("before"))
    await refuse(store.database)
    with pytest.raises(StoreError, match=READ_ONLY):
        await publisher.write("received", _events("one"), put_once("about one"))
    publisher.write("received", _events("two"))
    await publisher.async_drain()
    assert listener.heard == ["before", "one", "two"]
    await accept(store.database)
    await publisher.write("received", _events("three"))
    await publisher.async_drain()
    assert listener.heard == ["before", "one", "two", "three"]
    rows = await store.database.async_fetch(
        "SELECT key FROM meta WHERE key = ?", ("about one",)
    )
    assert rows == [("about one",)]
    publisher, _ = await publishers.make(listener)
    await publisher.async_drain()
    assert listener.heard == ["before", "one", "two", "three"]


@pytest.mark.expected_log("Something cannot be stored")
async def test_row_at_fault(publishers: Publishers) -> None:
    """An event whose transaction was at fault is published, and the rest go on."""
    listener = Listener()
    publisher, _ = await publishers.make(listener)
    await publisher.write("received", _events("one"), put_once("taken"))
    with pytest.raises(StoreError):
        await publisher.write("received", _events("two"), put_once("taken"))
    await publisher.write("received", _events("three"))
    await publisher.async_drain()
    assert listener.heard == ["one", "two", "three"]


# --- Kills ---------------------------------------------------------------------------


async def test_killed_at_any_moment(publishers: Publishers, file: Path) -> None:
    """A kill at any moment loses at most what was being published just then.

    Nothing that was published before is published again.
    """
    first = Listener()
    kills: list[tuple[list[str], list[str], Files]] = []
    publisher, _ = await publishers.make(first)
    stored: list[str] = []

    def note(text: str, done: asyncio.Future[None]) -> None:
        if done.exception() is None:
            stored.append(text)

    for n in range(6):
        done = publisher.write("received", _events(n))
        done.add_done_callback(partial(note, str(n)))
        for _ in range(8):
            kills.append(([*first.heard], [*stored], _snapshot(file)))
            await asyncio.sleep(0.0005)
    await publisher.async_drain()
    kills.append(([*first.heard], [*stored], _snapshot(file)))
    assert first.heard == [str(n) for n in range(6)]
    await publishers.stop()
    moments = 0
    for heard, on_disk, files in kills:
        await publishers.opener.close()
        _restore(file, files)
        second = Listener()
        publisher, _ = await publishers.make(second, after_a_start=True)
        await publisher.async_drain()
        await publishers.stop()
        assert not set(heard) & set(second.heard)
        # An event goes from the disk just before it is published.
        lost = set(on_disk) - set(heard) - set(second.heard)
        assert len(lost) <= 1
        moments += bool(lost)
    assert moments < len(kills)


async def test_killed_before_anything_is_published(
    publishers: Publishers, file: Path
) -> None:
    """What was stored and not published is published after a kill, all of it."""
    publisher, _ = await publishers.make(Listener(), start=False)
    await publisher.write("received", _events(*range(30), backlog=False))
    files = _snapshot(file)
    await publishers.stop()
    await publishers.opener.close()
    _restore(file, files)
    listener = Listener()
    publisher, _ = await publishers.make(listener, after_a_start=True)
    await publisher.async_drain()
    assert listener.heard == [str(n) for n in range(30)]
    assert all(body["backlog"] for body in listener.bodies)


async def test_stop_before_the_start(publishers: Publishers) -> None:
    """What is stopped before it was started publishes nothing; the next start does."""
    listener = Listener()
    publisher, store = await publishers.make(listener, start=False)
    await publisher.write("received", _events("early"))
    publisher.async_pause()
    publisher.async_start()
    await publisher.async_drain()
    assert listener.heard == []
    await store.async_close()
    await publishers.make(listener, after_a_start=True)
    await asyncio.sleep(0.2)
    assert listener.heard == ["early"]


async def test_closed_database_publishes_nothing(publishers: Publishers) -> None:
    """What can no longer be noted as published is left to the next start."""
    listener = Listener()
    publisher, store = await publishers.make(listener, start=False)
    await publisher.write("received", _events("late"))
    await store.async_close()
    publisher.async_start()
    await asyncio.sleep(0.1)
    assert listener.heard == []
    await publishers.make(listener, after_a_start=True)
    await asyncio.sleep(0.2)
    assert listener.heard == ["late"]
