"""The PIN of commands, in automations."""

from typing import Any, Final

from homeassistant.core import State, callback
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smskit.const import DOMAIN
from tests.conftest import ANNA, BORIS, CARLA
from tests.home import Home

from .home import Automations

ACCOUNT: Final = "event.127_0_0_1_message_received"
PIN: Final = "58xK47"
_OPTIONS: Final = {
    "country": "US",
    "time_zone": "Africa/Lagos",
    "allowed_senders": [ANNA, BORIS, "+5215512345678"],
}
_POLL: Final = 31
_HOUR: Final = 3601


@pytest.fixture
def options() -> dict[str, Any]:
    """Return the options of an account with a PIN."""
    return {**_OPTIONS, "command_pin": PIN}


def command(*entity_ids: str, **options: Any) -> dict[str, Any]:
    """Return a trigger that requires the PIN, by default for the garage."""
    return {
        "trigger": "smskit.message_received",
        "target": {"entity_id": list(entity_ids or (ACCOUNT,))},
        "options": {"text": "garage", "require_pin": True, **options},
    }


async def text(home: Home, sender: str, *texts: str) -> None:
    """Let a sender text, one message after the other."""
    for one in texts:
        home.portal.receive(home.account, sender.removeprefix("+"), one)
        await home.skip(_POLL)


def blocked(home: Home, *entity_ids: str) -> list[tuple[str, str, str | None]]:
    """Return a list that fills with who is blocked, by the entities that tell."""
    told: list[tuple[str, str, str | None]] = []

    def listen(entity_id: str) -> None:
        @callback
        def note(state: State) -> None:
            said = state.attributes
            if said["event_type"] == "blocked":
                assert said["text"] is None
                told.append((entity_id, said["from"], said["name"]))

        home.on_event(entity_id, note)

    for entity_id in entity_ids or (ACCOUNT,):
        listen(entity_id)
    return told


async def reasons(client_of: WebSocketGenerator) -> tuple[list[str], str]:
    """Return the reasons in the traces of the first automation, and all of them."""
    client = await client_of()
    where = {"domain": "automation", "item_id": "number_0"}
    await client.send_json_auto_id({"type": "trace/list", **where})
    listed = (await client.receive_json())["result"]
    traces = []
    for one in listed:
        await client.send_json_auto_id(
            {"type": "trace/get", **where, "run_id": one["run_id"]}
        )
        traces.append(str((await client.receive_json())["result"]["trace"]))
    known = ("other_text", "wrong_pin", "too_many_tries", "no_pin_set")
    found = [next((one for one in known if one in trace), "ran") for trace in traces]
    return found, "".join(traces)


@pytest.mark.parametrize(
    ("given", "sender", "message", "words"),
    [
        ({}, ANNA, f"garage {PIN}", ""),
        ({}, BORIS, f"  GARAGE\n {PIN} ", ""),
        ({"match": "starts_with"}, ANNA, f"garage door 2 {PIN}", "door 2"),
        ({"match": "contains"}, ANNA, f"the garage please {PIN}", "please"),
        ({"text": ["open", "gar*"], "match": "matches"}, ANNA, f"garage {PIN}", "age"),
        ({"trusted_only": False}, CARLA, f"garage {PIN}", ""),
        ({}, CARLA, f"garage {PIN}", None),
        ({}, ANNA, "garage", None),
        ({}, ANNA, PIN, None),
        ({}, ANNA, f"{PIN} garage", None),
        ({}, ANNA, f"garage {PIN.lower()}", None),
        ({}, ANNA, f"garage {PIN}8", None),
        ({}, ANNA, f"garage {PIN[:-1]}", None),
        ({}, ANNA, f"garage {PIN} now", None),
        ({}, ANNA, f"gate {PIN}", None),
        ({}, ANNA, f"garage\u200b{PIN}", None),
        ({}, ANNA, "garage \uff15\uff18xK47", None),
        ({"match": "contains", "text": PIN}, ANNA, f"garage {PIN}", None),
    ],
)
async def test_the_last_word_is_the_pin(  # noqa: PLR0913, PLR0917 - a table
    home: Home,
    automations: Automations,
    given: dict[str, Any],
    sender: str,
    message: str,
    words: str | None,
) -> None:
    """Only the PIN as the last word triggers, and the automation does not get it."""
    await automations.add(command(**given))
    await text(home, sender, message)
    got = [run.data["message"] for run in automations.runs]
    assert [one["words"] for one in got] == ([] if words is None else [words])
    assert all(one["text"] == " ".join(message.split()[:-1]) for one in got)


async def test_traces(
    home: Home, automations: Automations, hass_ws_client: WebSocketGenerator
) -> None:
    """The trace says what came of the PIN, and never has one."""
    await automations.add(command())
    wrong = ("garage 111111", "garage", "garage 333333")
    await text(home, ANNA, f"garage {PIN}", "hello", *wrong[:2])
    found, first = await reasons(hass_ws_client)
    assert sorted(found) == ["other_text", "ran", "wrong_pin", "wrong_pin"]
    await text(home, ANNA, wrong[2], f"garage {PIN}")
    found, second = await reasons(hass_ws_client)
    assert "too_many_tries" in found
    assert len(automations.runs) == 1
    for secret in (PIN, "111111", "333333"):
        assert secret not in first + second


