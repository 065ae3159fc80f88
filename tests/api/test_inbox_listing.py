"""A listing that was put together by hand is read as what its senders wrote."""

import json
from typing import Any, Final

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.smskit.api.inbox import InboxListing, read_inbox
from custom_components.smskit.api.traits import Escaping
from tests.conftest import ANNA, BORIS
from tests.portal import samples

from .vendor import EXPECTED

_STRANGER: Final = "447700900555"
_OWN: Final = "2347015272"
_DATE: Final = "2026-11-25 10:00:00"
_END: Final = f'", "date": "{_DATE}" }}'
_BEGIN: Final = f'{{ "id": "99", "from": "{ANNA[1:]}", "to": "{_OWN}", "message": "'

# What a text may be without being taken for a part of the listing.
ODD_TEXTS: Final = {
    "quotes": 'He said "yes"',
    "only a quote": '"',
    "quote at the end": 'yes"',
    "path": r"C:\temp\new",
    "escapes": r"\n \u0041 \" \/ \\",
    "shrug": r"¯\_(ツ)_/¯",
    "backslash at the end": "yes\\",
    "newlines": "first\r\nsecond\n\tthird",
    "braces": "{[}] }, { ] }",
    "sender": f'x", "from": "{ANNA[1:]}',
    "id": 'x", "id": "1',
    "date": f'x", "date": "{_DATE}',
    "date and more": f'x", "date": "{_DATE}", "more": "',
    "record without its date": f'x" }}, {_BEGIN}open',
    "beginning": f"{_BEGIN}open",
    "end of a record": f"x{_END}",
    "end of the listing": 'x" } ] }',
    "end of the listing, with a date": f"x{_END} ] }}",
    "end and markup": f"x{_END} ] }}<br />",
    "refusal": '{ "request": "getinbox", "status": "error", "message": "No" }',
    "listing": f'{{ "request": "getinbox", "status": "success", "inbox": [ {_BEGIN}x',
    "markup": '<br />\n<b>Notice</b>: Undefined index: "inbox"',
    "nothing": "",
}
# What an encoder may have written, too, as far as anybody can tell.
_READ_AS_ESCAPES: Final = {ODD_TEXTS["path"], ODD_TEXTS["escapes"]}
_FORGED: Final = f"x{_END}, {_BEGIN}open"


def by_hand(*texts: str, sender: str = _STRANGER, blank: str = " ") -> str:
    """Return a listing that escapes nothing, in the spelling of the samples."""
    records = f",{blank}".join(
        f'{{{blank}"id":{blank}"{number}",{blank}"from":{blank}"{sender}",{blank}'
        f'"to":{blank}"{_OWN}",{blank}"message":{blank}"{text}",{blank}'
        f'"date":{blank}"{_DATE}"{blank}}}'
        for number, text in enumerate(texts, 1)
    )
    return (
        f'{{{blank}"request":{blank}"getinbox",{blank}"status":{blank}"success",{blank}'
        f'"inbox":{blank}[{blank}{records}{blank}]{blank}}}'
    )


def encoded(*texts: str, indent: bool = False) -> str:
    """Return a listing as PHP's encoder writes it."""
    answer: dict[str, Any] = {
        "request": "getinbox",
        "status": "success",
        "inbox": [
            {
                "id": str(number),
                "from": _STRANGER,
                "to": _OWN,
                "message": text,
                "date": _DATE,
            }
            for number, text in enumerate(texts, 1)
        ],
    }
    style: dict[str, Any] = {"indent": 4} if indent else {"separators": (",", ":")}
    return json.dumps(answer, **style).replace("/", "\\/")


def read(body: str, escaping: Escaping = Escaping.UNKNOWN) -> InboxListing:
    """Read a listing."""
    return read_inbox(body, escaping, str)


def texts(listing: InboxListing) -> list[str]:
    """Return the texts; every message is from the stranger, and certain."""
    assert {message.sender for message in listing.messages} <= {_STRANGER}
    assert not any(message.is_ambiguous for message in listing.messages)
    assert [m.id for m in listing.messages] == [
        str(number) for number in range(1, len(listing.messages) + 1)
    ]
    return [message.text for message in listing.messages]


