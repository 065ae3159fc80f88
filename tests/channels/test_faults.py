"""What goes wrong with a channel's operations: it is told, and never repeated."""

from collections.abc import Awaitable, Callable
from typing import Final

from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
)
from homeassistant.helpers import device_registry as dr
import pytest

from custom_components.smskit.const import DOMAIN
from tests.conftest import API_KEY, API_TOKEN
from tests.portal import Channel, FaultKind

from .fault_kinds import HARMLESS, OF_PICTURES, REFUSALS, UNCERTAIN
from .home import (
    CLEAR_QUEUE,
    CONNECTED,
    DEVICE_STATUS,
    REFRESH_QR,
    RESET,
    Home,
)

type Deed = Callable[[Home], Awaitable[object]]

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
BUTTONS: Final = {RESET: "resetchannel", CLEAR_QUEUE: "clearqueue"}


def test_every_fault_is_tried() -> None:
    """What follows leaves no fault out that concerns these operations."""
    tried = {*REFUSALS, *UNCERTAIN, *HARMLESS, *OF_PICTURES, FaultKind.VENDOR_SUCCESS}
    assert tried == set(FaultKind)


async def error_of(home: Home, deed: Deed) -> HomeAssistantError:
    """Return the error of what has to fail, however long it takes."""

    async def fail() -> HomeAssistantError:
        with pytest.raises(HomeAssistantError) as raised:
            await deed(home)
        return raised.value

    error = await home.until_done(home.hass.async_create_task(fail()))
    assert error.translation_domain == DOMAIN
    assert API_KEY not in str(error)
    assert API_TOKEN not in str(error)
    return error


@pytest.mark.parametrize("name", DEEDS)
@pytest.mark.parametrize("kind", REFUSALS)
async def test_refused(
    office: Channel, unloaded: Home, name: str, kind: FaultKind
) -> None:
    """What the portal refuses is an error with its words, and changes nothing."""
    home = unloaded
    operation, deed = DEEDS[name]
    home.portal.fail(kind, operation, text="Not in your plan")
    error = await error_of(home, deed)
    assert error.translation_key == "portal_error"
    if kind is FaultKind.REFUSED_ERROR:
        assert error.translation_placeholders == {"error": "Not in your plan"}
    await home.advance(60)
    assert len(home.requests(operation)) == 1
    assert home.labels == ["Office"]
    assert home.state(CONNECTED) == STATE_ON


@pytest.mark.parametrize("name", DEEDS)
async def test_not_reached(office: Channel, unloaded: Home, name: str) -> None:
    """What never left is an error that says so, and is not made up for later."""
    home = unloaded
    operation, deed = DEEDS[name]
    await home.portal.refuse()
    error = await error_of(home, deed)
    assert error.translation_key == "portal_error"
    assert "no connection" in str(error.translation_placeholders)
    await home.portal.accept()
    await home.advance(60)
    assert home.requests(operation) == []
    assert home.state(CONNECTED) == STATE_ON


@pytest.mark.parametrize("name", DEEDS)
@pytest.mark.parametrize("processed", [False, True])
@pytest.mark.parametrize("kind", UNCERTAIN)
async def test_uncertain(
    office: Channel, unloaded: Home, name: str, kind: FaultKind, processed: bool
) -> None:
    """What may have been done is sent once, and what it did shows with the error."""
    home = unloaded
    operation, deed = DEEDS[name]
    home.portal.fail(kind, operation, processed=processed)
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
    office: Channel, unloaded: Home, name: str, kind: FaultKind
) -> None:
    """However the answer is dressed, what was asked is done, once."""
    home = unloaded
    operation, deed = DEEDS[name]
    home.portal.fail(kind, operation, seconds=5)

    async def do() -> None:
        await deed(home)

    await home.until_done(home.hass.async_create_task(do()))
    assert len(home.requests(operation)) == 1
    labels = {"createchannel": ["Office", "Shop"], "deletechannel": []}
    assert home.labels == labels.get(operation, ["Office"])


