"""Whether the text of a message is what a trigger waits for."""

from dataclasses import dataclass
from enum import StrEnum
import re
from typing import Final, Self
import unicodedata

# Strangers supply the texts, and a pattern is no reason to look at all of a long one.
_LONGEST_TEXT: Final = 2048


class Match(StrEnum):
    """How a text is compared."""

    IS = "is"
    STARTS_WITH = "starts_with"
    CONTAINS = "contains"
    MATCHES = "matches"
    """With `*` for any characters and `?` for one."""


@dataclass(frozen=True, slots=True)
class TextMatch:
    """Texts that a message is compared with; without any, every message fits.

    A user's words become literals, and a `*` an atomic group that is never entered
    again: no text and no pattern makes a comparison take longer than their lengths
    multiplied.
    """

    patterns: tuple[re.Pattern[str], ...]

    @classmethod
    def create(cls, texts: list[str], match: Match, *, case_sensitive: bool) -> Self:
        """Return what compares with any of several texts."""
        flags = re.DOTALL | (0 if case_sensitive else re.IGNORECASE)
        return cls(tuple(re.compile(_pattern(text, match), flags) for text in texts))

    def words_after(self, text: str) -> str | None:
        """Return what follows the command in a text, or None if the text does not fit.

        The command is what was compared; the first word where nothing is.
        """
        text = _plain(text)[:_LONGEST_TEXT]
        if not self.patterns:
            return text.partition(" ")[2]
        for pattern in self.patterns:
            if (found := pattern.fullmatch(text)) is not None:
                return text[found.end("command") :].strip()
        return None


def _plain(text: str) -> str:
    """Return a text in one Unicode form, with single spaces and none around it."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _pattern(text: str, match: Match) -> str:
    text = _plain(text)
    literal = re.escape(text)
    if match is Match.IS:
        return rf"(?P<command>{literal})"
    if match is Match.STARTS_WITH:
        # Whole words: "on" is no beginning of "only if".
        end = r"(?!\w)" if text[-1:].isalnum() else ""
        return rf"(?P<command>{literal}){end}.*"
    if match is Match.CONTAINS:
        return rf"(?P<command>(?>.*?{literal})).*"
    first, *parts = re.split(r"\*+", text)
    head, _, one = first.partition("?")
    pattern = rf"(?P<command>{re.escape(head)})"
    if len(first) > len(head):
        pattern += "." + _with_any_one(one)
    for part in parts[:-1]:
        pattern += rf"(?>.*?{_with_any_one(part)})"
    if parts:
        # The end is anchored: the only part that looks for its last occurrence.
        pattern += rf".*{_with_any_one(parts[-1])}"
    return pattern


def _with_any_one(text: str) -> str:
    return ".".join(re.escape(part) for part in text.split("?"))