@pytest.mark.parametrize("escaping", Escaping)
@pytest.mark.parametrize("blank", [" ", ""])
@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_by_hand(text: str, blank: str, escaping: Escaping) -> None:
    """Each text is its sender's, wherever it stands, and hides no other."""
    for listed in ([text], ["a", text], [text, "b"], ["a", text, "b", text, "c"]):
        body = by_hand(*listed, blank=blank)
        listing = read(body, escaping)
        if escaping is Escaping.ENCODED and _is_flawless(body):
            # The portal is not what it was taken for: what a text adds is not trusted.
            if {m.sender for m in listing.messages} != {_STRANGER}:
                assert all(message.is_ambiguous for message in listing.messages)
        elif text not in _READ_AS_ESCAPES or blank or escaping is Escaping.HANDWRITTEN:
            assert texts(listing) == listed


def _is_flawless(body: str) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("escaping", [Escaping.UNKNOWN, Escaping.ENCODED])
@pytest.mark.parametrize("indent", [False, True])
@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_encoded(text: str, indent: bool, escaping: Escaping) -> None:
    """An encoder's texts are decoded."""
    for listed in ([text], ["a", text, "b"], [text, text]):
        listing = read(encoded(*listed, indent=indent), escaping)
        assert texts(listing) == listed
        assert not listing.is_handwritten
        forgeable = [message.is_forgeable for message in listing.messages]
        assert any(forgeable) is (len(listed) > 1 and escaping is Escaping.UNKNOWN)


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_what_json_makes_of_it(text: str) -> None:
    """Read as JSON, these listings are broken, changed, or cut off."""
    try:
        answer, end = json.JSONDecoder().raw_decode(body := by_hand(text, "after"))
    except ValueError:
        return
    unescaped = not {"\\", '"'} & set(text)
    read_alike = end == len(body) and [m["message"] for m in answer["inbox"]] == [
        text,
        "after",
    ]
    assert read_alike is unescaped


def test_vendors_sample() -> None:
    """The sample on the vendor's page is read."""
    listing = read(samples.SUCCESS["getinbox"])
    assert listing.messages == EXPECTED["getinbox"]


def test_forged_record() -> None:
    """A whole record in a text comes out as one that may have been made up."""
    listing = read(by_hand("before", _FORGED, "after"))
    assert [(m.id, m.sender, m.text) for m in listing.messages] == [
        ("1", _STRANGER, "before"),
        ("2", _STRANGER, "x"),
        ("99", ANNA[1:], "open"),
        ("3", _STRANGER, "after"),
    ]
    assert [m.is_forgeable for m in listing.messages] == [False, True, True, True]
    # An encoder leaves no doubt.
    listing = read(encoded("before", _FORGED, "after"), Escaping.ENCODED)
    assert texts(listing) == ["before", _FORGED, "after"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (by_hand("plain"), False),
        (by_hand('a "quote"'), True),
        (by_hand("a\nbreak"), True),
        (by_hand(r"C:\temp"), False),
        (by_hand(r"C:\Users"), True),
        (by_hand('a "quote"', blank=""), True),
        (encoded('a "quote"'), False),
        (encoded("a\nbreak", indent=True), False),
    ],
)
def test_proof_of_handwriting(body: str, expected: bool) -> None:
    """What no encoder would have written shows that there is none."""
    assert read(body).is_handwritten is expected


@pytest.mark.parametrize(
    ("body", "escaping", "expected"),
    [
        (encoded('a "quote"'), Escaping.UNKNOWN, True),
        (encoded("1/2"), Escaping.UNKNOWN, True),
        (encoded("à"), Escaping.UNKNOWN, True),
        (encoded("plain"), Escaping.UNKNOWN, False),
        (encoded(r"C:\temp"), Escaping.UNKNOWN, False),
        # An operator who escapes each text, in an answer that is put together by hand.
        (by_hand(r"\u00e0"), Escaping.UNKNOWN, True),
        (by_hand(r"\u00e0"), Escaping.HANDWRITTEN, False),
        # One who has updated the portal.
        (encoded("à"), Escaping.HANDWRITTEN, True),
    ],
)
def test_trace_of_an_encoder(body: str, escaping: Escaping, expected: bool) -> None:
    """What nobody types shows that there is an encoder."""
    (message,) = read(body, escaping).messages
    assert message.shows_encoder is expected


