"""Pictures that the portal fetches, and messages that it sends later."""

from pathlib import Path
from typing import Any, Final

from aiohttp.test_utils import TestClient
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from yarl import URL

from tests.conftest import ANNA, BORIS
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
    """A file is served at a signed address, to whoever has it, and expires."""
    await home.send(ANNA, type="whatsapp", media=media)
    address = _file(home)
    assert "authSig" in address.query
    response = await internet.get(str(address))
    assert response.status == 200
    assert await response.read() == _FILE
    assert response.content_type == "image/png"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    # No other way in: without the signature, or with that of another file.
    assert (await internet.get(address.path)).status == 401
    other = address.with_path(f"{address.path}x").with_query(address.query)
    assert (await internet.get(str(other))).status == 401
    await home.advance(2 * 3600 - 1)
    assert (await internet.get(str(address))).status == 200
    await home.advance(2)
    assert (await internet.get(str(address))).status in {401, 404}


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
async def test_file_across_a_restart(channel: Channel, home: Home, media: str) -> None:
    """What was served from memory is gone after a restart; its text still arrives."""
    await home.refuse()
    await home.send(ANNA, type="whatsapp", media=media)
    await home.portal.accept()
    await home.restart()
    await home.advance(5)
    assert [(e.type, e.text, e.file) for e in home.portal.ledger] == [
        ("whatsapp", "Hello", None)
    ]


@pytest.mark.usefixtures("external")
async def test_image_entity(
    channel: Channel, home: Home, media: str, internet: Internet, hass: HomeAssistant
) -> None:
    """The picture of an image entity is what it shows when the message is sent."""
    (image,) = hass.states.async_entity_ids("image")
    await home.send(ANNA, type="whatsapp", media=f"media-source://image/{image}")
    response = await internet.get(str(_file(home)))
    assert response.status == 200
    assert response.content_type.startswith("image/")
    picture = hass.states.get(image)
    assert picture is not None
    shown = await internet.get(picture.attributes["entity_picture"])
    assert await response.read() == await shown.read()


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
