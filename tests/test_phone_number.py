"""Phone numbers as people write them. All are from ranges set aside for fiction."""

import re

from hypothesis import assume, given, reject, strategies as st
import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType
import pytest

from custom_components.smskit.phone_number import mask_number, normalize_number
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
    assert normalize_number(raw, country) == expected
    assert normalize_number(expected, country) == expected
    assert normalize_number(expected.removeprefix("+"), None) == expected


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
        normalize_number(raw, country)


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
        normalize_number(raw, country)


def test_mask() -> None:
    """A masked number shows no more than its end."""
    assert mask_number(ANNA) == "…123"


# --- Any number ----------------------------------------------------------------------

_REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
_NATIONAL = phonenumbers.PhoneNumberFormat.NATIONAL
_INTERNATIONAL = phonenumbers.PhoneNumberFormat.INTERNATIONAL
_E164 = phonenumbers.PhoneNumberFormat.E164


@st.composite
def assigned(draw: st.DrawFn) -> tuple[str, PhoneNumber]:
    """Return a region and a number as it has them, with its last digits varied."""
    region = draw(st.sampled_from(_REGIONS))
    example = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    if example is None:
        reject()
    digits = str(example.national_number)
    tail = draw(st.text("0123456789", min_size=3, max_size=3))
    example.national_number = int(digits[:-3] + tail)
    assume(phonenumbers.is_valid_number_for_region(example, region))
    return region, example


@given(number=assigned(), home=st.sampled_from(_REGIONS), gap=st.sampled_from(" -./ "))
def test_any_number_with_its_country(
    number: tuple[str, PhoneNumber], home: str, gap: str
) -> None:
    """A number with its country code is itself, wherever and however it is written."""
    _, parsed = number
    e164 = phonenumbers.format_number(parsed, _E164)
    spaced = phonenumbers.format_number(parsed, _INTERNATIONAL).replace(" ", gap)
    for written in (e164, spaced, spaced.replace("+", "00", 1)):
        assert normalize_number(written, home) == e164


@given(number=assigned())
def test_any_number_as_dialled_at_home(number: tuple[str, PhoneNumber]) -> None:
    """A number as it is dialled in its own country gets the country's code."""
    region, parsed = number
    written = phonenumbers.format_number(parsed, _NATIONAL)
    assert normalize_number(written, region) == phonenumbers.format_number(
        parsed, _E164
    )


@given(raw=st.text() | st.integers(), home=st.none() | st.sampled_from(_REGIONS))
def test_anything_else_is_refused(raw: str | int, home: str | None) -> None:
    """What comes out is a number that stays itself; everything else is refused."""
    try:
        number = normalize_number(raw, home)
    except ValueError:
        return
    assert re.fullmatch(r"\+[1-9]\d{3,16}", number, re.ASCII)
    assert normalize_number(number, home) == number
