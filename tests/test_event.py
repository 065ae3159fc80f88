"""The events of recipients, beside those of their account."""

from datetime import UTC, datetime
from typing import Any, Final

from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import CoreState, HomeAssistant, State, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
import pytest
from syrupy.assertion import SnapshotAssertion

from tests.conftest import ANNA, BORIS, CARLA
from tests.home import Home, settle

NOON: Final = datetime(2026, 1, 31, 11, 0, tzinfo=UTC)
ACCOUNT: Final = "event.127_0_0_1"
RECEIVED_KEYS: Final = {
    "from",
    "name",
    "to",
    "text",
    "command",
    "id",
    "date",
    "trusted",
    "sender_trust",
    "backlog",
}
STATUS_KEYS: Final = {"group_id", "number", "name", "reason"}
RECIPIENTS: Final = ("anna", "family")


class Heard:
    """The events of all event entities, by the object ID of the entity."""

    def __init__(self, home: Home) -> None:
        """Listen to the account's and the recipients'."""
        self.home = home
        self.events: list[tuple[str, dict[str, Any]]] = []
        for device in ("127_0_0_1", *RECIPIENTS):
            for key in ("message_received", "message_status"):
                self.listen(f"event.{device}_{key}")

    def listen(self, entity_id: str) -> None:
        """Listen to one more."""

        @callback
        def note(state: State) -> None:
            self.events.append((entity_id, dict(state.attributes)))

        self.home.on_event(entity_id, note)

    def of(self, key: str, attribute: str) -> list[tuple[str, Any]]:
        """Return the devices whose events came, each with an attribute."""
        return [
            (entity_id.removeprefix("event.").removesuffix(f"_{key}"), said[attribute])
            for entity_id, said in self.events
            if entity_id.endswith(key)
        ]


@pytest.mark.parametrize("device", ["127_0_0_1", *RECIPIENTS])
@pytest.mark.parametrize(
    ("key", "attributes"),
    [("message_received", RECEIVED_KEYS), ("message_status", STATUS_KEYS)],
)
async def test_attributes_before_the_first_event(
    home: Home, device: str, key: str, attributes: set[str]
) -> None:
    """All attributes are there and empty, so that the editor offers them."""
    state = home.shown(f"event.{device}_{key}")
    assert state.state == STATE_UNKNOWN
    assert attributes <= state.attributes.keys()
    assert all(state.attributes[one] is None for one in attributes)


@pytest.mark.parametrize(
    ("sender", "text", "devices", "said"),
    [
        (
            ANNA,
            " Status ",
            ["127_0_0_1", "anna", "family"],
            {"name": "Anna", "command": "status", "sender_trust": "trusted"},
        ),
        (
            BORIS,
            "ÉTAT",
            ["127_0_0_1", "family"],
            {"name": "Family", "command": "état", "sender_trust": "trusted"},
        ),
        (
            CARLA,
            "Open",
            ["127_0_0_1"],
            {"name": None, "command": "open", "sender_trust": "untrusted"},
        ),
        (
            "Anna",
            "I am Anna",
            ["127_0_0_1"],
            {"name": None, "command": "i am anna", "sender_trust": "untrusted"},
        ),
    ],
)
async def test_received(
    home: Home, sender: str, text: str, devices: list[str], said: dict[str, Any]
) -> None:
    """A message fires once for the account, and for each recipient with the number."""
    heard = Heard(home)
    home.portal.receive(home.account, sender.removeprefix("+"), text)
    await home.skip(3601)
    assert heard.of("message_received", "from") == [(d, sender) for d in devices]
    for _, attributes in heard.events:
        assert attributes.keys() >= RECEIVED_KEYS
        assert {key: attributes[key] for key in said} == said


@pytest.mark.parametrize(
    ("number", "devices"),
    [
        (ANNA, {"127_0_0_1", "anna", "family"}),
        (BORIS, {"127_0_0_1", "family"}),
        (CARLA, {"127_0_0_1"}),
    ],
)
async def test_status(home: Home, number: str, devices: set[str]) -> None:
    """What becomes of a message fires for the recipients with the number."""
    heard = Heard(home)
    await home.call("send_message", numbers=[number], message="Hello")
    await home.settle()
    first = heard.of("message_status", "number")[: len(devices)]
    assert {device for device, _ in first} == devices
    assert {said for _, said in first} == {number}