async def test_three_wrong_tries(home: Home, automations: Automations) -> None:
    """After three wrong PINs, nothing of that sender triggers for an hour."""
    entities = (ACCOUNT, "event.anna_message_received", "event.family_message_received")
    told = blocked(home, *entities)
    # Several triggers and entities look at each message; it is one try.
    await automations.add(command(), command(*entities), command(text=["garage", "x"]))
    await text(home, ANNA, "garage 1", "garage 2")
    assert told == []
    await text(home, ANNA, "garage 3", f"garage {PIN}", "garage 4", f"garage {PIN}")
    assert automations.runs == []
    assert sorted(told) == sorted((one, ANNA, "Anna") for one in entities)
    # The tries of others are their own.
    await text(home, BORIS, f"garage {PIN}")
    assert [run.data["message"]["from"] for run in automations.runs] == [BORIS] * 3
    await home.skip(_HOUR)
    await text(home, ANNA, f"garage {PIN}")
    assert [run.data["message"]["from"] for run in automations.runs[3:]] == [ANNA] * 3
    # Three more, not one.
    await text(home, ANNA, "garage 5", "garage 6", f"garage {PIN}")
    assert len(automations.runs) == 9


async def test_tries_are_of_one_hour(home: Home, automations: Automations) -> None:
    """Wrong PINs of an hour ago no longer count."""
    await automations.add(command())
    await text(home, ANNA, "garage 1", "garage 2")
    await home.skip(_HOUR)
    await text(home, ANNA, "garage 3", "garage 4", f"garage {PIN}")
    assert len(automations.runs) == 1


async def test_the_silence_begins_with_the_last_try(
    home: Home, automations: Automations
) -> None:
    """A sender is ignored for a whole hour, however far apart the tries were."""
    told = blocked(home)
    await automations.add(command())
    for minutes in (0, 25, 25):
        await home.skip(60 * minutes)
        await text(home, ANNA, "garage 1")
    for minutes, runs in ((55, 0), (6, 1)):
        await home.skip(60 * minutes)
        await text(home, ANNA, f"garage {PIN}")
        assert len(automations.runs) == runs
    assert len(told) == 1


@pytest.mark.parametrize("kind", ["reload", "old_form"])
async def test_no_way_around(home: Home, automations: Automations, kind: str) -> None:
    """Neither a reload nor another form of the number brings new tries."""
    told = blocked(home)
    await automations.add(command())
    sender, other = ("+5215512345678", "+525512345678")
    await text(home, sender, "garage 1", "garage 2")
    if kind == "reload":
        await home.reload()
        # The first look after it is a look as any other.
        await home.skip(_POLL)
    await text(home, other, "garage 3", f"garage {PIN}")
    await text(home, sender, f"garage {PIN}")
    assert automations.runs == []
    assert told == [(ACCOUNT, other, None)]


async def test_strangers_share_their_tries(
    home: Home, automations: Automations
) -> None:
    """Other numbers bring strangers no other tries, and cost nobody else any."""
    told = blocked(home)
    await automations.add(command(trusted_only=False))
    for last in range(3):
        await text(home, f"+1202555016{last}", f"garage {last}")
    await text(home, CARLA, f"garage {PIN}")
    assert automations.runs == []
    assert told == [(ACCOUNT, "+12025550162", None)]
    await text(home, ANNA, f"garage {PIN}")
    assert len(automations.runs) == 1


@pytest.mark.parametrize(
    ("sender", "message"),
    [(ANNA, "hello 1234"), (CARLA, "garage 1234"), (ANNA, f"gate {PIN}")],
)
async def test_what_is_no_try(
    home: Home, automations: Automations, sender: str, message: str
) -> None:
    """What would not trigger with the right PIN does not use up tries."""
    await automations.add(command())
    await text(home, sender, *[message] * 4)
    await text(home, ANNA, f"garage {PIN}")
    assert len(automations.runs) == 1


async def test_late(home: Home, automations: Automations) -> None:
    """A late command neither triggers nor counts."""
    await automations.add(command())
    await home.stop()
    for last in (1, 2, 3, PIN):
        home.portal.receive(home.account, ANNA.removeprefix("+"), f"garage {last}")
    await home.restart()
    assert automations.runs == []
    await text(home, ANNA, f"garage {PIN}")
    assert len(automations.runs) == 1


@pytest.mark.parametrize("options", [_OPTIONS, {**_OPTIONS, "command_pin": ""}])
async def test_no_pin_is_set(
    home: Home,
    automations: Automations,
    issue_registry: ir.IssueRegistry,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """Without a PIN, no command triggers, and an issue says so until there is one."""
    await automations.add(command())
    await text(home, CARLA, "garage 1234")
    assert not issue_registry.issues
    await text(home, ANNA, "garage", "garage 1", "garage ", "garage 2")
    assert automations.runs == []
    found, _ = await reasons(hass_ws_client)
    assert "no_pin_set" in found
    ((domain, _issue_id),) = issue_registry.issues
    assert domain == DOMAIN
    home.hass.config_entries.async_update_entry(
        home.entry, options={**_OPTIONS, "command_pin": PIN}
    )
    await home.settle()
    assert not issue_registry.issues
    await home.skip(_POLL)
    await text(home, ANNA, f"garage {PIN}")
    assert len(automations.runs) == 1


@pytest.mark.parametrize("given", [{"text": []}, {"require_pin": "perhaps"}])
async def test_options_that_are_none(
    home: Home, automations: Automations, given: dict[str, Any]
) -> None:
    """A PIN without a text would make a wrong try of whatever is written."""
    await automations.add(command(**given))
    assert home.state("automation.number_0") == "unavailable"
