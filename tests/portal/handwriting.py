"""Answers put together by hand: a text that looks like JSON, and often is.

Blanks and commas are those of the vendor's samples [doc]. What a value holds goes out
as it is: quotes, backslashes, line ends and braces break the text or forge a part of
it [server].
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

# Between these keys and the ones before them the samples lack the comma [doc].
_NO_COMMA_BEFORE: Final = {
    "listchannel": "channel_count",
    "viewchannel": "device_status",
}
# After the last value of these, and of every error but that of sendsms, stands one.
_COMMA_AT_THE_END: Final = frozenset({"resetchannel", "deletechannel"})


@dataclass(frozen=True, slots=True)
class _Hand:
    """The habits of who wrote an answer."""

    inside: str
    """What stands inside of braces and brackets."""
    comma: str
    before_list: str

    def value(self, value: object) -> str:
        if isinstance(value, dict):
            pairs = (self.pair(key, item) for key, item in value.items())
            return self._within("{", pairs, "}")
        if isinstance(value, list):
            return self._within("[", (self.value(item) for item in value), "]")
        if isinstance(value, str):
            return f'"{value}"'
        return "null" if value is None else str(value)

    def pair(self, key: str, value: object) -> str:
        blank = self.before_list if isinstance(value, list) else " "
        return f'"{key}":{blank}{self.value(value)}'

    def _within(self, opening: str, parts: Iterable[str], closing: str) -> str:
        if not (inner := self.comma.join(parts)):
            return f"{opening}{self.inside}{closing}"
        return f"{opening}{self.inside}{inner}{self.inside}{closing}"


# Of the samples.
_SAMPLES: Final = _Hand(inside=" ", comma=", ", before_list=" ")
# Of the answer of portals that send at once [server].
_AT_ONCE: Final = _Hand(inside="", comma=",", before_list="")


def write(answer: dict[str, object]) -> str:
    """Return the body of an answer."""
    if "messages" in answer:
        return _AT_ONCE.value(answer)
    operation = str(answer.get("request", ""))
    text = ""
    for key, value in answer.items():
        if text:
            text += " " if key == _NO_COMMA_BEFORE.get(operation) else ", "
        text += _SAMPLES.pair(key, value)
    comma = "," if _ends_with_a_comma(operation, answer) else ""
    return f"{{ {text}{comma} }}"


def _ends_with_a_comma(operation: str, answer: dict[str, object]) -> bool:
    if answer.get("status") == "error":
        return operation != "sendsms"
    return operation in _COMMA_AT_THE_END
