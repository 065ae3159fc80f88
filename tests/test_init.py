"""An account starts, stops, fails and recovers."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.const import DOMAIN
from tests.conftest import CARLA, entry_data, recipient_data
from tests.home import settle
from tests.portal import Account, Portal
from tests.steps import assert_state, pass_time, shown

BALANCE = "sensor.127_0_0_1_balance"
LOW_BALANCE = "binary_sensor.127_0_0_1_low_balance"
UNREAD = "sensor.127_0_0_1_unread_messages"
LAST = "sensor.127_0_0_1_last_message"


def count(portal: Portal, operation: str) -> int:
    """Count the requests of an operation."""
    return sum(request.operation == operation for request in portal.requests)


async def test_set_up(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
    portal: Portal,
) -> None:
    """An account is a service with its entities, and each recipient has one."""
    assert_state(loaded, ConfigEntryState.LOADED)
    devices = dr.async_entries_for_config_entry(device_registry, loaded.entry_id)
    assert {device.name for device in devices} == {"127.0.0.1", "Anna", "Family"}
    (account,) = [device for device in devices if device.name == "127.0.0.1"]
    assert account.entry_type is dr.DeviceEntryType.SERVICE
    assert account.configuration_url == portal.url
    assert shown(hass, BALANCE).state == "100"
    assert hass.states.get("notify.anna") is not None


async def test_unload_and_reload(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    portal: Portal,
    freezer: FrozenDateTimeFactory,
) -> None:
    """An account that is unloaded asks the portal nothing, until it is set up again."""
    assert await hass.config_entries.async_unload(loaded.entry_id)
    await settle(hass)
    assert_state(loaded, ConfigEntryState.NOT_LOADED)
    assert shown(hass, BALANCE).state == STATE_UNAVAILABLE
    portal.requests.clear()
    await pass_time(hass, freezer, minutes=60)
    assert portal.requests == []
    for _ in range(2):
        assert await hass.config_entries.async_reload(loaded.entry_id)
        await settle(hass)
    assert_state(loaded, ConfigEntryState.LOADED)
    assert shown(hass, BALANCE).state == "100"
    portal.requests.clear()
    await pass_time(hass, freezer, minutes=5.1)
    assert count(portal, "balance") == 1


@pytest.mark.expected_log("Error fetching")
@pytest.mark.parametrize("kind", ["refused", "html_page", "http_500", "reset"])
async def test_portal_away_at_start(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    portal: Portal,
    freezer: FrozenDateTimeFactory,
    kind: str,
) -> None:
    """An account whose portal is away at the start recovers within a minute."""
    if kind == "refused":
        await portal.refuse()
    else:
        portal.fail(kind)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert_state(entry, ConfigEntryState.LOADED)
    assert not list(hass.config_entries.flow.async_progress())
    for entity_id in (BALANCE, UNREAD):
        assert shown(hass, entity_id).state == STATE_UNAVAILABLE
    await portal.accept()
    portal.clear_faults()
    await pass_time(hass, freezer, minutes=1.1)
    assert shown(hass, BALANCE).state == "100"
    assert shown(hass, UNREAD).state == "0"


@pytest.mark.expected_log("Error fetching")
async def test_sending_while_the_portal_is_away_at_start(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    portal: Portal,
    freezer: FrozenDateTimeFactory,
) -> None:
    """What is sent before the portal was ever reached is held, and leaves later."""
    await portal.refuse()
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    response = await hass.services.async_call(
        DOMAIN,
        "send_message",
        {"numbers": [CARLA], "message": "Power is back"},
        blocking=True,
        return_response=True,
    )
    assert response is not None
    recipients = response["recipients"]
    assert isinstance(recipients, list)
    assert [one["status"] for one in recipients if isinstance(one, dict)] == ["held"]
    await portal.accept()
    await pass_time(hass, freezer, minutes=1.1)
    assert [message.text for message in portal.ledger] == ["Power is back"]


async def test_two_accounts(
    hass: HomeAssistant, loaded: MockConfigEntry, portal: Portal
) -> None:
    """Two accounts have entities of their own, and one stays when the other goes."""
    second = portal.add_account(api_key="key-2", api_token="token-2")
    portal.receive(second, "447700900123", "For the second")
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Second",
        data=entry_data(portal, api_key="key-2", api_token="token-2"),
        subentries_data=[recipient_data("Carla", CARLA)],
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert shown(hass, UNREAD).state == "0"
    message = shown(hass, "sensor.second_last_message")
    assert message.attributes["text"] == "For the second"
    assert hass.states.get("notify.carla") is not None
    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert shown(hass, BALANCE).state == STATE_UNAVAILABLE
    assert shown(hass, "sensor.second_balance").state == "100"


async def test_remove(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    device_registry: dr.DeviceRegistry,
) -> None:
    """An account that is removed leaves nothing behind."""
    await hass.config_entries.async_remove(loaded.entry_id)
    await settle(hass)
    assert hass.states.async_entity_ids(("sensor", "binary_sensor", "notify")) == []
    entry_id = loaded.entry_id
    assert er.async_entries_for_config_entry(entity_registry, entry_id) == []
    assert dr.async_entries_for_config_entry(device_registry, entry_id) == []


@pytest.mark.expected_log("Error fetching")
@pytest.mark.parametrize(
    ("operation", "lost", "kept"),
    [
        ("balance", (BALANCE, LOW_BALANCE), (UNREAD, LAST)),
        ("getinbox", (UNREAD, LAST), (BALANCE, LOW_BALANCE)),
    ],
)
async def test_one_thing_fails(  # noqa: PLR0913, PLR0917 - fixtures
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    portal: Portal,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    operation: str,
    lost: tuple[str, ...],
    kept: tuple[str, ...],
) -> None:
    """What cannot be read is unavailable and logged once; the rest goes on."""
    portal.fail("http_500", operation)
    for _ in range(3):
        await pass_time(hass, freezer, minutes=5.1)
        assert {shown(hass, entity_id).state for entity_id in lost} == {
            STATE_UNAVAILABLE
        }
        assert STATE_UNAVAILABLE not in {
            shown(hass, entity_id).state for entity_id in kept
        }
    assert caplog.text.count("Error fetching") == 1
    portal.clear_faults()
    await pass_time(hass, freezer, minutes=5.1)
    assert STATE_UNAVAILABLE not in {shown(hass, entity_id).state for entity_id in lost}
    assert caplog.text.count("recovered") == 1


@pytest.mark.parametrize("options", [{"inbox_interval": 60}])
async def test_intervals(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    portal: Portal,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The balance is asked for every five minutes, the inbox as often as was chosen."""
    portal.requests.clear()
    for _ in range(30):
        await pass_time(hass, freezer, minutes=0.52)
    # A quarter of an hour in half minutes: a poll may come one of them late.
    assert count(portal, "balance") in {2, 3}
    assert 14 <= count(portal, "getinbox") <= 16


async def test_credentials_stay_in_bodies(
    hass: HomeAssistant, loaded: MockConfigEntry, portal: Portal
) -> None:
    """Nothing that is polled shows the credentials in an address."""
    assert {r.operation for r in portal.requests} >= {"balance", "getinbox"}
    assert not any(r.credentials_in_url for r in portal.requests)


async def test_data_of_the_portal_is_not_logged(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    portal: Portal,
    account: Account,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither numbers nor texts reach the log, however much is logged."""
    portal.receive(account, "447700900123", "The safe is open")
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    lines = [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("custom_components.smskit")
    ]
    assert lines
    assert not [x for x in lines if "447700900123" in x or "The safe is open" in x]
