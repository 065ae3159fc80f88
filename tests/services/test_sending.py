"""What an action refuses, what it says then, and what nobody may read anywhere."""

from collections.abc import Generator
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.smskit.const import DOMAIN
from tests.conftest import (
    ANNA,
    BORIS,
    CARLA,
    entry_data,
    recipient_data,
)
from tests.home import OPTIONS
from tests.portal import Account, Portal
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


@pytest.fixture
async def other_entry(
    hass: HomeAssistant, portal: Portal, home: Home
) -> MockConfigEntry:
    """Return a second account, with a recipient of its own, set up."""
    portal.add_account(api_key="key-of-another", api_token="token-of-another")
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Other",
        data=entry_data(portal, api_key="key-of-another", api_token="token-of-another"),
        subentries_data=[recipient_data("Carla", CARLA)],
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await home.settle()
    return entry


async def test_bad_number_fails_only_itself(home: Home) -> None:
    """A number that cannot be one is an outcome of its own, among good ones."""
    outcomes = await home.send("+1 202", ANNA, "ask Boris", BORIS, message=TEXT)
    assert [(o["number"], o["status"]) for o in outcomes] == [
        ("+1 202", "failed"),
        (ANNA, "queued"),
        ("ask Boris", "failed"),
        (BORIS, "queued"),
    ]
    assert [o["reason_code"] for o in outcomes] == [
        "invalid_number",
        None,
        "letters_in_number",
        None,
    ]
    assert [e.to for e in home.portal.ledger] == [ANNA[1:], BORIS[1:]]


async def test_all_bad(home: Home) -> None:
    """Where none is a number the action raises, with the reason of each."""
    with pytest.raises(HomeAssistantError) as raised:
        await home.send("+1 202", "someone", message=TEXT)
    words = assert_reported(raised.value, "not_sent")
    assert "+1 202: It is not a phone number" in words
    assert "someone: There are letters in the number" in words
    assert home.requests() == []


@pytest.mark.parametrize("reason", ["Sender ID not allowed", f"{ANNA[1:]} is blocked"])
async def test_refused(home: Home, reason: str) -> None:
    """A refusal names recipients by name, and numbers as they were typed."""
    home.portal.fail("refused_error", "sendsms", text=reason)
    with pytest.raises(HomeAssistantError) as raised:
        await home.send(BORIS, message=TEXT, recipients=["notify.anna"])
    words = assert_reported(raised.value, "not_sent", BORIS)
    assert "Anna: The portal refused it: " in words
    assert f"{BORIS}: The portal refused it: " in words


@pytest.mark.parametrize(
    ("key", "data"),
    [
        ("empty_message", {"message": ""}),
        ("empty_message", {"message": " \n\t "}),
        ("not_voice", {"duration": 5}),
        ("duration_missing", {"type": "voice", "media": "https://example.com/a.mp3"}),
        ("route_needs_sms", {"type": "whatsapp", "route": "3"}),
        ("too_long", {"message": "x" * (153 * 10 + 1)}),
        ("too_long", {"message": "ж" * (67 * 10 + 1)}),
        ("too_long", {"message": "x" * 161, "max_segments": 1}),
        ("flash_not_gsm", {"message": "Fire 🔥", "type": "flash"}),
        ("not_a_text", {"message": f"{TEXT} \ud83d"}),
        ("not_a_recipient", {"recipients": ["notify.nobody"]}),
        ("media_needs_type", {"media": "https://example.com/a.jpg"}),
        ("media_needs_type", {"media": "https://example.com/a.jpg", "type": "flash"}),
        ("not_a_channel", {"channel": "1", "type": "whatsapp"}),
        ("schedule_past", {"schedule": "2020-01-01 00:00:00"}),
    ],
)
@pytest.mark.parametrize("action", ["send_message", "preview_message"])
async def test_whole_message(
    home: Home, action: str, key: str, data: dict[str, Any]
) -> None:
    """A message that cannot go out as it is is an error, and nobody gets it."""
    with pytest.raises(ServiceValidationError) as raised:
        await home.call(action, **({"numbers": [ANNA], "message": TEXT} | data))
    assert_reported(raised.value, key)
    assert home.requests() == []
    assert home.events == []


