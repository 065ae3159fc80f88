"""Normalization of phone numbers to E.164."""

from collections.abc import Container, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
import re
from typing import Final
import unicodedata

import phonenumbers
from phonenumbers import (
    CountryCodeSource,
    NumberParseException,
    PhoneNumber,
    PhoneNumberType,
    ValidationResult,
    shortnumberinfo,
)

from .forms import current_form
from .problems import InvalidNumberError, NumberProblem

_E164: Final = phonenumbers.PhoneNumberFormat.E164
_INTERNATIONAL: Final = phonenumbers.PhoneNumberFormat.INTERNATIONAL
_NATIONAL: Final = phonenumbers.PhoneNumberFormat.NATIONAL

# With brackets around the country code, as some address books write it.
_WITH_PLUS: Final = re.compile(r"[ (\[]*\+")
_PREFIX: Final = re.compile(r"[ (\[]*(?:\+|00)")
_DIALED_ABROAD: Final = CountryCodeSource.FROM_NUMBER_WITH_IDD

# Of a number without groups: three each, and four at the end.
_GROUPS: Final = re.compile(r"\d{1,4}\Z|\d{4}(?=\d{4}\Z)|\d{3}")

_PLUS_SIGNS: Final = frozenset("+\uff0b\ufe62")
# What people own, and dial in full.
_TYPES: Final = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)
_LOCAL_ONLY: Final = ValidationResult.IS_POSSIBLE_LOCAL_ONLY
# Machines have longer numbers than people, of whose lengths the library knows few.
_MACHINES: Final = range(7, 16)
# Nowhere has a number within an area more digits.
_LONGEST_LOCAL: Final = 8
# Short codes have three to six digits, local numbers seldom less than five.
_SHORTEST_CODE: Final = 3
_SHORTEST_LOCAL: Final = 5
_LONGEST_CODE: Final = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """How a number was read."""

    number: str = field(repr=False)
    """E.164, with a leading `+`."""
    shown: str = field(repr=False)
    """In groups, as it is shown."""
    is_doubtful: bool
    """Whether a country code was added to something that is not in use there."""


def normalize_number(
    raw: str | int, country: str | None, known: Container[str] = ()
) -> str:
    """Return a number as E.164, with a leading `+`; see `read_number`."""
    return read_number(raw, country, known).number


def read_number(
    raw: str | int, country: str | None, known: Container[str] = ()
) -> Reading:
    """Return how a number is read.

    Accepts `+` and `00` prefixes, the national format of `country` (ISO 3166-1
    alpha-2), spaces, dashes, brackets and digits of any script, and integers. Raises
    InvalidNumberError for anything that cannot be a phone number, for one that cannot
    be dialed from another area, and for an integer that may have lost its `+` and
    could be two numbers, unless exactly one of them is in `known`.
    """
    text = plain(str(raw))
    if any(char.isalpha() for char in text):
        raise InvalidNumberError(NumberProblem.LETTERS)
    if isinstance(raw, int) and raw < 0:
        raise InvalidNumberError(NumberProblem.INVALID)
    has_plus = _WITH_PLUS.match(text) is not None
    if not has_plus and _is_short(digits_of(text), country):
        raise InvalidNumberError(NumberProblem.SHORT_CODE)
    written = _as_international(text, country)
    number = _settled(
        written or _choose(text, country, known, exact=isinstance(raw, int))
    )
    if not _may_exist(number):
        raise InvalidNumberError(NumberProblem.INVALID)
    return Reading(
        number=_format(number, _E164),
        shown=_in_groups(number),
        is_doubtful=written is None and not _is_in_use(number),
    )


# --- As it is written ----------------------------------------------------------------


def plain(text: str) -> str:
    """Return a number in ASCII digits, without what cannot be seen.

    Numbers that were copied from a chat have marks for the direction of writing, and
    in many languages digits of their own.
    """
    return "".join(
        _plain(char) for char in text if unicodedata.category(char) != "Cf"
    ).strip()


def _plain(char: str) -> str:
    if char in _PLUS_SIGNS:
        return "+"
    if char.isspace():
        return " "
    return str(unicodedata.decimal(char)) if char.isdecimal() else char


def digits_of(text: str) -> str:
    """Return the digits of a plain number."""
    return "".join(char for char in text if char.isdecimal())


# --- With a country code -------------------------------------------------------------


