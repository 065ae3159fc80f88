"""What goes wrong with a channel's operations: it is reported, and never repeated."""

from typing import Any, Final

from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.exceptions import (
    ServiceValidationError,
)
from homeassistant.helpers import device_registry as dr
import pytest

from custom_components.smskit.const import DOMAIN
from tests.channels.fault_kinds import HARMLESS, OF_PICTURES, REFUSALS, UNCERTAIN
from tests.channels.home import (
    CONNECTED,
    DEVICE_STATUS,
    Deed,
    Home,
    error_of,
)
from tests.home import OPTIONS
from tests.portal import Channel, FaultKind

# What a user can do, and which operation that is at the portal.
DEEDS: Final[dict[str, tuple[str, Deed]]] = {
    "create_channel": (
        "createchannel",
        lambda home: home.call("create_channel", label="Shop"),
    ),
    "reset_channel": (
        "resetchannel",
        lambda home: home.call("reset_channel", device_id=home.device_id()),
    ),
    "clear_channel_queue": (
        "clearqueue",
        lambda home: home.call("clear_channel_queue", device_id=home.device_id()),
    ),
    "delete_channel": (
        "deletechannel",
        lambda home: home.call("delete_channel", device_id=home.device_id()),
    ),
}


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options with an inbox that is out of the way."""
    return OPTIONS


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home with channels."""
    return Home


def test_every_fault_is_tried() -> None:
    """What follows leaves no fault out that concerns these operations."""
    tried = {*REFUSALS, *UNCERTAIN, *HARMLESS, *OF_PICTURES, FaultKind.VENDOR_SUCCESS}
    assert tried == set(FaultKind)


@pytest.mark.parametrize("name", DEEDS)
@pytest.mark.parametrize("kind", REFUSALS)
async def test_refused(
    office: Channel, new_home: Home, name: str, kind: FaultKind
) -> None:
    """What the portal refuses is an error with its words, and changes nothing."""
    home = new_home
    operation, deed = DEEDS[name]
    home.portal.fail(kind, operation, text="Not in your plan")
    error = await error_of(home, deed)
    assert error.translation_key == "portal_error"
    if kind is FaultKind.REFUSED_ERROR:
        assert error.translation_placeholders == {"error": "“Not in your plan”"}
    await home.advance(60)
    assert len(home.requests(operation)) == 1
    assert home.labels == ["Office"]
    assert home.state(CONNECTED) == STATE_ON


@pytest.mark.parametrize("name", DEEDS)
async def test_not_reached(office: Channel, new_home: Home, name: str) -> None:
    """What never left is an error that says so, and is not made up for later."""
    home = new_home
    operation, deed = DEEDS[name]
    await home.portal.refuse()
    error = await error_of(home, deed)
    assert error.translation_key == "portal_error"
    assert "the connection was refused" in str(error.translation_placeholders)
    await home.portal.accept()
    await home.advance(60)
    assert home.requests(operation) == []
    assert home.state(CONNECTED) == STATE_ON


@pytest.mark.parametrize("name", DEEDS)
@pytest.mark.parametrize("status", [429, 503])
async def test_busy(office: Channel, new_home: Home, name: str, status: int) -> None:
    """What a busy portal turned away is an error, and is not made up for later."""
    home = new_home
    operation, deed = DEEDS[name]
    home.portal.fail("http_status", operation, status=status, times=1)
    error = await error_of(home, deed)
    assert error.translation_key == "portal_error"
    await home.advance(60)
    assert len(home.requests(operation)) == 1
    assert home.state(CONNECTED) == STATE_ON


@pytest.mark.parametrize("name", DEEDS)
@pytest.mark.parametrize("processed", [False, True])
@pytest.mark.parametrize("kind", UNCERTAIN)
async def test_uncertain(
    office: Channel, new_home: Home, name: str, kind: FaultKind, processed: bool
) -> None:
    """What may have been done is sent once, and what it did shows with the error."""
    home = new_home
    operation, deed = DEEDS[name]
    home.portal.fail(kind, operation, processed=processed, status=502)
    error = await error_of(home, deed)
    assert error.translation_key == "portal_uncertain"
    await home.settle()
    expected = ["Office"]
    if processed and operation == "createchannel":
        expected = ["Office", "Shop"]
    if processed and operation == "deletechannel":
        expected = []
    assert home.labels == expected
    if processed and operation == "resetchannel":
        assert home.state(DEVICE_STATUS) == "awaiting scan"
    elif expected:
        assert home.state(DEVICE_STATUS) == "session active"
    await home.advance(330)
    assert len(home.requests(operation)) == 1
    assert len(home.portal.channels) == len(expected)


