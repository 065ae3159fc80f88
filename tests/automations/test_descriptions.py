"""What the visual editor shows of triggers and conditions."""

import json
from pathlib import Path
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers import condition, trigger
import pytest

from custom_components import smskit
from custom_components.smskit.condition import async_get_conditions
from custom_components.smskit.trigger import async_get_triggers
from tests.flow_translations import translation
from tests.home import Home

from .home import Automations

ICONS: Final = Path(smskit.__file__).parent / "icons.json"


@pytest.mark.parametrize("kind", ["trigger", "condition"])
async def test_descriptions(
    hass: HomeAssistant, home: Home, automations: Automations, kind: str
) -> None:
    """Each has a description, names, and an icon, and nothing else has."""
    await automations.add({"trigger": "event", "event_type": "go"})
    helper: Any = {"trigger": trigger, "condition": condition}[kind]
    found = {
        key.removeprefix("smskit."): said
        for key, said in (await helper.async_get_all_descriptions(hass)).items()
        if key.startswith("smskit.")
    }
    own: Any = {"trigger": async_get_triggers, "condition": async_get_conditions}[kind]
    assert found.keys() == (await own(hass)).keys()
    words = translation("en")[f"{kind}s"]
    for key, said in found.items():
        assert said["target"]
        assert words[key].get("fields", {}).keys() == said.get("fields", {}).keys()
    icons = json.loads(ICONS.read_text(encoding="utf-8"))[f"{kind}s"]
    assert icons.keys() == words.keys() == found.keys()
    assert all(one[kind].startswith("mdi:") for one in icons.values())