async def test_all(home: Home, snapshot: SnapshotAssertion) -> None:
    """Every event entity shows what it did, with all that its last event had."""
    await home.call("send_message", numbers=[ANNA], message="Hello")
    home.portal.receive(home.account, ANNA[1:], "Status", date=NOON, id="12")
    await home.advance(60)
    states = home.hass.states.async_all("event")
    assert {state.entity_id: state.attributes for state in states} == snapshot


@pytest.mark.parametrize("how", ["reload", "restart"])
async def test_restored(home: Home, how: str) -> None:
    """The last event of each entity is there again, whole, and fires no trigger."""
    heard = Heard(home)
    home.portal.receive(home.account, ANNA.removeprefix("+"), "Status")
    await home.skip(3601)
    await home.call("send_message", numbers=[ANNA], message="Hello")
    await home.settle()
    ids = [
        f"event.{device}_{key}"
        for device in ("127_0_0_1", *RECIPIENTS)
        for key in ("message_received", "message_status")
    ]
    before = {id_: home.shown(id_) for id_ in ids}
    assert all(state.state != STATE_UNKNOWN for state in before.values())
    heard.events.clear()
    await getattr(home, how)()
    for id_, state in before.items():
        restored = home.shown(id_)
        assert (restored.state, restored.attributes) == (state.state, state.attributes)
    assert heard.events == []


async def test_recipients_change_without_a_reload(
    hass: HomeAssistant, home: Home
) -> None:
    """Events follow a recipient that is added, changed, and removed."""
    heard = Heard(home)
    account = home.shown(home.entity("event", "message_received"))
    result = await hass.config_entries.subentries.async_init(
        (home.entry.entry_id, "recipient"), context={"source": "user"}
    )
    await hass.config_entries.subentries.async_configure(
        result["flow_id"], {"name": "Carla", "numbers": [CARLA], "via": "sms"}
    )
    await settle(hass)
    heard.listen("event.carla_message_received")
    assert home.shown("event.carla_message_received").state == STATE_UNKNOWN
    # Nothing was set up anew: the account's state is the very same.
    assert home.shown(home.entity("event", "message_received")) is account

    home.portal.receive(home.account, CARLA.removeprefix("+"), "one")
    await home.skip(3601)
    (carla,) = (
        one for one in home.entry.subentries.values() if one.data["name"] == "Carla"
    )
    hass.config_entries.async_update_subentry(
        home.entry, carla, data={**carla.data, "numbers": [BORIS]}
    )
    await settle(hass)
    for sender in (CARLA, BORIS):
        home.portal.receive(home.account, sender.removeprefix("+"), "two")
    await home.skip(3601)
    assert [
        said
        for device, said in heard.of("message_received", "from")
        if device == "carla"
    ] == [CARLA, BORIS]

    hass.config_entries.async_remove_subentry(home.entry, carla.subentry_id)
    await settle(hass)
    assert hass.states.get("event.carla_message_received") is None
    registry = er.async_get(hass)
    assert registry.async_get("event.carla_message_status") is None


async def test_a_restart_tells_each_entity_once(
    hass: HomeAssistant, home: Home
) -> None:
    """What was on disk at a kill, not told yet, is told to every entity once."""
    await home.stop()
    heard = Heard(home)
    hass.set_state(CoreState.starting)
    home.portal.receive(home.account, ANNA.removeprefix("+"), "while away")
    await home.restart()
    assert heard.events == []
    assert len(home.stored("SELECT id FROM events")) == 1
    storage = home.snapshot_storage()
    await home.stop()
    hass.set_state(CoreState.running)
    for stored in (storage, None):
        await home.restart(storage=stored)
        assert heard.of("message_received", "text") == [
            (device, "while away") for device in ("127_0_0_1", *RECIPIENTS)
        ]


async def test_events_are_no_recipients(hass: HomeAssistant, home: Home) -> None:
    """A recipient's event entity is nothing that a message can go to."""
    members = {"entity_id": ["event.anna_message_received"]}
    hass.states.async_set("notify.everybody", STATE_UNKNOWN, members)
    with pytest.raises(ServiceValidationError) as raised:
        await home.call("send_message", recipients=["notify.everybody"], message="Hi")
    assert raised.value.translation_key == "not_a_recipient"
    assert home.requests("sendsms") == []
