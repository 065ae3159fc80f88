"""Templates of WhatsApp Cloud, in place of a text."""

from typing import Any, Final

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
import voluptuous as vol

from tests.conftest import ANNA, BORIS, recipient_data
from tests.portal import Channel

from .home import Home

_TEMPLATE: Final = {"name": "door_open", "language": "en", "parameters": ["Garage"]}
_TEXT: Final = "content:door_open|lang=en|body=Garage"


@pytest.fixture
def recipients() -> list[ConfigSubentryData]:
    """Return a recipient who has a fallback."""
    return [recipient_data("Anna", ANNA, via="whatsapp_then_sms")]


async def _send(home: Home, *numbers: str, **data: Any) -> list[dict[str, Any]]:
    data = {"template": _TEMPLATE} | data
    response = await home.call("send_message", numbers=list(numbers), **data)
    recipients: list[dict[str, Any]] = response["recipients"]
    return recipients


def _sent(home: Home) -> list[tuple[str, str]]:
    return [(r.parameters["type"], r.parameters["text"]) for r in home.requests()]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        (_TEMPLATE, _TEXT),
        ({"name": "hello", "language": "pt_BR"}, "content:hello|lang=pt_BR"),
        (
            {
                "name": "code",
                "language": "fr",
                "parameters": 1234,
                "header": "https://a.example/b?c=1",
                "buttons": ["2"],
            },
            "content:code|lang=fr|body=1234|header=image:https://a.example/b?c=1|button=2",
        ),
        # Nothing in a value ends it; a comma is a comma where there is no list.
        (
            _TEMPLATE | {"parameters": ["a|lang=de|b, c\nd  e", "x,y"]},
            "content:door_open|lang=en|body=a/lang=de/b; c d e,x;y",
        ),
        (
            _TEMPLATE | {"parameters": [" a, b|c "]},
            "content:door_open|lang=en|body=a, b/c",
        ),
        # The portal would cut it there.
        (
            _TEMPLATE | {"parameters": ["<5 °C"]},
            "content:door_open|lang=en|body=< 5 °C",
        ),
    ],
)
async def test_text(
    channel: Channel, home: Home, template: dict[str, Any], text: str
) -> None:
    """A template goes in the text, by WhatsApp, as its preview shows it."""
    preview = await home.call("preview_message", numbers=[ANNA], template=template)
    assert preview["text"] == text
    (outcome,) = await _send(home, ANNA, template=template)
    assert (outcome["via"], outcome["status"]) == ("whatsapp", "queued")
    assert _sent(home) == [("whatsapp", text)]


@pytest.mark.parametrize(
    "template",
    [
        {},
        {"name": "a"},
        {"language": "en"},
        {"name": "a|b", "language": "en"},
        {"name": "a\n", "language": "en"},
        {"name": "a", "language": "en|body=x"},
        {"name": "a", "language": "en", "header": "http://example.com/a.png"},
        {"name": "a", "language": "en", "header": "https://example.com/|button=x"},
        {"name": "a", "language": "en", "parameters": [" "]},
        {"name": "a", "language": "en", "parameters": [{"a": 1}]},
        {"name": "a", "language": "en", "footer": "x"},
        "hello",
    ],
)
async def test_no_template(home: Home, template: object) -> None:
    """What is no template is refused, whatever it would break out of."""
    with pytest.raises(vol.Invalid):
        await _send(home, ANNA, template=template)
    assert home.requests() == []


@pytest.mark.parametrize(
    ("key", "data"),
    [
        ("template_needs_whatsapp", {"type": "sms"}),
        ("template_needs_whatsapp", {"type": "mms"}),
        (
            "template_with_media",
            {"type": "whatsapp", "media": "https://example.com/a.png"},
        ),
        ("template_with_channel", {"channel": True}),
        ("route_needs_sms", {"route": "3"}),
        ("not_a_text", {"template": _TEMPLATE | {"parameters": ["\ud83d"]}}),
    ],
)
async def test_refused(
    channel: Channel, home: Home, key: str, data: dict[str, Any]
) -> None:
    """What a template cannot be sent with is an error before anything is sent."""
    if "channel" in data:
        data = {**data, "channel": channel.gateway_id}
    with pytest.raises(ServiceValidationError) as raised:
        await _send(home, ANNA, **data)
    assert raised.value.translation_key == key
    assert home.requests() == []


async def test_history(channel: Channel, home: Home) -> None:
    """The history shows the message, or else what the template says."""
    await _send(home, ANNA)
    await _send(home, BORIS, message="The garage is open", title="Home")
    await _send(home, BORIS, template={"name": "hello", "language": "en"})
    found = await home.call("get_messages", direction="out")
    assert [message["text"] for message in found["messages"]] == [
        "hello",
        "Home\nThe garage is open",
        "door_open: Garage",
    ]


async def test_fallback_says_the_message(channel: Channel, home: Home) -> None:
    """An SMS that takes over has the message, through the call's route."""
    home.portal.fail("refused_error", "sendsms", text="Not on WhatsApp", times=1)
    data = {"recipients": ["notify.anna"], "message": "Open", "route": "3"}
    (outcome,) = await _send(home, **data)
    assert (outcome["via"], outcome["reason"]) == (
        "sms",
        "It goes by SMS, because WhatsApp was refused: “Not on WhatsApp”",
    )
    assert _sent(home) == [("whatsapp", _TEXT), ("sms", "Open")]
    first, second = home.requests()
    assert first.parameters.get("route") != "3"
    assert second.parameters["route"] == "3"


async def test_no_fallback_without_a_message(channel: Channel, home: Home) -> None:
    """Without a message there is nothing to say by SMS."""
    home.portal.fail("refused_error", "sendsms", text="Not on WhatsApp", times=1)
    with pytest.raises(HomeAssistantError, match="Not on WhatsApp"):
        await _send(home, recipients=["notify.anna"])
    assert len(home.requests()) == 1


async def test_no_channel(home: Home) -> None:
    """WhatsApp Cloud needs no channel, and a template goes through none."""
    (outcome,) = await _send(home, recipients=["notify.anna"], message="Open")
    assert (outcome["via"], outcome["status"]) == ("whatsapp", "queued")
    assert "route" not in home.requests()[0].parameters
    (entry,) = home.portal.ledger
    assert entry.template is not None


async def test_repeated(channel: Channel, home: Home) -> None:
    """The same template with other parameters is no repetition."""
    data = {"message": "Open"}
    await _send(home, ANNA, **data)
    other = _TEMPLATE | {"parameters": ["Gate"]}
    (outcome,) = await _send(home, ANNA, template=other, **data)
    assert outcome["status"] == "queued"
    (outcome,) = await _send(home, ANNA, **data)
    assert outcome["duplicate"] is True
    assert len(home.portal.ledger) == 2


async def test_held(channel: Channel, home: Home) -> None:
    """What is held is a template after a restart, too."""
    await home.refuse()
    (outcome,) = await _send(home, ANNA, message="Open")
    assert outcome["status"] == "held"
    await home.portal.accept()
    await home.restart()
    await home.advance(5)
    assert _sent(home) == [("whatsapp", _TEXT)]
