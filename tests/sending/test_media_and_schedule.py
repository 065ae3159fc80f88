"""Pictures that the portal fetches, and messages that it sends later."""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
import shutil
from typing import Any, Final, override
from unittest.mock import Mock
from urllib.parse import quote, unquote

from aiohttp.test_utils import TestClient
from homeassistant.components import tts
from homeassistant.components.local_file.camera import LocalFile
from homeassistant.components.media_source import (
    MediaSource,
    MediaSourceItem,
    PlayMedia,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    mock_integration,
    mock_platform,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from yarl import URL

from tests.conftest import ANNA, BORIS, CARLA
from tests.portal import Channel

from .home import Home

type Internet = TestClient[Any, Any]
_EXTERNAL: Final = "https://home.example.com"
_FILE: Final = b"\x89PNG\r\n\x1a\n what the door sees"


@pytest.fixture
async def media(hass: HomeAssistant, tmp_path: Path) -> str:
    """Return a media-source item: a file of this Home Assistant."""
    (tmp_path / "door.png").write_bytes(_FILE)
    hass.config.media_dirs = {"local": str(tmp_path)}
    assert await async_setup_component(hass, "media_source", {})
    return "media-source://media_source/local/door.png"


@pytest.fixture
async def camera(hass: HomeAssistant, tmp_path: Path) -> str:
    """Return a camera: one that shows a file."""
    picture = tmp_path / "garden.jpg"
    picture.write_bytes(b"\xff\xd8\xff\xe0 what the garden looks like")
    hass.config.allowlist_external_dirs.add(str(tmp_path))
    entry = MockConfigEntry(
        domain="local_file",
        title="Garden",
        options={"name": "Garden", "file_path": str(picture)},
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    return "camera.garden"


@pytest.fixture
async def external(hass: HomeAssistant) -> None:
    """Give Home Assistant an address on the internet."""
    await hass.config.async_update(external_url=_EXTERNAL)


@pytest.fixture
async def internet(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, home: Home
) -> Internet:
    """Return a client that is not logged in, as the portal is one."""
    client: Internet = await hass_client_no_auth()
    return client


def _file(home: Home) -> URL:
    """Return where the portal was told to fetch the file of the last message."""
    address = home.portal.ledger[-1].file
    assert address is not None
    assert address.startswith(f"{_EXTERNAL}/")
    return URL(address).relative()


async def test_public_address(channel: Channel, home: Home) -> None:
    """An https address reaches the portal as it is, without an external address."""
    address = "https://example.com/door.jpg?size=9&x=%20"
    assert await home.statuses(ANNA, type="whatsapp", media=address) == ["queued"]
    await home.send(BORIS, type="mms", media={"media_content_id": address})
    assert [(e.type, e.file) for e in home.portal.ledger] == [
        ("whatsapp", address),
        ("mms", address),
    ]


@pytest.mark.usefixtures("external")
async def test_local_file(
    channel: Channel, home: Home, media: str, internet: Internet
) -> None:
    """A file is served at a secret address, to whoever has it, and expires."""
    await home.send(ANNA, type="whatsapp", media=media)
    address = _file(home)
    response = await internet.get(str(address))
    assert response.status == 200
    assert await response.read() == _FILE
    assert response.content_type == "image/png"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    # No other way in: each character of the name counts.
    for other in (f"{address}x", str(address)[:-1], str(address.with_name("x.png"))):
        assert (await internet.get(other)).status == 404
    await home.advance(2 * 3600 - 1)
    assert (await internet.get(str(address))).status == 200
    await home.advance(2)
    assert (await internet.get(str(address))).status == 404
    await home.advance(3600)
    assert _copies(home) == []


@pytest.mark.usefixtures("external")
async def test_held_file(
    channel: Channel, home: Home, media: str, internet: Internet
) -> None:
    """A file that is held with its message is there for longer than that."""
    await home.refuse()
    await home.send(ANNA, type="whatsapp", media=media, expires_in={"hours": 5})
    await home.portal.accept()
    await home.advance(2)
    await home.advance(5 * 3600)
    assert (await internet.get(str(_file(home)))).status == 200


@pytest.mark.usefixtures("external")
async def test_scheduled_file(
    channel: Channel, home: Home, media: str, internet: Internet
) -> None:
    """A file of a message for tomorrow is still there tomorrow."""
    when = dt_util.as_local(dt_util.utcnow()).replace(hour=23)
    await home.send(ANNA, type="whatsapp", media=media, schedule=when.isoformat())
    await home.advance((when - dt_util.utcnow()).total_seconds() + 600)
    assert (await internet.get(str(_file(home)))).status == 200


@pytest.mark.usefixtures("external")
async def test_file_across_a_restart(
    channel: Channel, home: Home, media: str, internet: Internet
) -> None:
    """A message that was held over a restart has its file, as it was."""
    await home.refuse()
    await home.send(ANNA, type="whatsapp", media=media)
    _local(home, "door.png").unlink()
    await home.portal.accept()
    await home.restart()
    await home.advance(5)
    response = await internet.get(str(_file(home)))
    assert await response.read() == _FILE


@pytest.mark.usefixtures("external")
async def test_file_lost_at_a_restart(channel: Channel, home: Home, media: str) -> None:
    """A message whose file is gone still arrives, without an address of nothing."""
    await home.refuse()
    await home.send(ANNA, type="whatsapp", media=media)
    (copy,) = _copies(home)
    await home.stop()
    copy.unlink()
    await home.portal.accept()
    await home.restart()
    await home.advance(5)
    assert [(e.type, e.text, e.file) for e in home.portal.ledger] == [
        ("whatsapp", "Hello", None)
    ]


@pytest.mark.usefixtures("external")
async def test_half_a_copy(channel: Channel, home: Home, media: str) -> None:
    """What a kill left of a copy goes at the next start, and nothing else does."""
    await home.send(ANNA, type="whatsapp", media=media)
    (copy,) = _copies(home)
    half = copy.with_name(f"{copy.name}.new")
    half.write_bytes(b"half")
    await home.restart()
    assert _copies(home) == [copy]


@pytest.mark.usefixtures("external")
async def test_removed_with_the_account(
    channel: Channel, home: Home, media: str, internet: Internet
) -> None:
    """Nothing of an account can be fetched once it is removed; it can before."""
    await home.send(ANNA, type="whatsapp", media=media)
    address = str(_file(home))
    assert [path.stat().st_mode & 0o777 for path in _copies(home)] == [0o600]
    await home.stop()
    assert (await internet.get(address)).status == 200
    await home.hass.config_entries.async_remove(home.entry.entry_id)
    assert (await internet.get(address)).status == 404
    assert _copies(home) == []


def _local(home: Home, name: str) -> Path:
    """Return where a file of the media folder is."""
    return Path(home.hass.config.media_dirs["local"], name)


def _copies(home: Home) -> list[Path]:
    """Return the files that the account serves."""
    return [path for path in home.snapshot_storage() if path.name.count(".") > 4]


# --- What a browser is told --------------------------------------------------------


_KINDS: Final[dict[str, str | None]] = {
    "a.jpg": "image/jpeg",
    "a.PNG": "image/png",
    "a.gif": "image/gif",
    "a.webp": "image/webp",
    "a.mp3": "audio/mpeg",
    "a.wav": "audio/wav",
    "a.m4a": "audio/mp4",
    "a.mp4": "video/mp4",
    "a.mov": "video/quicktime",
    "a.html": None,
    "a.xhtml": None,
    "a.svg": None,
    "a.xml": None,
    "a.js": None,
    "a.mjs": None,
    "a.css": None,
    "a.pdf": None,
    "a.txt": None,
    "a.zip": None,
    "a.jpg.html": None,
}


@pytest.mark.usefixtures("external", "media")
@pytest.mark.parametrize("name", _KINDS)
async def test_kinds(
    channel: Channel, home: Home, internet: Internet, name: str
) -> None:
    """Pictures, sound and video are shown; everything else is only saved."""
    content = b"<script>alert(1)</script>"
    _local(home, name).write_bytes(content)
    await home.send(
        ANNA, type="whatsapp", media=f"media-source://media_source/local/{name}"
    )
    address = _file(home)
    for method in ("GET", "HEAD"):
        response = await internet.request(method, str(address))
        assert response.status == 200
        shown = _KINDS[name]
        assert response.content_type == (shown or "application/octet-stream")
        how = "inline" if shown else "attachment"
        assert response.headers["Content-Disposition"] == how
        policy = response.headers["Content-Security-Policy"]
        assert policy == "default-src 'none'; sandbox"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Content-Length"] == str(len(content))
        assert await response.read() == (content if method == "GET" else b"")


@pytest.mark.usefixtures("external", "channel")
@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        ("bytes=0-7", (206, _FILE[:8])),
        ("bytes=8-", (206, _FILE[8:])),
        ("bytes=-4", (206, _FILE[-4:])),
        ("bytes=900-", (416, b"")),
    ],
)
async def test_range(
    home: Home, media: str, internet: Internet, wanted: str, got: tuple[int, bytes]
) -> None:
    """A portal that fetches in parts gets the part it asks for."""
    await home.send(ANNA, type="whatsapp", media=media)
    response = await internet.get(str(_file(home)), headers={"Range": wanted})
    assert (response.status, await response.read()) == got


