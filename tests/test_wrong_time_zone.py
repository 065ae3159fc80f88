"""A time zone in the options that the portal's own answers contradict."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smskit.const import DOMAIN
from tests.channels.home import SUBSCRIPTION_END, Home
from tests.conftest import ANNA
from tests.portal import Channel

LAST_SYNC = "sensor.office_last_sync"
FIX = "/api/repairs/issues/fix"


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options with a zone five hours before the portal's."""
    return {"country": "US", "time_zone": "America/Bogota", "inbox_interval": 3600}


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home with channels."""
    return Home


async def send(home: Home, count: int) -> None:
    """Send so many messages, each answered with the portal's time."""
    for _ in range(count):
        home.clock.tick(1)
        await home.call("send_message", numbers=[ANNA], message=f"It is {home.now}")
    await home.settle()


async def open_fix(home: Home, client: Any) -> dict[str, Any]:
    """Open the flow of the issue."""
    issue_id = home.issues["wrong_time_zone"].issue_id
    response = await client.post(FIX, json={"handler": DOMAIN, "issue_id": issue_id})
    assert response.status == HTTPStatus.OK
    form: dict[str, Any] = await response.json()
    return form


async def submit(home: Home, client: Any, form: dict[str, Any]) -> dict[str, Any]:
    """Submit the form of the flow."""
    response = await client.post(f"{FIX}/{form['flow_id']}", json={})
    assert response.status == HTTPStatus.OK
    await home.settle()
    end: dict[str, Any] = await response.json()
    return end


@pytest.fixture
async def client(hass: HomeAssistant, hass_client: ClientSessionGenerator) -> Any:
    """Return the repairs page."""
    assert await async_setup_component(hass, "repairs", {})
    return await hass_client()


async def test_raised_and_fixed(home: Home, client: Any) -> None:
    """The issue names both, and its flow removes the option."""
    sent = home.portal.state.now().replace(microsecond=0) - timedelta(hours=12)
    home.portal.receive(home.account, "447700900123", "Hello", date=sent)
    await home.reload()
    last_message = home.entity("sensor", "last_message")
    await send(home, 2)
    assert home.issues == {}
    await send(home, 1)
    issue = home.issues["wrong_time_zone"]
    assert issue.is_fixable
    assert issue.severity is ir.IssueSeverity.WARNING
    assert issue.translation_placeholders == {
        "account": "127.0.0.1",
        "offset": "UTC+01:00",
    }
    # The option is the user's: it holds until somebody decides.
    late = sent + timedelta(hours=6)
    assert home.shown(last_message).state == late.isoformat()
    await home.reload()
    assert set(home.issues) == {"wrong_time_zone"}

    form = await open_fix(home, client)
    assert (form["type"], form["step_id"]) == ("form", "confirm")
    assert form["description_placeholders"] == {
        "zone": "America/Bogota",
        "offset": "UTC+01:00",
    }
    end = await submit(home, client, form)
    assert end["type"] == "create_entry"
    assert home.entry.options == {"country": "US", "inbox_interval": 3600}
    assert home.issues == {}
    assert home.shown(last_message).state == sent.isoformat()


async def test_option_is_set_right(home: Home, client: Any) -> None:
    """A right option clears the issue, also while its flow is open."""
    await send(home, 3)
    form = await open_fix(home, client)
    options = {**home.entry.options, "time_zone": "Africa/Lagos"}
    home.hass.config_entries.async_update_entry(home.entry, options=options)
    await home.settle()
    assert home.issues == {}
    await submit(home, client, form)
    assert home.entry.options == options


async def test_portal_is_set_right(home: Home) -> None:
    """Who sets the zone at the portal instead is done once that has been seen."""
    await send(home, 3)
    assert set(home.issues) == {"wrong_time_zone"}
    home.portal.state.zone = ZoneInfo("America/Bogota")
    await send(home, 3)
    assert home.issues == {}


async def test_not_loaded(home: Home, client: Any) -> None:
    """A flow that was left open ends when the account is not loaded any more."""
    await send(home, 3)
    form = await open_fix(home, client)
    await home.stop()
    assert home.issues == {}
    end = await submit(home, client, form)
    assert (end["type"], end["reason"]) == ("abort", "not_loaded")
    assert home.entry.options["time_zone"] == "America/Bogota"


async def test_same_offset_under_another_name(home: Home) -> None:
    """A zone of another name with the portal's offset is right."""
    home.portal.state.zone = ZoneInfo("America/Lima")
    await send(home, 3)
    assert home.issues == {}


# --- The times of channels -----------------------------------------------------------


@pytest.mark.parametrize("options", [{"country": "US", "inbox_interval": 3600}])
async def test_times_of_channels(
    office: Channel, new_home: Home, entity_registry: er.EntityRegistry
) -> None:
    """What is shown of channels follows what is learned, without being asked for."""
    home = new_home
    entity_registry.async_update_entity(LAST_SYNC, disabled_by=None)
    await home.reload()
    created = await home.create("Reception")
    reception = home.portal.channel(created["channel_id"])
    end = "sensor.reception_subscription_end"
    off = timedelta(hours=9)
    assert home.state(end) == (reception.subscription_end + off).isoformat()
    # Nine hours late would be in the future.
    sync = home.portal.channels[office.channel_id].last_sync
    assert sync is not None
    shown = datetime.fromisoformat(home.shown(LAST_SYNC).state)
    assert shown.timestamp() <= home.now
    asked = len(home.requests("viewchannel"))
    await send(home, 3)
    assert len(home.requests("viewchannel")) == asked
    assert home.state(end) == reception.subscription_end.isoformat()
    assert home.state(LAST_SYNC) == sync.replace(microsecond=0).isoformat()
    await home.restart()
    assert home.state(end) == reception.subscription_end.isoformat()
    assert home.state(SUBSCRIPTION_END) is None
