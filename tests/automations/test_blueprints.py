"""The blueprints of the repository, run by Home Assistant."""

from pathlib import Path
import shutil
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from tests.conftest import ANNA, BORIS, CARLA
from tests.home import Home

BLUEPRINTS: Final = Path(__file__).parents[2] / "blueprints"
README: Final = BLUEPRINTS.parent / "README.md"
NAMES: Final = sorted(path.stem for path in BLUEPRINTS.rglob("*.yaml"))
_POLL: Final = 31
_PIN: Final = "582947"


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


@pytest.mark.parametrize(
    "options", [{"country": "US", "time_zone": "Africa/Lagos", "command_pin": _PIN}]
)
@pytest.mark.parametrize("source", ["127_0_0_1", "anna"])
async def test_command_by_message_with_pin(
    hass: HomeAssistant, home: Home, source: str
) -> None:
    """The right PIN runs the actions, unless three wrong ones came before it."""
    entity_id = f"event.{source}_message_received"
    opened = async_mock_service(hass, "cover", "open_cover")
    await run(
        home,
        "command_by_message_with_pin",
        source={"entity_id": entity_id},
        words=["garage", "open the garage"],
        actions=[{"action": "cover.open_cover", "data": {"entity_id": "cover.garage"}}],
    )

    async def runs(sender: str, *texts: str) -> list[bool]:
        ran = []
        for text in texts:
            before = len(opened)
            home.portal.receive(home.account, sender.removeprefix("+"), text)
            await home.skip(_POLL)
            ran.append(len(opened) > before)
        return ran

    right = f"Garage {_PIN}"
    assert await runs(ANNA, right, f"open the garage {_PIN}") == [True, True]
    assert await runs(BORIS, right) == [source != "anna"]
    assert await runs(CARLA, right) == [False]
    # What came while nobody looked.
    await home.stop()
    home.portal.receive(home.account, ANNA.removeprefix("+"), right)
    count = len(opened)
    await home.restart()
    assert len(opened) == count
    assert await runs(ANNA, "garage 111111", "garage", right) == [False, False, True]
    assert home.shown(entity_id).attributes["event_type"] == "received"
    assert await runs(ANNA, "garage 222222") == [False]
    attributes = home.shown(entity_id).attributes
    assert attributes["event_type"] == "blocked"
    assert attributes["from"] == ANNA
    assert await runs(ANNA, right, right) == [False, False]
    await home.skip(3601)
    assert await runs(ANNA, right) == [True]