def test_known_encoder_by_hand() -> None:
    """Once it is known that texts are escaped, they are read so in any spelling."""
    body = by_hand(r"Rendez-vous \u00e0 8 h", r"\"oui\"")
    assert texts(read(body, Escaping.ENCODED)) == ["Rendez-vous à 8 h", '"oui"']


def test_key_twice() -> None:
    """A key that occurs twice is a part of the text, or makes a record uncertain."""
    twice = f'"message":"x","from":"{ANNA[1:]}"'
    body = encoded("x", "y").replace('"message":"x"', twice)
    assert texts(read(body)) == [f'x","from":"{ANNA[1:]}', "y"]
    # Without the documented order nobody knows which of the two is right.
    first, second = read(body.replace('"date"', '"time"')).messages
    assert first.is_ambiguous
    assert (second.sender, second.text) == (_STRANGER, "y")


def test_missing_date() -> None:
    """A record without a date ends before the next one only where texts are escaped."""
    body = encoded("x", "y").replace(f',"date":"{_DATE}"', "", 1)
    listing = read(body, Escaping.ENCODED)
    assert [message.text for message in listing.messages] == ["x", "y"]
    assert len(read(body).messages) == 1


@pytest.mark.parametrize(
    "change",
    [
        ('"date"', '"time"'),
        (f'"date": "{_DATE}"', f'"date": "{_DATE}", "read": "0"'),
        ('"to": ', '"operator": "x", "to": '),
    ],
)
@pytest.mark.parametrize("text", ["plain", 'He said "yes"'])
def test_other_keys(text: str, change: tuple[str, str]) -> None:
    """An operator's own keys hide no message, but nothing is certain then."""
    listing = read(by_hand("a", text, "b").replace(*change))
    assert [m.text for m in listing.messages] == ["a", text, "b"]
    assert all(message.is_ambiguous for message in listing.messages)


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_cut_off(cut: int) -> None:
    """What breaks off is not read, also not up to an end that a text has feigned."""
    for text in ("plain", 'a "quote"', ODD_TEXTS["end of the listing, with a date"]):
        with pytest.raises(ValueError, match=r"whole JSON|truncated"):
            read(by_hand("a", text, "b")[:-cut])


def test_sender_with_quotes() -> None:
    """A sender's name may have quotation marks; nobody can be sure of it then."""
    body = by_hand("a", sender='Bob "B" Ltd')
    (message,) = read(body).messages
    assert (message.sender, message.text) == ('Bob "B" Ltd', "a")
    assert message.is_ambiguous


_FRAGMENTS: Final = st.sampled_from(
    [
        '"',
        '", "',
        ", ",
        ": ",
        " }",
        "}, {",
        " ] }",
        "\\",
        "\n",
        '"id": "7',
        f'"from": "{BORIS[1:]}',
        '"to": "1',
        '"message": "',
        f'"date": "{_DATE}',
        _END,
        _BEGIN,
        "open",
        "<br />",
    ]
)
_TEXTS: Final = st.lists(_FRAGMENTS | st.text(max_size=5), max_size=12).map("".join)


@settings(max_examples=150)
@given(text=_TEXTS, blank=st.sampled_from([" ", ""]))
def test_any_text(text: str, blank: str) -> None:
    """Any text comes back, or what came out of it is known to be uncertain."""
    text = text.encode("utf-8", "replace").decode()
    listing = read(by_hand("before", text, "after", blank=blank), Escaping.HANDWRITTEN)
    first, *parts, last = listing.messages
    assert (first.id, first.text, first.is_ambiguous) == ("1", "before", False)
    assert (last.id, last.text, last.is_ambiguous) == ("3", "after", False)
    assert not first.is_forgeable
    if len(parts) == 1:
        assert (parts[0].sender, parts[0].text) == (_STRANGER, text)
    else:
        # Two records, or one with a whole beginning and a whole end in its text.
        assert '"message": "' in text
        assert '"date": "' in text
        assert all(part.is_forgeable for part in parts)


@settings(max_examples=100)
@given(text=_TEXTS)
def test_any_encoded_text(text: str) -> None:
    """Whatever an encoder wrote comes back."""
    text = text.encode("utf-8", "replace").decode()
    assert texts(read(encoded("before", text, "after"))) == ["before", text, "after"]
