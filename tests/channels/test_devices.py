"""Channels as devices: they come, go and change their names without a reload."""

from homeassistant.const import (
    EVENT_STATE_CHANGED,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
)
from homeassistant.core import Event, EventStateChangedData, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)
from syrupy.assertion import SnapshotAssertion
from syrupy.filters import props

from custom_components.smskit.const import DOMAIN
from tests.conftest import CARLA, entry_data
from tests.portal import Channel, FaultKind

from .home import CONNECTED, PAIRING_QR, REFRESH_QR, Home

# Channels are listed, and healthy ones viewed, this often; a poll comes half a second
# later at most.
POLL = 300.5


def was_unavailable(events: list[Event[EventStateChangedData]], entity_id: str) -> bool:
    """Whether an entity was not to be had meanwhile, as in a reload."""
    return any(
        event.data["entity_id"] == entity_id
        and (
            event.data["new_state"] is None
            or event.data["new_state"].state == STATE_UNAVAILABLE
        )
        for event in events
    )


async def test_all_of_a_channel(
    home: Home,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    """A channel's device and entities are as they were, with all they show."""
    home.portal.pair((await home.create())["channel_id"])
    await home.advance(10)
    entity_registry.async_update_entity("sensor.office_last_sync", disabled_by=None)
    await home.reload()
    device_id = home.device_id()
    assert device_registry.async_get(device_id) == snapshot(name="device")
    entities = er.async_entries_for_device(
        entity_registry, device_id, include_disabled_entities=True
    )
    for entity in sorted(entities, key=lambda entity: entity.entity_id):
        assert entity == snapshot(name=f"{entity.entity_id}-entry")
        assert home.shown(entity.entity_id) == snapshot(
            name=f"{entity.entity_id}-state",
            exclude=props("access_token", "entity_picture"),
        )


async def test_only_noise_is_off_by_default(office: Channel, new_home: Home) -> None:
    """Every entity but the time of the last synchronisation is on by default."""
    registry = er.async_get(new_home.hass)
    entities = er.async_entries_for_device(
        registry, new_home.device_id(), include_disabled_entities=True
    )
    off = {e.entity_id for e in entities if e.disabled_by is not None}
    assert off == {"sensor.office_last_sync"}


async def test_found_at_the_start(
    new_home: Home, device_registry: dr.DeviceRegistry
) -> None:
    """Each channel there is has a device, under the account's."""
    home = new_home
    home.portal.pair(home.portal.add_channel(home.account, "Office"))
    home.portal.add_channel(home.account, "Shop")
    await home.start()
    assert home.labels == ["Office", "Shop"]
    assert home.state(CONNECTED) == STATE_ON
    assert home.state("binary_sensor.shop_connected") == STATE_OFF
    account = device_registry.async_get_device_by_identifier(
        (DOMAIN, home.entry.entry_id), home.entry.entry_id
    )
    assert account is not None
    for label in home.labels:
        device = device_registry.async_get(home.device_id(label))
        assert isinstance(device, dr.DeviceEntry)
        assert device.via_device_id == account.id
        assert device.config_entry_id == home.entry.entry_id


async def test_appears(office: Channel, new_home: Home) -> None:
    """A channel that was made at the portal is there at the next poll, unreloaded."""
    home = new_home
    events = async_capture_events(home.hass, EVENT_STATE_CHANGED)
    home.portal.pair(home.portal.add_channel(home.account, "Shop"))
    await home.advance(POLL)
    assert home.labels == ["Office", "Shop"]
    assert home.state("binary_sensor.shop_connected") == STATE_ON
    assert home.state("image.shop_pairing_qr_code") is not None
    assert home.state("button.shop_reset") is not None
    assert not was_unavailable(events, CONNECTED)


async def test_vanishes(
    office: Channel, new_home: Home, entity_registry: er.EntityRegistry
) -> None:
    """A channel that was removed at the portal is gone with all its entities."""
    home = new_home
    shop = home.portal.add_channel(home.account, "Shop")
    await home.advance(POLL)
    events = async_capture_events(home.hass, EVENT_STATE_CHANGED)
    home.portal.remove_channel(shop)
    await home.advance(POLL)
    assert home.labels == ["Office"]
    assert not [e for e in home.hass.states.async_entity_ids() if ".shop_" in e]
    assert not [e for e in entity_registry.entities if ".shop_" in e]
    assert not was_unavailable(events, CONNECTED)


async def test_comes_back(office: Channel, new_home: Home) -> None:
    """A channel that vanished and is listed again has its entities again."""
    home = new_home
    home.portal.remove_channel(office)
    await home.advance(POLL)
    assert home.state(CONNECTED) is None
    home.portal.channels[office.channel_id] = office
    await home.advance(POLL)
    assert home.state(CONNECTED) == STATE_ON
    assert home.state(PAIRING_QR) is not None
    assert home.state("sensor.office_plan") == "pro"


async def test_renamed(
    office: Channel, new_home: Home, device_registry: dr.DeviceRegistry
) -> None:
    """A device follows the label at the portal, and its entities keep their ids."""
    home = new_home
    device_id = home.device_id("Office")
    before = set(home.hass.states.async_entity_ids())
    home.portal.rename(office, "Front desk")
    await home.advance(POLL)
    assert home.device_id("Front desk") == device_id
    assert set(home.hass.states.async_entity_ids()) == before
    assert home.shown(CONNECTED).name == "Front desk Connected"
    await home.reload()
    assert home.device_id("Front desk") == device_id
    assert set(home.hass.states.async_entity_ids()) == before


async def test_renamed_by_its_user(
    office: Channel, new_home: Home, device_registry: dr.DeviceRegistry
) -> None:
    """The name that a user gave to a device stays, whatever the portal says."""
    home = new_home
    device_id = home.device_id("Office")
    device_registry.async_update_device(device_id, name_by_user="Mine")
    home.portal.rename(office, "Front desk")
    await home.advance(POLL)
    device = device_registry.async_get(device_id)
    assert device is not None
    assert device.name_by_user == "Mine"
    assert home.shown(CONNECTED).name == "Mine Connected"


async def test_same_label_twice(new_home: Home) -> None:
    """Channels with one label are two devices, each with its own entities."""
    home = new_home
    home.portal.pair(home.portal.add_channel(home.account))
    home.portal.add_channel(home.account)
    await home.start()
    assert home.labels == ["Office", "Office"]
    assert home.state(CONNECTED) == STATE_ON
    assert home.state(f"{CONNECTED}_2") == STATE_OFF


async def test_without_a_label(new_home: Home) -> None:
    """A channel without a label is named after its gateway."""
    channel = new_home.portal.add_channel(new_home.account, "")
    await new_home.start()
    assert new_home.labels == [f"WhatsApp {channel.gateway_id}"]


@pytest.mark.parametrize(
    "words", ["Invalid request", "No channel found", "Not available in your plan"]
)
async def test_account_without_channels(new_home: Home, words: str) -> None:
    """An account whose portal refuses to list channels has none, and sends."""
    home = new_home
    home.portal.fail(FaultKind.REFUSED_ERROR, "listchannel", text=words)
    await home.start()
    assert home.labels == []
    response = await home.call("send_message", numbers=[CARLA], message="Hello")
    assert [o["status"] for o in response["recipients"]] == ["queued"]
    await home.advance(POLL)
    # Channels that are switched on later appear.
    home.portal.clear_faults()
    home.portal.add_channel(home.account)
    await home.advance(POLL)
    assert home.labels == ["Office"]


@pytest.mark.expected_log("Error fetching 127.0.0.1 channels data")
@pytest.mark.parametrize(
    "kind", [FaultKind.HTTP_500, FaultKind.HTML_PAGE, FaultKind.RESET]
)
async def test_channels_unreachable_at_the_start(
    new_home: Home, kind: FaultKind
) -> None:
    """An account that cannot list channels is set up, sends, and finds them later."""
    home = new_home
    home.portal.add_channel(home.account)
    home.portal.fail(kind, "listchannel")
    await home.start()
    assert home.labels == []
    response = await home.call("send_message", numbers=[CARLA], message="Hello")
    assert [o["status"] for o in response["recipients"]] == ["queued"]
    home.portal.clear_faults()
    await home.advance(POLL)
    assert home.labels == ["Office"]


@pytest.mark.expected_log("Error fetching 127.0.0.1 channels data")
async def test_channels_unreachable_after_a_restart(
    office: Channel, new_home: Home
) -> None:
    """Channels known from before are unavailable, not gone, while none are listed."""
    home = new_home
    device_id = home.device_id()
    home.portal.fail(FaultKind.HTTP_500, "listchannel")
    await home.reload()
    assert home.device_id() == device_id
    assert home.state(CONNECTED) == STATE_UNAVAILABLE
    home.portal.clear_faults()
    await home.advance(POLL)
    assert home.device_id() == device_id
    assert home.state(CONNECTED) == STATE_ON


@pytest.mark.expected_log("Error fetching 127.0.0.1 channels data")
async def test_channels_unreachable_for_a_while(
    office: Channel, new_home: Home
) -> None:
    """While nothing is listed channels are unavailable, and the account is not."""
    home = new_home
    home.portal.fail(FaultKind.HTTP_500, "listchannel")
    await home.advance(POLL)
    assert home.state(CONNECTED) == STATE_UNAVAILABLE
    assert home.state(REFRESH_QR) == STATE_UNAVAILABLE
    assert home.state(PAIRING_QR) != STATE_UNAVAILABLE
    assert home.state("sensor.127_0_0_1_balance") == "100"
    assert home.labels == ["Office"]
    home.portal.clear_faults()
    await home.advance(POLL)
    assert home.state(CONNECTED) == STATE_ON


async def test_one_of_two_cannot_be_viewed(new_home: Home) -> None:
    """A channel that cannot be viewed is unavailable, and no other."""
    home = new_home
    for label in ("Office", "Shop"):
        home.portal.pair(home.portal.add_channel(home.account, label))
    home.portal.fail(FaultKind.HTTP_500, "viewchannel", times=1)
    await home.start()
    states = [home.state(CONNECTED), home.state("binary_sensor.shop_connected")]
    assert sorted(map(str, states)) == [STATE_ON, STATE_UNAVAILABLE]
    await home.advance(POLL)
    assert home.state(CONNECTED) == STATE_ON
    assert home.state("binary_sensor.shop_connected") == STATE_ON


async def test_listed_before_it_was_made(home: Home) -> None:
    """A poll whose answer is late does not take away what was made meanwhile."""
    home.portal.fail(FaultKind.SLOW, "listchannel", times=1, seconds=20)
    await home.pass_time(POLL)
    assert len(home.requests("listchannel")) == 2
    creation = home.hass.async_create_task(home.call("create_channel", label="Office"))
    created = await home.until_done(creation)
    await home.pass_time(30)
    assert home.device_id() == created["device_id"]
    served = await home.look()
    assert served.code == home.portal.qr_payload(created["channel_id"])


async def test_two_accounts(
    hass: HomeAssistant, office: Channel, new_home: Home
) -> None:
    """Each account has its own channels, and actions find theirs by their devices."""
    home = new_home
    other = home.portal.add_account(api_key="other-key", api_token="other-token")
    second = MockConfigEntry(
        domain=DOMAIN,
        title="Second",
        data=entry_data(home.portal, api_key="other-key", api_token="other-token"),
    )
    second.add_to_hass(hass)
    home.portal.pair(home.portal.add_channel(other))
    assert await hass.config_entries.async_setup(second.entry_id)
    await home.settle()
    assert home.state(CONNECTED) == STATE_ON
    assert home.state(f"{CONNECTED}_2") == STATE_ON

    with pytest.raises(ServiceValidationError):
        await home.call("create_channel", label="Shop")
    created = await home.call(
        "create_channel", label="Shop", config_entry_id=second.entry_id
    )
    assert home.portal.channel(created["channel_id"]).account is other
    assert home.labels == ["Office"]

    # One action for devices of both.
    response = await home.call(
        "delete_channel", device_id=[home.device_id(), created["device_id"]]
    )
    assert [c["status"] for c in response["channels"]] == ["success", "success"]
    assert home.labels == []
    assert [c.account for c in home.portal.channels.values()] == [other]
    assert home.state(f"{CONNECTED}_2") == STATE_ON
