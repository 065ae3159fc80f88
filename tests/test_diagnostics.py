"""Diagnostics of an account and of a channel: all that helps, and nobody's secret."""

from http import HTTPStatus
import json
from typing import Any

from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from syrupy.assertion import SnapshotAssertion

from custom_components.smskit.const import DOMAIN
from tests.channels.home import Home
from tests.conftest import ANNA, API_KEY, API_TOKEN, BORIS, CARLA
from tests.portal import FaultKind

PHONE = "447700900456"
TEXT = "The key is under the mat"
LABEL = "Ground floor"
COMMAND_PIN = "73Qx58"


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home with channels."""
    return Home


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options of which one has a number, and one the PIN."""
    return {
        "country": "US",
        "time_zone": "Africa/Lagos",
        "inbox_interval": 3600,
        "allowed_senders": [CARLA],
        "command_pin": COMMAND_PIN,
    }


async def download(
    home: Home, hass_client: ClientSessionGenerator, device: str | None = None
) -> dict[str, Any]:
    """Return the whole file that a user downloads."""
    assert await async_setup_component(home.hass, "diagnostics", {})
    await home.settle()
    client = await hass_client()
    address = f"/api/diagnostics/config_entry/{home.entry.entry_id}"
    response = await client.get(address + (f"/device/{device}" if device else ""))
    assert response.status == HTTPStatus.OK
    file: dict[str, Any] = await response.json()
    return file


def assert_nothing_private(home: Home, file: dict[str, Any]) -> None:
    """Fail if a file has anything in it that is nobody's business."""
    # Home Assistant's own part is about the machine.
    text = json.dumps({key: file[key] for key in file if key != "home_assistant"})
    secrets = [
        API_KEY,
        API_TOKEN,
        *(number.lstrip("+") for number in (ANNA, BORIS, CARLA)),
        PHONE,
        "447700900123",
        TEXT,
        COMMAND_PIN,
        LABEL,
        "HOME",
        "127.0.0.1",
        "Family",
        home.portal.url,
    ]
    for channel in home.portal.channels.values():
        secrets += [channel.channel_id] if channel.whatsapp_number else []
    assert not [secret for secret in secrets if secret in text]
    assert "iVBOR" not in text
    assert "2@" not in text


async def busy(home: Home) -> str:
    """Let something happen; return the device of a channel that is being paired."""
    home.portal.receive(home.account, PHONE, TEXT)
    paired = await home.create("Reception")
    home.portal.pair(paired["channel_id"])
    created = await home.create(LABEL)
    await home.call("send_message", numbers=[CARLA], message=TEXT)
    await home.advance(20)
    device: str = created["device_id"]
    return device


async def test_of_an_account(
    home: Home, hass_client: ClientSessionGenerator, snapshot: SnapshotAssertion
) -> None:
    """An account's file has its polls, counts and channels."""
    await busy(home)
    file = await download(home, hass_client)
    assert file["data"] == snapshot
    assert_nothing_private(home, file)


async def test_of_a_channel(
    home: Home, hass_client: ClientSessionGenerator, snapshot: SnapshotAssertion
) -> None:
    """A channel's file has its state and whether there is a code."""
    file = await download(home, hass_client, await busy(home))
    assert file["data"] == snapshot
    assert file["data"]["has_code"]
    assert_nothing_private(home, file)


async def test_of_the_accounts_device(
    home: Home,
    hass_client: ClientSessionGenerator,
    device_registry: dr.DeviceRegistry,
) -> None:
    """The file of the account's own device is the account's."""
    await busy(home)
    device = device_registry.async_get_device_by_identifier(
        (DOMAIN, home.entry.entry_id), home.entry.entry_id
    )
    assert device is not None
    file = await download(home, hass_client, device.id)
    assert file["data"] == (await download(home, hass_client))["data"]


async def test_of_the_clock(home: Home, hass_client: ClientSessionGenerator) -> None:
    """What is known of the portal's time zone is in the file, and how."""
    file = await download(home, hass_client)
    portal = file["data"]["portal"]
    assert (portal["clock"], portal["offset"]) == ("option", None)
    options = {"country": "US", "inbox_interval": 3600}
    home.hass.config_entries.async_update_entry(home.entry, options=options)
    await home.settle()
    file = await download(home, hass_client)
    portal = file["data"]["portal"]
    assert (portal["clock"], portal["offset"]) == ("assumed", None)
    for n in range(3):
        await home.call("send_message", numbers=[CARLA], message=f"{TEXT} {n}")
    file = await download(home, hass_client)
    portal = file["data"]["portal"]
    assert (portal["clock"], portal["offset"]) == ("learned", "UTC+01:00")
    assert_nothing_private(home, file)


@pytest.mark.expected_log(
    "Error fetching 127.0.0.1 channels data", "Error fetching 127.0.0.1 balance data"
)
@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        (None, "refused"),
        (FaultKind.RESET, "cut_off"),
        (FaultKind.HTTP_500, "http_status 500"),
        (FaultKind.HTML_PAGE, "page"),
        (FaultKind.REDIRECT, "redirect"),
        (FaultKind.REFUSED_ERROR, "refusal"),
    ],
)
async def test_of_a_portal_that_fails(
    home: Home,
    hass_client: ClientSessionGenerator,
    kind: FaultKind | None,
    cause: str,
) -> None:
    """What goes wrong is in the file, but not with whom."""
    await busy(home)
    if kind is None:
        await home.portal.refuse()
    else:
        words = f"Account of +{PHONE} with {API_KEY} at sms.example.com is full"
        text = words if kind is FaultKind.REFUSED_ERROR else None
        home.portal.fail(kind, text=text)
    await home.pass_time(290)
    await home.pass_time(60)
    file = await download(home, hass_client)
    poll = file["data"]["polls"]["channels"]
    assert not poll["success"]
    assert poll["error"] == "UpdateFailed"
    assert poll["cause"] == cause
    assert_nothing_private(home, file)
    assert "example" not in json.dumps(file["data"])


async def test_of_a_lost_channel(
    home: Home, hass_client: ClientSessionGenerator
) -> None:
    """An issue that is open does not show more than the rest of the file."""
    created = await home.create(LABEL)
    home.portal.pair(created["channel_id"], PHONE)
    await home.advance(10)
    home.portal.drop(created["channel_id"])
    await home.advance(601)
    file = await download(home, hass_client)
    assert [issue["domain"] for issue in file["issues"]] == [DOMAIN]
    assert LABEL not in json.dumps(file)
    assert PHONE not in json.dumps(file)
