"""Phone numbers as people write them. All are from ranges set aside for fiction."""

import pytest

from custom_components.smskit.phone_number import mask_number, normalise_number
from tests.conftest import ANNA, BORIS


@pytest.mark.parametrize(
    ("raw", "country", "expected"),
    [
        # With a country code.
        ("+12025550123", None, ANNA),
        ("+12025550123", "GB", ANNA),
        ("+12025550123", "ZZ", ANNA),
        ("+1 202 555 0123", None, ANNA),
        ("+1-202-555-0123", None, ANNA),
        ("+1 (202) 555-0123", None, ANNA),
        ("+1.202.555.0123", None, ANNA),
        ("+1/202/555/0123", None, ANNA),
        ("  +12025550123\n", None, ANNA),
        ("\uff0b1 202 555 0123", None, ANNA),
        ("+1\u00a0202\u00a0555\u00a00123", None, ANNA),
        ("0012025550123", None, ANNA),
        ("00 1 202 555 0123", "US", ANNA),
        ("0044 7700 900123", "GB", BORIS),
        ("011 44 7700 900123", "US", BORIS),
        ("+44 (0)7700 900123", None, BORIS),
        # As the portal writes them.
        ("12025550123", None, ANNA),
        ("12025550123", "US", ANNA),
        ("12025550123", "GB", ANNA),
        ("447700900123", None, BORIS),
        ("447700900123", "US", BORIS),
        ("447700900123", "GB", BORIS),
        # In national form.
        ("2025550123", "US", ANNA),
        ("(202) 555-0123", "US", ANNA),
        ("1 202 555 0123", "US", ANNA),
        ("07700900123", "GB", BORIS),
        ("07700 900123", "GB", BORIS),
        ("(07700) 900-123", "GB", BORIS),
        ("7700900123", "GB", BORIS),
        # Where a national number starts with a 0, one without is not national.
        ("447700900123", "FR", BORIS),
        ("2347015272", "GB", "+2347015272"),
        # Both readings are numbers: a text is taken as it is dialled.
        ("2015550123", "US", "+12015550123"),
        # Integers, as YAML makes them.
        (12025550123, None, ANNA),
        (12025550123, "US", ANNA),
        (12025550123, "GB", ANNA),
        (12025550123, "FR", ANNA),
        (2025550123, "US", ANNA),
        (447700900123, None, BORIS),
        (447700900123, "US", BORIS),
        (447700900123, "GB", BORIS),
        (7700900123, "GB", BORIS),
    ],
)
def test_understood(raw: str | int, country: str | None, expected: str) -> None:
    """A number is the same however it is written."""
    assert normalise_number(raw, country) == expected
    assert normalise_number(expected, country) == expected
    assert normalise_number(expected.removeprefix("+"), None) == expected


@pytest.mark.parametrize(
    ("raw", "country"),
    [
        ("", "US"),
        ("   ", "US"),
        ("+", None),
        ("00", "US"),
        ("()-", "US"),
        ("Anna", "US"),
        ("+1202ABC0123", None),
        ("1-202-FICTION", "US"),
        ("tel:+12025550123", None),
        ("+12025550123 ext. 5", None),
        ("+1 202 555 0123, +44 7700 900123", None),
        ("+1 202 555 0123; +44 7700 900123", None),
        ("*100#", "US"),
        # Too short, too long, no such country code.
        ("123", "US"),
        ("+1202555", None),
        ("+120255501234567", None),
        ("1" * 20, "US"),
        ("+999123456", None),
        # In national form, but of which country?
        ("07700900123", None),
        ("07700900123", "US"),
        (0, "US"),
        (123, "US"),
        (-12025550123, "US"),
        (True, "US"),
    ],
)
def test_not_a_number(raw: str | int, country: str | None) -> None:
    """What cannot be a number is not made one."""
    with pytest.raises(ValueError, match=r"number"):
        normalise_number(raw, country)


@pytest.mark.parametrize(
    ("raw", "country"),
    [
        # Egypt or New Jersey.
        (2015550123, "US"),
        (2015550145, "CA"),
        # The United Kingdom or Italy, Greece, Czechia.
        (447700900123, "IT"),
        (447700900123, "GR"),
        (447700900123, "CZ"),
    ],
)
def test_ambiguous_integer(raw: int, country: str) -> None:
    """An integer whose plus may have been lost is not guessed at."""
    with pytest.raises(ValueError, match="could be two numbers"):
        normalise_number(raw, country)


def test_mask() -> None:
    """A masked number tells no more than its end."""
    assert mask_number(ANNA) == "…123"
