"""The actions that return messages of both directions, and export them."""

from datetime import timedelta
import json
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
import voluptuous as vol

from custom_components.smskit.const import DOMAIN
from tests.conftest import ANNA, BORIS
from tests.inbox.home import PHONE, Home


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home that receives, and sends."""
    return Home


@pytest.fixture
async def filled(home: Home) -> Home:
    """Return a home with three messages received and four sent, in this order.

    Received from Anna, from Boris, which is read, and from a bank; sent to Anna, which
    arrived, to Anna and Boris, and to Anna, which failed.
    """
    texts = {
        "in-anna": (ANNA[1:], "Open the garage, Zoë"),
        "in-boris": (PHONE, "Is the garage open?"),
        "in-bank": ("BANK", "Your code is 4711"),
    }
    for id_, (sender, text) in texts.items():
        home.receive(text, sender=sender, id=id_)
        await home.poll()
    await home.call("mark_messages_read", message_ids=["in-boris"])
    send: dict[str, Any] = {"config_entry_id": home.entry.entry_id}
    await home.call("send_message", numbers=[ANNA], message="Garage is open", **send)
    home.portal.deliver("sent")
    await home.advance(10)
    await home.call("send_message", numbers=[ANNA, BORIS], message="Alarm", **send)
    await home.advance(10)
    home.account.senders = {"OTHER"}
    with pytest.raises(HomeAssistantError):
        await home.hass.services.async_call(
            DOMAIN, "send_message", {"numbers": [ANNA], "message": "no"}, blocking=True
        )
    await home.settle()
    return home


@pytest.fixture
def media(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Return the folder of local media."""
    folder = tmp_path / "media"
    hass.config.media_dirs = {"local": str(folder)}
    return folder


async def _found(home: Home, **filters: Any) -> list[tuple[str | None, str]]:
    """Return the other side and the text of messages, newest first."""
    return [
        (m["to"] if "direction" in m else m["from"], m["text"])
        for m in await home.messages(**filters)
    ]


