"""The triggers, in automations."""

from decimal import Decimal
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smskit.const import DOMAIN
from tests.conftest import ANNA, BORIS, CARLA
from tests.home import Home
from tests.portal import Channel

from .home import Automations

ACCOUNT: Final = "event.127_0_0_1_message_received"
STATUS: Final = "event.127_0_0_1_message_status"
_POLL: Final = 31


def received(*entity_ids: str, **options: Any) -> dict[str, Any]:
    """Return a trigger for received messages, by default the account's."""
    return {
        "trigger": "smskit.message_received",
        "target": {"entity_id": list(entity_ids or (ACCOUNT,))},
        "options": options,
    }


async def _texted(home: Home, sender: str, text: str) -> None:
    home.portal.receive(home.account, sender.removeprefix("+"), text)
    await home.skip(_POLL)


async def test_message(home: Home, automations: Automations) -> None:
    """An automation gets who wrote what, and the words after the command."""
    await automations.add(received(match="starts_with", text="garage"))
    await _texted(home, ANNA, "Garage open, please")
    (run,) = automations.runs
    message = run.data["message"]
    event = home.shown(ACCOUNT).attributes
    assert message == {
        "id": event["id"],
        "from": ANNA,
        "name": "Anna",
        "text": "Garage open, please",
        "words": "open, please",
        "time": event["date"],
        "trusted": True,
        "late": False,
        "account": home.entry.entry_id,
    }


@pytest.mark.parametrize(
    ("given", "sender", "text", "runs"),
    [
        ({}, ANNA, "anything", True),
        ({}, CARLA, "anything", False),
        ({"trusted_only": False}, CARLA, "anything", True),
        ({"text": "status"}, BORIS, " STATUS ", True),
        ({"text": ["on", "off"]}, BORIS, "Off", True),
        ({"text": "status"}, BORIS, "status?", False),
        ({"text": "status", "case_sensitive": True}, BORIS, "Status", False),
        ({"text": "help", "match": "contains"}, BORIS, "Help!", True),
        ({"text": "gar*go", "match": "matches"}, BORIS, "garage go", True),
        ({"text": "status"}, CARLA, "status", False),
        ({"numbers": ANNA}, ANNA, "x", True),
        ({"numbers": [ANNA]}, BORIS, "x", False),
        ({"numbers": ["(202) 555-0123"]}, ANNA, "x", True),
        ({"numbers": [CARLA], "trusted_only": False}, CARLA, "x", True),
        ({"numbers": ["BANK"], "trusted_only": False}, "BANK", "x", True),
    ],
)
async def test_who_and_what(  # noqa: PLR0913, PLR0917 - a table
    home: Home,
    automations: Automations,
    given: dict[str, Any],
    sender: str,
    text: str,
    runs: bool,
) -> None:
    """Sender, trust, and text decide."""
    await automations.add(received(**given))
    await _texted(home, sender, text)
    assert len(automations.runs) == runs


async def test_targets(home: Home, automations: Automations) -> None:
    """A message triggers once, however many of the entities that tell of it count."""
    anna, family = "event.anna_message_received", "event.family_message_received"
    await automations.add(
        received(),
        received(anna),
        received(family),
        received(ACCOUNT, anna, family),
        # An entity that tells of something else, and one that is none of ours.
        received(STATUS, "event.elsewhere"),
    )
    await _texted(home, ANNA, "one")
    assert sorted(run.automation for run in automations.runs) == ["0", "1", "2", "3"]
    await _texted(home, BORIS, "two")
    await _texted(home, BORIS, "two")
    ran = sorted(run.automation for run in automations.runs[4:])
    assert ran == ["0", "0", "2", "2", "3", "3"]


@pytest.mark.parametrize("include_late", [False, True])
async def test_late(home: Home, automations: Automations, include_late: bool) -> None:
    """A late message triggers only where that is asked for, and a restart never."""
    await automations.add(received(include_late=include_late, text="open"))
    await home.stop()
    home.portal.receive(home.account, ANNA.removeprefix("+"), "open")
    await home.restart()
    assert home.shown(ACCOUNT).attributes["backlog"] is True
    assert len(automations.runs) == include_late
    await home.reload()
    await home.restart()
    assert len(automations.runs) == include_late


