"""Portals that name a channel in another way: it is found, or nothing is changed."""

import json
from typing import Any, Final

from homeassistant.const import STATE_ON, STATE_UNAVAILABLE
import pytest

from tests.home import OPTIONS
from tests.portal import Channel, FaultKind

from .home import CONNECTED, RESET, Deed, Home, error_of

DEEDS: Final[dict[str, Deed]] = {
    name: lambda home, name=name: home.call(name, device_id=home.device_id())  # type: ignore[misc]
    for name in ("reset_channel", "clear_channel_queue", "delete_channel")
}
CHANGES: Final = ("resetchannel", "clearqueue", "deletechannel", "scanqr")
# What is sent in a round of tries, after the first request.
TRIED: Final = (
    ["channel_id"],
    ["channelid"],
    ["gateway_id"],
    ["gatewayid"],
    ["channel"],
    ["id"],
)
HOUR: Final = 3601


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options with an inbox that is out of the way."""
    return OPTIONS


def tried(home: Home) -> list[list[str]]:
    """Return the names of the parameters of each view."""
    return [sorted(request.parameters) for request in home.requests("viewchannel")]


def view_of(channel: Channel) -> str:
    """Return a portal's answer about a channel."""
    return json.dumps(
        {
            "request": "viewchannel",
            "status": "success",
            "channel_id": channel.channel_id,
            "gateway_id": channel.gateway_id,
            "device_status": "session active",
        }
    )


@pytest.mark.parametrize("name", ["channel_id", "channelid", "channel", "id"])
async def test_found(new_home: Home, name: str) -> None:
    """The name that works is found at once, and remembered across restarts."""
    home = new_home
    home.portal.channel_parameters = (name,)
    office = home.portal.add_channel(home.account)
    home.portal.pair(office)
    await home.start()
    assert home.state(CONNECTED) == STATE_ON
    await home.call("clear_channel_queue", device_id=home.device_id())
    (cleared,) = home.requests("clearqueue")
    assert cleared.parameters[name] == office.channel_id
    if name in {"channel", "id"}:
        # A common word is never sent beside another parameter.
        assert list(cleared.parameters) == [name]
    await home.restart()
    home.forget_requests()
    await home.advance(HOUR)
    assert len(tried(home)) == 12
    assert all(name in names for names in tried(home))


async def test_found_by_the_gateway(new_home: Home) -> None:
    """A portal that takes the ID of the gateway gets it."""
    home = new_home
    home.portal.channel_parameters = ("gatewayid",)
    office = home.portal.add_channel(home.account)
    home.portal.pair(office)
    # It finds its channels by their gateway alone.
    known = home.portal.state.channels
    known[office.gateway_id] = known.pop(office.channel_id)
    await home.start()
    assert home.state(CONNECTED) == STATE_ON
    await home.call("reset_channel", device_id=home.device_id())
    (reset,) = home.requests("resetchannel")
    assert dict(reset.parameters) == {"gatewayid": office.gateway_id}


async def test_found_once_for_many(new_home: Home) -> None:
    """One round of tries serves all channels of the account."""
    home = new_home
    home.portal.channel_parameters = ("channel",)
    for number in range(20):
        home.portal.pair(home.portal.add_channel(home.account, f"Channel {number}"))
    await home.start()
    assert len(tried(home)) == 20 + 5 + 20
    assert home.state("binary_sensor.channel_19_connected") == STATE_ON
    home.forget_requests()
    await home.advance(HOUR)
    assert tried(home) == [["channel"]] * 20 * 12


@pytest.mark.parametrize("deed", DEEDS)
async def test_not_found(new_home: Home, deed: str) -> None:
    """Where no name works, nothing is changed, and it is tried once an hour."""
    home = new_home
    home.portal.channel_parameters = ("chan",)
    home.portal.add_channel(home.account)
    await home.start()
    assert tried(home) == [["channel_id", "channelid"], *TRIED]
    assert home.state(RESET) == STATE_UNAVAILABLE
    error = await error_of(home, DEEDS[deed])
    assert error.translation_key == "channel_not_verified"
    assert home.requests(*CHANGES) == []
    home.forget_requests()
    await home.advance(2 * HOUR)
    assert len(tried(home)) == 24 + 2 * len(TRIED)
    assert home.requests(*CHANGES) == []


