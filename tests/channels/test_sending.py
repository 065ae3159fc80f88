"""Sending through channels: by their devices, and not at all where that is in vain."""

from typing import Any

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.const import CONF_CHANNEL, DOMAIN
from tests.conftest import CARLA, entry_data, recipient_data
from tests.portal import Channel, FaultKind

from .home import CONNECTED, Home


async def send(home: Home, **data: Any) -> list[dict[str, Any]]:
    """Send a text to Carla and return the outcomes."""
    response = await home.call(
        "send_message", **{"numbers": [CARLA], "message": "Hello", **data}
    )
    outcomes: list[dict[str, Any]] = response["recipients"]
    return outcomes


def sent(home: Home) -> list[tuple[str, str]]:
    """Return the type and the route of all that the portal accepted."""
    return [(entry.type, entry.route) for entry in home.portal.ledger]


async def two_channels(home: Home) -> tuple[Channel, Channel]:
    """Return two connected channels of the account, which is set up."""
    channels = (
        home.portal.add_channel(home.account, "Office"),
        home.portal.add_channel(home.account, "Shop"),
    )
    for channel in channels:
        home.portal.pair(channel)
    await home.start()
    return channels


@pytest.mark.parametrize("by", ["device", "gateway", "gateway as a number"])
async def test_through_a_channel(new_home: Home, by: str) -> None:
    """A message goes through the channel that is named, not through another."""
    home = new_home
    _, shop = await two_channels(home)
    names: dict[str, Any] = {
        "device": home.device_id("Shop"),
        "gateway": shop.gateway_id,
        "gateway as a number": int(shop.gateway_id),
    }
    (outcome,) = await send(home, type="whatsapp", channel=names[by])
    assert outcome["status"] == "queued"
    assert sent(home) == [("whatsapp", shop.gateway_id)]


async def test_sms_takes_no_channel(new_home: Home) -> None:
    """A channel that is named changes nothing about an SMS."""
    home = new_home
    await two_channels(home)
    await send(home, type="sms", channel=home.device_id("Shop"))
    assert sent(home) == [("sms", "0")]


@pytest.mark.parametrize("what", ["drop", "expire"])
async def test_not_connected(new_home: Home, what: str) -> None:
    """A message through a channel that is not connected never leaves."""
    home = new_home
    office, _ = await two_channels(home)
    getattr(home.portal, what)(office)
    await home.advance(300.5)
    home.forget_requests()
    with pytest.raises(HomeAssistantError) as raised:
        await send(home, type="whatsapp", channel=home.device_id("Office"))
    assert raised.value.translation_key == "not_sent"
    assert "channel is not connected" in str(raised.value.translation_placeholders)
    assert home.portal.requests == []
    assert home.portal.ledger == []


def say(home: Home, channel: Channel, word: str) -> None:
    """Let the portal report a device status of a channel from now on."""
    home.portal.fail(
        FaultKind.NOT_JSON,
        "viewchannel",
        text='{"request":"viewchannel","status":"success","channel_id":'
        f'"{channel.channel_id}","gateway_id":"501","device_status":"{word}"}}',
    )


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize(
    ("word", "blocks"),
    [
        ("open", False),
        ("WORKING", False),
        ("paired", False),
        ("syncing", False),
        ("loading", False),
        ("1", False),
        ("true", False),
        ("", False),
        ("session active", False),
        ("SESSION_ACTIVE", False),
        ("session closed", True),
        ("LOGGED_OUT", True),
        ("Disconnected.", True),
        ("awaiting scan", True),
        ("subscription expired", True),
    ],
)
async def test_only_a_known_no_blocks(
    office: Channel, new_home: Home, word: str, *, blocks: bool, named: bool
) -> None:
    """What a word means that nobody knows is for the portal to say."""
    home = new_home
    say(home, office, word)
    await home.advance(300.5)
    channel = {"channel": home.device_id("Office")} if named else {}
    home.forget_requests()
    if blocks:
        with pytest.raises(HomeAssistantError):
            await send(home, type="whatsapp", **channel)
        assert home.portal.requests == []
    else:
        (outcome,) = await send(home, type="whatsapp", **channel)
        assert outcome["status"] == "queued"
        assert [kind for kind, _ in sent(home)] == ["whatsapp"]


async def test_one_that_is_reset_is_not_used(new_home: Home) -> None:
    """After a reset the channel is refused at once, not only after the next poll."""
    home = new_home
    await two_channels(home)
    await home.call("reset_channel", device_id=home.device_id("Office"))
    with pytest.raises(HomeAssistantError):
        await send(home, type="whatsapp", channel=home.device_id("Office"))
    assert home.requests("sendsms") == []


async def test_preview_tells(new_home: Home) -> None:
    """A preview reports that a message would not go through."""
    home = new_home
    office, _ = await two_channels(home)
    home.portal.drop(office)
    await home.advance(300.5)
    response = await home.call(
        "preview_message",
        numbers=[CARLA],
        message="Hello",
        type="whatsapp",
        channel=home.device_id("Office"),
    )
    (outcome,) = response["recipients"]
    assert (outcome["status"], outcome["reason_code"]) == (
        "failed",
        "channel_not_connected",
    )
    assert home.requests("sendsms") == []


async def test_no_channel_connected(new_home: Home) -> None:
    """Without any channel connected WhatsApp is refused before it costs anything."""
    home = new_home
    home.portal.add_channel(home.account)
    await home.start()
    with pytest.raises(HomeAssistantError) as raised:
        await send(home, type="whatsapp")
    assert "No WhatsApp channel" in str(raised.value.translation_placeholders)
    assert home.requests("sendsms") == []


