"""What a text costs, against the billing of the portal: an independent count."""

from hypothesis import example, given, settings, strategies as st
import pytest

from custom_components.smskit.sending.encoding import EncodedText, Encoding, measure
from tests.portal import billing

GSM = st.sampled_from(sorted(billing.GSM_BASIC | billing.GSM_EXTENSION))
EMOJI = "\U0001f44b"


@pytest.mark.parametrize(
    ("text", "encoding", "segments"),
    [
        ("", Encoding.GSM7, 1),
        ("a", Encoding.GSM7, 1),
        ("a" * 160, Encoding.GSM7, 1),
        ("a" * 161, Encoding.GSM7, 2),
        ("a" * 306, Encoding.GSM7, 2),
        ("a" * 307, Encoding.GSM7, 3),
        # An escaped character is two septets, and is not split.
        ("€" * 80, Encoding.GSM7, 1),
        ("€" * 80 + "a", Encoding.GSM7, 2),
        ("€" * 152, Encoding.GSM7, 2),
        ("€" * 153, Encoding.GSM7, 3),
        ("a" * 152 + "€" + "a" * 151, Encoding.GSM7, 2),
        ("a" * 152 + "€" + "a" * 152, Encoding.GSM7, 3),
        ("^{}\\[~]|€\f", Encoding.GSM7, 1),
        ("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤ÄÖÑÜ§¿äöñüà¡", Encoding.GSM7, 1),
        # What looks as if it were in the alphabet.
        ("ç", Encoding.UCS2, 1),
        ("`", Encoding.UCS2, 1),
        ("\t", Encoding.UCS2, 1),
        ("\x1b", Encoding.UCS2, 1),
        ("\x00", Encoding.UCS2, 1),
        ("“", Encoding.UCS2, 1),
        ("α", Encoding.UCS2, 1),  # noqa: RUF001 - a Greek one is meant
        ("ж" * 70, Encoding.UCS2, 1),
        ("ж" * 71, Encoding.UCS2, 2),
        ("ж" * 134, Encoding.UCS2, 2),
        ("ж" * 135, Encoding.UCS2, 3),
        # An emoji is two code units, and is not split.
        (EMOJI * 35, Encoding.UCS2, 1),
        (EMOJI * 36, Encoding.UCS2, 2),
        (EMOJI * 66, Encoding.UCS2, 2),
        (EMOJI * 67, Encoding.UCS2, 3),
        ("ж" * 66 + EMOJI + "ж" * 65, Encoding.UCS2, 2),
        ("ж" * 66 + EMOJI + "ж" * 66, Encoding.UCS2, 3),
        ("a" * 160 + "ж", Encoding.UCS2, 3),
    ],
)
def test_edges(text: str, encoding: Encoding, segments: int) -> None:
    """A text just fits, or just does not."""
    assert measure(text) == EncodedText(encoding=encoding, segments=segments)


@settings(deadline=None)
@given(text=st.text(GSM, max_size=500))
@example(text="€" * 77 + "a" * 153)
def test_gsm(text: str) -> None:
    """A text of the GSM alphabet costs what the portal bills for it as SMS."""
    expected = EncodedText(encoding=Encoding.GSM7, segments=billing.gsm_segments(text))
    assert measure(text) == expected


@settings(deadline=None)
@given(text=st.text(max_size=300) | st.text("aж€" + EMOJI, max_size=300))
def test_any_text(text: str) -> None:
    """Any other text costs what the portal bills for it as Unicode."""
    if all(billing.is_gsm(char) for char in text):
        expected = EncodedText(
            encoding=Encoding.GSM7, segments=billing.gsm_segments(text)
        )
    else:
        expected = EncodedText(
            encoding=Encoding.UCS2, segments=billing.ucs2_segments(text)
        )
    assert measure(text) == expected


def test_every_character() -> None:
    """The alphabet is the portal's, character by character."""
    characters = [chr(code) for code in range(0x3000) if not 0xD800 <= code < 0xE000]
    gsm = {c for c in characters if measure(c).encoding is Encoding.GSM7}
    assert gsm == billing.GSM_BASIC | billing.GSM_EXTENSION
