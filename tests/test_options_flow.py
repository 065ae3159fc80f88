"""How an account is used, and what that changes."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.conftest import ANNA, BORIS
from tests.flow_translations import translated_flows  # noqa: F401 - a fixture
from tests.home import settle
from tests.portal import Account, Portal
from tests.steps import pass_time, shown

pytestmark = pytest.mark.usefixtures("translated_flows")

OPTIONS: dict[str, dict[str, Any]] = {
    "region": {"country": "GB", "time_zone": "Europe/Paris"},
    "balance": {"balance_unit": "EUR", "low_balance": 100.5},
    "sending": {"hourly_limit": 7, "hold_hours": 0.5, "voice_language": "fr"},
    "inbox": {"inbox_interval": 600},
}


async def change(
    hass: HomeAssistant, entry: MockConfigEntry, **parts: dict[str, Any]
) -> Any:
    """Change options; what is not named takes its default."""
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "init"
    values = {part: parts.get(part, {}) for part in OPTIONS}
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], values
    )
    await settle(hass)
    return result


async def test_options_are_kept_flat(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """All sections end up side by side in the entry's options."""
    result = await change(hass, loaded, **OPTIONS)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    expected = {key: value for part in OPTIONS.values() for key, value in part.items()}
    assert expected.items() <= loaded.options.items()
    assert not any(isinstance(value, dict) for value in loaded.options.values())


@pytest.mark.parametrize("options", [{}])
async def test_defaults(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """What nobody chose is shown as what it is now; a zone would end the learning."""
    hass.config.country = "NG"
    result = await hass.config_entries.options.async_init(loaded.entry_id)
    assert result["data_schema"] is not None
    region = result["data_schema"].schema["region"].schema.schema
    suggested = {
        str(key): key.description["suggested_value"]
        for key in region
        if key.description is not None
    }
    assert suggested == {"country": "NG"}
    sending = result["data_schema"].schema["sending"].schema.schema
    (language,) = (key for key in sending if key == "voice_language")
    assert language.description == {"suggested_value": hass.config.language}
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {part: {} for part in OPTIONS}
    )
    await settle(hass)
    defaults = {
        "balance_unit": "credits",
        "low_balance": 10,
        "hourly_limit": 100,
        "hold_hours": 1,
        "inbox_interval": 30,
    }
    assert defaults.items() <= loaded.options.items()
    assert "time_zone" not in loaded.options


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("inbox", "inbox_interval", 9),
        ("inbox", "inbox_interval", 3601),
        ("balance", "balance_unit", "pounds"),
        ("balance", "low_balance", -1),
        ("sending", "hourly_limit", -1),
        ("sending", "hold_hours", -1),
        ("region", "time_zone", "Paris"),
    ],
)
async def test_bounds(
    hass: HomeAssistant, loaded: MockConfigEntry, part: str, key: str, value: Any
) -> None:
    """A value out of its bounds is not taken."""
    before = dict(loaded.options)
    with pytest.raises(InvalidData):
        await change(hass, loaded, **{part: {key: value}})
    assert loaded.options == before


async def test_balance(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """The unit and the threshold of the balance take effect without a restart."""
    await change(hass, loaded, **OPTIONS)
    balance = shown(hass, "sensor.127_0_0_1_balance")
    assert balance.attributes[ATTR_UNIT_OF_MEASUREMENT] == "EUR"
    low = shown(hass, "binary_sensor.127_0_0_1_low_balance")
    assert low.state == STATE_ON


async def test_allowed_senders(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Trusted numbers are kept as they are shown; what is none has to be mended."""
    numbers = ["07700 900123", "", "001 202 555 0123"]
    parts: dict[str, dict[str, Any]] = {
        "region": {"country": "GB"},
        "inbox": {"allowed_senders": ["Anna"]},
    }
    result = await change(hass, loaded, **parts)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": "invalid_number"}
    parts["inbox"] = {"allowed_senders": numbers}
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {part: parts.get(part, {}) for part in OPTIONS}
    )
    await settle(hass)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert loaded.options["allowed_senders"] == [BORIS, ANNA]


@pytest.mark.parametrize("wrong", ["123", "1" * 33, "12 34", "12-34", "éàéà", "١٢٣٤"])
@pytest.mark.parametrize("right", ["1234", " 58xK47 ", "a" * 32])
async def test_command_pin(
    hass: HomeAssistant, loaded: MockConfigEntry, wrong: str, right: str
) -> None:
    """A PIN is a word that every phone can write; an empty one is none."""
    result = await change(hass, loaded, inbox={"command_pin": wrong})
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": "invalid_pin"}
    await hass.config_entries.options.async_configure(
        result["flow_id"],
        {part: {} for part in OPTIONS} | {"inbox": {"command_pin": right}},
    )
    await settle(hass)
    assert loaded.options["command_pin"] == right.strip()
    for none in ({}, {"command_pin": " "}):
        await change(hass, loaded, inbox=none)
        assert "command_pin" not in loaded.options


async def test_inbox_interval(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    portal: Portal,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The inbox is asked for as often as was chosen, and not more often."""
    await change(hass, loaded, **OPTIONS)
    portal.requests.clear()
    await pass_time(hass, freezer, minutes=9.8)
    assert not [r for r in portal.requests if r.operation == "getinbox"]
    await pass_time(hass, freezer, minutes=0.4)
    assert [r for r in portal.requests if r.operation == "getinbox"]


async def test_time_zone(
    hass: HomeAssistant, loaded: MockConfigEntry, portal: Portal, account: Account
) -> None:
    """Times of messages that come from then on are read in the chosen zone."""
    await change(hass, loaded, region={"time_zone": "Asia/Kathmandu"})
    written = portal.state.now().replace(microsecond=0)
    portal.receive(account, "12025550123", "Hello", date=written)
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await settle(hass)
    state = shown(hass, "sensor.127_0_0_1_last_message")
    # The portal writes an hour ahead of UTC; it is read as 5:45 ahead.
    expected = written + timedelta(hours=1) - timedelta(hours=5, minutes=45)
    assert state.state == expected.isoformat()
