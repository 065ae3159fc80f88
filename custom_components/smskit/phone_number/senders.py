"""Senders of messages, as portals and WhatsApp write them."""

from functools import lru_cache
import re
from typing import Final

from .reading import digits_of, number_of_sender, plain

# Shorter ones are services, which have no country code.
_SHORTEST_NUMBER: Final = 7
_SCHEME: Final = re.compile(r"(?:tel|sms|whatsapp):(?://)?", re.IGNORECASE)
# A person's, with the number of the device behind it. Groups and `lid` have no number.
_WHATSAPP_ID: Final = re.compile(
    r"(\d{7,17})(?:[:.]\d+)*@(?:c\.us|s\.whatsapp\.net)", re.IGNORECASE | re.ASCII
)
_NUMBER: Final = re.compile(r"[ (\[]*\+?[0-9 ()\[\]./\u2010-\u2015\u2212-]+", re.ASCII)


# The same few write most of a long inbox, and the library takes its time.
@lru_cache(maxsize=1024)
def shown_number(sender: str, country: str | None) -> str:
    """Return a sender as E.164; names and short codes unchanged."""
    text = plain(sender)
    if (whatsapp := _WHATSAPP_ID.fullmatch(text)) is not None:
        return f"+{whatsapp[1]}"
    if (scheme := _SCHEME.match(text)) is not None:
        text = text[scheme.end() :].partition(";")[0]
    is_number = _NUMBER.fullmatch(text) is not None
    if not is_number or len(digits_of(text)) < _SHORTEST_NUMBER:
        return sender
    return number_of_sender(text, country) or sender
