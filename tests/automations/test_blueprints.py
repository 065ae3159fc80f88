"""The blueprints of the repository, run by Home Assistant."""

from pathlib import Path
import shutil
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest

from tests.conftest import ANNA, BORIS, CARLA
from tests.home import Home

BLUEPRINTS: Final = Path(__file__).parents[2] / "blueprints"
README: Final = BLUEPRINTS.parent / "README.md"
NAMES: Final = sorted(path.stem for path in BLUEPRINTS.rglob("*.yaml"))
_POLL: Final = 31


async def run(home: Home, name: str, **inputs: Any) -> None:
    """Set up an automation from a blueprint, as one that was imported."""
    hass = home.hass
    shutil.copytree(BLUEPRINTS, hass.config.path("blueprints"))
    config = {
        "id": "of_blueprint",
        "alias": "Of blueprint",
        "use_blueprint": {"path": f"smskit/{name}.yaml", "input": inputs},
    }
    assert await async_setup_component(hass, "automation", {"automation": [config]})
    await home.settle()
    assert home.state("automation.of_blueprint") == "on"


def sent(home: Home) -> list[tuple[str, str]]:
    """Return the number and text of every message that the portal took."""
    return [(f"+{entry.to}", entry.text) for entry in home.portal.ledger]


@pytest.mark.parametrize("name", NAMES)
def test_can_be_imported(name: str) -> None:
    """The README has a link for each blueprint to where it is."""
    readme = README.read_text(encoding="utf-8")
    assert f"(blueprints/automation/smskit/{name}.yaml)" in readme


@pytest.mark.parametrize(
    ("source", "sender", "text", "answered"),
    [
        ("127_0_0_1", ANNA, " Status", True),
        ("127_0_0_1", BORIS, "ÉTAT", True),
        ("127_0_0_1", CARLA, "status", False),
        ("127_0_0_1", ANNA, "the status", False),
        ("anna", ANNA, "status", True),
        ("anna", BORIS, "status", False),
    ],
)
async def test_status_by_message(  # noqa: PLR0913, PLR0917 - a table
    hass: HomeAssistant, home: Home, source: str, sender: str, text: str, answered: bool
) -> None:
    """Only who is trusted, and meant, is answered, with what is true then."""
    hass.states.async_set("sensor.living_room", "21")
    await run(
        home,
        "status_by_message",
        source={"entity_id": f"event.{source}_message_received"},
        words=["status", "état"],
        answer="It is {{ states('sensor.living_room') }} degrees.",
    )
    hass.states.async_set("sensor.living_room", "22")
    for count in (1, 2):
        home.portal.receive(home.account, sender.removeprefix("+"), text)
        await home.skip(_POLL)
        expected = [(sender, "It is 22 degrees.")] * (count if answered else 0)
        assert sent(home) == expected