# --- How much, and how long --------------------------------------------------------


@pytest.mark.usefixtures("external", "channel")
@pytest.mark.parametrize(
    "hours", [(0, 1, 2), (0, 47, 48), (0, 500, 48), (24, 1, 26), (24, 500, 72)]
)
async def test_valid_for(
    home: Home, media: str, internet: Internet, hours: tuple[int, int, int]
) -> None:
    """A file is there for as long as may be, and never 48 h past the schedule."""
    schedule, hold, last = hours
    when = dt_util.utcnow() + timedelta(hours=schedule)
    data = {"schedule": when.isoformat()} if schedule else {}
    await home.send(
        ANNA, type="whatsapp", media=media, expires_in={"hours": hold}, **data
    )
    address = str(_file(home))
    await home.skip(last * 3600 - 5)
    assert (await internet.get(address)).status == 200
    await home.skip(10)
    assert (await internet.get(address)).status == 404


@pytest.mark.expected_log(
    "Error fetching 127.0.0.1 balance data",
    "Error fetching 127.0.0.1 inbox data",
    "Error fetching 127.0.0.1 channels data",
)
@pytest.mark.usefixtures("external")
async def test_not_held_for_longer(channel: Channel, home: Home, media: str) -> None:
    """A message expires before its file does: nobody pays for a dead address."""
    await home.refuse()
    sent = await home.send(ANNA, type="whatsapp", media=media, expires_in={"hours": 90})
    assert [one["status"] for one in sent] == ["held"]
    await home.skip(47 * 3600 + 60)
    await home.portal.accept()
    await home.advance(60)
    assert home.portal.ledger == []
    assert home.published(ANNA)[-1] == "expired"


