"""Whether the balance is low."""

from decimal import Decimal
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_ON, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    snapshot_platform,
)
from syrupy.assertion import SnapshotAssertion

from tests.home import settle
from tests.portal import Account
from tests.steps import pass_time, shown

LOW_BALANCE = "binary_sensor.127_0_0_1_low_balance"


async def test_all(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    """Every binary sensor is as it was, with all it shows."""
    with patch("custom_components.smskit.PLATFORMS", [Platform.BINARY_SENSOR]):
        assert await hass.config_entries.async_setup(entry.entry_id)
        await settle(hass)
    await snapshot_platform(hass, entity_registry, snapshot, entry.entry_id)


@pytest.mark.parametrize("options", [{"low_balance": 12.5}])
async def test_low_balance(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    account: Account,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A balance below the threshold is a problem until it is that much again."""
    for amount, expected in (
        ("12.49", STATE_ON),
        ("-1", STATE_ON),
        ("12.5", STATE_OFF),
        ("0", STATE_ON),
        ("1000", STATE_OFF),
    ):
        account.credits = Decimal(amount)
        await pass_time(hass, freezer, minutes=6)
        assert shown(hass, LOW_BALANCE).state == expected, amount


@pytest.mark.parametrize("options", [{"low_balance": 0}])
async def test_no_threshold(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    account: Account,
    freezer: FrozenDateTimeFactory,
) -> None:
    """With a threshold of nothing, an empty account is no problem."""
    account.credits = Decimal(0)
    await pass_time(hass, freezer, minutes=6)
    assert shown(hass, LOW_BALANCE).state == STATE_OFF
