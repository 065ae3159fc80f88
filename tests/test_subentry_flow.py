"""A recipient is added, changed and removed."""

from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.const import SUBENTRY_RECIPIENT
from tests.conftest import ANNA, BORIS, CARLA
from tests.flow_translations import (
    flat,
    translated_flows,  # noqa: F401 - a fixture
    translation,
)
from tests.home import settle

pytestmark = pytest.mark.usefixtures("translated_flows")

CARLAS = {"name": "Carla", "numbers": [CARLA], "via": "sms"}
# From the range set aside for fiction there, which is valid.
AUSTRALIAN = "+61491570156"
ERRORS = [
    ({"name": "  "}, {"name": "no_name"}),
    ({"numbers": []}, {"numbers": "no_numbers"}),
    ({"numbers": ["", "  "]}, {"numbers": "no_numbers"}),
    ({"numbers": [CARLA, "Carla"]}, {"numbers": "invalid_number"}),
    ({"numbers": ["07700900123"]}, {"numbers": "invalid_number"}),
    ({"numbers": [CARLA, "555-0145"]}, {"numbers": "area_code_missing"}),
    ({"numbers": ["22000"]}, {"numbers": "short_code"}),
    ({"numbers": [f"{CARLA}, 911"]}, {"numbers": "short_code"}),
    ({"numbers": ["0612345678"]}, {"numbers": "number_not_in_use"}),
    ({"sender": "much too long"}, {"sender": "invalid_sender"}),
    (
        {"name": "", "numbers": ["1"], "sender": "!"},
        {
            "name": "no_name",
            "numbers": "invalid_number",
            "sender": "invalid_sender",
        },
    ),
]


async def start(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Start to add a recipient; return the flow's id."""
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, SUBENTRY_RECIPIENT), context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "user"
    return result["flow_id"]


async def submit(hass: HomeAssistant, flow_id: str, values: dict[str, Any]) -> Any:
    """Fill in a form."""
    result = await hass.config_entries.subentries.async_configure(flow_id, values)
    await settle(hass)
    return result


def recipient(entry: MockConfigEntry, title: str) -> ConfigSubentry:
    """Return a recipient by its name."""
    subentries: list[ConfigSubentry] = list(entry.subentries.values())
    (found,) = [subentry for subentry in subentries if subentry.title == title]
    return found


def error_words(result: Any, language: str) -> str:
    """Return the error that a form shows, as the frontend puts it together."""
    (name,) = result["errors"].values()
    words = flat(translation(language))
    error = words[f"config_subentries.recipient.error.{name}"]
    return error.format(**result["description_placeholders"])


def names(hass: HomeAssistant) -> dict[str, str]:
    """Return the notify entities and how they are shown."""
    return {state.entity_id: state.name for state in hass.states.async_all("notify")}


