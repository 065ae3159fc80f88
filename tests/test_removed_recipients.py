"""A recipient is removed: what is held for it is dropped, and who uses it is named."""

from contextlib import closing
from pathlib import Path
import sqlite3
from typing import Any, Final

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import save_yaml
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.const import DOMAIN
from tests.conftest import ANNA, BORIS, CARLA
from tests.home import OPTIONS
from tests.sending.home import Home

type Config = dict[str, Any]

_AWAY: Final = pytest.mark.expected_log("Error fetching")
_REMOVED: Final = "The recipient was removed"


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options with an inbox that is out of the way."""
    return OPTIONS


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home that sends."""
    return Home


def _recipient(entry: MockConfigEntry, name: str) -> ConfigSubentry:
    subentries: list[ConfigSubentry] = list(entry.subentries.values())
    (found,) = [one for one in subentries if one.title == name]
    return found


async def _remove(home: Home, *names: str) -> None:
    for name in names:
        subentry_id = _recipient(home.entry, name).subentry_id
        home.hass.config_entries.async_remove_subentry(home.entry, subentry_id)
    await home.settle()


async def _sent(home: Home) -> list[tuple[str, str]]:
    """Return what leaves once the portal is back."""
    await home.portal.accept()
    await home.advance(30)
    return [(entry.text, f"+{entry.to}") for entry in home.portal.ledger]


# --- What is held --------------------------------------------------------------------


@pytest.mark.parametrize("renamed", [False, True])
async def test_held_messages_are_dropped(home: Home, renamed: bool) -> None:
    """What is held for it fails, and says why; the same number's others are sent."""
    await home.refuse()
    await home.notify("notify.anna", "To Anna")
    await home.notify("notify.family", "To the family")
    await home.send(ANNA, message="To a number")
    if renamed:
        anna = _recipient(home.entry, "Anna")
        home.hass.config_entries.async_update_subentry(
            home.entry, anna, data={**anna.data, "name": "Ann", "numbers": [CARLA]}
        )
    home.portal.requests.clear()
    await _remove(home, "Anna")
    assert home.portal.requests == []
    (event,) = [event for event in home.events if event.status == "failed"]
    assert (event.number, event.name, event.reason) == (ANNA, "Anna", _REMOVED)
    assert home.totals == (0, 1, 3)
    sent = [("To the family", ANNA), ("To the family", BORIS), ("To a number", ANNA)]
    assert await _sent(home) == sent


@pytest.mark.parametrize(
    ("removed", "sent"),
    [
        (["Anna"], {ANNA, BORIS}),
        (["Family"], {ANNA}),
        (["Family", "Anna"], set()),
    ],
)
async def test_message_for_two(home: Home, removed: list[str], sent: set[str]) -> None:
    """A message that stands for two is dropped with the last of them."""
    await home.refuse()
    recipients = ["notify.anna", "notify.family"]
    await home.call("send_message", recipients=recipients, message="To both")
    await _remove(home, *removed)
    assert {number for _, number in await _sent(home)} == sent


@pytest.mark.parametrize("restart", [False, pytest.param(True, marks=_AWAY)])
@pytest.mark.parametrize(
    ("copy", "removed", "sent"),
    [
        ({"recipients": "notify.family"}, ["Anna"], {ANNA, BORIS}),
        ({"recipients": "notify.family"}, ["Anna", "Family"], set()),
        ({"numbers": [ANNA]}, ["Anna"], {ANNA}),
    ],
)
async def test_copy_that_was_not_sent(
    home: Home, copy: dict[str, Any], removed: list[str], sent: set[str], restart: bool
) -> None:
    """Who counts on a message that somebody else had first gets it all the same."""
    await home.refuse()
    for target in ({"recipients": "notify.anna"}, copy):
        await home.call("send_message", message="Fire", **target)
    if restart:
        await home.restart()
    await _remove(home, *removed)
    assert {to for _, to in await _sent(home)} == sent


@_AWAY
async def test_removed_while_not_loaded(home: Home) -> None:
    """What is held for a recipient that was removed meanwhile does not leave."""
    await home.refuse()
    await home.notify("notify.anna", "To Anna")
    await home.stop()
    await _remove(home, "Anna")
    await home.start()
    assert await _sent(home) == []
    assert [(e.status, e.reason) for e in home.events[-1:]] == [("failed", _REMOVED)]
    assert home.stored_batches() == []


