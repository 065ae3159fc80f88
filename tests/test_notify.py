"""The notify entities: they have no response, so they raise unless all is well."""

from collections.abc import Generator
from typing import Any

from homeassistant.const import STATE_UNKNOWN
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    label_registry as lr,
)
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.conftest import ANNA, BORIS
from tests.home import OPTIONS
from tests.sending.errors import TEXT, assert_nothing_private, assert_reported
from tests.sending.home import Home


@pytest.fixture(autouse=True)
def _nothing_private_in_the_log(caplog: pytest.LogCaptureFixture) -> Generator[None]:
    """Fail a test in which the integration logs a number or a text, at any level."""
    yield
    for when in ("setup", "call"):
        for record in caplog.get_records(when):
            if record.name.startswith("custom_components.smskit"):
                assert_nothing_private(record.getMessage())


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options with an inbox that is out of the way."""
    return OPTIONS


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home that sends."""
    return Home


async def test_refused(home: Home) -> None:
    """A notify entity raises with the reason of the portal."""
    home.portal.fail("refused_error", "sendsms", text="Sender ID not allowed")
    with pytest.raises(HomeAssistantError) as raised:
        await home.notify("notify.anna", TEXT)
    assert "Anna: The portal refused it: “Sender ID not allowed”" in assert_reported(
        raised.value, "not_sent"
    )


@pytest.mark.parametrize("fault", ["reset", "html_page", "hang"])
async def test_unknown(home: Home, fault: str) -> None:
    """A notify entity has no response: it raises where nobody knows, and says that."""
    home.portal.fail(fault, "sendsms", seconds=1, processed=True)
    with pytest.raises(HomeAssistantError) as raised:
        await home.until_done(home.notify("notify.anna", TEXT))
    assert "Anna: It may have been sent" in assert_reported(
        raised.value, "not_confirmed"
    )


async def test_in_part(home: Home) -> None:
    """A notify entity whose message went to some says to whom, and why not to all."""
    home.portal.refused_numbers = {BORIS[1:]}
    with pytest.raises(HomeAssistantError) as raised:
        await home.notify("notify.family", TEXT)
    assert "Destination not allowed" in assert_reported(raised.value, "sent_in_part")
    assert [e.to for e in home.portal.ledger] == [ANNA[1:]]


async def _group(home: Home, name: str, *members: str) -> str:
    """Add a group of notify entities, and return its entity."""
    entry = MockConfigEntry(
        domain="group",
        title=name,
        options={
            "name": name,
            "group_type": "notify",
            "entities": list(members),
            "hide_members": False,
        },
    )
    entry.add_to_hass(home.hass)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.settle()
    return f"notify.{name}"


@pytest.mark.parametrize(
    "target",
    [
        {"entity_id": ["notify.anna", "notify.family"]},
        {"entity_id": ["notify.family", "notify.anna"]},
        {"entity_id": "notify.everybody"},
        {"label_id": "alarm"},
        {"area_id": "hall"},
    ],
)
async def test_shared_number(home: Home, target: dict[str, Any]) -> None:
    """Recipients that share a number get one message each, and that is no error."""
    await _group(home, "everybody", "notify.anna", "notify.family")
    ar.async_get(home.hass).async_create("hall")
    lr.async_get(home.hass).async_create("alarm")
    entities, devices = er.async_get(home.hass), dr.async_get(home.hass)
    for entity_id in ("notify.anna", "notify.family"):
        entity = entities.async_update_entity(entity_id, labels={"alarm"})
        assert entity.device_id is not None
        devices.async_update_device(entity.device_id, area_id="hall")
    await home.hass.services.async_call(
        "notify", "send_message", {"message": TEXT}, target=target, blocking=True
    )
    assert sorted(e.to for e in home.portal.ledger) == sorted([ANNA[1:], BORIS[1:]])


async def test_two_sensors(home: Home) -> None:
    """The same text of two automations within a minute is sent once, without error."""
    await home.notify("notify.anna", TEXT)
    await home.advance(30)
    await home.notify("notify.family", TEXT)
    assert [e.to for e in home.portal.ledger] == [ANNA[1:], BORIS[1:]]


async def test_copy_of_a_failure_fails(home: Home) -> None:
    """What nobody got is an error for each of those who sent it."""
    home.portal.fail("reset", "sendsms", times=1)
    with pytest.raises(HomeAssistantError):
        await home.notify("notify.anna", TEXT)
    with pytest.raises(HomeAssistantError) as raised:
        await home.notify("notify.anna", TEXT)
    assert_reported(raised.value, "not_confirmed")


async def test_groups_as_recipients(home: Home) -> None:
    """A group among recipients stands for its members, and for theirs."""
    await _group(home, "grown_ups", "notify.anna")
    await _group(home, "everybody", "notify.grown_ups", "notify.family")
    outcomes = await home.send(recipients=["notify.everybody", "notify.anna"])
    assert [(o["number"], o["name"], o["duplicate"]) for o in outcomes] == [
        (ANNA, "Anna", False),
        (BORIS, "Family", False),
    ]
    for entity_id in ("notify.anna", "notify.family"):
        assert home.state(entity_id) != STATE_UNKNOWN
    assert len(home.portal.ledger) == 2


async def test_group_of_others(home: Home) -> None:
    """A group with somebody who is no recipient goes to nobody."""
    await _group(home, "mixed", "notify.anna", "notify.elsewhere")
    with pytest.raises(ServiceValidationError) as raised:
        await home.send(recipients=["notify.mixed"])
    assert raised.value.translation_key == "not_a_recipient"
    assert home.portal.ledger == []
