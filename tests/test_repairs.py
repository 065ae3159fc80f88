"""Repair issues of channels: raised when somebody has to act, gone when not."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from homeassistant.const import STATE_OFF, STATE_UNAVAILABLE
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smskit.const import DOMAIN
from tests.channels.home import CONNECTED, SUBSCRIPTION_END, Home
from tests.home import OPTIONS
from tests.portal import Channel, FaultKind

# From one poll to the next, and half a second more.
POLL = 300.5


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options with an inbox that is out of the way."""
    return OPTIONS


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home with channels."""
    return Home


async def lose(home: Home, channel: Channel) -> None:
    """Drop a channel and wait until that is reported."""
    home.portal.drop(channel)
    await home.advance(2 * POLL)
    assert set(home.issues) == {"channel_lost"}


async def test_never_connected(new_home: Home) -> None:
    """A channel that was never connected is not lost."""
    home = new_home
    home.portal.add_channel(home.account)
    await home.start()
    await home.advance(3600)
    assert home.state(CONNECTED) == STATE_OFF
    assert home.issues == {}


async def test_short_interruption(office: Channel, new_home: Home) -> None:
    """A channel that is back before five minutes have passed is not reported."""
    home = new_home
    home.portal.drop(office)
    await home.advance(POLL)
    assert home.state(CONNECTED) == STATE_OFF
    home.portal.pair(office)
    await home.advance(3 * POLL)
    assert home.issues == {}


async def test_lost_and_back(office: Channel, new_home: Home) -> None:
    """A lost channel is reported until it is connected, without anybody's doing."""
    home = new_home
    await lose(home, office)
    issue = home.issues["channel_lost"]
    assert issue.is_fixable
    assert issue.severity is ir.IssueSeverity.WARNING
    assert issue.translation_placeholders == {
        "account": "127.0.0.1",
        "channel": "Office",
    }
    home.portal.pair(office)
    await home.advance(POLL)
    assert home.issues == {}


async def test_lost_while_not_running(office: Channel, new_home: Home) -> None:
    """A channel that was dropped while the account was not loaded is lost as well."""
    home = new_home
    assert await home.hass.config_entries.async_unload(home.entry.entry_id)
    home.portal.drop(office)
    await home.advance(3600)
    await home.start()
    assert home.issues == {}
    await home.advance(POLL)
    assert set(home.issues) == {"channel_lost"}


async def test_told_again_after_a_reload(office: Channel, new_home: Home) -> None:
    """Unloading takes an issue back; what lasts is reported again at once after it."""
    home = new_home
    await lose(home, office)
    assert await home.hass.config_entries.async_unload(home.entry.entry_id)
    assert home.issues == {}
    await home.start()
    assert set(home.issues) == {"channel_lost"}


async def test_clock_goes_on_through_a_reload(office: Channel, new_home: Home) -> None:
    """Reloads do not put off that a channel is reported as lost."""
    home = new_home
    home.portal.drop(office)
    await home.advance(POLL)
    for _ in range(5):
        assert home.issues == {}
        await home.advance(61)
        await home.reload()
    assert set(home.issues) == {"channel_lost"}


async def test_deleted_meanwhile(office: Channel, new_home: Home) -> None:
    """A lost channel that is removed at the portal is no issue any more."""
    home = new_home
    await lose(home, office)
    home.portal.remove_channel(office)
    await home.advance(POLL)
    assert home.issues == {}


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(
            "listchannel",
            marks=pytest.mark.expected_log("Error fetching 127.0.0.1 channels data"),
        ),
        "viewchannel",
    ],
)
async def test_portal_that_does_not_tell(
    office: Channel, new_home: Home, operation: str
) -> None:
    """A portal that cannot be asked neither loses a channel nor repairs it."""
    home = new_home
    home.portal.fail(FaultKind.HTTP_500, operation)
    await home.advance(4 * POLL)
    assert home.state(CONNECTED) == STATE_UNAVAILABLE
    assert home.issues == {}
    home.portal.clear_faults()
    await home.advance(POLL)
    await lose(home, office)
    home.portal.fail(FaultKind.HTTP_500, operation)
    await home.advance(2 * POLL)
    assert home.state(CONNECTED) == STATE_UNAVAILABLE
    assert set(home.issues) == {"channel_lost"}