@_AWAY
async def test_stays_dropped(home: Home) -> None:
    """Nothing of it comes back with a restart, even after a kill."""
    await home.refuse()
    await home.notify("notify.anna", "To Anna")
    await _remove(home, "Anna")
    await home.restart()
    assert await _sent(home) == []


async def test_removed_while_it_is_sent(home: Home) -> None:
    """A message on its way is not held for somebody who is gone: its caller is told."""
    await home.refuse()
    file = Path(home.hass.config.path(STORAGE_DIR), f"smskit.{home.entry.entry_id}.db")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        # It is stored before it leaves: that has to wait.
        other.execute("BEGIN IMMEDIATE")
        sending = home.hass.async_create_task(home.notify("notify.anna", "To Anna"))
        await home.turns(50)
        subentry_id = _recipient(home.entry, "Anna").subentry_id
        home.hass.config_entries.async_remove_subentry(home.entry, subentry_id)
        await home.turns(50)
        assert not sending.done()
        other.execute("ROLLBACK")
    with pytest.raises(HomeAssistantError, match=_REMOVED):
        await sending
    assert await _sent(home) == []


async def test_what_the_portal_has_is_followed(home: Home) -> None:
    """A message that is out already ends as it would have."""
    await home.notify("notify.anna", "To Anna")
    await _remove(home, "Anna")
    home.portal.deliver("sent")
    await home.advance(60)
    assert home.published() == ["queued", "sent"]
    assert home.totals == (1, 0, 0)


# --- Who uses it ---------------------------------------------------------------------


def _automation(*actions: Config, **more: Any) -> Config:
    return {
        "id": "leak",
        "alias": "Leak",
        "triggers": {"trigger": "event", "event_type": "leak"},
        "actions": list(actions),
        **more,
    }


def _message(**data: Any) -> Config:
    return {"action": "smskit.send_message", "data": {"message": "Leak!", **data}}


async def _set_up(hass: HomeAssistant, domain: str, config: Any) -> None:
    """Set up automations or scripts; later, as after they were edited."""
    file = Path(hass.config.path("configuration.yaml"))
    await hass.async_add_executor_job(save_yaml, str(file), {domain: config})
    if domain in hass.config.components:
        await hass.services.async_call(domain, "reload", blocking=True)
    else:
        assert await async_setup_component(hass, domain, {domain: config})
    await hass.async_block_till_done()


def _issues(hass: HomeAssistant) -> list[ir.IssueEntry]:
    return [
        issue
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN and issue.translation_key == "recipient_in_use"
    ]


def _users(hass: HomeAssistant) -> str | None:
    """Return who the issue says uses the recipient, if there is one."""
    issues = _issues(hass)
    if not issues:
        return None
    (issue,) = issues
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["recipient"] == "Anna"
    return issue.translation_placeholders["users"]


_IN_AUTOMATION: Final = "- [Leak](/config/automation/edit/leak)"
_NOTIFY: Final = {"action": "notify.send_message", "data": {"message": "Leak!"}}


@pytest.mark.parametrize(
    "action",
    [
        {**_NOTIFY, "target": {"entity_id": "notify.anna"}},
        {**_NOTIFY, "target": {"entity_id": ["notify.ben", "notify.anna"]}},
        _message(recipients="notify.anna"),
        _message(recipients=["notify.family", "notify.anna"]),
        _message(recipients="{{ ['notify.anna', 'notify.family'] }}"),
        _message(numbers="{{ states.notify.anna.state }}"),
        {"action": "smskit.ask", "data": {"recipient": "notify.anna", "message": "?"}},
        {"if": [], "then": [{"repeat": {"count": 2, "sequence": [
            _message(recipients="notify.anna")
        ]}}]},
    ],
)  # fmt: skip
async def test_used_in_an_automation(home: Home, action: Config) -> None:
    """An automation that uses it is named, wherever it does."""
    await _set_up(home.hass, "automation", [_automation(action)])
    await _remove(home, "Anna")
    assert _users(home.hass) == _IN_AUTOMATION