async def test_add(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A new recipient is an entity at once."""
    assert names(hass) == {"notify.anna": "Anna", "notify.family": "Family"}
    values = {
        "name": " Carla ",
        "numbers": ["(202) 555-0145", f" {CARLA}", "", "0044 7700 900123"],
        "via": "whatsapp_then_sms",
        "sender": "+12025550123",
    }
    result = await submit(hass, await start(hass, loaded), values)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert dict(recipient(loaded, "Carla").data) == {
        "name": "Carla",
        "numbers": [CARLA, BORIS],
        "via": "whatsapp_then_sms",
        "sender": "12025550123",
    }
    assert names(hass)["notify.carla"] == "Carla"


@pytest.mark.parametrize(
    "options", [{"country": "AU", "time_zone": "Africa/Lagos"}], ids=["AU"]
)
async def test_national_form(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Numbers are read as those of the country in the options."""
    values = CARLAS | {"numbers": ["0491 570 156"]}
    await submit(hass, await start(hass, loaded), values)
    assert recipient(loaded, "Carla").data["numbers"] == [AUSTRALIAN]


@pytest.mark.parametrize("options", [{}], ids=["none"])
async def test_home_assistants_country(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Without an option, numbers are read as those of Home Assistant's country."""
    hass.config.country = "AU"
    values = CARLAS | {"numbers": ["0491 570 156"]}
    await submit(hass, await start(hass, loaded), values)
    assert recipient(loaded, "Carla").data["numbers"] == [AUSTRALIAN]


@pytest.mark.parametrize(("changes", "errors"), ERRORS)
async def test_add_errors(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    changes: dict[str, Any],
    errors: dict[str, str],
) -> None:
    """Each error has its name and field, and the form succeeds once it is mended."""
    flow_id = await start(hass, loaded)
    result = await submit(hass, flow_id, CARLAS | changes)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == errors
    assert len(loaded.subentries) == 2
    result = await submit(hass, flow_id, CARLAS)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert dict(recipient(loaded, "Carla").data) == CARLAS


async def test_several_in_one_entry(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """An entry that has several numbers is several."""
    values = CARLAS | {"numbers": [f"{CARLA}; {BORIS}\n{ANNA}", BORIS]}
    await submit(hass, await start(hass, loaded), values)
    assert recipient(loaded, "Carla").data["numbers"] == [CARLA, BORIS, ANNA]


ASKED = [
    ("US", ["0612345678"], ["+10612345678"], "+1 061 234 5678"),
    ("US", [CARLA, "(061) 234-5678"], [CARLA, "+10612345678"], "+1 061 234 5678"),
    ("GB", ["07700 900123", CARLA], [BORIS, CARLA], "+44 7700 900123"),
    (
        "SG",
        ["1234 5678", "1234 5679"],
        ["+6512345678", "+6512345679"],
        "+65 1234 5678, +65 1234 5679",
    ),
]


@pytest.mark.parametrize("asked", ASKED)
async def test_save_anyway(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    asked: tuple[str, list[str], list[str], str],
) -> None:
    """A number that is not in use where it was read is asked about once."""
    country, typed, saved, shown = asked
    hass.config_entries.async_update_entry(loaded, options={"country": country})
    await settle(hass)
    flow_id = await start(hass, loaded)
    values = CARLAS | {"numbers": typed}
    result = await submit(hass, flow_id, values)
    assert result["errors"] == {"numbers": "number_not_in_use"}
    assert f"Read as {shown}, which is not in use there. " in error_words(result, "en")
    assert shown in error_words(result, "fr")
    assert len(loaded.subentries) == 2
    result = await submit(hass, flow_id, values)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    carla = recipient(loaded, "Carla")
    assert carla.data["numbers"] == saved

    # It is saved as it was read, and not asked about again.
    result = await loaded.start_subentry_reconfigure_flow(hass, carla.subentry_id)
    values = CARLAS | {"numbers": saved, "via": "whatsapp"}
    result = await submit(hass, result["flow_id"], values)
    assert result["reason"] == "reconfigure_successful"


async def test_another_number_is_asked_about(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """To have saved one number anyway says nothing about another one."""
    flow_id = await start(hass, loaded)
    for number, shown in (
        ("0612345678", "+1 061 234 5678"),
        ("0612345679", "+1 061 234 5679"),
    ):
        result = await submit(hass, flow_id, CARLAS | {"numbers": [number]})
        assert result["errors"] == {"numbers": "number_not_in_use"}
        assert error_words(result, "en").startswith(f"Read as {shown}, ")
    result = await submit(hass, flow_id, CARLAS)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert recipient(loaded, "Carla").data["numbers"] == [CARLA]


async def test_rename(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A recipient that changes keeps its entity, under its new name."""
    anna = recipient(loaded, "Anna")
    result = await loaded.start_subentry_reconfigure_flow(hass, anna.subentry_id)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "reconfigure"
    values = {"name": "Ann", "numbers": [CARLA], "via": "whatsapp", "sender": "OFFICE"}
    result = await submit(hass, result["flow_id"], values)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    assert dict(loaded.subentries[anna.subentry_id].data) == values
    assert loaded.subentries[anna.subentry_id].title == "Ann"
    assert names(hass) == {"notify.anna": "Ann", "notify.family": "Family"}


async def test_own_sender_is_taken_back(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """A sender that is left empty is the account's again."""
    values = CARLAS | {"sender": "OFFICE"}
    await submit(hass, await start(hass, loaded), values)
    carla = recipient(loaded, "Carla")
    result = await loaded.start_subentry_reconfigure_flow(hass, carla.subentry_id)
    await submit(hass, result["flow_id"], CARLAS | {"sender": " "})
    assert dict(recipient(loaded, "Carla").data) == CARLAS


@pytest.mark.parametrize(("changes", "errors"), ERRORS)
async def test_change_errors(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    changes: dict[str, Any],
    errors: dict[str, str],
) -> None:
    """An error changes nothing, and the form succeeds once it is mended."""
    anna = recipient(loaded, "Anna")
    result = await loaded.start_subentry_reconfigure_flow(hass, anna.subentry_id)
    result = await submit(hass, result["flow_id"], CARLAS | changes)
    assert result["errors"] == errors
    assert recipient(loaded, "Anna").data["numbers"] == [ANNA]
    result = await submit(hass, result["flow_id"], CARLAS)
    assert result["reason"] == "reconfigure_successful"
    assert dict(loaded.subentries[anna.subentry_id].data) == CARLAS


async def test_remove(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    device_registry: dr.DeviceRegistry,
) -> None:
    """A recipient that is removed leaves neither an entity nor a device."""
    entity = entity_registry.async_get("notify.anna")
    assert entity is not None
    assert entity.device_id is not None
    hass.config_entries.async_remove_subentry(
        loaded, recipient(loaded, "Anna").subentry_id
    )
    await settle(hass)
    assert names(hass) == {"notify.family": "Family"}
    assert entity_registry.async_get("notify.anna") is None
    assert device_registry.async_get(entity.device_id) is None
