"""Sender IDs as the portal takes them."""

import pytest
import voluptuous as vol

from custom_components.smskit.sender_id import sender_id


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("HOME", "HOME"),
        ("  HOME ", "HOME"),
        ("Our House 7", "Our House 7"),
        ("ABCDEFGHIJK", "ABCDEFGHIJK"),
        ("1234567890A", "1234567890A"),
        ("a", "a"),
        ("1", "1"),
        ("12025550123", "12025550123"),
        ("+12025550123", "12025550123"),
        ("123456789012345", "123456789012345"),
        (12025550123, "12025550123"),
    ],
)
def test_accepted(value: object, expected: str) -> None:
    """A name of up to 11 characters and a number of up to 15 digits are taken."""
    assert sender_id(value) == expected
    assert sender_id(expected) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        "   ",
        "+",
        "ABCDEFGHIJKL",
        "1234567890AB",
        "1234567890123456",
        "12 34",
        "HOME!",
        "HO-ME",
        "HO\nME",
        "HO\tME",
        "Küche",
        "家",
        "\u0663\u0663\u0663",
        "++1",
        "-1",
        -1,
        None,
        True,
        1.5,
        ["HOME"],
    ],
)
def test_refused(value: object) -> None:
    """What a portal would not take, or would take for something else, is refused."""
    with pytest.raises(vol.Invalid):
        sender_id(value)
