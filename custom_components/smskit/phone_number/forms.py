"""Mobile numbers that have an old and a new form, both of which are in use."""

from functools import lru_cache
import re
from typing import Final

# Mexico dropped the 1 after its country code in 2019. Argentina has a 9 there, which
# some carriers leave out. Brazil put a 9 before all mobile numbers by 2016. WhatsApp
# and many carriers go on with what a number was when it was registered.
_CURRENT: Final = (
    (re.compile(r"\+521(\d{10})", re.ASCII), r"+52\1"),
    (re.compile(r"\+54([1-8]\d{9})", re.ASCII), r"+549\1"),
    (re.compile(r"\+55([1-9]{2})([6-9]\d{7})", re.ASCII), r"+55\g<1>9\2"),
)


# Each recipient compares each message, and the same few numbers write and read most.
@lru_cache(maxsize=1024)
def current_form(number: str) -> str:
    """Return the form that all forms of a number are compared in.

    Takes E.164 with a leading `+`; anything else is returned unchanged. It is for
    comparing only: whoever typed a number, or sent from it, knows which form works.
    """
    if not number.startswith("+5"):
        return number
    for old, current in _CURRENT:
        if (match := old.fullmatch(number)) is not None:
            return match.expand(current)
    return number