@pytest.mark.expected_log("Error fetching 127.0.0.1 channels data")
async def test_what_is_not_known_is_for_the_portal(new_home: Home) -> None:
    """While channels cannot be listed, the portal decides about a message."""
    home = new_home
    home.portal.pair(home.portal.add_channel(home.account))
    home.portal.fail(FaultKind.HTTP_500, "listchannel")
    await home.start()
    (outcome,) = await send(home, type="whatsapp")
    assert outcome["status"] == "queued"
    assert [kind for kind, _ in sent(home)] == ["whatsapp"]


async def test_not_a_channel(
    hass: HomeAssistant, new_home: Home, device_registry: dr.DeviceRegistry
) -> None:
    """What is no channel of the account is refused, and nothing is sent."""
    home = new_home
    await two_channels(home)
    other = home.portal.add_account(api_key="other-key", api_token="other-token")
    second = MockConfigEntry(
        domain=DOMAIN,
        title="Second",
        data=entry_data(home.portal, api_key="other-key", api_token="other-token"),
    )
    second.add_to_hass(hass)
    theirs = home.portal.add_channel(other, "Theirs")
    home.portal.pair(theirs)
    assert await hass.config_entries.async_setup(second.entry_id)
    await home.settle()
    (device,) = (
        device
        for device in dr.async_entries_for_config_entry(
            device_registry, second.entry_id
        )
        if device.name == "Theirs"
    )
    account = device_registry.async_get_device_by_identifier(
        (DOMAIN, home.entry.entry_id), home.entry.entry_id
    )
    assert account is not None
    for named in (device.id, theirs.gateway_id, account.id, "nobody"):
        with pytest.raises(ServiceValidationError) as raised:
            await send(
                home,
                type="whatsapp",
                channel=named,
                config_entry_id=home.entry.entry_id,
            )
        assert raised.value.translation_key == "not_a_channel"
    assert home.requests("sendsms") == []


# --- Recipients ----------------------------------------------------------------------


async def with_recipient(home: Home, via: str) -> tuple[Channel, Channel]:
    """Return two channels; the recipient Carla has the second."""
    channels = await two_channels(home)
    shop = home.device_id("Shop")
    data = recipient_data("Carla", CARLA, via=via, **{CONF_CHANNEL: shop})
    result = await home.hass.config_entries.subentries.async_init(
        (home.entry.entry_id, data["subentry_type"]), context={"source": "user"}
    )
    await home.hass.config_entries.subentries.async_configure(
        result["flow_id"], dict(data["data"])
    )
    await home.settle()
    assert home.state("notify.carla") != STATE_UNAVAILABLE
    return channels


async def notify(home: Home) -> None:
    """Send a text to the recipient Carla."""
    await home.hass.services.async_call(
        "notify",
        "send_message",
        {"entity_id": "notify.carla", "message": "Hello"},
        blocking=True,
    )


@pytest.mark.parametrize("via", ["whatsapp", "whatsapp_then_sms"])
async def test_recipient_with_a_channel(new_home: Home, via: str) -> None:
    """A recipient's messages go through the recipient's channel."""
    home = new_home
    _, shop = await with_recipient(home, via)
    await notify(home)
    assert sent(home) == [("whatsapp", shop.gateway_id)]


async def test_action_names_another_channel(new_home: Home) -> None:
    """The channel that an action names goes before the recipient's."""
    home = new_home
    office, _ = await with_recipient(home, "whatsapp")
    await home.call(
        "send_message",
        recipients=["notify.carla"],
        message="Hello",
        channel=home.device_id("Office"),
    )
    assert sent(home) == [("whatsapp", office.gateway_id)]


async def test_recipient_refused(new_home: Home) -> None:
    """A recipient reached by WhatsApp only gets nothing, and the action fails."""
    home = new_home
    _, shop = await with_recipient(home, "whatsapp")
    home.portal.drop(shop)
    await home.advance(300.5)
    with pytest.raises(HomeAssistantError) as raised:
        await notify(home)
    assert raised.value.translation_key == "not_sent"
    assert home.requests("sendsms") == []


@pytest.mark.parametrize("what", ["drop", "expire", "remove_channel"])
async def test_recipient_falls_back(new_home: Home, what: str) -> None:
    """A recipient reached by SMS otherwise gets one, without WhatsApp being tried."""
    home = new_home
    _, shop = await with_recipient(home, "whatsapp_then_sms")
    getattr(home.portal, what)(shop)
    await home.advance(300.5)
    await notify(home)
    assert [kind for kind, _ in sent(home)] == ["sms"]
    assert len(home.requests("sendsms")) == 1


async def test_recipient_whose_channel_is_gone(new_home: Home) -> None:
    """A recipient's messages do not go through another channel than the chosen one."""
    home = new_home
    _, shop = await with_recipient(home, "whatsapp")
    home.portal.remove_channel(shop)
    await home.advance(300.5)
    assert home.state(CONNECTED) == "on"
    with pytest.raises(HomeAssistantError) as raised:
        await notify(home)
    assert "The WhatsApp channel is gone" in str(raised.value.translation_placeholders)
    assert home.requests("sendsms") == []


async def test_dropped_since_the_last_poll(new_home: Home) -> None:
    """A channel that was lost unnoticed makes the portal refuse; the SMS goes out."""
    home = new_home
    _, shop = await with_recipient(home, "whatsapp_then_sms")
    home.portal.drop(shop)
    await notify(home)
    assert [kind for kind, _ in sent(home)] == ["sms"]
    assert [r.parameters["type"] for r in home.requests("sendsms")] == [
        "whatsapp",
        "sms",
    ]
