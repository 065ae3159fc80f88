"""The answer of `getinbox`: what strangers wrote, and what they cannot forge."""

from collections.abc import Callable
from dataclasses import dataclass, replace
import json
import re
from typing import Final

from . import handwritten, parse
from .models import InboxMessage
from .traits import Escaping

# How PHP's encoder begins an answer, without and with its option to indent.
_BY_ENCODER: Final = re.compile(r'\{(?:"request":"|\n {4}"request": ")')
# What only an encoder writes: nobody types this.
_ESCAPE: Final = re.compile(r'\\(?:["/]|u[0-9a-fA-F]{4})')


@dataclass(frozen=True, slots=True)
class InboxListing:
    """Messages in the portal's order, and what their texts show of the portal."""

    messages: tuple[InboxMessage, ...]
    is_handwritten: bool
    """Whether a text proves that the portal does not escape."""


def read_inbox(
    body: str, escaping: Escaping, scrub: Callable[[str], str]
) -> InboxListing:
    """Read a listing, in which no text is taken for a part of the listing.

    Unless the answers of the portal come from an encoder, texts are read as they stand,
    by the order of the keys. Raises ValueError for a listing that cannot be read, and
    the errors of `raise_if_refused`.
    """
    looks_encoded = _BY_ENCODER.search(body) is not None
    texts = handwritten.inbox_texts(body)
    decoded = None if texts is None else [_decoded(text) for text in texts]
    answer = parse.parse_flawless(body)
    messages = () if answer is None else parse.inbox(answer, scrub)
    # Where JSON and the order of the keys disagree, a text may have added keys.
    agree = decoded is None or decoded == [message.text for message in messages]
    if answer is not None and (
        decoded is None
        or escaping is Escaping.ENCODED
        or (escaping is Escaping.UNKNOWN and looks_encoded and agree)
    ):
        # Without an encoder, and without the documented order, nothing is certain.
        is_certain = agree and (looks_encoded or escaping is Escaping.ENCODED)
        is_handwritten = False
    elif decoded is not None and (escaped := handwritten.escape_inbox(body)):
        messages = parse.inbox(parse.parse_answer(escaped), scrub)
        is_certain = True
        is_handwritten = None in decoded
    else:
        messages = parse.inbox(_flawed(body), scrub)
        is_certain = is_handwritten = False

    shows_encoder = [False] * len(messages)
    if (
        texts is not None
        and len(texts) == len(messages)
        and (looks_encoded or escaping is not Escaping.HANDWRITTEN)
    ):
        shows_encoder = [_ESCAPE.search(text) is not None for text in texts]
    return InboxListing(
        tuple(
            replace(
                message,
                is_ambiguous=message.is_ambiguous or not is_certain,
                is_forgeable=position > 0 and escaping is not Escaping.ENCODED,
                shows_encoder=shows_encoder[position],
            )
            for position, message in enumerate(messages)
        ),
        is_handwritten,
    )


def _flawed(body: str) -> parse.Answer:
    """Return an answer that is neither flawless nor as it is documented."""
    try:
        return parse.parse_flawed(body)
    except ValueError:
        if (escaped := handwritten.escape_changed_inbox(body)) is None:
            raise
        return parse.parse_flawed(escaped)


def _decoded(text: str) -> str | None:
    """Return what an encoder wrote as this text; None if none can have written it."""
    try:
        return parse.message_text(json.loads(f'"{text}"'))
    except ValueError:
        return None
