"""HTML in the place of an answer."""

import re
from typing import Final

# Not "<br" or "<b>": PHP writes these around a notice that precedes an answer.
_BEGINS: Final = re.compile(
    r"\s*+(?:<!--|<\?xml\b|<!doctype\b|<(?:html|head|body|title|meta|script)\b)",
    re.IGNORECASE,
)
_WITHIN: Final = re.compile(
    r"<(?:!doctype|html|head|body|title|script)\b", re.IGNORECASE
)
_TITLE: Final = re.compile(r"<title[^<>]*+>([^<]*+)</title", re.IGNORECASE)
_MARKUP: Final = re.compile(r"<(?:!doctype|html|head|body|br|b|h1)\b", re.IGNORECASE)


def page_start(body: str) -> int:
    """Return where a page begins in a body, or the length of the body.

    Whatever JSON stands behind it, such as in a script, is not an answer. What stands
    before it may be one: there, markup can only be in a text.
    """
    if _BEGINS.match(body):
        return 0
    match = _WITHIN.search(body)
    return match.start() if match else len(body)


def page_title(body: str) -> str | None:
    """Return the title of a page."""
    match = _TITLE.search(body)
    return match[1] if match else None


def has_markup(body: str) -> bool:
    """Return whether a body without an answer is HTML."""
    return _BEGINS.match(body) is not None or _MARKUP.search(body) is not None
