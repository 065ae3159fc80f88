"""The inbox on disk: what it keeps, what it drops, and what damage does to it."""

from collections.abc import Callable
from datetime import timedelta
import json
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.smskit.const import DOMAIN

from .home import DAY, PHONE, Home

_KEEP_TEN = {"time_zone": "Africa/Lagos", "keep_messages": 10}


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


async def test_on_disk_before_it_is_told(home: Home, file: Path) -> None:
    """Whoever hears of a message finds it on disk."""
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
    """A reload at any moment of a poll leaves each message told once."""
    home.receive("Hello")
    home.tick()
    await home.turn(turns)
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
    content["data"]["messages"][0]["colour"] = "red"
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


# --- What is kept --------------------------------------------------------------------


@pytest.mark.parametrize("options", [_KEEP_TEN])
async def test_keeps_the_newest(home: Home) -> None:
    """Of those that were read the newest are kept, and what was dropped stays away."""
    for number in range(14):
        home.receive(f"message {number}")
        await home.poll()
    await home.call("mark_messages_read", all=True)
    kept = [f"message {number}" for number in range(13, 3, -1)]
    assert [m["text"] for m in await home.messages()] == kept
    await home.poll(DAY)
    await home.restart()
    assert [m["text"] for m in await home.messages()] == kept
    assert len(home.events) == 14


@pytest.mark.parametrize("options", [{"time_zone": "Africa/Lagos", "keep_days": 2}])
async def test_keeps_for_some_days(home: Home) -> None:
    """Those that were read are kept for so many days, also when nothing else comes."""
    home.receive("old")
    await home.poll()
    await home.call("mark_messages_read", all=True)
    await home.poll(timedelta(days=1))
    home.receive("newer")
    await home.poll()
    assert len(await home.messages()) == 2
    await home.poll(timedelta(days=1))
    await home.poll()
    assert [m["text"] for m in await home.messages()] == ["newer"]
    await home.restart()
    await home.poll(DAY)
    assert [m["text"] for m in await home.messages()] == ["newer"]
    assert home.texts == ["old", "newer"]


async def test_fewer_are_to_be_kept(home: Home) -> None:
    """A lower limit drops what is beyond it at once."""
    for number in range(14):
        home.receive(f"message {number}")
    await home.poll()
    await home.call("mark_messages_read", all=True)
    home.hass.config_entries.async_update_entry(home.entry, options=_KEEP_TEN)
    await home.settle()
    assert len(await home.messages()) == 10


@pytest.mark.parametrize("options", [{**_KEEP_TEN, "keep_days": 1}])
async def test_unread_ones_are_never_dropped(
    home: Home, issue_registry: ir.IssueRegistry
) -> None:
    """Unread messages stay beyond every limit, and an issue tells of it while so."""
    issue_id = f"inbox_full_{home.entry.entry_id}"
    for number in range(10):
        home.receive(f"message {number}")
    await home.poll()
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is None
    home.receive("one too many")
    await home.poll(timedelta(days=3))
    assert len(await home.messages()) == 11
    issue = issue_registry.async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert issue.translation_placeholders == {"account": "127.0.0.1", "limit": "10"}
    await home.restart()
    assert home.unread == 11
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is not None
    newest = (await home.messages())[0]
    await home.call("mark_messages_read", message_ids=[newest["id"]])
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is None


@pytest.mark.parametrize("options", [_KEEP_TEN])
async def test_issue_of_a_full_inbox_follows_the_account(
    home: Home, issue_registry: ir.IssueRegistry
) -> None:
    """The issue is there after a restart, and gone with its cause or the account."""
    issue_id = f"inbox_full_{home.entry.entry_id}"
    for number in range(11):
        home.receive(f"message {number}")
    await home.poll()
    # As a restart of Home Assistant does: it is not kept.
    ir.async_delete_issue(home.hass, DOMAIN, issue_id)
    await home.restart()
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is not None
    config_entries = home.hass.config_entries
    config_entries.async_update_entry(home.entry, options={"keep_messages": 20})
    await home.settle()
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is None
    config_entries.async_update_entry(home.entry, options=_KEEP_TEN)
    await home.settle()
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is not None
    await config_entries.async_remove(home.entry.entry_id)
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is None


async def test_deleted_ones_stay_away(home: Home) -> None:
    """What was deleted here never comes back while the portal lists it."""
    home.receive("Open the door", id="12")
    home.receive("Hello", id="13")
    await home.poll()
    assert await home.call("delete_messages", message_ids=["12"]) == {"count": 1}
    await home.poll()
    await home.poll(DAY)
    await home.restart()
    assert [m["id"] for m in await home.messages()] == ["13"]
    assert home.texts == ["Open the door", "Hello"]


@pytest.mark.parametrize(
    "empty", ["null", "string", "object", "missing", "error", "list"]
)
async def test_portal_lists_nothing_for_once(home: Home, empty: str) -> None:
    """A full portal that lists nothing for once brings nothing old back."""
    home.receive("Open the door", id="12")
    home.receive("Hello", id="13")
    await home.poll()
    await home.call("delete_messages", message_ids=["12"])
    kept = list(home.account.inbox)
    home.account.inbox.clear()
    if empty != "list":
        home.portal.fail("empty_forms", "getinbox", text=empty)
    await home.poll(DAY)
    home.account.inbox.extend(kept)
    home.portal.clear_faults()
    await home.poll(DAY)
    assert home.texts == ["Open the door", "Hello"]
    await home.restart()
    assert home.texts == ["Open the door", "Hello"]
    assert [m["id"] for m in await home.messages()] == ["13"]


async def test_another_account_under_the_same_entry(home: Home) -> None:
    """An entry that is changed to another account tells nothing of its past."""
    home.receive("Hello", sender=PHONE)
    await home.poll()
    other = home.portal.add_account(api_key="another-key", api_token="another-token")
    home.portal.receive(other, PHONE, "Open the door")
    home.hass.config_entries.async_update_entry(
        home.entry,
        data={
            **home.entry.data,
            "api_key": "another-key",
            "api_token": "another-token",
        },
    )
    await home.settle()
    assert home.texts == ["Hello"]
    home.portal.receive(other, PHONE, "new")
    await home.poll()
    assert home.texts == ["Hello", "new"]