A_IN = (ANNA, "Open the garage, Zoë")
B_IN = (BORIS, "Is the garage open?")
BANK = ("BANK", "Your code is 4711")
A_OUT = (ANNA, "Garage is open")
ALARM = [(BORIS, "Alarm"), (ANNA, "Alarm")]
NO = (ANNA, "no")


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, [BANK, B_IN, A_IN]),
        ({"direction": "in"}, [BANK, B_IN, A_IN]),
        ({"direction": "out"}, [NO, *ALARM, A_OUT]),
        ({"direction": "both"}, [NO, *ALARM, A_OUT, BANK, B_IN, A_IN]),
        ({"text": "GARAGE"}, [B_IN, A_IN]),
        ({"text": "garage op", "direction": "both"}, [A_OUT, B_IN, A_IN]),
        ({"text": "zoe"}, [A_IN]),
        ({"text": 'zoe" OR code:*'}, []),
        ({"text": 4711}, [BANK]),
        ({"text": "- \0"}, []),
        ({"from": ANNA}, [A_IN]),
        ({"from": ANNA, "direction": "both"}, [NO, ALARM[1], A_OUT, A_IN]),
        ({"from": "BANK"}, [BANK]),
        ({"recipient": "notify.anna"}, [A_IN]),
        ({"recipient": "notify.family"}, [B_IN, A_IN]),
        ({"recipient": "notify.anna", "from": "BANK"}, [BANK, A_IN]),
        ({"recipient": "notify.family", "direction": "out"}, [NO, *ALARM, A_OUT]),
        ({"status": "sent"}, []),
        ({"status": "sent", "direction": "out"}, [A_OUT]),
        ({"status": "queued", "direction": "both"}, ALARM),
        ({"status": "failed", "direction": "out"}, [NO]),
        ({"unread_only": True, "direction": "both"}, [BANK, A_IN]),
        ({"before": "in-bank"}, [B_IN, A_IN]),
        ({"before": "in-bank", "limit": 1, "direction": "both"}, [B_IN]),
        ({"before": "nothing"}, []),
    ],
)
async def test_filters(
    filled: Home, filters: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    """Each filter leaves what it says, in both directions."""
    assert await _found(filled, **filters) == found


async def test_shape_of_what_was_sent(filled: Home) -> None:
    """A message that was sent shows to whom, and what became of it."""
    newest, *_, oldest = await filled.messages(direction="out")
    assert oldest == {
        "id": oldest["id"],
        "from": None,
        "to": ANNA,
        "text": "Garage is open",
        "date": oldest["date"],
        "read": True,
        "trusted": False,
        "direction": "out",
        "name": None,
        "status": "sent",
        "reason": None,
        "reason_code": None,
    }
    assert (newest["status"], newest["reason_code"]) == ("failed", "refused")
    assert newest["reason"] == "The portal refused it: “Sender ID Not Allowed”"


async def test_pages(filled: Home) -> None:
    """Page by page everything comes once, and the total is of all."""
    paged: list[str] = []
    while True:
        more: dict[str, Any] = {"before": paged[-1]} if paged else {}
        page = await filled.call("get_messages", direction="both", limit=2, **more)
        assert page["total"] == 7
        if not page["messages"]:
            break
        paged += [m["id"] for m in page["messages"]]
    everything = await filled.messages(direction="both")
    assert paged == [m["id"] for m in everything]


@pytest.mark.parametrize(
    "data",
    [
        {"direction": "up"},
        {"text": ""},
        {"text": "x" * 201},
        {"status": "lost"},
        {"limit": 1001},
        {"recipient": "light.kitchen"},
    ],
)
async def test_filters_that_make_no_sense(home: Home, data: dict[str, Any]) -> None:
    """Whatever is no filter is refused."""
    with pytest.raises(vol.Invalid):
        await home.call("get_messages", **data)


async def test_database_that_cannot_be_read(home: Home) -> None:
    """What the database refuses is the error of the action."""
    with pytest.raises(HomeAssistantError) as raised:
        await home.call("get_messages", text="\ud800")
    assert raised.value.translation_key == "not_stored"


# --- export_messages -----------------------------------------------------------------


async def test_export_without_a_file(filled: Home, media: Path) -> None:
    """Without a path everything is returned, whatever limit there is elsewhere."""
    answer = await filled.call("export_messages", direction="both")
    assert answer["count"] == 7
    assert answer["path"] is None
    assert answer["messages"] == await filled.messages(direction="both")
    assert not _is_there(media)


@pytest.mark.parametrize(
    "path", ["sms.jsonl", "/media/sms.jsonl", "media/sms.jsonl", "a/../sms.jsonl"]
)
async def test_export_to_a_file(filled: Home, media: Path, path: str) -> None:
    """A file has a line of JSON for each message, and only its owner may read it."""
    answer = await filled.call("export_messages", direction="both", path=path)
    file = media / "sms.jsonl"
    assert answer == {"count": 7, "path": str(file)}
    assert _read_lines(file) == await filled.messages(direction="both")
    assert _mode(file) == 0o600
    # In the letters that they were written in.
    assert "Zoë" in _text(file)


async def test_export_what_was_filtered(filled: Home, media: Path) -> None:
    """Filters hold for an export as well, and a folder is made where there is none."""
    path = "2027/february.jsonl"
    answer = await filled.call("export_messages", path=path, text="garage")
    assert answer["count"] == 2
    assert [m["text"] for m in _read_lines(media / path)] == [B_IN[1], A_IN[1]]


async def test_export_again(filled: Home, media: Path) -> None:
    """An export replaces the file that is there, and closes it to others."""
    _write(media / "sms.jsonl", "old\n" * 1000)
    await filled.call("export_messages", path="sms.jsonl", text="code")
    assert [m["text"] for m in _read_lines(media / "sms.jsonl")] == [BANK[1]]
    assert _mode(media / "sms.jsonl") == 0o600


async def test_export_nothing(home: Home, media: Path) -> None:
    """An export of nothing is an empty file."""
    answer = await home.call("export_messages", path="sms.jsonl")
    assert answer["count"] == 0
    assert _text(media / "sms.jsonl") == ""


@pytest.mark.parametrize(
    "path",
    [
        "../secrets.yaml",
        "/media/../../etc/passwd",
        "media/../../configuration.yaml",
        "/etc/passwd",
        "/config/secrets.yaml",
        "/media//etc/passwd",
        ".",
        "",
        "/media/",
        "a/../..",
        "~/../../x",
        "link/x.jsonl",
        "sms\0.jsonl",
    ],
)
async def test_export_elsewhere(filled: Home, media: Path, path: str) -> None:
    """No file is written outside of the media folder, however it is named."""
    _link(media / "link", media.parent)
    before = _tree(media.parent)
    with pytest.raises(ServiceValidationError) as raised:
        await filled.call("export_messages", path=path)
    assert raised.value.translation_key == "path_not_allowed"
    assert raised.value.translation_placeholders == {"path": path}
    assert _tree(media.parent) == before


async def test_export_to_what_is_no_file(filled: Home, media: Path) -> None:
    """A path that cannot be written is the error of the action."""
    _write(media / "folder" / "file", "")
    for path in "folder", "folder/file/sms.jsonl":
        with pytest.raises(HomeAssistantError) as raised:
            await filled.call("export_messages", path=path)
        assert raised.value.translation_key == "export_failed"


async def test_export_of_many(home: Home, media: Path) -> None:
    """An export has no limit."""
    noon = home.portal.state.now()
    for n in range(1200):
        home.receive(f"message {n}", date=noon + timedelta(seconds=n))
    await home.poll(timedelta(days=1, seconds=31))
    answer = await home.call("export_messages", path="sms.jsonl")
    assert answer["count"] == 1200
    lines = _read_lines(media / "sms.jsonl")
    assert [m["text"] for m in lines] == [f"message {n}" for n in reversed(range(1200))]


def _is_there(path: Path) -> bool:
    return path.exists()


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _text(path).splitlines()]


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def _write(path: Path, text: str) -> None:
    """Write a file that others may read."""
    path.parent.mkdir(parents=True)
    path.write_text(text)
    path.chmod(0o644)


def _link(path: Path, target: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(target)


def _tree(folder: Path) -> set[Path]:
    """Return every file below a folder but those of the database."""
    return {path for path in folder.rglob("*") if ".storage" not in path.parts}