@pytest.mark.parametrize("button", BUTTONS)
@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (FaultKind.REFUSED_ERROR, "portal_error"),
        (FaultKind.HTTP_500, "portal_uncertain"),
        (FaultKind.HANG, "portal_uncertain"),
    ],
)
async def test_buttons(
    office: Channel, unloaded: Home, button: str, kind: FaultKind, key: str
) -> None:
    """A button whose operation fails, fails as the action does."""
    home = unloaded
    home.portal.fail(kind, BUTTONS[button])
    error = await error_of(home, lambda home: home.press(button))
    assert error.translation_key == key
    assert len(home.requests(BUTTONS[button])) == 1


async def test_answer_about_another_channel(office: Channel, unloaded: Home) -> None:
    """A channel that was made and is not listed has no device, and that is told."""
    home = unloaded
    home.portal.fail(FaultKind.VENDOR_SUCCESS, "createchannel")
    created = await home.create("Shop")
    assert created["channel_id"] == "53583gd693dg93tdg923gd2reo"
    assert created["gateway_id"] == "123"
    # In the portal's zone, which is an hour ahead.
    assert created["subscription_end"] == "2018-04-24T11:25:23+00:00"
    assert created["device_id"] is None
    assert home.labels == ["Office"]


@pytest.mark.parametrize("kind", [*REFUSALS, *UNCERTAIN, *OF_PICTURES])
async def test_code_cannot_be_fetched(home: Home, kind: FaultKind) -> None:
    """The button that fetches a code fails when there is none, and says why."""
    harmless = {FaultKind.QR_DATA_URI, FaultKind.QR_QUOTED, FaultKind.QR_WRAPPED}
    created = await home.create()
    home.portal.fail(kind, "scanqr")
    if kind in harmless:
        await home.press(REFRESH_QR)
    else:
        error = await error_of(home, lambda home: home.press(REFRESH_QR))
        assert error.translation_key == "portal_error"
        assert "Waiting for a code" in (await home.look()).text
    home.portal.clear_faults()
    await home.press(REFRESH_QR)
    served = await home.look()
    assert served.code == home.portal.qr_payload(created["channel_id"])


@pytest.mark.expected_log("Error fetching 127.0.0.1 channels data")
async def test_code_of_an_unreachable_portal(home: Home) -> None:
    """The button that fetches a code fails when the portal is not there."""
    created = await home.create()
    await home.portal.refuse()
    error = await error_of(home, lambda home: home.press(REFRESH_QR))
    assert error.translation_key == "update_failed"
    await home.portal.accept()
    await home.advance(15.5)
    served = await home.look()
    assert served.code == home.portal.qr_payload(created["channel_id"])


async def test_some_of_several_fail(unloaded: Home) -> None:
    """What fails for one channel is told, and done for the others."""
    home = unloaded
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
    assert answers[0]["reason"] == "Busy"
    assert home.state(CONNECTED) == STATE_ON
    assert home.state("binary_sensor.yard_connected") == STATE_OFF
    assert len(home.requests("resetchannel")) == 3


async def test_queue_is_cleared(office: Channel, unloaded: Home) -> None:
    """What waits in a channel's queue is dropped, and the portal's count returned."""
    home = unloaded
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
    unloaded: Home,
    device_registry: dr.DeviceRegistry,
    action: str,
) -> None:
    """A device that is no channel stops an action before anything is done."""
    home = unloaded
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


@pytest.mark.expected_log("Authentication failed", "Error fetching")
async def test_credentials_refused(office: Channel, unloaded: Home) -> None:
    """Credentials that are refused meanwhile fail the action and are asked for."""
    home = unloaded
    home.account.api_enabled = False
    error = await error_of(home, DEEDS["reset_channel"][1])
    assert error.translation_key == "portal_error"
    await home.advance(3700)
    flows = home.hass.config_entries.flow.async_progress()
    assert [flow["context"]["source"] for flow in flows] == [SOURCE_REAUTH]
