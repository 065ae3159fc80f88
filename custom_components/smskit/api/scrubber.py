"""Takes what an account sent, and numbers, out of what a portal says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import unescape
import re
from typing import Final
from urllib.parse import unquote

from . import bounds
from .words import one_line

_REMOVED: Final = "…"
# What may stand around a quotation that breaks off.
_AROUND: Final = " .,:;!?…\"'()[]“”«»"
# A text may be long. A portal that quotes it quotes where it begins, if not all of it.
_MOST_OF_VALUE: Final = 4000
# Shorter values ("0", "sms", "all") are not confidential and occur in any text.
_SHORTEST: Final = 4
# So many words in a row are no accident.
_RUN: Final = 3
_TAG: Final = re.compile(r"<[^<>]*+>")
_NUMBER: Final = re.compile(r"\d[\d ()./\u2010-\u2015-]{4,}\d")
_WORD: Final = re.compile(r"\w+")
_LAST_WORD: Final = re.compile(r"\w++\Z")
_QUOTED: Final = re.compile(
    r'"([^"]*+)"|“([^”]*+)”|„([^“”]*+)[“”]|«([^»]*+)»|\u2018([^\u2019]*+)\u2019|`([^`]*+)`'
    r"|(?<!\w)'([^']*+)'(?!\w)|\(([^()]*+)\)|\[([^\[\]]*+)\]"
)


@dataclass(frozen=True)
class Scrubber:
    """Removes what was sent, and numbers, from the words of a portal.

    A portal may quote it in part, in other letters, escaped, or without its tags.
    """

    sent: Sequence[str] = field(repr=False)
    """The values that were sent."""

    def __call__(self, words: str) -> str:
        """Return words on one line, without anything that was sent."""
        is_cut = len(words) > bounds.WORDS
        if is_cut:
            words = _LAST_WORD.sub("", words[: bounds.WORDS])
        if (exact := self._exact) is not None:
            words = exact.sub(_REMOVED, words)
        words = one_line(unescape(unquote(_TAG.sub(" ", words))), bounds.WORDS)
        if exact is not None:
            words = exact.sub(_REMOVED, words)
        words = self._without_runs(self._without_beginning(words))
        if is_cut:
            # What is left may end with the first words of what was sent.
            words = _without_end(words)
        words = _QUOTED.sub(self._without_quotation, words)
        return one_line(_NUMBER.sub(_REMOVED, words))

    @cached_property
    def _values(self) -> list[str]:
        return [value[:_MOST_OF_VALUE] for value in self.sent]

    @cached_property
    def _exact(self) -> re.Pattern[str] | None:
        """Match the values, and the parts of lists of them; the longest first."""
        longest_first = sorted(self._parts, key=len, reverse=True)
        if not longest_first:
            return None
        return re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)

    @cached_property
    def _parts(self) -> frozenset[str]:
        return frozenset(
            form[: bounds.WORDS]
            for value in self._values
            for part in (value, *value.split(","))
            for form in (part.strip(), one_line(part, bounds.WORDS))
            if len(form) >= _SHORTEST and not _NUMBER.fullmatch(form)
        )

    @cached_property
    def _sent_words(self) -> list[list[str]]:
        """Return the words of each value, with and without its tags."""
        forms = {
            form for value in self._values for form in (value, _TAG.sub(" ", value))
        }
        return [_words(form) for form in forms]

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(word for words in self._sent_words for word in words)

    @cached_property
    def _runs(self) -> frozenset[tuple[str, ...]]:
        return frozenset(run for words in self._sent_words for run in _runs_of(words))

    def _without_beginning(self, words: str) -> str:
        """Return words without the beginning of what was sent that they end with."""
        end = words.rstrip(_AROUND).casefold()
        for part in self._parts:
            sent = part.casefold()
            for length in range(min(len(sent), len(end)), _SHORTEST - 1, -1):
                if end.endswith(sent[:length]):
                    return words[: len(end) - length] + _REMOVED
        return words

    def _without_quotation(self, match: re.Match[str]) -> str:
        """Return a quotation without its words, if they were sent."""
        quoted = next(part for part in match.groups() if part is not None)
        words = _words(quoted)
        if words and self._known.issuperset(words):
            shown = _REMOVED
        else:
            shown = self._without_beginning(quoted)
            shown = _WORD.sub(self._without_long_word, shown)
        return match[0].replace(quoted, shown)

    def _without_long_word(self, match: re.Match[str]) -> str:
        is_sent = match[0].casefold() in self._known
        return _REMOVED if is_sent and len(match[0]) >= _SHORTEST else match[0]

    def _without_runs(self, words: str) -> str:
        """Return words without those that were sent in the same order."""
        found = list(_WORD.finditer(words))
        runs = _runs_of([match[0].casefold() for match in found])
        parts: list[str] = []
        end = 0
        for at, run in enumerate(runs):
            if run in self._runs:
                start = found[at].start()
                if start >= end:
                    parts += [words[end:start], _REMOVED]
                end = found[at + _RUN - 1].end()
        return "".join((*parts, words[end:]))


def _without_end(words: str) -> str:
    """Return words without the last ones, which are too few for a run."""
    found = list(_WORD.finditer(words))[1 - _RUN :]
    return words[: found[0].start()] if found else words


def _words(text: str) -> list[str]:
    return [match[0].casefold() for match in _WORD.finditer(text)]


def _runs_of(words: list[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(_RUN)), strict=False)
