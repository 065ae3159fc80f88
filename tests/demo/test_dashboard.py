"""The dashboard shows what strangers write as they wrote it."""

from pathlib import Path
import re
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.template import Template
from homeassistant.util.yaml import load_yaml_dict
import pytest

DASHBOARD = Path(__file__).parent / "config" / "dashboard.yaml"
UNREAD = "sensor.smskit_unread_messages"


def inbox_template() -> str:
    """Return the template of the markdown card."""
    config: dict[str, Any] = load_yaml_dict(str(DASHBOARD))
    (content,) = (
        card["content"]
        for view in config["views"]
        for section in view["sections"]
        for card in section["cards"]
        if card["type"] == "markdown"
    )
    return str(content)


def inbox(hass: HomeAssistant, *texts: str, sender: str = "+12025550123") -> str:
    """Return the Markdown for an inbox with these texts."""
    messages = [
        {
            "from": sender,
            "text": text,
            "date": "2026-01-02T12:00:00+00:00",
            "read": False,
        }
        for text in texts
    ]
    hass.states.async_set(UNREAD, str(len(texts)), {"messages": messages})
    return str(Template(inbox_template(), hass).async_render(parse_result=False))


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "![picture](https://example.com/x.png) [link](https://example.com)",
        "**bold** _it_ `code` ~~gone~~ | a | b | # no > quote",
        "&lt;b&gt; &#60; \\<b> $ ' \" % ^ + = ; : / ? @",
        "{{ states('sensor.secret') }} {% raw %}",
        "https://example.com www.example.com somebody@example.com",
    ],
)
async def test_strangers_texts_stay_text(hass: HomeAssistant, text: str) -> None:
    """Every character with a meaning is escaped, in the text and in the sender."""
    for shown in (inbox(hass, text), inbox(hass, "Hi", sender=text)):
        assert text in re.sub(r"\\(.)", r"\1", shown)
        rest = re.sub(r"\\.", "", shown).replace("**", "").replace("12:00 PM", "")
        assert not re.search(r"[!-/:-@\[-`{-~]", re.sub(r"\d+:\d\d [AP]M", "", rest))


async def test_lines_stay_in_their_message(hass: HomeAssistant) -> None:
    """A line end is a break: it cannot begin a heading, a list or a code block."""
    shown = inbox(hass, "  One\r\n\n    # two\n---\u2028- three")
    (line,) = (line for line in shown.splitlines() if "One" in line)
    assert line.lstrip().startswith("One<br>    \\# two<br>\\-\\-\\-<br>\\- three")


async def test_empty_inbox(hass: HomeAssistant) -> None:
    """An empty inbox, or none yet, says so."""
    assert "No messages yet." in inbox(hass)
    hass.states.async_remove(UNREAD)
    text = Template(inbox_template(), hass).async_render(parse_result=False)
    assert "No messages yet." in str(text)