async def test_two_lost(new_home: Home, issue_registry: ir.IssueRegistry) -> None:
    """Each lost channel has an issue of its own, which goes with it alone."""
    home = new_home
    channels = [home.portal.add_channel(home.account, name) for name in ("A", "B")]
    for channel in channels:
        home.portal.pair(channel)
    await home.start()
    for channel in channels:
        home.portal.drop(channel)
    await home.advance(2 * POLL)

    def reported() -> set[str]:
        return {
            (issue.translation_placeholders or {})["channel"]
            for issue in issue_registry.issues.values()
            if issue.domain == DOMAIN and issue.active
        }

    assert reported() == {"A", "B"}
    home.portal.pair(channels[0])
    await home.advance(POLL)
    assert reported() == {"B"}


# --- The flow ------------------------------------------------------------------------


async def begin_fix(
    home: Home, hass_client: ClientSessionGenerator
) -> tuple[HTTPStatus, dict[str, str]]:
    """Open the flow of a lost channel and submit its form, if it has one."""
    assert await async_setup_component(home.hass, "repairs", {})
    client = await hass_client()
    address = "/api/repairs/issues/fix"
    issue_id = home.issues["channel_lost"].issue_id
    response = await client.post(
        address, json={"handler": DOMAIN, "issue_id": issue_id}
    )
    step = await response.json()
    if step["type"] == "form":
        response = await client.post(f"{address}/{step['flow_id']}", json={})
        step = await response.json()
    await home.settle()
    return HTTPStatus(response.status), step


@pytest.mark.parametrize(
    "kind", [FaultKind.REFUSED_ERROR, FaultKind.HTTP_500, FaultKind.RESET]
)
async def test_fix_fails(
    office: Channel,
    new_home: Home,
    hass_client: ClientSessionGenerator,
    kind: FaultKind,
) -> None:
    """A reset that fails ends the flow with a reason, and the issue stays."""
    home = new_home
    await lose(home, office)
    home.portal.fail(kind, "resetchannel")
    status, step = await begin_fix(home, hass_client)
    assert status is HTTPStatus.OK
    assert (step["type"], step["reason"]) == ("abort", "reset_failed")
    assert len(home.requests("resetchannel")) == 1
    assert set(home.issues) == {"channel_lost"}


async def test_fix_of_an_expired_channel(
    office: Channel, new_home: Home, hass_client: ClientSessionGenerator
) -> None:
    """A channel whose subscription is over cannot be reset, which the flow reports."""
    home = new_home
    home.portal.expire(office)
    await home.advance(2 * POLL)
    _, step = await begin_fix(home, hass_client)
    assert (step["type"], step["reason"]) == ("abort", "expired")
    assert home.requests("resetchannel") == []
    assert "channel_lost" in home.issues


async def test_fix_of_a_channel_that_is_gone(
    office: Channel, new_home: Home, hass_client: ClientSessionGenerator
) -> None:
    """A flow that was left open ends when its channel is not there any more."""
    home = new_home
    await lose(home, office)
    assert await async_setup_component(home.hass, "repairs", {})
    client = await hass_client()
    address = "/api/repairs/issues/fix"
    issue_id = home.issues["channel_lost"].issue_id
    response = await client.post(
        address, json={"handler": DOMAIN, "issue_id": issue_id}
    )
    flow_id = (await response.json())["flow_id"]
    home.portal.remove_channel(office)
    await home.advance(POLL)
    step = await (await client.post(f"{address}/{flow_id}", json={})).json()
    assert (step["type"], step["reason"]) == ("abort", "not_loaded")
    assert home.requests("resetchannel") == []


