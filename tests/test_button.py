"""The buttons of a channel: they do what the actions do, and fail as those do."""

from typing import Any, Final

from homeassistant.const import STATE_OFF
import pytest

from tests.channels.fault_kinds import OF_PICTURES, REFUSALS, UNCERTAIN
from tests.channels.home import (
    CLEAR_QUEUE,
    CONNECTED,
    DEVICE_STATUS,
    REFRESH_QR,
    RESET,
    Home,
    error_of,
)
from tests.home import OPTIONS
from tests.portal import Channel, FaultKind

BUTTONS: Final = {RESET: "resetchannel", CLEAR_QUEUE: "clearqueue"}


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options with an inbox that is out of the way."""
    return OPTIONS


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home with channels."""
    return Home


async def test_reset_by_its_button(home: Home) -> None:
    """A button ends the session, and the code is there when it returns."""
    created = await home.create()
    home.portal.pair(created["channel_id"])
    await home.advance(10)
    await home.press(RESET)
    assert home.state(CONNECTED) == STATE_OFF
    assert home.state(DEVICE_STATUS) == "awaiting scan"
    served = await home.look()
    assert served.code == home.portal.qr_payload(created["channel_id"])


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
    office: Channel, new_home: Home, button: str, kind: FaultKind, key: str
) -> None:
    """A button whose operation fails, fails as the action does."""
    home = new_home
    home.portal.fail(kind, BUTTONS[button])
    error = await error_of(home, lambda home: home.press(button))
    assert error.translation_key == key
    assert len(home.requests(BUTTONS[button])) == 1


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
