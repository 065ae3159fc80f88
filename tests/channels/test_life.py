"""The life of a channel, as a user sees it: by actions and entities alone."""

from http import HTTPStatus

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smskit.const import DOMAIN

from .home import (
    CONNECTED,
    CONNECTED_SINCE,
    DEVICE_STATUS,
    SUBSCRIPTION_END,
    Home,
)


async def fix(home: Home, hass_client: ClientSessionGenerator, issue_id: str) -> str:
    """Go through the flow of an issue as the repairs page does; return how it ends."""
    assert await async_setup_component(home.hass, "repairs", {})
    client = await hass_client()
    address = "/api/repairs/issues/fix"
    response = await client.post(
        address, json={"handler": DOMAIN, "issue_id": issue_id}
    )
    assert response.status == HTTPStatus.OK
    form = await response.json()
    assert form["type"] == "form"
    assert form["step_id"] == "confirm"
    assert form["description_placeholders"]["channel"] == "Office"
    response = await client.post(f"{address}/{form['flow_id']}", json={})
    assert response.status == HTTPStatus.OK
    await home.settle()
    end: str = (await response.json())["type"]
    return end


async def test_from_creation_to_deletion(
    home: Home, hass_client: ClientSessionGenerator
) -> None:
    """A channel is created, paired, lost, repaired and deleted."""
    created = await home.create()
    channel = home.portal.channel(created["channel_id"])
    assert created["gateway_id"] == channel.gateway_id
    assert created["subscription_end"] == channel.subscription_end.isoformat()
    assert created["device_id"] == home.device_id("Office")
    assert home.state(CONNECTED) == STATE_OFF
    assert home.state(DEVICE_STATUS) == "awaiting scan"
    assert home.state(SUBSCRIPTION_END) == created["subscription_end"]

    # The code is there at once, and a phone reads it.
    assert (await home.look()).code == home.portal.qr_payload(channel)
    home.portal.pair(channel, "447700900123")
    await home.advance(10)
    assert home.state(CONNECTED) == STATE_ON
    assert home.state(DEVICE_STATUS) == "session active"
    assert home.state(CONNECTED_SINCE) != STATE_UNKNOWN
    assert "+447700900123" in (await home.look()).text
    assert home.issues == {}

    # It is lost, which is reported only when it lasts.
    home.portal.drop(channel)
    await home.advance(300.5)
    assert home.state(CONNECTED) == STATE_OFF
    assert home.issues == {}
    await home.advance(295)
    assert home.issues == {}
    await home.advance(5)
    issue = home.issues["channel_lost"]
    assert issue.is_fixable
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["channel"] == "Office"

    # The flow resets it, and there is a code again.
    assert await fix(home, hass_client, issue.issue_id) == "create_entry"
    assert home.state(DEVICE_STATUS) == "awaiting scan"
    assert (await home.look()).code == home.portal.qr_payload(channel)
    home.portal.pair(channel, "447700900124")
    await home.advance(10)
    assert home.state(CONNECTED) == STATE_ON
    assert home.issues == {}
    assert "+447700900124" in (await home.look()).text
    await home.advance(900)
    assert home.issues == {}

    deleted = await home.call("delete_channel", device_id=created["device_id"])
    assert deleted == {
        "channels": [
            {
                "device_id": created["device_id"],
                "channel_id": channel.channel_id,
                "status": "success",
            }
        ]
    }
    await home.settle()
    assert home.portal.channels == {}
    assert home.labels == []
    assert [
        name for name in home.hass.states.async_entity_ids() if "office" in name
    ] == []


async def test_lost_again_unless_paired_after_the_fix(
    home: Home, hass_client: ClientSessionGenerator
) -> None:
    """Who fixed a channel has five minutes to scan; then it is reported once more."""
    created = await home.create()
    home.portal.pair(created["channel_id"])
    await home.advance(10)
    home.portal.drop(created["channel_id"])
    await home.advance(600.5)
    await fix(home, hass_client, home.issues["channel_lost"].issue_id)
    await home.advance(295)
    assert home.issues == {}
    await home.advance(10)
    assert "channel_lost" in home.issues