async def test_longer_where_the_call_allows(home: Home) -> None:
    """More segments are sent where the call allows them, and nothing is cut."""
    text = "x" * (153 * 12)
    assert await home.statuses(ANNA, message=text, max_segments=12) == ["queued"]
    assert [(e.text, e.segments) for e in home.portal.ledger] == [(text, 12)]


async def test_nobody(home: Home) -> None:
    """A call that names nobody is an error."""
    with pytest.raises(ServiceValidationError) as raised:
        await home.send(message=TEXT)
    assert_reported(raised.value, "no_recipients")


@pytest.mark.parametrize(
    "data",
    [
        {"sender": "Much too long for one"},
        {"sender": "Émile"},
        {"sender": ""},
        {"sender": "1234567890123456"},
        {"type": "fax"},
        {"numbers": [{"a": 1}]},
        {"recipients": ["light.kitchen"]},
        {"media": "http://example.com/a.jpg"},
        {"media": "/etc/passwd"},
        {"expires_in": -1},
        {"max_segments": 0},
        {"schedule": "tomorrow"},
        {"route": "default"},
        {"route": ""},
        {"route": "1\n"},
        {"language": "English, please"},
        {"duration": 0},
        {"duration": -5},
        {"surprise": True},
    ],
)
async def test_fields(home: Home, data: dict[str, Any]) -> None:
    """A field that is none, or has no such value, is refused by the schema."""
    with pytest.raises(vol.Invalid):
        await home.call("send_message", **({"numbers": [ANNA], "message": "x"} | data))
    assert home.requests() == []


async def test_recipient_of_another_account(
    home: Home, other_entry: MockConfigEntry
) -> None:
    """A recipient of another account is none of this one."""
    with pytest.raises(ServiceValidationError) as raised:
        await home.send(
            message=TEXT,
            recipients=["notify.carla"],
            config_entry_id=home.entry.entry_id,
        )
    assert "notify.carla" in assert_reported(raised.value, "not_a_recipient")
    assert home.requests() == []


async def test_several_accounts(home: Home, other_entry: MockConfigEntry) -> None:
    """With several accounts a call has to name one, and goes out by that alone."""
    with pytest.raises(ServiceValidationError):
        await home.send(ANNA, message=TEXT)
    with pytest.raises(ServiceValidationError):
        await home.send(ANNA, message=TEXT, config_entry_id="no such account")
    assert home.requests() == []
    await home.send(ANNA, message=TEXT, config_entry_id=other_entry.entry_id)
    # The other one gets no report.
    assert [entry.account for entry in home.portal.ledger] == ["account-2"]
    assert home.events == []


async def test_one_account_of_two_is_in_use(
    home: Home, other_entry: MockConfigEntry
) -> None:
    """The account can be left out again once the other one is switched off."""
    await home.hass.config_entries.async_set_disabled_by(
        other_entry.entry_id, ConfigEntryDisabler.USER
    )
    assert await home.statuses(ANNA) == ["queued"]


async def test_no_account_is_loaded(home: Home) -> None:
    """An account that is not loaded sends nothing and says so."""
    await home.hass.config_entries.async_unload(home.entry.entry_id)
    for data in ({}, {"config_entry_id": home.entry.entry_id}):
        with pytest.raises(ServiceValidationError):
            await home.send(ANNA, **data)


async def test_numbers_as_people_write_them(home: Home) -> None:
    """Integers, national form, 00 and spaces are one number, sent to once."""
    outcomes = await home.send(
        12025550123, 2025550123, "(202) 555-0123", "0012025550123", "+1 202-555 0123"
    )
    assert [o["number"] for o in outcomes] == [ANNA]
    assert [e.to for e in home.portal.ledger] == [ANNA[1:]]