@pytest.mark.parametrize(
    ("sender", "text", "reason"),
    [
        (CARLA, "status", "sender_not_trusted"),
        (ANNA, "stand-by", "other_text"),
        (BORIS, "status", "other_sender"),
    ],
)
async def test_the_trace_says_why_not(  # noqa: PLR0913, PLR0917 - a table
    home: Home,
    automations: Automations,
    # The last one: its token is made on the clock of the test.
    hass_ws_client: WebSocketGenerator,
    sender: str,
    text: str,
    reason: str,
) -> None:
    """The trace has the reason for not triggering, and nobody's text or number."""
    await automations.add(received(text="status", numbers=[ANNA, CARLA]))
    await _texted(home, sender, text)
    assert automations.runs == []
    client = await hass_ws_client()
    where = {"domain": "automation", "item_id": "number_0"}
    await client.send_json_auto_id({"type": "trace/list", **where})
    (listed,) = (await client.receive_json())["result"]
    await client.send_json_auto_id(
        {"type": "trace/get", **where, "run_id": listed["run_id"]}
    )
    trace = str((await client.receive_json())["result"]["trace"])
    assert reason in trace
    assert sender not in trace
    assert text not in trace


@pytest.mark.parametrize(
    "given",
    [
        {"match": "regex", "text": "x"},
        {"text": "x" * 257},
        {"text": ""},
        {"numbers": [""]},
        {"late": True},
    ],
)
async def test_options_that_are_none(
    home: Home, automations: Automations, given: dict[str, Any]
) -> None:
    """What is no option is refused when the automation is set up."""
    await automations.add(received(**given))
    assert home.state("automation.number_0") == "unavailable"


@pytest.mark.parametrize(
    ("number", "fails", "runs"), [(BORIS, False, "0"), (BORIS, True, "1")]
)
async def test_outgoing(
    home: Home, automations: Automations, number: str, fails: bool, runs: str
) -> None:
    """What became of a message triggers, for the account and the recipient once."""
    await automations.add(
        *(
            {
                "trigger": f"smskit.message_{key}",
                "target": {
                    "entity_id": [STATUS, "event.family_message_status"],
                },
            }
            for key in ("sent", "failed")
        )
    )
    await home.call("send_message", numbers=[number], message="Hello")
    home.portal.deliver("failed" if fails else "sent", to=number.removeprefix("+"))
    await home.advance(60)
    (run,) = automations.runs
    assert run.automation == runs
    message = run.data["message"]
    assert message["number"] == number
    assert message["status"] == ("failed" if fails else "sent")
    assert message["account"] == home.entry.entry_id


async def test_channel_disconnected(new_home: Home, office: Channel) -> None:
    """A channel that loses its connection triggers, and nothing else of it does."""
    home, automations = new_home, Automations(new_home)
    connected = "binary_sensor.office_connected"
    await automations.add(
        {
            "trigger": "smskit.channel_disconnected",
            "target": {"entity_id": [connected, "binary_sensor.127_0_0_1_low_balance"]},
        },
        note="entity_id",
    )
    assert home.shown(connected).state == "on"
    await home.reload()
    home.account.credits = Decimal(1)
    await home.advance(400)
    assert automations.runs == []
    home.portal.drop(office)
    await home.advance(3700)
    assert home.shown(connected).state == "off"
    (run,) = automations.runs
    assert run.data["entity_id"] == connected


@pytest.mark.parametrize("key", ["acknowledged", "exhausted"])
async def test_alerts(
    hass: HomeAssistant, home: Home, automations: Automations, key: str
) -> None:
    """An alert that ends so triggers once, with what is said of it."""
    registered = er.async_get(hass).async_get_or_create(
        "event",
        DOMAIN,
        "alerts",
        config_entry=home.entry,
        translation_key="alert",
        suggested_object_id="alerts",
    )
    entity_id = registered.entity_id
    hass.states.async_set(entity_id, "unknown")
    await automations.add(
        {"trigger": f"smskit.alert_{key}", "target": {"entity_id": entity_id}},
        note="alert",
    )
    for minute, event_type in enumerate(("started", "acknowledged", "exhausted")):
        said = {"event_type": event_type, "alert_id": "smoke", "by": "Anna"}
        hass.states.async_set(entity_id, f"2027-02-10T12:0{minute}:00+00:00", said)
        await home.settle()
    (run,) = automations.runs
    assert run.data["alert"] == {
        "alert_id": "smoke",
        "by": "Anna",
        "account": home.entry.entry_id,
    }
