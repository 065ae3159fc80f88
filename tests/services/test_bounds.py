"""Whatever an action is called with, it costs a bounded time, or is refused."""

import time
from typing import Any, Final

from homeassistant.exceptions import ServiceValidationError
import pytest
import voluptuous as vol

from tests.conftest import ANNA
from tests.home import Home

_MEBIBYTE: Final = 2**20
# Generous: the processors of a test run are shared.
_BOUND: Final = 1.0
_MANY: Final = [f"+1202555{number:04}" for number in range(1000)]

_TOO_MUCH: Final[dict[str, tuple[str, dict[str, Any], str | None]]] = {
    "text": ("preview_message", {"message": "€я<" * (_MEBIBYTE // 3)}, "text_too_long"),
    "title": ("preview_message", {"title": "<" * _MEBIBYTE}, "text_too_long"),
    "numbers": ("preview_message", {"numbers": _MANY * 100}, "too_many"),
    "written": ("preview_message", {"numbers": ",".join(_MANY * 100)}, "too_many"),
    "integers": ("preview_message", {"numbers": [*range(100_000)]}, "too_many"),
    "digits": ("preview_message", {"numbers": ["(" * _MEBIBYTE]}, "text_too_long"),
    "integer": ("preview_message", {"numbers": [10**5000]}, "text_too_long"),
    "entities": ("preview_message", {"recipients": ["notify.anna"] * 100_000}, None),
    "media": ("preview_message", {"media": "https://" + "a" * _MEBIBYTE}, None),
    "template": (
        "preview_message",
        {"template": {"name": "a", "language": "en", "parameters": ["a"] * 100_000}},
        None,
    ),
    "template name": (
        "preview_message",
        {"template": {"name": "a" * _MEBIBYTE, "language": "en"}},
        None,
    ),
    "language": ("preview_message", {"language": "en" + "-aaa" * _MEBIBYTE}, None),
    "channel": ("preview_message", {"channel": "a" * _MEBIBYTE}, None),
    "words": ("get_messages", {"text": "a b c d e f g h i j k"}, "too_many"),
    "word": ("get_messages", {"text": "a" * _MEBIBYTE}, None),
    "sender": ("get_messages", {"from": "(" * _MEBIBYTE}, "text_too_long"),
    "sender's digits": ("get_messages", {"from": 10**5000}, "text_too_long"),
    "before": ("get_messages", {"before": "a" * _MEBIBYTE}, None),
    "limit": ("get_messages", {"limit": 10**100}, None),
    "question": ("ask", {"number": ANNA, "message": "a" * _MEBIBYTE}, "text_too_long"),
    "asked": ("ask", {"number": "1" * _MEBIBYTE, "message": "Hello"}, "text_too_long"),
    "canceled": ("cancel_held_messages", {"numbers": _MANY * 100}, "too_many"),
    "deleted": ("delete_messages", {"message_ids": ["a"] * 100_000}, None),
}


@pytest.mark.parametrize("name", _TOO_MUCH)
async def test_too_much(home: Home, name: str) -> None:
    """What is too much is refused at once, in words that name the limit."""
    action, data, key = _TOO_MUCH[name]
    if action == "preview_message":
        data = {"numbers": [ANNA], "message": "Hello", **data}
    begin = time.process_time()
    with pytest.raises((vol.Invalid, ServiceValidationError)) as raised:
        await home.call(action, **data)
    assert time.process_time() - begin < _BOUND
    if key is None:
        assert isinstance(raised.value, vol.Invalid)
        return
    assert isinstance(raised.value, ServiceValidationError)
    assert raised.value.translation_key == key
    assert raised.value.translation_placeholders
    assert home.requests("sendsms") == []


@pytest.mark.parametrize(
    "text",
    ["a" * 65_536, "€я<" * 21_845, "<" * 65_536, "👩‍👩‍👧‍👦" * 9_000],
    ids=["letters", "odd", "tags", "families"],
)
async def test_largest_preview(home: Home, text: str) -> None:
    """The most that is taken is previewed in a bounded time."""
    begin = time.process_time()
    response = await home.call(
        "preview_message", numbers=_MANY, message=text, type="whatsapp"
    )
    assert time.process_time() - begin < _BOUND * 2
    assert len(response["recipients"]) == len(_MANY)


async def test_page_of_long_texts(home: Home) -> None:
    """Long texts make a page smaller, and the next one goes on from there."""
    for number in range(40):
        home.portal.receive(home.account, "447700900123", f"{number:02} {'x' * 65_500}")
        if number % 10 == 9:
            await home.skip(3601)
    found: list[str] = []
    before: dict[str, Any] = {}
    pages = 0
    while len(found) < 40:
        page = await home.call("get_messages", limit=1000, **before)
        assert page["total"] == 40
        assert page["messages"]
        found += [message["text"][:2] for message in page["messages"]]
        before = {"before": page["messages"][-1]["id"]}
        pages += 1
    assert pages == 2
    assert sorted(found) == [f"{number:02}" for number in range(40)]
