"""The examples of the README do what it says."""

from collections.abc import Callable
from decimal import Decimal
import json
import re
from typing import Final

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.automation.config import async_validate_config_item
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers.template import Template
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_service,
)

from custom_components.smskit.const import DOMAIN
from tests.conftest import ANNA, BORIS, CARLA, entry_data, recipient_data
from tests.inbox.home import Home
from tests.portal import Account, Portal
from tests.steps import pass_time

from .text import BLOCKS, INTEGRATION, Json, automation, blocks, examples, section


@pytest.fixture
def entry(
    hass: HomeAssistant, portal: Portal, account: Account, options: Json
) -> MockConfigEntry:
    """Return the account of the examples, with their two recipients."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="account.smskit.net",
        data=entry_data(portal),
        options=options,
        subentries_data=[recipient_data("Anna", ANNA), recipient_data("Ben", BORIS)],
    )
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
def options(options: Json) -> Json:
    """Return the options of the account, with the PIN that the README names."""
    return {**options, "command_pin": "582947"}


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home that receives."""
    return Home


@pytest.fixture
def billed(portal: Portal) -> Callable[[], list[tuple[str, str]]]:
    """Return a function that returns the number and text of each billed message."""
    return lambda: [(f"+{entry.to}", entry.text) for entry in portal.ledger]


async def start(hass: HomeAssistant, alias: str) -> None:
    """Set up an automation as it stands in the README."""
    config = {"automation": [automation(alias)]}
    assert await async_setup_component(hass, "automation", config)
    await hass.async_block_till_done()
    (state,) = hass.states.async_all("automation")
    assert state.state == "on"


@pytest.mark.parametrize("config", examples(), ids=lambda config: config["alias"])
async def test_automations_are_valid(
    hass: HomeAssistant, loaded: MockConfigEntry, config: Json
) -> None:
    """Each automation passes the check of Home Assistant's editor."""
    validated = await async_validate_config_item(hass, "readme", config)
    assert validated is not None
    assert validated.validation_status == "ok"


async def test_entities_of_the_examples(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Each entity of the account and its recipients is called as in the examples."""
    used = set(re.findall(r"\b\w+\.account_smskit_net_\w+", "".join(BLOCKS)))
    used |= set(re.findall(r"\bnotify\.(?!send_message)\w+", "".join(BLOCKS)))
    assert used
    assert used <= set(hass.states.async_entity_ids())


async def test_response(hass: HomeAssistant, home: Home) -> None:
    """What sending returns looks as it is shown."""
    (call,) = (b for b in blocks() if b.get("response_variable") == "sent")
    (response,) = (b for b in blocks() if "encoding" in b)
    got = await home.call("send_message", **call["data"])
    for outcome in got["recipients"]:
        assert outcome["group_id"]
        outcome["group_id"] = "1234"
    assert got == response


PIN: Final = "Open the garage by message"


@pytest.fixture
async def opened(hass: HomeAssistant, home: Home) -> list[ServiceCall]:
    """Return the times that the garage was opened, with the automation running."""
    calls: list[ServiceCall] = async_mock_service(hass, "cover", "open_cover")
    await start(hass, PIN)
    return calls


async def test_command_with_pin(home: Home, opened: list[ServiceCall]) -> None:
    """The right number with the right PIN opens, once."""
    home.receive("Garage 582947", sender=ANNA[1:])
    await home.poll()
    await home.poll()
    (call,) = opened
    assert call.data["entity_id"] == ["cover.garage"]


@pytest.mark.parametrize(
    ("sender", "text"),
    [
        (CARLA, "garage 582947"),
        (BORIS, "garage 582947"),
        (ANNA, "garage 582948"),
        (ANNA, "garage"),
        (ANNA, "garage 582947 please"),
        ("ANNA", "garage 582947"),
    ],
    ids=["stranger", "another", "wrong_pin", "no_pin", "more", "name"],
)
async def test_command_refused(
    home: Home, opened: list[ServiceCall], sender: str, text: str
) -> None:
    """Whatever is not right in everything opens nothing."""
    home.receive(text, sender=sender.removeprefix("+"))
    await home.poll()
    assert home.texts == [text]
    assert opened == []


async def test_command_from_the_backlog(home: Home, opened: list[ServiceCall]) -> None:
    """A command that came while Home Assistant was not running opens nothing."""
    await home.stop()
    home.receive("garage 582947", sender=ANNA[1:])
    await home.restart()
    assert [event.backlog for event in home.events] == [True]
    assert opened == []


ESCALATE: Final = "Notify Ben when Anna cannot be reached"


async def test_escalation(
    hass: HomeAssistant,
    home: Home,
    billed: Callable[[], list[tuple[str, str]]],
) -> None:
    """What does not reach Anna is told to Ben; what does not reach Ben, to nobody."""
    await start(hass, ESCALATE)
    await home.call("send_message", recipients=["notify.anna"], message="Hello")
    await home.settle()
    home.portal.deliver("sent")
    await home.advance(60)
    assert billed() == [(ANNA, "Hello")]
    await home.call("send_message", recipients=["notify.anna"], message="Help")
    await home.settle()
    home.portal.deliver("failed")
    await home.advance(60)
    told = (BORIS, "Message to Anna: failed, It was not delivered: no reason given")
    assert billed()[2:] == [told]
    await home.settle()
    home.portal.deliver("failed")
    await home.advance(60)
    assert billed()[2:] == [told]


async def test_escalation_of_unknown(
    hass: HomeAssistant, home: Home, billed: Callable[[], list[tuple[str, str]]]
) -> None:
    """What may have arrived is told to Ben, and not sent again."""
    await start(hass, ESCALATE)
    home.portal.fail("html_page", "sendsms", times=1)
    response = await home.call(
        "send_message", recipients=["notify.anna"], message="Help"
    )
    assert response["recipients"][0]["status"] == "unknown"
    # A portal that does not answer is given a moment.
    await home.pass_time(3)
    await home.settle()
    ((number, text),) = [one for one in billed() if one[1] != "Help"]
    assert number == BORIS
    assert text.startswith("Message to Anna: unknown, It may have been sent")


@pytest.mark.parametrize(
    ("reply", "neighbors"), [("OK", 0), (" ok ", 0), ("No!", 1), (None, 1)]
)
async def test_alarm_with_confirmation(
    hass: HomeAssistant,
    home: Home,
    billed: Callable[[], list[tuple[str, str]]],
    reply: str | None,
    neighbors: int,
) -> None:
    """Ben is told unless Anna says OK in time."""
    await start(hass, "Smoke alarm with confirmation")
    hass.states.async_set("binary_sensor.smoke", "off")
    hass.states.async_set("binary_sensor.smoke", "on")
    # A look at the inbox comes first, which may wait for another one.
    await home.pass_time(1)
    assert [number for number, _ in billed()] == [ANNA]
    if reply is not None:
        home.receive(reply, sender=ANNA[1:])
    await home.pass_time(31 if reply is not None else 301)
    await home.settle()
    assert [number for number, _ in billed()] == [ANNA, *[BORIS] * neighbors]


async def test_alarm_that_cannot_be_sent(
    hass: HomeAssistant, home: Home, billed: Callable[[], list[tuple[str, str]]]
) -> None:
    """Ben is told at once when Anna cannot even be asked."""
    await start(hass, "Smoke alarm with confirmation")
    home.portal.fail("refused_error", "sendsms", times=1, text="No")
    hass.states.async_set("binary_sensor.smoke", "off")
    hass.states.async_set("binary_sensor.smoke", "on")
    await home.settle()
    assert [number for number, _ in billed()] == [BORIS]


async def test_answer(
    hass: HomeAssistant, home: Home, billed: Callable[[], list[tuple[str, str]]]
) -> None:
    """Whoever may ask gets an answer; a stranger does not."""
    await start(hass, "Reply to “status”")
    hass.states.async_set("sensor.living_room_temperature", "21.5")
    for sender in ANNA, BORIS, CARLA:
        home.receive("Status", sender=sender[1:])
    await home.poll()
    answer = "It is 21.5 °C at home."
    assert sorted(billed()) == [(ANNA, answer), (BORIS, answer)]


async def test_low_balance(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    home: Home,
) -> None:
    """A balance that runs low is reported."""
    calls = async_mock_service(hass, "persistent_notification", "create")
    await start(hass, "Low balance")
    home.account.credits = Decimal(5)
    await pass_time(hass, freezer, minutes=6)
    (call,) = calls
    assert "running low" in call.data["message"]


async def test_message_for_later(hass: HomeAssistant, home: Home) -> None:
    """A message for the evening is handed over with its time, in the portal's zone."""
    await hass.config.async_set_time_zone("America/New_York")
    await start(hass, "Trash reminder for this evening")
    (state,) = hass.states.async_all("automation")
    await hass.services.async_call(
        "automation", "trigger", {"entity_id": state.entity_id}, blocking=True
    )
    await home.settle()
    (request,) = (r for r in home.portal.requests if r.operation == "sendsms")
    assert request.parameters["scheduledate"] == "2027-02-11 00:00:00"
    # Its trigger is a timer.
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": state.entity_id}, blocking=True
    )


