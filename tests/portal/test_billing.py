"""Segments, counted."""

import pytest

from .billing import as_gsm, gsm_segments, ucs2_segments


@pytest.mark.parametrize(
    ("text", "gsm", "ucs2"),
    [
        ("", 1, 1),
        ("a" * 70, 1, 1),
        ("a" * 71, 1, 2),
        ("a" * 134, 1, 2),
        ("a" * 135, 1, 3),
        ("a" * 160, 1, 3),
        ("a" * 161, 2, 3),
        ("a" * 306, 2, 5),
        ("a" * 307, 3, 5),
        ("€" * 80, 1, 2),
        ("€" * 81, 2, 2),
        # The pair does not fit into the last place of the first part.
        ("a" * 152 + "€" + "a" * 152, 3, 5),
        ("a" * 152 + "€" + "a" * 151, 2, 5),
    ],
)
def test_segments(text: str, gsm: int, ucs2: int) -> None:
    """Length alone decides, and what does not fit into a part."""
    assert gsm_segments(text) == gsm
    assert ucs2_segments(text) == ucs2


def test_surrogate_pairs_are_not_split() -> None:
    """An emoji is two units that stay together."""
    assert ucs2_segments("😀" * 35) == 1
    assert ucs2_segments("😀" * 36) == 2
    # 33 pairs to a part of 67: one place stays empty.
    assert ucs2_segments("😀" * 66) == 2
    assert ucs2_segments("😀" * 67) == 3


def test_gsm_replacement() -> None:
    """What 7 bits do not have arrives as a question mark."""
    assert as_gsm("Grüß 5 € [ок] 😀") == "Grüß 5 € [??] ?"
