"""Recipients come, change and go while their account goes on."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, Final

from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import CONF_NAME, EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.const import SUBENTRY_RECIPIENT
from tests.conftest import ANNA, BORIS, CARLA, recipient_data
from tests.home import settle
from tests.inbox.home import Home

type Change = Callable[[HomeAssistant, MockConfigEntry], None]


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home that receives."""
    return Home


def recipient(entry: MockConfigEntry, name: str) -> ConfigSubentry:
    """Return a recipient by its name."""
    subentries: list[ConfigSubentry] = list(entry.subentries.values())
    (found,) = [one for one in subentries if one.data[CONF_NAME] == name]
    return found


def _add(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    data = recipient_data("Carla", CARLA)
    hass.config_entries.async_add_subentry(
        entry,
        ConfigSubentry(
            data=MappingProxyType(data["data"]),
            subentry_type=SUBENTRY_RECIPIENT,
            title=data["title"],
            unique_id=None,
        ),
    )


def _change(hass: HomeAssistant, entry: MockConfigEntry, **changes: Any) -> None:
    anna = recipient(entry, "Anna")
    data = {**anna.data, **changes}
    hass.config_entries.async_update_subentry(
        entry, anna, data=data, title=data[CONF_NAME]
    )


def _rename(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    _change(hass, entry, name="Ann")


def _move(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    _change(hass, entry, numbers=[CARLA])


def _remove(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    hass.config_entries.async_remove_subentry(
        entry, recipient(entry, "Anna").subentry_id
    )


def _entities(name: str) -> set[str]:
    """Return the entities of a recipient."""
    events = ("message_received", "message_status")
    return {f"notify.{name}", *(f"event.{name}_{key}" for key in events)}


CHANGES: Final = [
    pytest.param(_add, _entities("carla"), id="add"),
    pytest.param(_rename, _entities("anna"), id="rename"),
    pytest.param(_move, set(), id="move"),
    pytest.param(_remove, _entities("anna"), id="remove"),
]


@pytest.mark.parametrize(("change", "touched"), CHANGES)
async def test_nothing_else_is_touched(
    home: Home, hass: HomeAssistant, change: Change, touched: set[str]
) -> None:
    """Only the recipient's own entities change, and the portal is asked nothing.

    So no trigger sees an old event, or a sensor that was unavailable in between.
    """
    home.receive("An old message")
    await home.poll()
    await home.call("send_message", numbers=[CARLA], message="Hello")
    await home.settle()
    written: set[str] = set()

    def note(event: Event[EventStateChangedData]) -> None:
        written.add(event.data["entity_id"])

    hass.bus.async_listen(EVENT_STATE_CHANGED, note)
    home.portal.requests.clear()
    change(hass, home.entry)
    await home.settle()
    assert written == touched
    assert home.portal.requests == []
    assert home.texts == ["An old message"]


@pytest.mark.parametrize(("change", "touched"), CHANGES)
async def test_question_stays_open(
    home: Home, hass: HomeAssistant, change: Change, touched: set[str]
) -> None:
    """Who waits for a reply goes on waiting, and gets it."""
    task = home.begin("ask", number=BORIS, message="Shall I lock up?")
    await home.turn()
    await home.settle()
    change(hass, home.entry)
    await home.settle()
    assert not task.done()
    home.receive("Yes")
    await home.poll()
    assert (await task)["reply"]["text"] == "Yes"


@pytest.mark.parametrize("change", [_add, _move])
async def test_trusted_at_once(home: Home, hass: HomeAssistant, change: Change) -> None:
    """Whose number a recipient has now is trusted from then on."""
    home.receive("Before", sender=CARLA[1:])
    await home.poll()
    change(hass, home.entry)
    home.receive("After", sender=CARLA[1:])
    await home.poll()
    assert [event.trusted for event in home.events] == [False, True]


@pytest.mark.parametrize("change", [_move, _remove])
async def test_not_trusted_any_more(
    home: Home, hass: HomeAssistant, change: Change
) -> None:
    """Whose number no recipient has any more is a stranger."""
    family = recipient(home.entry, "Family")
    hass.config_entries.async_remove_subentry(home.entry, family.subentry_id)
    home.receive("Before", sender=ANNA[1:])
    await home.poll()
    change(hass, home.entry)
    home.receive("After", sender=ANNA[1:])
    await home.poll()
    assert [event.trusted for event in home.events] == [True, False]


async def test_added_and_moved_recipients_are_sent_to(
    home: Home, hass: HomeAssistant
) -> None:
    """A message goes to the numbers that a recipient has now."""
    _add(hass, home.entry)
    _change(hass, home.entry, numbers=[BORIS], sender="OFFICE")
    await home.settle()
    for entity_id in ("notify.carla", "notify.anna"):
        await hass.services.async_call(
            "notify",
            "send_message",
            {"entity_id": entity_id, "message": "Hello"},
            blocking=True,
        )
    assert [(one.to, one.sender) for one in home.portal.ledger] == [
        (CARLA[1:], "HOME"),
        (BORIS[1:], "OFFICE"),
    ]


async def test_device_follows_its_recipient(
    home: Home,
    hass: HomeAssistant,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
) -> None:
    """A device has its recipient's name, unless the user gave it another."""
    entity = entity_registry.async_get("notify.anna")
    assert entity is not None
    assert entity.device_id is not None
    _rename(hass, home.entry)
    await home.settle()
    device = device_registry.async_get(entity.device_id)
    assert device is not None
    assert device.name == "Ann"
    assert home.shown("notify.anna").name == "Ann"
    device_registry.async_update_device(device.id, name_by_user="My Anna")
    hass.config_entries.async_update_subentry(
        home.entry, recipient(home.entry, "Ann"), title="Anne"
    )
    await home.settle()
    assert home.shown("notify.anna").name == "My Anna"


async def test_added_during_the_set_up(
    new_home: Home, hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """A recipient that is added while the account is being loaded is there."""
    loading = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
    for _ in range(20):
        await new_home.turns(1)
        if entry.update_listeners:
            break
    assert not loading.done()
    _add(hass, entry)
    await new_home.settle()
    assert await loading
    assert hass.states.get("notify.carla") is not None


@pytest.mark.parametrize(
    "changes",
    [{"title": "Home"}, {"options": {"hourly_limit": 5}}],
    ids=["title", "options"],
)
async def test_other_changes_reload(
    home: Home, hass: HomeAssistant, changes: dict[str, Any]
) -> None:
    """What an account is built from loads it anew, after recipients changed, too."""
    _add(hass, home.entry)
    await home.settle()
    before = home.entry.runtime_data
    hass.config_entries.async_update_entry(home.entry, **changes)
    await settle(hass)
    assert home.entry.runtime_data is not before
    assert hass.states.get("notify.carla") is not None
