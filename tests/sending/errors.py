"""What an error reports to a user, and what nobody may read anywhere."""

import json
from pathlib import Path
import re
import traceback
from typing import Final

from homeassistant.exceptions import HomeAssistantError

from custom_components.smskit.const import DOMAIN
from tests.conftest import ANNA, API_KEY, API_TOKEN, BORIS, CARLA

_EN: Final = Path("custom_components/smskit/translations/en.json")
TEXT: Final = "The safe opens with 4711"


def assert_nothing_private(words: str) -> None:
    """Fail if words have a number, a text or a credential in them."""
    numbers = [number.removeprefix("+1") for number in (ANNA, BORIS, CARLA)]
    for private in (*numbers, BORIS[3:], TEXT, API_KEY, API_TOKEN):
        assert private not in words


def assert_reported(error: HomeAssistantError, key: str, *typed: str) -> str:
    """Check what an error reports to a user, and return it.

    It may name numbers that were typed.
    """
    assert error.translation_domain == DOMAIN
    assert error.translation_key == key
    messages = json.loads(_EN.read_text(encoding="utf-8"))["exceptions"]
    wanted = set(re.findall(r"{(\w+)}", messages[key]["message"]))
    assert wanted <= set(error.translation_placeholders or {})
    # Every word of it, with those of the errors that a log has beside it.
    words = "".join(traceback.format_exception(error))
    shown = str(error)
    for number in typed:
        shown = shown.replace(number, "")
    assert_nothing_private(words.replace(str(error), shown))
    return str(error)