# --- What its dashboard shows --------------------------------------------------------


def test_cards() -> None:
    """The cards are built-in ones but for one, which is explained in full."""
    *built_in, own = (block for block in blocks() if "type" in block)
    types = [card["type"] for card in built_in]
    assert types == ["entities", "markdown"]
    module = (INTEGRATION / "frontend" / "smskit-card.js").read_text(encoding="utf-8")
    assert f'const CARD = "{own["type"].removeprefix("custom:")}";' in module
    (strategy,) = (block["strategy"] for block in blocks() if "strategy" in block)
    assert f'const STRATEGY = "{strategy["type"].removeprefix("custom:")}";' in module
    text = section("The SMSKit card")
    views = re.findall(r"^- `(\w+)`:", text, re.MULTILINE)
    assert f"const VIEWS = {json.dumps(views)};" in module
    assert own["view"] in views
    form = module[module.index("static getConfigForm()") :]
    form = form[: form.index("computeLabel")]
    options = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    assert options == re.findall(r"\bname: \"(\w+)\"", form)


def shown_inbox(hass: HomeAssistant) -> str:
    """Return what the card with the inbox hands to Markdown."""
    (card,) = (block for block in blocks() if block.get("type") == "markdown")
    return str(Template(card["content"], hass).async_render(parse_result=False))


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)><script>alert(1)</script>",
        "[link](javascript:alert(1)) ![picture](https://example.com/x.png)",
        "**bold** _it_ `code` # no > quote &lt; {{ states('sun.sun') }}",
    ],
)
async def test_strangers_texts_stay_text(
    hass: HomeAssistant, home: Home, text: str
) -> None:
    """Every character of a message that means something has a backslash."""
    assert "No messages yet." in shown_inbox(hass)
    home.receive(text)
    await home.poll()
    shown = shown_inbox(hass)
    assert text in re.sub(r"\\(.)", r"\1", shown)
    (line,) = (one for one in shown.splitlines() if "alert" in one or "bold" in one)
    assert not re.search(r"[!-/:-@\[-`{-~]", re.sub(r"\\.", "", line))