@pytest.mark.parametrize("name", DEEDS)
@pytest.mark.parametrize("kind", HARMLESS)
async def test_harmless(
    office: Channel, new_home: Home, name: str, kind: FaultKind
) -> None:
    """However the answer is dressed, what was asked is done, once."""
    home = new_home
    operation, deed = DEEDS[name]
    home.portal.fail(kind, operation, seconds=5)

    async def do() -> None:
        await deed(home)

    await home.until_done(home.hass.async_create_task(do()))
    assert len(home.requests(operation)) == 1
    labels = {"createchannel": ["Office", "Shop"], "deletechannel": []}
    assert home.labels == labels.get(operation, ["Office"])


async def test_answer_about_another_channel(office: Channel, new_home: Home) -> None:
    """A channel that was made and is not listed has no device, and that is reported."""
    home = new_home
    home.portal.fail(FaultKind.VENDOR_SUCCESS, "createchannel")
    created = await home.create("Shop")
    assert created["channel_id"] == "53583gd693dg93tdg923gd2reo"
    assert created["gateway_id"] == "123"
    # In the portal's zone, which is an hour ahead.
    assert created["subscription_end"] == "2018-04-24T11:25:23+00:00"
    assert created["device_id"] is None
    assert home.labels == ["Office"]


async def test_some_of_several_fail(new_home: Home) -> None:
    """What fails for one channel is reported, and done for the others."""
    home = new_home
    for label in ("Office", "Shop", "Yard"):
        home.portal.pair(home.portal.add_channel(home.account, label))
    await home.start()
    devices = [home.device_id(label) for label in ("Office", "Shop", "Yard")]
    home.portal.fail(FaultKind.REFUSED_ERROR, "resetchannel", times=1, text="Busy")
    home.portal.fail(FaultKind.HTTP_500, "resetchannel", times=1)
    response = await home.call("reset_channel", device_id=devices)
    answers = response["channels"]
    assert [a["device_id"] for a in answers] == devices
    assert [a["status"] for a in answers] == ["error", "unknown", "success"]
    assert answers[0]["reason"] == "“Busy”"
    assert home.state(CONNECTED) == STATE_ON
    assert home.state("binary_sensor.yard_connected") == STATE_OFF
    assert len(home.requests("resetchannel")) == 3


async def test_queue_is_cleared(office: Channel, new_home: Home) -> None:
    """What waits in a channel's queue is dropped, and the portal's count returned."""
    home = new_home
    await home.call(
        "send_message",
        numbers=["+12025550145"],
        message="Hello",
        type="whatsapp",
        channel=home.device_id(),
    )
    assert [r.state for r in office.sent] == ["queued"]
    response = await home.call("clear_channel_queue", device_id=home.device_id())
    assert response["channels"] == [
        {
            "device_id": home.device_id(),
            "channel_id": office.channel_id,
            "status": "success",
            "queue_count": 0,
        }
    ]
    assert office.sent == []


@pytest.mark.parametrize(
    "action", ["reset_channel", "clear_channel_queue", "delete_channel"]
)
async def test_not_a_channel(
    office: Channel,
    new_home: Home,
    device_registry: dr.DeviceRegistry,
    action: str,
) -> None:
    """A device that is no channel stops an action before anything is done."""
    home = new_home
    account = device_registry.async_get_device_by_identifier(
        (DOMAIN, home.entry.entry_id), home.entry.entry_id
    )
    assert account is not None
    home.forget_requests()
    with pytest.raises(ServiceValidationError) as raised:
        await home.call(action, device_id=[home.device_id(), account.id])
    assert raised.value.translation_key == "not_a_channel"
    with pytest.raises(ServiceValidationError):
        await home.call(action, device_id=[home.device_id(), "nobody"])
    assert home.portal.requests == []


@pytest.mark.expected_log("Error fetching")
async def test_credentials_refused(office: Channel, new_home: Home) -> None:
    """Credentials that are refused meanwhile fail the action and are asked for."""
    home = new_home
    home.account.api_enabled = False
    error = await error_of(home, DEEDS["reset_channel"][1])
    assert error.translation_key == "portal_error"
    await home.advance(3700)
    flows = home.hass.config_entries.flow.async_progress()
    assert [flow["context"]["source"] for flow in flows] == [SOURCE_REAUTH]
