"""Phone numbers as people write them. All are from ranges set aside for fiction."""

import re

from hypothesis import assume, example, given, reject, strategies as st
import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType
import pytest

from custom_components.smskit.phone_number import (
    InvalidNumberError,
    NumberProblem,
    mask_number,
    normalize_number,
    read_number,
    split_numbers,
)
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
        # Where no number is as long, it is not national either.
        (447700900123, "GR", BORIS),
        (447700900123, "CZ", BORIS),
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
        # Too short, too long, no such country code.
        ("+1202555", None),
        ("+12025550123456789", None),
        ("1" * 20, "US"),
        ("+999123456", None),
        # In national form, but of which country?
        ("07700900123", None),
        ("07700900123", "US"),
        (0, "US"),
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
        # The United Kingdom or Italy.
        (447700900123, "IT"),
    ],
)
def test_ambiguous_integer(raw: int, country: str) -> None:
    """An integer whose plus may have been lost is not guessed at."""
    with pytest.raises(ValueError, match="could be two numbers"):
        normalize_number(raw, country)


@pytest.mark.parametrize(
    ("raw", "country"),
    [
        # Possible nowhere.
        ("555-0123", "US"),
        (5550123, "CA"),
        ("234 5678", "NG"),
        # Possible as the library sees it: some numbers of the country are as short.
        ("9123 4567", "AU"),
        ("3333-4444", "BR"),
        ("91234-5678", "BR"),
        ("2345 6789", "IN"),
        ("123 4567", "IE"),
        ("123 4567", "NZ"),
        ("912 3456", "NZ"),
        ("212 3456", "TR"),
        ("234 5678", "KE"),
        # Valid, but as a number of another area whose code it seems to begin with.
        ("234 5678", "DE"),
        ("7946 0123", "GB"),
        # With an area code it would be Germany's: nobody leaves out the plus there.
        ("4930 1234", "AU"),
    ],
)
def test_local(raw: str | int, country: str) -> None:
    """What can be dialed only within an area gets no country code."""
    with pytest.raises(InvalidNumberError, match="the area code is missing") as raised:
        normalize_number(raw, country)
    assert raised.value.problem is NumberProblem.NO_AREA_CODE


@pytest.mark.parametrize(
    ("raw", "country"),
    [
        ("112", "DE"),
        ("110", "DE"),
        (112, "US"),
        ("911", "US"),
        ("999", "GB"),
        ("911", "DE"),
        ("000", "AU"),
        ("115", "FR"),
        ("70997", "DE"),
        (70997, "DE"),
        ("116117", "DE"),
        ("60070", "GB"),
        (60070, "GB"),
        ("22000", "US"),
        ("898211", "US"),
        ("\u0661\u0661\u0662", "EG"),
        ("*100#", "US"),
        ("123", None),
        ("70997", None),
    ],
)
def test_short_code(raw: str | int, country: str | None) -> None:
    """A short code gets no country code either."""
    with pytest.raises(InvalidNumberError, match="a short code cannot be") as raised:
        normalize_number(raw, country)
    assert raised.value.problem is NumberProblem.SHORT_CODE


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("+1 555-0123", "+15550123"),
        ("0049 70997", "+4970997"),
        ("+49 112", "+49112"),
        ("+44 60070", "+4460070"),
        ("+61 9123 4567", "+6191234567"),
        # The old form of a Mexican mobile number.
        ("+5219987654321", "+5219987654321"),
        ("+52 1 998 765 4321", "+5219987654321"),
        # Machines.
        ("+46719123456789", "+46719123456789"),
        ("+3197012345678", "+3197012345678"),
        ("+31970123456789", "+31970123456789"),
        ("+882345678901234", "+882345678901234"),
        ("+120255501234567", "+120255501234567"),
        ("+34590123456789012", "+34590123456789012"),
    ],
)
@pytest.mark.parametrize("country", [None, "US", "DE"])
def test_international_is_for_the_portal(
    raw: str, expected: str, country: str | None
) -> None:
    """What is written with a country code that exists is taken as it stands."""
    assert normalize_number(raw, country) == expected


@pytest.mark.parametrize(
    "digits", ["5219987654321", "5215512345678", "5491123456789", "5511961234567"]
)
def test_no_country_is_invented(digits: str) -> None:
    """A number that has a country code belongs there, wherever it is read."""
    for country in (None, *_REGIONS):
        assert normalize_number(digits, country) == f"+{digits}", country
        assert normalize_number(int(digits), country) == f"+{digits}", country