@pytest.mark.usefixtures("external")
async def test_one_copy(
    channel: Channel, home: Home, media: str, internet: Internet
) -> None:
    """A file that is sent again is kept once, for as long as the last one needs it."""
    await home.send(ANNA, BORIS, type="whatsapp", media=media)
    first = _file(home)
    await home.advance(3600)
    await home.send(ANNA, message="Again", type="whatsapp", media=media)
    assert _file(home) == first
    assert len(_copies(home)) == 1
    await home.advance(5400)
    assert (await internet.get(str(first))).status == 200


@pytest.mark.usefixtures("external")
async def test_too_large(channel: Channel, home: Home, media: str) -> None:
    """All files together have a limit; what exceeds it is not sent."""

    def grow(name: str, size: int) -> str:
        with _local(home, name).open("wb") as file:
            file.truncate(size)
        return f"media-source://media_source/local/{name}"

    await home.send(ANNA, type="whatsapp", media=grow("a.mp4", 60 * 2**20))
    count = len(home.requests())
    for name, size in (("b.mp4", 5 * 2**20), ("c.mp4", 64 * 2**20 + 1)):
        with pytest.raises(ServiceValidationError) as raised:
            await home.send(BORIS, type="whatsapp", media=grow(name, size))
        assert raised.value.translation_key == "media_too_large"
        assert raised.value.translation_placeholders == {"limit": "64"}
    assert len(home.requests()) == count
    # The same one again takes no more room.
    again = grow("d.mp4", 60 * 2**20)
    assert await home.statuses(BORIS, type="whatsapp", media=again) == ["queued"]
    await home.advance(3 * 3600)
    large = grow("e.mp4", 64 * 2**20)
    assert await home.statuses(CARLA, type="whatsapp", media=large) == ["queued"]


