"""Phone numbers as the server reads them: cleaned, completed, each one once."""

import re

from . import inferred

_NOT_A_DIGIT = re.compile(r"[^0-9]")


def read(to: str, country_code: str) -> tuple[str, ...]:
    """Return the numbers of a comma separated list; bad ones are dropped [server].

    `+`, blanks and punctuation are taken out, national numbers are completed with the
    account's country, and a number given twice counts once [server].
    """
    digits = (_NOT_A_DIGIT.sub("", part) for part in to.split(","))
    complete = (_complete(number, country_code) for number in digits)
    return tuple(dict.fromkeys(n for n in complete if inferred.NUMBER.fullmatch(n)))


def _complete(digits: str, country_code: str) -> str:
    """Return a number with its country code."""
    if digits.startswith("00"):
        return digits.removeprefix("00")
    if digits.startswith("0"):
        return country_code + digits.removeprefix("0")
    return digits
