"""The inbox on disk: when it is written, and what damage does to it."""

from collections.abc import Callable
import json
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.smskit.const import DOMAIN

from .home import DAY, POLL, Home


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Return a configuration of the test's own."""
    return hass_tmp_config_dir


@pytest.fixture
def hass_storage() -> dict[str, Any]:
    """Leave the disk to Home Assistant."""
    return {}


@pytest.fixture
def file(hass: HomeAssistant, new_home: Home) -> Path:
    """Return the inbox's file."""
    path = Path(hass.config.path(".storage"))
    return path / f"{DOMAIN}.{new_home.entry.entry_id}.inbox"


def _written(file: Path) -> tuple[int, int]:
    """Return what changes with every write of a file."""
    status = file.stat()
    return status.st_ino, status.st_mtime_ns


def _others_may(file: Path) -> int:
    """Return what others than the owner may do with a file."""
    return file.stat().st_mode & 0o077


def _cut(file: Path) -> None:
    """Leave out the end of a file."""
    file.write_bytes(file.read_bytes()[:-20])


def _change(file: Path, damage: Callable[[dict[str, Any]], object]) -> str:
    """Change the JSON in a file; return what is in it then."""
    damaged = json.dumps(damage(json.loads(file.read_text())))
    file.write_text(damaged)
    return damaged


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


async def test_on_disk_before_it_is_published(home: Home, file: Path) -> None:
    """Whoever handles a message finds it on disk."""
    found: list[bool] = []

    def look(*_: object) -> None:
        found.extend(event.text in file.read_text() for event in home.events[-1:])

    home.hass.bus.async_listen("state_changed", look)
    for text in "one", "two":
        home.receive(text)
        await home.poll()
    assert home.texts == ["one", "two"]
    assert found
    assert all(found)


async def test_is_private(home: Home, file: Path) -> None:
    """Nobody else on the machine may read the file."""
    home.receive("Hello")
    await home.poll()
    assert _others_may(file) == 0


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
    await home.reload()
    assert _written(file) == before
    home.receive("Hello again")
    await home.poll()
    assert _written(file) != before


@pytest.mark.parametrize("turns", range(0, 200, 8))
async def test_reload_in_the_middle_of_a_poll(home: Home, turns: int) -> None:
    """A reload at any moment of a poll leaves each message reported once."""
    home.receive("Hello")
    home.clock.tick(POLL)
    await home.turns(turns)
    await home.reload()
    await home.poll()
    assert home.texts == ["Hello"]
    await home.restart()
    assert home.texts == ["Hello"]


# --- Damage --------------------------------------------------------------------------


async def test_file_is_no_json(
    home: Home, file: Path, issue_registry: ir.IssueRegistry
) -> None:
    """A file that is cut short is set aside by Home Assistant; old messages stay so."""
    home.receive("Open the door")
    await home.poll()
    await home.stop()
    _cut(file)
    home.receive("meanwhile")
    await home.restart()
    assert home.texts == ["Open the door"]
    assert [m["text"] for m in await home.messages()] == ["meanwhile", "Open the door"]
    assert home.unread == 0
    issues = [key for _, key in issue_registry.issues if "corruption" in key]
    assert [key.split("_")[1] for key in issues] == ["corruption"]
    home.receive("new")
    await home.poll()
    assert home.texts == ["Open the door", "new"]


def _no_version(content: dict[str, Any]) -> object:
    del content["version"]
    return content


def _no_data(content: dict[str, Any]) -> object:
    del content["data"]
    return content


def _no_known(content: dict[str, Any]) -> object:
    del content["data"]["known"]
    return content


def _list_for_data(content: dict[str, Any]) -> object:
    content["data"] = [content["data"]]
    return content


def _null_for_data(content: dict[str, Any]) -> object:
    content["data"] = None
    return content


def _messages_are_texts(content: dict[str, Any]) -> object:
    content["data"]["messages"] = ["Open the door"]
    return content


def _no_date(content: dict[str, Any]) -> object:
    content["data"]["messages"][0]["date"] = "yesterday"
    return content


def _naive_date(content: dict[str, Any]) -> object:
    content["data"]["messages"][0]["date"] = "2027-02-10T12:00:00"
    return content


def _other_field(content: dict[str, Any]) -> object:
    content["data"]["messages"][0]["color"] = "red"
    return content


def _number_for_text(content: dict[str, Any]) -> object:
    content["data"]["messages"][0]["text"] = 5
    return content


def _list_for_all(content: dict[str, Any]) -> object:
    return [content]


@pytest.mark.parametrize(
    "damage",
    [
        _no_version,
        _no_data,
        _no_known,
        _list_for_data,
        _null_for_data,
        _messages_are_texts,
        _no_date,
        _naive_date,
        _other_field,
        _number_for_text,
        _list_for_all,
    ],
)
async def test_file_has_another_shape(
    home: Home,
    file: Path,
    issue_registry: ir.IssueRegistry,
    damage: Callable[[dict[str, Any]], object],
) -> None:
    """A file of another shape is set aside and named; the inbox starts anew, untold."""
    home.receive("Open the door")
    home.receive("Close it")
    await home.poll()
    await home.stop()
    damaged = _change(file, damage)
    home.receive("meanwhile")
    await home.restart()
    assert home.texts == ["Open the door", "Close it"]
    assert len(await home.messages()) == 3
    assert home.unread == 0
    (aside,) = file.parent.glob(f"{file.name}.*")
    assert aside.read_text() == damaged
    (issue,) = (i for (_, key), i in issue_registry.issues.items() if "inbox" in key)
    assert issue.translation_key == "inbox_damaged"
    assert issue.translation_placeholders == {
        "account": "127.0.0.1",
        "path": str(aside),
    }
    home.receive("new")
    await home.poll()
    await home.restart()
    assert home.texts[2:] == ["new"]
    assert len(list(file.parent.glob(f"{file.name}.*"))) == 1


async def test_removed_with_the_account(
    hass: HomeAssistant, home: Home, file: Path
) -> None:
    """Nothing of the inbox is left when the account is removed."""
    home.receive("Hello")
    await home.poll()
    await hass.config_entries.async_remove(home.entry.entry_id)
    assert not list(file.parent.glob(f"{file.name}*"))
