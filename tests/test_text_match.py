"""What a trigger takes for its text."""

import time

import pytest

from custom_components.smskit.text_match import Match, TextMatch


@pytest.mark.parametrize(
    ("match", "pattern", "text", "rest"),
    [
        (Match.IS, "status", "status", ""),
        (Match.IS, "Status", "  STATUS\n", ""),
        (Match.IS, "open door", "Open\t door", ""),
        (Match.IS, "état", "E\N{COMBINING ACUTE ACCENT}TAT", ""),
        (Match.IS, "status", "status please", None),
        (Match.IS, "a.c", "abc", None),
        (Match.STARTS_WITH, "garage", "Garage 1234 now", "1234 now"),
        (Match.STARTS_WITH, "garage", "garage", ""),
        (Match.STARTS_WITH, "garage", "garage: up", ": up"),
        (Match.STARTS_WITH, "on", "only if", None),
        (Match.STARTS_WITH, "garage", "the garage", None),
        (Match.STARTS_WITH, "#", "#12", "12"),
        (Match.CONTAINS, "help", "Please HELP me", "me"),
        (Match.CONTAINS, "help", "unhelpful", "ful"),
        (Match.CONTAINS, "help", "hel p", None),
        (Match.MATCHES, "open *", "open the door", "the door"),
        (Match.MATCHES, "open *", "opened", None),
        (Match.MATCHES, "*door*", "the door, please", "the door, please"),
        (Match.MATCHES, "room ? on", "Room 7 ON", "7 on".upper()),
        (Match.MATCHES, "room ? on", "room 12 on", None),
        (Match.MATCHES, "a*b*c", "a x b y c", "x b y c"),
        (Match.MATCHES, "a*b*c", "a x c y b", None),
        (Match.MATCHES, "a*aba", "aaba aba", "aba aba"),
        (Match.MATCHES, "[ab]", "a", None),
        (Match.MATCHES, "(a+)+", "(a+)+", ""),
        (Match.MATCHES, "exact", "EXACT", ""),
    ],
)
def test_texts(match: Match, pattern: str, text: str, rest: str | None) -> None:
    """A text fits or does not, and what follows the command is returned."""
    found = TextMatch.create([pattern], match, case_sensitive=False)
    assert found.words_after(text) == rest


@pytest.mark.parametrize("match", Match)
def test_case_sensitive(match: Match) -> None:
    """Case counts if asked for."""
    found = TextMatch.create(["Stop"], match, case_sensitive=True)
    assert found.words_after("Stop") == ""
    assert found.words_after("stop") is None


def test_several_and_none() -> None:
    """One of several is enough; without any, the first word is the command."""
    several = TextMatch.create(["on", "off"], Match.STARTS_WITH, case_sensitive=False)
    assert several.words_after("off at ten") == "at ten"
    assert several.words_after("of") is None
    none = TextMatch.create([], Match.IS, case_sensitive=False)
    assert none.words_after("garage 12 34") == "12 34"


@pytest.mark.parametrize("match", Match)
@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("*".join("a" * 100) + "*b", "a" * 65536),
        ("a*" * 100 + "b", "a" * 65536),
        ("?*" * 100 + "b", "a" * 65536),
        ("(a+)+$", "a" * 65536),
        ("a" * 200 + "b", "a" * 65536),
        ("*" * 200 + "b", " a" * 32768),
        (" *" * 120 + "b", " a" * 32768),
    ],
)
def test_no_text_takes_long(match: Match, pattern: str, text: str) -> None:
    """A stranger's text and an unlucky pattern are compared at once."""
    found = TextMatch.create([pattern], match, case_sensitive=False)
    begin = time.process_time()
    found.words_after(text)
    assert time.process_time() - begin < 0.1