@pytest.mark.parametrize(
    "numbers",
    [
        f"{ANNA},{BORIS}",
        f"{ANNA}; (+44) 7700 900123",
        f" {ANNA}\n\n{BORIS}\n",
        [f"{ANNA}, {BORIS}", BORIS],
        (ANNA, 447700900123),
        (12025550123, 447700900123),
    ],
)
async def test_several_numbers(home: Home, numbers: Any) -> None:
    """Several numbers may be one text, or what a template makes of it."""
    response = await home.call("send_message", numbers=numbers, message=TEXT)
    assert [o["number"] for o in response["recipients"]] == [ANNA, BORIS]
    assert [e.to for e in home.portal.ledger] == [ANNA[1:], BORIS[1:]]


@pytest.mark.parametrize(
    "template",
    [
        "{{ numbers }}",
        "{{ numbers | join(', ') }}",
        "{{ numbers | join('\n') }}",
        "{{ numbers | map('int') | list }}",
        "{{ numbers[0], numbers[1] }}",
        # Together they are one, whose text has the plus signs.
        "{{ numbers[0] }}, {{ numbers[1] }}",
        "[{{ numbers[0] }}, {{ numbers[1] }}]",
    ],
)
async def test_numbers_of_a_template(
    hass: HomeAssistant, home: Home, template: str
) -> None:
    """What templates return in a script is understood, with and without a plus."""
    script = {
        "variables": {"numbers": [ANNA, BORIS]},
        "sequence": [
            {
                "action": f"{DOMAIN}.send_message",
                "data": {"numbers": template, "message": TEXT},
            }
        ],
    }
    assert await async_setup_component(hass, "script", {"script": {"text": script}})
    await hass.services.async_call("script", "text", blocking=True)
    assert [e.to for e in home.portal.ledger] == [ANNA[1:], BORIS[1:]]


async def test_plus_of_several_is_not_lost(hass: HomeAssistant, home: Home) -> None:
    """Integers that a template made of a text are read as the text."""
    script = {
        # In the United States, either alone could be two numbers without its plus.
        "sequence": [
            {
                "action": f"{DOMAIN}.send_message",
                "data": {
                    "numbers": "{{ '+2015550123' }}, {{ '+12015550145' }}",
                    "message": TEXT,
                },
            }
        ]
    }
    assert await async_setup_component(hass, "script", {"script": {"text": script}})
    await hass.services.async_call("script", "text", blocking=True)
    assert [e.to for e in home.portal.ledger] == ["2015550123", "12015550145"]


async def test_local_numbers_and_short_codes(home: Home) -> None:
    """What cannot be dialed from everywhere is neither completed nor billed."""
    outcomes = await home.send("555-0123", 911, 22000, "0612345678", ANNA)
    assert [(o["status"], o["reason"]) for o in outcomes] == [
        ("failed", "The area code is missing"),
        ("failed", "A short code cannot be texted from here"),
        ("failed", "A short code cannot be texted from here"),
        ("queued", None),
        ("queued", None),
    ]
    assert [e.to for e in home.portal.ledger] == ["10612345678", ANNA[1:]]


async def test_preview(home: Home) -> None:
    """A preview has numbers, encoding and segments, and sends nothing."""
    response = await home.call(
        "preview_message",
        numbers=["2025550145", "nobody"],
        recipients=["notify.anna"],
        message="€" * 80 + "x",
    )
    assert response == {
        "recipients": [
            {
                "number": ANNA,
                "name": "Anna",
                "via": "sms",
                "status": "ready",
                "reason": None,
                "reason_code": None,
                "duplicate": False,
                "segments": 2,
            },
            {
                "number": CARLA,
                "name": None,
                "via": "sms",
                "status": "ready",
                "reason": None,
                "reason_code": None,
                "duplicate": False,
                "segments": 2,
            },
            {
                "number": "nobody",
                "name": None,
                "via": "sms",
                "status": "failed",
                "reason": "There are letters in the number",
                "reason_code": "letters_in_number",
                "duplicate": False,
                "segments": 2,
            },
        ],
        "text": "€" * 80 + "x",
        "encoding": "gsm7",
        "segments": 2,
        "blocked_by": None,
    }
    assert home.requests() == []
    assert home.events == []


