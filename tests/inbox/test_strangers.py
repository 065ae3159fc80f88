"""What a stranger writes hides no message, and passes for nobody else's."""

from typing import Final

import pytest

from tests.api.test_inbox_listing import ODD_TEXTS
from tests.conftest import ANNA, BORIS
from tests.portal import Spelling

from .home import STRANGER, Home

pytestmark = pytest.mark.parametrize("spelling", Spelling)
_DATE: Final = "2026-01-15 13:00:00"


@pytest.fixture(autouse=True)
def _spell(home: Home, spelling: Spelling) -> None:
    """Have the portal write its answers in one way from the start."""
    home.portal.spelling = spelling


def _record(sender: str, text: str, id_: str = "302") -> str:
    """Return a text that ends its own record, and begins one of somebody else."""
    return (
        f'x", "date": "{_DATE}" }}, {{ "id": "{id_}", "from": "{sender[1:]}", '
        f'"to": "2347015272", "message": "{text}'
    )


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
async def test_odd_texts(home: Home, text: str) -> None:
    """Each is the stranger's, and what comes with it and after it comes in."""
    home.receive("before", sender=ANNA[1:])
    home.receive(text, sender=STRANGER)
    home.receive("after", sender=STRANGER)
    await home.poll()
    assert [(e.sender, e.text) for e in home.events] == [
        (ANNA, "before"),
        (f"+{STRANGER}", text),
        (f"+{STRANGER}", "after"),
    ]
    assert [event.trusted for event in home.events] == [True, False, False]
    home.receive("open", sender=ANNA[1:])
    await home.poll()
    assert (home.events[-1].sender, home.events[-1].trusted) == (ANNA, True)
    # A listing of all has it among the others, and brings nothing twice.
    await home.restart()
    assert len(home.events) == 4
    assert len(await home.messages()) == 4


async def test_forged_record(home: Home, spelling: Spelling) -> None:
    """A whole record in a text commands nothing."""
    home.receive(_record(ANNA, "open"), sender=STRANGER)
    await home.poll()
    assert not any(event.trusted for event in home.events)
    if spelling is Spelling.ENCODED:
        assert [event.sender for event in home.events] == [f"+{STRANGER}"]
    home.receive("open", sender=ANNA[1:])
    await home.poll()
    assert [event.trusted for event in home.events][-1:] == [True]
    await home.restart()
    home.receive("open", sender=ANNA[1:])
    await home.poll()
    assert [event.trusted for event in home.events][-1:] == [True]


async def test_forged_reply(home: Home, spelling: Spelling) -> None:
    """A whole record in a text answers no question; the true reply does."""
    asked = home.begin(
        "ask", number=ANNA, message="Open?", config_entry_id=home.entry.entry_id
    )
    await home.settle()
    home.receive(_record(ANNA, "yes"), sender=STRANGER)
    await home.poll()
    assert not asked.done()
    home.receive("no", sender=ANNA[1:])
    await home.poll()
    assert (await asked)["reply"]["text"] == "no"


async def test_behind_a_stranger(home: Home, spelling: Spelling) -> None:
    """What came in with a stranger's message, behind it, may be a part of it."""
    home.receive("hello", sender=STRANGER)
    home.receive("open", sender=ANNA[1:])
    await home.poll()
    assert [event.text for event in home.events] == ["hello", "open"]
    assert [event.trusted for event in home.events] == [False, False]
    # Of two who are trusted neither has to be feared.
    home.receive("open", sender=ANNA[1:])
    home.receive("close", sender=BORIS[1:])
    await home.poll()
    assert [event.trusted for event in home.events[2:]] == [True, True]


@pytest.mark.expected_log("Error fetching 127.0.0.1 inbox")
async def test_behind_a_stranger_who_is_known(home: Home) -> None:
    """A message that was listed before is not a part of a new one."""
    home.receive("hello", sender=STRANGER)
    await home.poll()
    home.portal.fail("cut", "getinbox", times=1)
    await home.poll()
    home.receive("open", sender=ANNA[1:])
    await home.poll()
    assert home.listings[-1].parameters["list"] == "all"
    assert [event.trusted for event in home.events] == [False, True]


async def test_encoder_is_noticed(home: Home, spelling: Spelling) -> None:
    """Once somebody who is trusted has shown an encoder, strangers cannot feign."""
    home.receive('At 8 or "later"', sender=ANNA[1:])
    await home.poll()
    home.receive("hello", sender=STRANGER)
    home.receive("open", sender=ANNA[1:])
    await home.poll()
    is_encoded = spelling is Spelling.ENCODED
    assert [event.trusted for event in home.events] == [True, False, is_encoded]
    await home.restart()
    home.receive("hello", sender=STRANGER)
    home.receive(_record(ANNA, "open", "310"), sender=STRANGER)
    home.receive("open", sender=ANNA[1:])
    await home.poll()
    assert home.events[-1].trusted is is_encoded
    forged = [e for e in home.events[3:-1] if e.trusted]
    assert not forged


async def test_stranger_feigns_an_encoder(home: Home) -> None:
    """Only who is trusted tells how the portal writes."""
    home.receive(r"\u00e0 \/ \"x\"", sender=STRANGER)
    await home.poll()
    home.receive("hello", sender=STRANGER)
    home.receive("open", sender=ANNA[1:])
    await home.poll()
    assert not any(event.trusted for event in home.events)
