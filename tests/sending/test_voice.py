"""Voice calls: the language they are spoken in, and how long they take."""

from datetime import timedelta
from typing import Any

from homeassistant.exceptions import ServiceValidationError
import pytest

from tests.conftest import ANNA, BORIS
from tests.home import OPTIONS

from .home import Home

_RECORDING = "https://example.com/alarm.mp3"


def _call(home: Home) -> tuple[str | None, str | None]:
    """Return the language and the duration of the one request."""
    (entry,) = home.portal.ledger
    assert entry.type == "voice"
    return entry.language, entry.duration


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Fire", "1"),
        # A hundred and twenty words a minute.
        ("The alarm went off in the garage", "4"),
        ("word " * 240, "120"),
        # As long without blanks: twenty characters a second.
        ("火" * 200, "10"),
    ],
)
async def test_estimate(home: Home, message: str, seconds: str) -> None:
    """How long a text takes is estimated from its words, or its characters."""
    await home.send(ANNA, type="voice", message=message)
    assert _call(home) == ("en", seconds)


@pytest.mark.parametrize(
    ("options", "data", "language"),
    [
        (OPTIONS, {}, "en"),
        ({**OPTIONS, "voice_language": "fr"}, {}, "fr"),
        ({**OPTIONS, "voice_language": "fr"}, {"language": "pt-BR"}, "pt-BR"),
    ],
)
async def test_language(home: Home, data: dict[str, Any], language: str) -> None:
    """The call's language wins over the option's, and that over Home Assistant's."""
    await home.send(ANNA, type="voice", **data)
    assert _call(home) == (language, "1")


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        (7, "7"),
        ("00:01:30", "90"),
        ({"minutes": 2}, "120"),
        (timedelta(seconds=2.5), "3"),
    ],
)
async def test_duration(home: Home, duration: object, seconds: str) -> None:
    """The call's duration wins over the estimate."""
    await home.send(ANNA, type="voice", duration=duration)
    assert _call(home) == ("en", seconds)


async def test_recording(home: Home) -> None:
    """A recording has a duration that only the caller knows, and no language."""
    with pytest.raises(ServiceValidationError) as raised:
        await home.send(ANNA, type="voice", media=_RECORDING)
    assert raised.value.translation_key == "duration_missing"
    assert home.requests() == []
    await home.send(ANNA, type="voice", media=_RECORDING, duration=12)
    assert _call(home) == (None, "12")


@pytest.mark.parametrize("data", [{"language": "en"}, {"duration": 5}])
@pytest.mark.parametrize("type_", ["auto", "sms", "whatsapp", "mms"])
async def test_no_voice(home: Home, type_: str, data: dict[str, Any]) -> None:
    """Where nothing is spoken, a language or a duration is a mistake."""
    with pytest.raises(ServiceValidationError) as raised:
        await home.send(ANNA, type=type_, **data)
    assert raised.value.translation_key == "not_voice"


async def test_others_have_neither(home: Home) -> None:
    """A text message has no language, and no duration."""
    await home.send(ANNA)
    assert not {"language", "duration"} & home.requests()[0].parameters.keys()


async def test_held(home: Home) -> None:
    """What is held is spoken in its language after a restart, too."""
    await home.refuse()
    await home.send(BORIS, type="voice", language="de", duration=9)
    await home.portal.accept()
    await home.restart()
    await home.advance(5)
    assert _call(home) == ("de", "9")
