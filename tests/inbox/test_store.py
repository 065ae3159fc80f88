"""The inbox on disk: when it is written, and what damage does to it."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
import sqlite3

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.smskit.const import DOMAIN

from .home import DAY, POLL, Home


@pytest.fixture
def file(hass: HomeAssistant, new_home: Home) -> Path:
    """Return the account's database."""
    path = Path(hass.config.path(".storage"))
    return path / f"{DOMAIN}.{new_home.entry.entry_id}.db"


def _written(file: Path) -> list[bytes]:
    """Return all that a database consists of."""
    return [path.read_bytes() for path in (file, file.with_name(f"{file.name}-wal"))]


def _others_may(file: Path) -> int:
    """Return what others than the owner may do with a file."""
    return file.stat().st_mode & 0o077


async def test_survives_a_reload(home: Home) -> None:
    """All of a message is as it was after the account was loaded again."""
    home.receive("Hello", id="12")
    home.receive("read", sender="BANK", id="13")
    await home.poll()
    await home.call("mark_messages_read", message_ids=["13"])
    before = await home.messages()
    assert [m["id"] for m in before] == ["13", "12"]
    await home.reload()
    assert await home.messages() == before
    await home.restart()
    assert await home.messages() == before
    assert home.unread == 1
    assert home.texts == ["Hello", "read"]


async def test_on_disk_before_it_is_published(home: Home) -> None:
    """Whoever reacts to a message finds it on disk, and its event as published."""
    found: list[bool] = []

    @callback
    def look(*_: object) -> None:
        for event in home.events[-1:]:
            texts = [text for (text,) in home.stored("SELECT text FROM messages")]
            bodies = [body for (body,) in home.stored("SELECT body FROM events")]
            found.append(
                event.text in texts and not any(event.text in b for b in bodies)
            )

    home.hass.bus.async_listen("state_changed", look)
    for text in "one", "two":
        home.receive(text)
        await home.poll()
    assert home.texts == ["one", "two"]
    assert found
    assert all(found)


async def test_is_private(home: Home, file: Path) -> None:
    """Nobody else on the machine may read the files."""
    home.receive("Hello")
    await home.poll()
    files = list(file.parent.glob(f"{file.name}*"))
    assert len(files) == 3
    assert not any(map(_others_may, files))


async def test_nothing_new_writes_nothing(home: Home, file: Path) -> None:
    """The file is left alone while nothing changes, by actions too."""
    home.receive("Hello")
    await home.poll()
    await home.call("mark_messages_read", all=True)
    before = _written(file)
    await home.poll()
    await home.poll(DAY)
    await home.call("mark_messages_read", all=True)
    await home.call("delete_messages", message_ids=["none"])
    assert _written(file) == before
    home.receive("Hello again")
    await home.poll()
    assert _written(file) != before


@pytest.mark.parametrize("turns", range(0, 200, 8))
async def test_reload_in_the_middle_of_a_poll(home: Home, turns: int) -> None:
    """A reload at any moment of a poll leaves each message told once."""
    home.receive("Hello")
    home.clock.tick(POLL)
    await home.turns(turns)
    await home.reload()
    await home.poll()
    assert home.texts == ["Hello"]
    await home.restart()
    assert home.texts == ["Hello"]


# --- Damage --------------------------------------------------------------------------


def _content(file: Path) -> bytes:
    return file.read_bytes()


def _garbage(file: Path) -> None:
    file.write_bytes(b"This is no database. " * 1000)


def _no_header(file: Path) -> None:
    file.write_bytes(b"\0" * 100 + file.read_bytes()[100:])


def _newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 1000")


@pytest.mark.parametrize("damage", [_garbage, _no_header, _newer])
async def test_file_cannot_be_used(
    home: Home,
    file: Path,
    issue_registry: ir.IssueRegistry,
    damage: Callable[[Path], None],
) -> None:
    """Such a file is set aside and named; the inbox starts anew and fires nothing."""
    home.receive("Open the door")
    home.receive("Close it")
    await home.poll()
    await home.stop()
    damage(file)
    damaged = _content(file)
    home.receive("meanwhile")
    await home.restart()
    assert home.texts == ["Open the door", "Close it"]
    assert len(await home.messages()) == 3
    assert home.unread == 0
    (aside,) = file.parent.glob(f"{file.name}.damaged.*")
    assert _content(aside) == damaged
    (issue,) = issue_registry.issues.values()
    assert issue.translation_key == "store_damaged"
    assert issue.translation_placeholders == {
        "account": "127.0.0.1",
        "path": str(aside),
    }
    home.receive("new")
    await home.poll()
    await home.restart()
    assert home.texts[2:] == ["new"]
    assert len(list(file.parent.glob(f"{file.name}.damaged.*"))) == 1
    await home.hass.config_entries.async_remove(home.entry.entry_id)
    assert not issue_registry.issues


async def test_removed_with_the_account(
    hass: HomeAssistant, home: Home, file: Path
) -> None:
    """Nothing of the inbox is left when the account is removed."""
    home.receive("Hello")
    await home.poll()
    await hass.config_entries.async_remove(home.entry.entry_id)
    assert not list(file.parent.rglob(f"*{home.entry.entry_id}*"))
