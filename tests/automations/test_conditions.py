"""The conditions, in automations."""

from decimal import Decimal
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from custom_components.smskit.const import DOMAIN
from tests.conftest import ANNA
from tests.home import Home
from tests.portal import Channel

from .home import Automations

_GO: Final = {"trigger": "event", "event_type": "go"}


def _condition(key: str, *entity_ids: str) -> dict[str, Any]:
    return {
        "condition": f"smskit.{key}",
        "target": {"entity_id": list(entity_ids)},
    }


async def _runs(hass: HomeAssistant, automations: Automations) -> bool:
    before = len(automations.runs)
    hass.bus.async_fire("go")
    await automations.home.settle()
    return len(automations.runs) > before


async def test_balance_is_low(
    hass: HomeAssistant, home: Home, automations: Automations
) -> None:
    """It is met while the balance is below the threshold."""
    entity_id = "binary_sensor.127_0_0_1_low_balance"
    await automations.add(_GO, conditions=[_condition("balance_is_low", entity_id)])
    for left in (100, 5, 100):
        home.account.credits = Decimal(left)
        await home.skip(3601)
        assert await _runs(hass, automations) == (left == 5)


async def test_has_unread_messages(
    hass: HomeAssistant, home: Home, automations: Automations
) -> None:
    """It is met while a message is unread; other sensors do not count."""
    unread, sent = (
        f"sensor.127_0_0_1_{key}" for key in ("unread_messages", "messages_sent")
    )
    condition = _condition("has_unread_messages", unread, sent)
    await automations.add(_GO, conditions=[condition])
    assert not await _runs(hass, automations)
    home.portal.receive(home.account, ANNA.removeprefix("+"), "Hello")
    await home.skip(31)
    assert await _runs(hass, automations)
    await home.call("mark_messages_read", all=True)
    await home.call("send_message", numbers=[ANNA], message="Hello")
    home.portal.deliver("sent", to=ANNA.removeprefix("+"))
    await home.advance(60)
    assert float(home.shown(sent).state) > 0
    assert not await _runs(hass, automations)


async def test_channel_is_connected(
    hass: HomeAssistant, new_home: Home, office: Channel
) -> None:
    """It is met while the channel is connected."""
    home, automations = new_home, Automations(new_home)
    condition = _condition("channel_is_connected", "binary_sensor.office_connected")
    await automations.add(_GO, conditions=[condition])
    assert await _runs(hass, automations)
    home.portal.drop(office)
    await home.advance(3700)
    assert not await _runs(hass, automations)


async def test_alert_is_open(
    hass: HomeAssistant, home: Home, automations: Automations
) -> None:
    """It is met while the sensor of open alerts counts one."""
    registered = er.async_get(hass).async_get_or_create(
        "sensor",
        DOMAIN,
        "alerts",
        config_entry=home.entry,
        translation_key="open_alerts",
        suggested_object_id="open_alerts_of_ours",
    )
    condition = _condition("alert_is_open", registered.entity_id)
    await automations.add(_GO, conditions=[condition])
    for count in ("unknown", "0", "2", "unavailable"):
        hass.states.async_set(registered.entity_id, count)
        assert await _runs(hass, automations) == (count == "2")
