"""Who may do what to channels."""

from typing import Any, Final

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized
import pytest
from pytest_homeassistant_custom_component.common import MockUser

from tests.channels.home import CLEAR_QUEUE, REFRESH_QR, RESET, Home
from tests.home import OPTIONS
from tests.portal import Channel

ACTIONS: Final = (
    "create_channel",
    "reset_channel",
    "clear_channel_queue",
    "delete_channel",
)
BUTTONS: Final = (RESET, CLEAR_QUEUE, REFRESH_QR)


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options with an inbox that is out of the way."""
    return OPTIONS


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home with channels."""
    return Home


@pytest.mark.parametrize("name", [*ACTIONS, *BUTTONS])
async def test_read_only_users(
    office: Channel, new_home: Home, hass_read_only_user: MockUser, name: str
) -> None:
    """Who may only read is refused every action and every button."""
    home = new_home
    context = Context(user_id=hass_read_only_user.id)
    home.forget_requests()
    with pytest.raises(Unauthorized):
        await do_as(home, context, name)
    assert home.portal.requests == []


@pytest.mark.parametrize("name", [*ACTIONS, *BUTTONS])
async def test_users_who_are_no_admins(
    hass: HomeAssistant, office: Channel, new_home: Home, name: str
) -> None:
    """What costs money or ends something is for administrators."""
    home = new_home
    group = await hass.auth.async_get_group("system-users")
    assert group is not None
    user = MockUser(groups=[group]).add_to_hass(hass)
    home.forget_requests()
    with pytest.raises(Unauthorized):
        await do_as(home, Context(user_id=user.id), name)
    assert home.portal.requests == []


async def do_as(home: Home, context: Context, name: str) -> None:
    """Call an action or press a button as a user."""
    if name in BUTTONS:
        await home.press(name, context)
    elif name == "create_channel":
        await home.call(name, context, label="Shop")
    else:
        await home.call(name, context, device_id=home.device_id())