@pytest.mark.usefixtures("external")
async def test_no_room_on_disk(channel: Channel, home: Home, media: str) -> None:
    """A file that the disk does not take is an error, and nothing is sent."""
    folder = Path(home.hass.config.path(".storage", "__pycache__"))
    _take_place_of(folder)
    with pytest.raises(ServiceValidationError) as raised:
        await home.send(ANNA, type="whatsapp", media=media)
    assert raised.value.translation_key == "media_not_kept"
    assert home.requests() == []


def _take_place_of(folder: Path) -> None:
    """Put a file where a folder has to be."""
    shutil.rmtree(folder)
    folder.touch()


class _Looks:
    """Counts how often a camera is looked at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Count, and look all the same."""
        self.count = 0
        look = LocalFile.camera_image

        def counted(camera: LocalFile, *args: Any, **kwargs: Any) -> bytes | None:
            self.count += 1
            return look(camera, *args, **kwargs)

        monkeypatch.setattr(LocalFile, "camera_image", counted)


@pytest.mark.usefixtures("external")
@pytest.mark.parametrize(
    "data",
    [
        {"type": "sms"},
        {"type": "whatsapp", "message": "\ud800"},
        {"type": "whatsapp", "route": "7"},
        {"type": "voice"},
        {"type": "whatsapp", "numbers": ["12"]},
        {"type": "mms", "message": "Before"},
    ],
    ids=["type", "text", "route", "duration", "number", "repeat"],
)
async def test_nobody_is_looked_at_in_vain(
    camera: str,
    channel: Channel,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    data: dict[str, Any],
) -> None:
    """No camera is looked at for what is not sent."""
    medium = f"media-source://camera/{camera}"
    looks = _Looks(monkeypatch)
    await home.send(ANNA, message="Before", type="mms", media=medium)
    assert looks.count == 1
    with suppress(HomeAssistantError):
        await home.call(
            "send_message",
            **{"numbers": [ANNA], "message": "Hello", "media": medium, **data},
        )
    assert looks.count == 1
    assert len(home.requests()) == 1


@pytest.mark.usefixtures("external")
async def test_image_entity(
    channel: Channel, home: Home, media: str, internet: Internet, hass: HomeAssistant
) -> None:
    """The picture of an image entity is what it shows when the message is sent."""
    (image,) = hass.states.async_entity_ids("image")
    await home.send(ANNA, type="whatsapp", media=f"media-source://image/{image}")
    response = await internet.get(str(_file(home)))
    assert response.status == 200
    # It is an SVG, which is never shown there.
    assert response.content_type == "application/octet-stream"
    picture = hass.states.get(image)
    assert picture is not None
    shown = await internet.get(picture.attributes["entity_picture"])
    assert await response.read() == await shown.read()