async def test_back_to_normal(new_home: Home) -> None:
    """A portal that refused for a while is served by the usual name again."""
    home = new_home
    office = home.portal.add_channel(home.account)
    home.portal.pair(office)
    home.portal.fail(FaultKind.REFUSED_ERROR, "viewchannel", text="Try later")
    await home.start()
    assert home.state(CONNECTED) == STATE_UNAVAILABLE
    home.portal.clear_faults()
    await home.advance(301)
    assert home.state(CONNECTED) == STATE_ON
    assert home.state(RESET) != STATE_UNAVAILABLE
    assert tried(home)[-1] == ["channel_id", "channelid"]


@pytest.mark.parametrize("shown", ["first", "none"])
async def test_ignored(new_home: Home, shown: str) -> None:
    """A portal that shows the same channel whatever is named changes none by us."""
    home = new_home
    office = home.portal.add_channel(home.account)
    shop = home.portal.add_channel(home.account, "Shop")
    for channel in (office, shop):
        home.portal.pair(channel)
    text = view_of(office)
    if shown == "none":
        text = text.replace(office.channel_id, "")
    home.portal.fail(FaultKind.NOT_JSON, "viewchannel", text=text)
    await home.start()
    # The office is shown by accident, and all the same it may not be reset.
    connected = STATE_ON if shown == "first" else STATE_UNAVAILABLE
    assert home.state(CONNECTED) == connected
    assert home.state("binary_sensor.shop_connected") == STATE_UNAVAILABLE
    for label in ("office", "shop"):
        assert home.state(f"button.{label}_reset") == STATE_UNAVAILABLE
    for deed in DEEDS.values():
        error = await error_of(home, deed)
        assert error.translation_key == "channel_not_verified"
    await home.advance(HOUR)
    assert home.requests(*CHANGES) == []
    # None of the names is tried again: each has shown that it is ignored.
    assert tried(home).count(["id"]) == 1


async def test_ignored_after_all(office: Channel, new_home: Home) -> None:
    """What was learned is forgotten when the portal shows another channel by it."""
    home = new_home
    assert home.state(RESET) != STATE_UNAVAILABLE
    shop = home.portal.add_channel(home.account, "Shop")
    home.portal.fail(FaultKind.NOT_JSON, "viewchannel", text=view_of(shop))
    await home.advance(301)
    assert home.state(RESET) == STATE_UNAVAILABLE
    await home.restart()
    error = await error_of(home, DEEDS["reset_channel"])
    assert error.translation_key == "channel_not_verified"
    assert home.requests(*CHANGES) == []


async def test_one_of_several_is_refused(office: Channel, new_home: Home) -> None:
    """A channel that is refused while another is shown is no reason to try names."""
    home = new_home
    home.portal.pair(home.portal.add_channel(home.account, "Shop"))
    await home.advance(301)
    home.forget_requests()
    home.portal.fail(FaultKind.REFUSED_ERROR, "viewchannel", times=1, text="Expired")
    await home.advance(300)
    assert tried(home) == [["channel_id", "channelid"]] * 2


@pytest.mark.parametrize(
    "kind", [FaultKind.HTTP_500, FaultKind.HTML_PAGE, FaultKind.RESET]
)
async def test_no_reason(new_home: Home, kind: FaultKind) -> None:
    """What says nothing about the name is no reason to try others."""
    home = new_home
    home.portal.add_channel(home.account)
    home.portal.fail(kind, "viewchannel")
    await home.start()
    assert tried(home) == [["channel_id", "channelid"]]


@pytest.mark.expected_log("Error fetching 127.0.0.1 balance data")
async def test_credentials_are_no_reason(new_home: Home) -> None:
    """Neither are credentials that are refused."""
    home = new_home
    home.portal.add_channel(home.account)
    for operation in ("viewchannel", "balance"):
        home.portal.fail("refused_error", operation, text="Invalid API key")
    await home.start()
    assert tried(home) == [["channel_id", "channelid"]]


@pytest.mark.parametrize("kind", [FaultKind.HTTP_500, FaultKind.REFUSED_ERROR])
async def test_shown_before(office: Channel, new_home: Home, kind: FaultKind) -> None:
    """A channel that was shown can be reset while it cannot be viewed."""
    home = new_home
    home.portal.fail(kind, "viewchannel")
    await home.advance(301)
    response = await home.call("reset_channel", device_id=home.device_id())
    assert response["channels"][0]["status"] == "success"
    assert office.session == 2