def _as_international(text: str, country: str | None) -> PhoneNumber | None:
    """Return a number that is written with a country code, or None for others.

    Whether the number is assigned is left to the portal: numbering plans change more
    often than the library on a user's system.
    """
    prefix = _PREFIX.match(text)
    found = [_parse(f"+{text[prefix.end() :]}", None)] if prefix else []
    if country is not None:
        # As the country dials abroad, which may begin with two zeros, too.
        dialed = _parse(text, country)
        is_abroad = dialed is not None and _source(dialed) == _DIALED_ABROAD
        found.append(dialed if is_abroad else None)
    numbers = [one for one in found if one is not None and _may_exist(one)]
    if not numbers and prefix:
        raise InvalidNumberError(NumberProblem.INVALID)
    if len(numbers) > 1:
        return max(numbers, key=_likelihood)
    return numbers[0] if numbers else None


def _source(number: PhoneNumber) -> int | None:
    source: int | None = number.country_code_source
    return source


def _may_exist(number: PhoneNumber) -> bool:
    """Return whether a number with a country code is for the portal to judge."""
    return phonenumbers.is_possible_number(number) or _is_whole(number)


def _is_whole(number: PhoneNumber) -> bool:
    """Return whether a number has digits enough to be one outside of its area."""
    if _is_possible(phonenumbers.is_possible_number_with_reason(number)):
        return True
    return len(phonenumbers.national_significant_number(number)) in _MACHINES


def _likelihood(number: PhoneNumber) -> tuple[bool, bool]:
    return _is_in_use(number), phonenumbers.is_possible_number(number)


# --- Without ------------------------------------------------------------------------


def lost_plus_readings(raw: int, country: str | None) -> tuple[str, ...]:
    """Return the numbers that an integer may be, as it may have lost its `+`."""
    with suppress(InvalidNumberError):
        readings = _readings(str(raw), str(raw), country)
        return tuple(dict.fromkeys(_format(one, _E164) for one in readings))
    return ()


def number_of_sender(text: str, country: str | None) -> str | None:
    """Return the number of a sender as E.164, or None if it cannot be read.

    Portals write the country code, with or without a `+`: bare digits that can have
    one have one. Some write the national form of their own country.
    """
    text = plain(text)
    try:
        written = _as_international(text, country)
    except InvalidNumberError:
        return None
    if written is not None:
        return _format(_settled(written), _E164)
    digits = digits_of(text)
    international = _parse(f"+{digits}", None)
    if international is not None and (
        _is_in_use(international)
        or (text == digits and phonenumbers.is_possible_number(international))
    ):
        return _format(_settled(international), _E164)
    national = _parse(text, country) if country else None
    if national is not None and _is_complete(national, digits):
        is_dialed = _is_in_use(national) and _is_as_dialed(national, digits)
        if is_dialed or digits.startswith("0"):
            return _format(_settled(national), _E164)
    if digits.startswith("0"):
        return None
    return (
        f"+{digits}"
        if international is None
        else _format(_settled(international), _E164)
    )


def _choose(
    text: str, country: str | None, known: Container[str], *, exact: bool
) -> PhoneNumber:
    """Return the better interpretation of a number that starts with a digit."""
    digits = digits_of(text)
    readings = _readings(text, digits, country)
    by_number = {_format(one, _E164): one for one in readings}
    if not by_number:
        raise InvalidNumberError(NumberProblem.INVALID)
    if len(by_number) == 1:
        return readings[0]
    if exact and len(found := [one for one in by_number if one in known]) == 1:
        return by_number[found[0]]
    national, international = readings
    in_use = [one for one in readings if _is_in_use(one)]
    if len(in_use) == 1:
        return in_use[0]
    if not in_use and not phonenumbers.is_possible_number(international):
        return national
    if not _is_as_dialed(national, digits):
        # The national prefix is missing, so this is not the national format.
        return international
    if exact:
        raise InvalidNumberError(NumberProblem.AMBIGUOUS, tuple(by_number))
    return national


def _readings(text: str, digits: str, country: str | None) -> list[PhoneNumber]:
    """Return a number as dialed in a country, and as one that lacks its `+`, if it can.

    Raises InvalidNumberError for what cannot be dialed from everywhere.
    """
    national = _parse(text, country) if country else None
    if national is None or not _is_complete(national, digits):
        if (problem := _local_problem(digits, national)) is not None:
            raise InvalidNumberError(problem)
        national = None
    elif len(digits) <= _LONGEST_LOCAL:
        # No country code goes before so few digits.
        return [national]
    international = _parse(f"+{digits}", None)
    if international is not None and not _is_whole(international):
        international = None
    return [one for one in (national, international) if one is not None]