_ARABIC = (
    "\u0660\u0660\u0661\u0662\u0660\u0662\u0665\u0665\u0665\u0660\u0661\u0662\u0663"
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("(+44) 7700 900123", BORIS),
        ("( +44 ) 7700 900123", BORIS),
        ("(0044) 7700 900123", BORIS),
        ("\u202a+44 7700 900123\u202c", BORIS),
        ("\u200e+1\u202f202\u202f555\u202f0123", ANNA),
        ("+1\u2011202\u2011555\u20110123", ANNA),
        ("\u200b12025550123\ufeff", ANNA),
        (_ARABIC, ANNA),
        (_ARABIC[2:], ANNA),
        ("+" + _ARABIC[2:], ANNA),
        ("\u202b" + _ARABIC[2:], ANNA),
        (
            "\uff0b\uff11\uff12\uff10\uff12555\uff10\uff11\uff12\uff13",
            ANNA,
        ),
    ],
)
@pytest.mark.parametrize("country", [None, "US", "GB"])
def test_from_a_chat(raw: str, expected: str, country: str | None) -> None:
    """What a chat or another script puts around or in place of digits does no harm."""
    assert normalize_number(raw, country) == expected


def test_national_in_other_digits() -> None:
    """The national form is read in digits of any script."""
    assert (
        normalize_number(
            "\u0966\u096d\u096d\u0966\u0966 \u096f\u0966\u0966\u0967\u0968\u0969", "GB"
        )
        == BORIS
    )


@pytest.mark.parametrize(
    ("raw", "country", "expected"),
    [
        ("0011 44 7700 900123", "AU", BORIS),
        ("009 44 7700 900123", "NG", BORIS),
        ("0015 44 7700 900123", "BR", BORIS),
        ("0044 7700 900123", "BR", BORIS),
        # One carrier of Brazil has the country code of Switzerland.
        ("0041 79 123 45 67", "BR", "+41791234567"),
        ("000 1 202 555 0123", "KE", ANNA),
    ],
)
def test_as_a_country_dials_abroad(raw: str, country: str, expected: str) -> None:
    """Prefixes for calls abroad may begin with two zeros without being them."""
    assert normalize_number(raw, country) == expected


@pytest.mark.parametrize(
    ("raw", "country", "shown"),
    [
        ("0612345678", "US", "+1 061 234 5678"),
        ("07700 900123", "GB", "+44 7700 900123"),
        ("12345678", "SG", "+65 1234 5678"),
        ("2347015272", "GB", "+234 701 5272"),
    ],
)
def test_doubtful(raw: str, country: str, shown: str) -> None:
    """A country code that was added to something not in use there is doubtful."""
    reading = read_number(raw, country)
    assert reading.is_doubtful
    assert reading.shown == shown
    # Whoever writes the country code knows it.
    assert not read_number(reading.shown, country).is_doubtful


@pytest.mark.parametrize(
    ("raw", "country"),
    [
        ("202 555 0123", "US"),
        ("0491 570 156", "AU"),
        ("5219987654321", "NG"),
        ("998 765 4321", "MX"),
        ("11 6123-4567", "BR"),
        ("98765 43210", "IN"),
    ],
)
def test_not_doubtful(raw: str, country: str) -> None:
    """What is in use, in its old or its current form, is not doubtful."""
    assert not read_number(raw, country).is_doubtful


@pytest.mark.parametrize(
    ("value", "numbers"),
    [
        ("", []),
        (" , ;\n", []),
        (ANNA, [ANNA]),
        (12025550123, [12025550123]),
        (f"{ANNA},{BORIS}", [ANNA, BORIS]),
        (f"{ANNA}; {BORIS};", [ANNA, f" {BORIS}"]),
        (f"{ANNA}\r\n\n{BORIS}", [ANNA, BORIS]),
        (f"{ANNA}\u060c{BORIS}\uff1b{ANNA}", [ANNA, BORIS, ANNA]),
        ([ANNA, 447700900123], [ANNA, 447700900123]),
        ([f"{ANNA}, {BORIS}", ANNA], [ANNA, f" {BORIS}", ANNA]),
        ((12025550123, 447700900123), [12025550123, 447700900123]),
        (((ANNA,), [BORIS]), [ANNA, BORIS]),
        ({ANNA}, [ANNA]),
    ],
)
def test_several(value: object, numbers: list[str | int]) -> None:
    """Several numbers are split, and not read yet."""
    assert split_numbers(value) == numbers


@pytest.mark.parametrize("value", [None, True, 1.5, {"number": ANNA}, [None], [True]])
def test_several_of_something_else(value: object) -> None:
    """What is neither text nor integer is no number."""
    with pytest.raises(ValueError, match="neither a number nor"):
        split_numbers(value)


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


@example(raw="+1119031772641776", home="BQ")
@example(raw="11110078733682", home="TW")
@given(
    raw=st.text() | st.text("+0123456789 -") | st.integers(),
    home=st.none() | st.sampled_from(_REGIONS),
)
def test_anything_else_is_refused(raw: str | int, home: str | None) -> None:
    """What comes out is a number that stays itself; everything else is refused."""
    try:
        number = normalize_number(raw, home)
    except ValueError:
        return
    assert re.fullmatch(r"\+[1-9]\d{3,17}", number, re.ASCII)
    assert normalize_number(number, home) == number
