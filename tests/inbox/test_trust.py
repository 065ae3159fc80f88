"""Whose messages may command, and an automation that heeds it."""

from typing import Any, Final

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.setup import async_setup_component
import pytest

from tests.conftest import ANNA, BORIS, CARLA

from .home import STRANGER, Home

_EVENT: Final = "event.127_0_0_1_message_received"
_PIN: Final = "4711"
_OPTIONS: Final = {"country": "US", "time_zone": "Africa/Lagos"}
_ALLOWED: Final = {**_OPTIONS, "allowed_senders": [CARLA]}


def _send(home: Home, text: str, number: str) -> None:
    home.receive(text, sender=number.removeprefix("+"))


async def _trusted(home: Home) -> dict[str, bool]:
    """Have each of several send a message; return who is trusted, by number."""
    for number in (ANNA, BORIS, CARLA, f"+{STRANGER}", "BANK", "72345"):
        _send(home, f"from {number}", number)
        await home.poll()
    published = {event.sender: event.trusted for event in home.events}
    assert {m["from"]: m["trusted"] for m in await home.messages()} == published
    assert len(published) == 6
    assert all(event.text == f"from {event.sender}" for event in home.events)
    return published


async def test_recipients(home: Home) -> None:
    """Without numbers of their own it is the recipients who are trusted."""
    assert await _trusted(home) == {
        ANNA: True,
        BORIS: True,
        CARLA: False,
        f"+{STRANGER}": False,
        "BANK": False,
        "72345": False,
    }


@pytest.mark.parametrize("options", [_ALLOWED])
async def test_allowed_senders(home: Home) -> None:
    """With numbers it is these alone; messages of others are kept and reported too."""
    trusted = await _trusted(home)
    assert [number for number, is_trusted in trusted.items() if is_trusted] == [CARLA]
    assert home.unread == 6
    shown = home.shown(home.entity("sensor", "unread_messages")).attributes["messages"]
    assert {m["from"]: m["trusted"] for m in shown} == trusted


@pytest.mark.parametrize("sender", ["+12025550145", "12025550145", "0012025550145"])
@pytest.mark.parametrize("options", [_ALLOWED])
async def test_sender_as_portals_write_it(home: Home, sender: str) -> None:
    """A sender is told from another by the number, however the portal writes it."""
    home.receive("Hello", sender=sender)
    await home.poll()
    assert [(e.sender, e.trusted) for e in home.events] == [(CARLA, True)]


@pytest.mark.parametrize(
    "sender", ["2025550145", "120255501455", "x12025550145", "+1 202 555 0145 9", ""]
)
@pytest.mark.parametrize("options", [_ALLOWED])
async def test_sender_that_is_alike(home: Home, sender: str) -> None:
    """A sender that merely looks like one who is trusted is not."""
    home.receive("Hello", sender=sender)
    await home.poll()
    assert [event.trusted for event in home.events] == [False]


async def test_trust_is_of_when_it_came(home: Home) -> None:
    """Who is trusted later does not change what a message was."""
    _send(home, "before", CARLA)
    await home.poll()
    home.hass.config_entries.async_update_entry(home.entry, options=_ALLOWED)
    await home.settle()
    _send(home, "after", CARLA)
    _send(home, "Hello", ANNA)
    await home.poll()
    published = {event.text: event.trusted for event in home.events}
    assert published == {"before": False, "after": True, "Hello": False}
    kept = {m["text"]: m["trusted"] for m in await home.messages()}
    assert kept == published


_TRIGGERS: Final[dict[str, dict[str, Any]]] = {
    "event.received": {
        "trigger": "event.received",
        "target": {"entity_id": _EVENT},
        "options": {"event_type": "received"},
    },
    "state": {
        "trigger": "state",
        "entity_id": _EVENT,
        "not_from": ["unavailable"],
        "not_to": ["unavailable", "unknown"],
    },
}


@pytest.mark.parametrize("trigger", _TRIGGERS)
async def test_automation_with_a_pin(
    hass: HomeAssistant,
    home: Home,
    trigger: str,
) -> None:
    """A guarded automation reacts once to the right sender with the PIN, only."""
    attributes = "trigger.to_state.attributes"
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                "alias": "Open the garage by SMS",
                "triggers": [_TRIGGERS[trigger]],
                "conditions": [
                    f"{{{{ {attributes}.trusted }}}}",
                    f"{{{{ not {attributes}.backlog }}}}",
                    f"{{{{ {attributes}.text | trim == 'OPEN {_PIN}' }}}}",
                ],
                "actions": [
                    {
                        "action": "test.open",
                        "data": {"by": f"{{{{ {attributes}['from'] }}}}"},
                    }
                ],
                "mode": "queued",
            }
        },
    )
    opened: list[str] = []

    async def note(call: ServiceCall) -> None:
        # A template makes an integer of a number.
        opened.append(f"+{call.data['by']}")

    hass.services.async_register("test", "open", note)
    await home.settle()

    _send(home, f"OPEN {_PIN}", CARLA)
    _send(home, "OPEN 4712", ANNA)
    _send(home, f"please OPEN {_PIN}", ANNA)
    _send(home, f"OPEN {_PIN}", "x" + ANNA)
    await home.poll()
    assert len(home.events) == 4
    assert opened == []

    # In one poll: each is an event of its own.
    _send(home, f"OPEN {_PIN}\n", ANNA)
    _send(home, f"OPEN {_PIN}", BORIS)
    _send(home, f"OPEN {_PIN}", CARLA)
    await home.poll()
    assert opened == [ANNA, BORIS]

    await home.poll()
    await home.reload()
    await home.stop()
    _send(home, f"OPEN {_PIN}", ANNA)
    await home.restart()
    assert [event.backlog for event in home.events[7:]] == [True]
    assert opened == [ANNA, BORIS]