# --- Subscriptions -------------------------------------------------------------------


async def subscribed(home: Home) -> Channel:
    """Return a connected channel that was created here."""
    created = await home.create()
    channel = home.portal.channel(created["channel_id"])
    home.portal.pair(channel)
    await home.advance(10)
    return channel


async def wait_until_left(home: Home, channel: Channel, left: timedelta) -> None:
    """Let time pass until so much is left of what the channel was created with."""
    end = home.shown(SUBSCRIPTION_END).state
    assert end == channel.subscription_end.isoformat()
    wait = channel.subscription_end - left - home.portal.state.now()
    day = timedelta(days=1)
    for _ in range(wait // day):
        await home.skip(day)
    await home.skip(wait % day)


async def test_subscription_ends(home: Home) -> None:
    """Seven days before a subscription ends that is reported, and not before."""
    channel = await subscribed(home)
    await wait_until_left(home, channel, timedelta(days=7, minutes=10))
    assert home.issues == {}
    await home.advance(600 + POLL)
    issue = home.issues["subscription_ends"]
    assert not issue.is_fixable
    assert issue.translation_placeholders == {
        "account": "127.0.0.1",
        "channel": "Office",
        "date": "2027-03-10",
    }


async def test_subscription_known_after_a_reload(home: Home) -> None:
    """The end of a subscription, reported once at the creation, is kept."""
    channel = await subscribed(home)
    await home.reload()
    await wait_until_left(home, channel, timedelta(days=6))
    assert set(home.issues) == {"subscription_ends"}
    await home.reload()
    assert set(home.issues) == {"subscription_ends"}


async def test_subscription_renewed(home: Home) -> None:
    """A channel that works past the end it was created with was renewed."""
    channel = await subscribed(home)
    end = channel.subscription_end
    await wait_until_left(home, channel, timedelta(hours=1))
    assert set(home.issues) == {"subscription_ends"}
    channel.subscription_end = end + timedelta(days=365)
    await home.advance(3600 + POLL)
    assert home.issues == {}


async def test_subscription_told_with_every_view(
    office: Channel, new_home: Home
) -> None:
    """Where the portal reports the end, the sensor appears and the issue follows it."""
    home = new_home
    assert home.state(SUBSCRIPTION_END) is None
    answer = (
        '{"request":"viewchannel","status":"success","channel_id":'
        f'"{office.channel_id}","device_status":"session active",'
        '"subscription_end":"%s 13:00:00"}'
    )
    home.portal.fail(FaultKind.NOT_JSON, "viewchannel", text=answer % "2027-02-12")
    await home.advance(POLL)
    # The portal's zone is an hour ahead.
    assert home.state(SUBSCRIPTION_END) == "2027-02-12T12:00:00+00:00"
    assert set(home.issues) == {"subscription_ends"}
    home.portal.clear_faults()
    home.portal.fail(FaultKind.NOT_JSON, "viewchannel", text=answer % "2027-03-12")
    await home.advance(POLL)
    assert home.state(SUBSCRIPTION_END) == "2027-03-12T12:00:00+00:00"
    assert home.issues == {}


async def test_subscription_of_a_deleted_channel(home: Home) -> None:
    """With a channel goes what was reported of its subscription."""
    channel = await subscribed(home)
    await wait_until_left(home, channel, timedelta(days=6))
    assert set(home.issues) == {"subscription_ends"}
    await home.call("delete_channel", device_id=home.device_id())
    assert home.issues == {}


async def test_nothing_left_when_removed(home: Home) -> None:
    """With the account go its channels' issues and devices."""
    channel = await subscribed(home)
    home.portal.drop(channel)
    await home.advance(2 * POLL)
    await wait_until_left(home, channel, timedelta(days=6))
    assert set(home.issues) == {"channel_lost", "subscription_ends"}
    await home.hass.config_entries.async_remove(home.entry.entry_id)
    await home.settle()
    assert home.issues == {}
    assert home.labels == []