async def test_used_by_its_device(
    home: Home, device_registry: dr.DeviceRegistry
) -> None:
    """An automation may name the device instead of the entity."""
    devices = dr.async_entries_for_config_entry(device_registry, home.entry.entry_id)
    (device,) = [one for one in devices if one.name == "Anna"]
    action = {**_NOTIFY, "target": {"device_id": device.id}}
    await _set_up(home.hass, "automation", [_automation(action)])
    await _remove(home, "Anna")
    assert _users(home.hass) == _IN_AUTOMATION


@pytest.mark.parametrize(
    "config",
    [
        _automation(_message(recipients="notify.family")),
        _automation(_message(recipients="notify.anna_2")),
        _automation(_message(recipients="notify.joanna")),
        _automation(_message(recipients="notify.family"), alias="notify.anna"),
        _automation(description="Instead of notify.anna"),
    ],
)
async def test_not_used(home: Home, config: Config) -> None:
    """An automation that does not use it is not named."""
    await _set_up(home.hass, "automation", [config])
    await _remove(home, "Anna")
    assert _users(home.hass) is None


async def test_used_by_several(home: Home) -> None:
    """Automations and scripts are named together; YAML without an ID has no link."""
    action = _message(recipients="notify.anna")
    nameless = _automation(action, alias="Fire")
    del nameless["id"]
    await _set_up(home.hass, "automation", [_automation(action), nameless])
    await _set_up(
        home.hass, "script", {"tell": {"alias": "Tell", "sequence": [action]}}
    )
    await _remove(home, "Anna")
    in_script = "- [Tell](/config/script/edit/tell)"
    assert _users(home.hass) == f"{_IN_AUTOMATION}\n- Fire\n{in_script}"


@pytest.mark.parametrize(
    ("domain", "config"),
    [
        ("automation", lambda action: [_automation(action)]),
        ("script", lambda action: {"leak": {"alias": "Leak", "sequence": [action]}}),
    ],
)
@pytest.mark.parametrize("reloads", [False, True])
async def test_cleared_when_edited(
    home: Home, domain: str, config: Any, reloads: bool
) -> None:
    """The issue follows what uses the recipient, through a reload of the account."""
    await _set_up(home.hass, domain, config(_message(recipients="notify.anna")))
    await _remove(home, "Anna")
    assert _users(home.hass) is not None
    if reloads:
        await home.reload()
    edited = _message(recipients="notify.anna", title="Home")
    await _set_up(home.hass, domain, config(edited))
    await home.advance(10)
    assert _users(home.hass) is not None
    await _set_up(home.hass, domain, config(_message(recipients="notify.family")))
    await home.advance(10)
    assert _users(home.hass) is None


async def test_cleared_when_deleted(home: Home) -> None:
    """An automation that is gone uses nothing."""
    config = _automation(_message(recipients="notify.anna"))
    await _set_up(home.hass, "automation", [config])
    await _remove(home, "Anna")
    await _set_up(home.hass, "automation", [])
    await home.advance(10)
    assert _users(home.hass) is None


async def test_cleared_when_replaced(home: Home) -> None:
    """Another recipient may take its place, under the same entity ID."""
    config = _automation(_message(recipients="notify.anna"))
    await _set_up(home.hass, "automation", [config])
    anna = _recipient(home.entry, "Anna")
    await _remove(home, "Anna")
    assert _users(home.hass) == _IN_AUTOMATION
    again = ConfigSubentry(
        data=anna.data, subentry_type="recipient", title="Anna", unique_id=None
    )
    home.hass.config_entries.async_add_subentry(home.entry, again)
    await home.settle()
    assert home.state("notify.anna") is not None
    await home.advance(10)
    assert _users(home.hass) is None


async def test_issue_goes_with_the_account(home: Home) -> None:
    """Nothing is left of it when the account is removed."""
    config = _automation(_message(recipients="notify.anna"))
    await _set_up(home.hass, "automation", [config])
    await _remove(home, "Anna")
    (issue,) = _issues(home.hass)
    assert issue.is_persistent
    await home.hass.config_entries.async_remove(home.entry.entry_id)
    assert _issues(home.hass) == []
