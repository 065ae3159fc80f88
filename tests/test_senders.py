"""Senders as portals and WhatsApp write them. Numbers are set aside for fiction."""

from hypothesis import example, given, strategies as st
import phonenumbers
import pytest

from custom_components.smskit.phone_number import current_form, shown_number
from tests.conftest import ANNA, BORIS

MEXICO = ("+5219987654321", "+529987654321")
ARGENTINA = ("+541123456789", "+5491123456789")
BRAZIL = ("+553187654321", "+5531987654321")


@pytest.mark.parametrize(
    ("sender", "country", "expected"),
    [
        # With a country code.
        ("447700900123", None, BORIS),
        ("+447700900123", None, BORIS),
        ("+44 7700 900123", "US", BORIS),
        ("44 7700-900-123", "US", BORIS),
        ("(+44) 7700 900123", "DE", BORIS),
        ("00447700900123", None, BORIS),
        ("00 44 7700 900123", "GB", BORIS),
        ("\u202a+44 7700 900123\u202c", "US", BORIS),
        (
            "\u0664\u0664\u0667\u0667\u0660\u0660\u0669\u0660\u0660\u0661\u0662\u0663",
            "EG",
            BORIS,
        ),
        ("447700900123", "DE", BORIS),
        ("447700900123", "IT", BORIS),
        # In national form.
        ("07700900123", "GB", BORIS),
        ("07700 900123", "GB", BORIS),
        ("07700-900-123", "GB", BORIS),
        ("(07700) 900123", "GB", BORIS),
        ("(202) 555-0123", "US", ANNA),
        ("202-555-0123", "US", ANNA),
        ("9075550123", "US", "+19075550123"),
        ("998 765 4321", "MX", MEXICO[1]),
        # With a scheme, and as WhatsApp writes them.
        ("tel:+447700900123", None, BORIS),
        ("tel:+44-7700-900123;phone-context=example.com", None, BORIS),
        ("TEL:07700900123", "GB", BORIS),
        ("sms:+447700900123", None, BORIS),
        ("whatsapp:+447700900123", None, BORIS),
        ("whatsapp:447700900123", "US", BORIS),
        ("447700900123@c.us", "US", BORIS),
        ("447700900123@s.whatsapp.net", "US", BORIS),
        ("447700900123:12@s.whatsapp.net", None, BORIS),
        ("447700900123.0:3@s.whatsapp.net", None, BORIS),
        # Without an area they are still somebody.
        ("2347015272", "US", "+2347015272"),
        ("447882892", "US", "+447882892"),
        ("120255501455", "US", "+120255501455"),
        ("999123456", None, "+999123456"),
    ],
)
def test_number(sender: str, country: str | None, expected: str) -> None:
    """A number is the same however it is written, and stays itself."""
    assert shown_number(sender, country) == expected
    assert shown_number(expected, country) == expected


@pytest.mark.parametrize(
    "sender",
    [
        "",
        "BANK",
        "Bank 24",
        "O2",
        "x12025550145",
        "12025550123 (Anna)",
        "70997",
        "72 345",
        "+70997",
        "tel:70997",
        "whatsapp:Anna",
        "07700900123",
        "000000000",
        "12025550123-1600000000@g.us",
        "120363000000000000@g.us",
        "447700900123@lid",
        "447700900123:12@lid",
        "status@broadcast",
        "447700900123@example.com",
        "someone@c.us",
    ],
)
@pytest.mark.parametrize("country", [None, "US"])
def test_name(sender: str, country: str | None) -> None:
    """Names, groups, short codes, and what is nowhere a number stay as they are."""
    assert shown_number(sender, country) == sender


@example(sender="11757447621682752", home="SN")
@given(
    sender=st.text() | st.text("+0123456789 -:@c.us"),
    home=st.none() | st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)),
)
def test_anything_stays_itself(sender: str, home: str | None) -> None:
    """Whatever is shown of a sender is what is shown of that."""
    shown = shown_number(sender, home)
    assert shown_number(shown, home) == shown


@pytest.mark.parametrize("forms", [MEXICO, ARGENTINA, BRAZIL])
def test_forms(forms: tuple[str, str]) -> None:
    """The old and the current form of a mobile number are compared as one."""
    old, current = forms
    assert current_form(old) == current_form(current) == current


@pytest.mark.parametrize(
    "number",
    [
        ANNA,
        BORIS,
        "BANK",
        "70997",
        # Fixed lines of Brazil, and other lengths.
        "+553131234567",
        "+52199876543210",
        "+54112345678",
        "+5215587654",
        "447700900123@lid",
    ],
)
def test_one_form(number: str) -> None:
    """Whatever has one form is compared in it."""
    assert current_form(number) == number