def _is_complete(number: PhoneNumber, digits: str) -> bool:
    """Return whether a number as dialed in its country is a whole one.

    The library takes many lengths for possible because a toll-free number has them.
    """
    if _source(number) is not CountryCodeSource.FROM_DEFAULT_COUNTRY:
        return phonenumbers.is_possible_number(number)
    is_long = len(digits) > _LONGEST_LOCAL
    if phonenumbers.is_valid_number(number):
        is_fixed = phonenumbers.number_type(number) == PhoneNumberType.FIXED_LINE
        return is_long or not is_fixed or _is_as_dialed(number, digits)
    if _has_prefix(number, digits):
        return _is_possible(phonenumbers.is_possible_number_with_reason(number))
    region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    return any(
        _is_possible(_possibility(number, one))
        and (is_long or one in _dialed_without_prefix(region))
        for one in _TYPES
    )


def _local_problem(digits: str, dialed: PhoneNumber | None) -> NumberProblem | None:
    """Return why something cannot be dialed from another area, or None if it can."""
    count = len(digits)
    if _SHORTEST_CODE <= count <= _LONGEST_CODE and (
        dialed is None
        or count < _SHORTEST_LOCAL
        or not phonenumbers.is_possible_number(dialed)
    ):
        return NumberProblem.SHORT_CODE
    if dialed is None or count < _SHORTEST_CODE:
        return None
    is_local = any(_possibility(dialed, one) == _LOCAL_ONLY for one in _TYPES)
    return NumberProblem.NO_AREA_CODE if is_local or count <= _LONGEST_LOCAL else None


def _is_short(digits: str, country: str | None) -> bool:
    """Return whether a country has a number as a short code, or for emergencies."""
    if country is None or not _SHORTEST_CODE <= len(digits) <= _LONGEST_LOCAL:
        return False
    if shortnumberinfo.is_emergency_number(digits, country):
        return True
    zeros = len(digits) - len(digits.lstrip("0"))
    code = PhoneNumber(
        country_code=phonenumbers.country_code_for_region(country),
        national_number=int(digits),
        italian_leading_zero=zeros > 0,
        number_of_leading_zeros=zeros or None,
    )
    return bool(shortnumberinfo.is_valid_short_number_for_region(code, country))


def _is_as_dialed(number: PhoneNumber, digits: str) -> bool:
    """Return whether a valid number is written as its country dials it."""
    if _has_prefix(number, digits):
        return True
    return digits_of(_format(number, _NATIONAL)) == digits


def _has_prefix(number: PhoneNumber, digits: str) -> bool:
    return bool(phonenumbers.national_significant_number(number) != digits)


@cache
def _dialed_without_prefix(region: str) -> frozenset[int]:
    """Return the types of numbers that a country dials without a prefix."""
    return frozenset(_without_prefix(region))


def _without_prefix(region: str) -> Iterator[int]:
    for type_ in _TYPES:
        example = phonenumbers.example_number_for_type(region, type_)
        if example is not None and not _has_prefix(
            example, digits_of(_format(example, _NATIONAL))
        ):
            yield type_


# --- What the library knows ----------------------------------------------------------


def _parse(text: str, country: str | None) -> PhoneNumber | None:
    """Return a number with a country code that exists, or None."""
    try:
        number = phonenumbers.parse(text, country, keep_raw_input=True)
    except NumberParseException:
        return None
    return None if number.extension else number


def _possibility(number: PhoneNumber, type_: int) -> int:
    result: int = phonenumbers.is_possible_number_for_type_with_reason(number, type_)
    return result


def _settled(number: PhoneNumber) -> PhoneNumber:
    """Return a number that is read as itself.

    The library takes a 0 or a 1 behind some country codes for a prefix, one at a time.
    """
    while (again := _parse(_format(number, _E164), None)) is not None:
        if _format(again, _E164) == _format(number, _E164):
            break
        number = again
    return number


def _is_possible(result: int) -> bool:
    return result == ValidationResult.IS_POSSIBLE


def _is_in_use(number: PhoneNumber) -> bool:
    """Return whether a number is assigned, in its old or its current form."""
    if phonenumbers.is_valid_number(number):
        return True
    current = _parse(current_form(_format(number, _E164)), None)
    return current is not None and bool(phonenumbers.is_valid_number(current))


def _format(number: PhoneNumber, number_format: int) -> str:
    return phonenumbers.format_number(number, number_format)


def _in_groups(number: PhoneNumber) -> str:
    """Return a number as it is read aloud; the library groups only what it knows."""
    shown = _format(number, _INTERNATIONAL).replace("-", " ")
    code, _, rest = shown.partition(" ")
    groups = _GROUPS.findall(rest) if rest.isdecimal() else [rest]
    return " ".join((code, *groups))


def mask_number(number: str) -> str:
    """Return the last digits of a number, for errors and logs."""
    return f"…{number[-3:]}"
