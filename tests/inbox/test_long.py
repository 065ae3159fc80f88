"""Long texts are cut where they are shown, and whole where they are asked for."""

import asyncio
from typing import Final

import pytest

from .home import Home

_SHOWN: Final = 2048
_KIBIBYTE: Final = 1024
_FAMILY: Final = "👩‍👩‍👧‍👦"
_FLAG: Final = "🇨🇭"
_SCOTLAND: Final = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.mark.parametrize(
    "unit",
    ["a", "ä", "a\u0308", "👍🏽", _FAMILY, _FLAG, _SCOTLAND, "\r\n", "❤\ufe0f"],
    ids=ascii,
)
async def test_cut_between_characters(home: Home, unit: str) -> None:
    """A long text ends after a whole character, and with an ellipsis."""
    home.receive(f"x{unit * _SHOWN}")
    await home.poll()
    (shown,) = home.texts
    assert shown == f"x{unit * ((_SHOWN - 2) // len(unit))}…"


async def test_nothing_but_accents(home: Home) -> None:
    """What is no character anywhere is cut all the same."""
    home.receive("a" + "\u0300" * 30_000)
    await home.poll()
    (shown,) = home.texts
    assert len(shown) == _SHOWN


@pytest.mark.parametrize("length", [_SHOWN, _SHOWN + 1, 64 * _KIBIBYTE])
async def test_everywhere(home: Home, length: int) -> None:
    """States, events, and the reply to a question are cut; `get_messages` is not."""
    question = home.begin("ask", number="+447700900123", message="Who is there?")
    await home.turn()
    await home.turn()
    text = "y" * length
    home.receive(text)
    await home.poll()
    response = await asyncio.wait_for(question, 10)
    shown = text if length <= _SHOWN else f"{text[: _SHOWN - 1]}…"
    assert response["reply"]["text"] == shown
    assert home.texts == [shown]
    last = home.shown(home.entity("sensor", "last_message"))
    assert last.attributes["text"] == shown
    unread = home.shown(home.entity("sensor", "unread_messages"))
    assert [one["text"] for one in unread.attributes["messages"]] == [shown]
    (message,) = await home.messages()
    assert message["text"] == text