@pytest.mark.usefixtures("external", "channel")
async def test_speech(
    home: Home, internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spoken text is a recording for a voice call."""
    asked: list[str] = []

    async def speak(hass: HomeAssistant, media: str) -> tuple[str, bytes]:
        asked.append(media)
        return "mp3", b"Fire!"

    # No engine of Home Assistant's own speaks without a network.
    monkeypatch.setattr(tts, "async_get_media_source_audio", speak)
    spoken = "media-source://tts/demo?message=Fire&language=en"
    await home.send(ANNA, type="voice", media=spoken, duration=9)
    response = await internet.get(str(_file(home)))
    assert (response.content_type, await response.read()) == ("audio/mpeg", b"Fire!")
    assert asked == [spoken]


class _Pages(MediaSource):
    """Media of another integration, at whatever address they are."""

    @override
    async def async_resolve_media(self, item: MediaSourceItem) -> PlayMedia:
        return PlayMedia(unquote(item.identifier), "text/html")


@pytest.fixture
async def pages(hass: HomeAssistant) -> None:
    """Set up an integration whose media are no files."""

    async def async_get_media_source(hass: HomeAssistant) -> MediaSource:
        return _Pages("pages")

    mock_integration(hass, MockModule("pages"))
    mock_platform(
        hass,
        "pages.media_source",
        Mock(async_get_media_source=async_get_media_source),
    )
    assert await async_setup_component(hass, "pages", {})
    assert await async_setup_component(hass, "media_source", {})


@pytest.mark.usefixtures("external", "channel", "pages")
@pytest.mark.parametrize("url", ["/api/pages/1", "http://192.168.1.9/1", "rtsp://x/1"])
async def test_not_a_file(home: Home, url: str) -> None:
    """What is no file is refused: nothing makes another integration's pages safe."""
    medium = f"media-source://pages/{quote(url, safe='')}"
    with pytest.raises(ServiceValidationError) as raised:
        await home.send(ANNA, type="whatsapp", media=medium)
    assert raised.value.translation_key == "media_not_supported"
    assert home.requests() == []


@pytest.mark.usefixtures("external", "channel", "pages")
async def test_on_the_internet(home: Home) -> None:
    """What is on the internet is fetched from there."""
    url = "https://example.com/song.mp3"
    medium = f"media-source://pages/{quote(url, safe='')}"
    await home.send(ANNA, type="whatsapp", media=medium)
    assert home.portal.ledger[-1].file == url
    assert _copies(home) == []


@pytest.mark.usefixtures("external")
async def test_camera_entity(
    camera: str, channel: Channel, home: Home, media: str, internet: Internet
) -> None:
    """A snapshot of a camera is taken when the message is sent."""
    await home.send(ANNA, type="whatsapp", media=f"media-source://camera/{camera}")
    response = await internet.get(str(_file(home)))
    assert response.status == 200
    assert response.content_type == "image/jpeg"
    assert (await response.read()).startswith(b"\xff\xd8\xff")


async def test_no_external_address(channel: Channel, home: Home, media: str) -> None:
    """Without an external address a file cannot be served, and nothing is sent."""
    with pytest.raises(ServiceValidationError) as raised:
        await home.send(ANNA, type="whatsapp", media=media)
    assert raised.value.translation_key == "no_external_url"
    assert home.requests() == []


@pytest.mark.usefixtures("external", "media")
@pytest.mark.parametrize(
    "media_id",
    [
        "media-source://media_source/local/nothing.png",
        "media-source://media_source/local/../../etc/passwd",
        "media-source://image/image.nowhere",
        "media-source://nobody/1",
    ],
)
async def test_nothing_there(channel: Channel, home: Home, media_id: str) -> None:
    """A medium that is not there is an error, and nothing is sent."""
    with pytest.raises(ServiceValidationError) as raised:
        await home.send(ANNA, type="whatsapp", media=media_id)
    assert raised.value.translation_key == "media_not_found"
    assert home.requests() == []


@pytest.mark.usefixtures("external")
@pytest.mark.parametrize("type_", ["auto", "sms", "unicode", "flash"])
async def test_sms_carries_none(home: Home, media: str, type_: str) -> None:
    """An SMS with a medium is an error: nobody would see the medium."""
    with pytest.raises(ServiceValidationError) as raised:
        await home.send(ANNA, type=type_, media=media)
    assert raised.value.translation_key == "media_needs_type"
    assert home.requests() == []


@pytest.mark.parametrize("type_", ["whatsapp", "sms"])
async def test_schedule(channel: Channel, home: Home, type_: str) -> None:
    """A local time reaches the portal in the portal's zone."""
    # The home is in California, eight hours behind UTC; the portal one ahead.
    assert home.hass.config.time_zone == "US/Pacific"
    await home.send(ANNA, type=type_, schedule="2027-03-01 18:30:00")
    (request,) = home.requests()
    assert request.parameters["scheduledate"] == "2027-03-02 03:30:00"
    (entry,) = home.portal.ledger
    assert entry.schedule is not None
    assert entry.schedule.isoformat() == "2027-03-02T03:30:00+01:00"


async def test_schedule_in_summer_time(home: Home) -> None:
    """The hour is that of the day it is sent on, not that of today."""
    await home.send(ANNA, schedule="2027-07-01 18:30:00")
    assert home.requests()[0].parameters["scheduledate"] == "2027-07-02 02:30:00"


async def test_schedule_with_a_zone(home: Home) -> None:
    """A time that has its zone is taken in that."""
    await home.send(ANNA, schedule="2027-03-01T12:00:00+00:00")
    assert home.requests()[0].parameters["scheduledate"] == "2027-03-01 13:00:00"


@pytest.mark.parametrize("seconds", [-3600, -1, 0])
async def test_schedule_in_the_past(home: Home, seconds: int) -> None:
    """A time that has passed is an error: the portal would send it at once."""
    when = dt_util.as_local(dt_util.utc_from_timestamp(home.now + seconds))
    with pytest.raises(ServiceValidationError) as raised:
        await home.send(ANNA, schedule=when.isoformat())
    assert raised.value.translation_key == "schedule_past"
    assert home.requests() == []