@pytest.mark.parametrize(
    ("message", "sent"),
    [
        ("Temp <5 now", "Temp < 5 now"),
        ("a <b> c", "a < b> c"),
        ("5 < 6 <\t7 <\n8", "5 < 6 <\t7 <\n8"),
        ("<<", "< < "),
        ("<\u00a0", "< \u00a0"),
        ("nothing", "nothing"),
    ],
)
async def test_tags(home: Home, message: str, sent: str) -> None:
    """What the portal would cut as a tag is kept from it, shown and stored as sent."""
    preview = await home.call("preview_message", numbers=[ANNA], message=message)
    assert preview["text"] == sent
    await home.send(ANNA, message=message)
    assert [entry.text for entry in home.portal.ledger] == [sent]
    found = await home.call("get_messages", direction="out")
    assert [one["text"] for one in found["messages"]] == [sent]


async def test_tags_are_counted(home: Home) -> None:
    """The blank behind a `<` is billed, and may be one too many."""
    message = "<" + "x" * 159
    preview = await home.call("preview_message", numbers=[ANNA], message=message)
    assert preview["segments"] == 2
    with pytest.raises(ServiceValidationError) as raised:
        await home.send(ANNA, message=message, max_segments=1)
    assert raised.value.translation_key == "too_long"


async def test_message_status(home: Home) -> None:
    """The state of a message is the portal's, with the time in UTC."""
    (outcome, _) = await home.send(ANNA, BORIS)
    home.portal.deliver("sent", to=ANNA[1:])
    response = await home.call("get_message_status", group_id=outcome["group_id"])
    recipients = response.pop("recipients")
    assert response == {
        "group_id": outcome["group_id"],
        "status": "queued",
        "date": "2027-02-10T12:00:00+00:00",
    }
    assert [(r["number"], r["status"]) for r in recipients] == [
        (ANNA, "sent"),
        (BORIS, "queued"),
    ]


@pytest.mark.parametrize("fault", [None, "html_page", "reset"])
async def test_message_status_fails(home: Home, fault: str | None) -> None:
    """A group that is none, or a portal that does not answer, is an error."""
    if fault is not None:
        home.portal.fail(fault, "groupstatus")
    with pytest.raises(HomeAssistantError) as raised:
        await home.call("get_message_status", group_id="999")
    assert_reported(raised.value, "portal_error")


@pytest.mark.expected_log("Error fetching 127.0.0.1 balance data")
async def test_message_status_with_refused_credentials(
    home: Home, account: Account
) -> None:
    """Refused credentials are an error; if they stay, the user is asked for others."""
    account.api_token = "another-token-of-the-tests"
    with pytest.raises(HomeAssistantError) as raised:
        await home.call("get_message_status", group_id="1")
    assert_reported(raised.value, "portal_error")
    await home.advance(100)
    assert home.hass.config_entries.flow.async_progress()


async def test_action(
    hass: HomeAssistant, loaded: MockConfigEntry, portal: Portal
) -> None:
    """A text goes to recipients and numbers, each once."""
    response = await hass.services.async_call(
        DOMAIN,
        "send_message",
        {
            "recipients": ["notify.anna"],
            "numbers": [ANNA, BORIS],
            "message": "Hello",
            "title": "Home",
        },
        blocking=True,
        return_response=True,
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    group_id = portal.ledger[0].group_id
    assert response == {
        "recipients": [
            {
                "number": ANNA,
                "name": "Anna",
                "via": "sms",
                "status": "queued",
                "group_id": group_id,
                "reason": None,
                "reason_code": None,
                "duplicate": False,
            },
            {
                "number": BORIS,
                "name": None,
                "via": "sms",
                "status": "queued",
                "group_id": group_id,
                "reason": None,
                "reason_code": None,
                "duplicate": False,
            },
        ],
        "encoding": "gsm7",
        "segments": 1,
    }
    assert [(e.to, e.text, e.sender) for e in portal.ledger] == [
        ("12025550123", "Home\nHello", "HOME"),
        ("447700900123", "Home\nHello", "HOME"),
    ]
