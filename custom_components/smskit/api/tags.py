"""Texts that come through the portal's removal of HTML tags."""

import re
from typing import Final

# PHP's `strip_tags` leaves a `<` alone that one of these follows.
_OPENS_TAG: Final = re.compile(r"<(?![ \t\n\v\f\r])")


def keep_from_tag_removal(text: str) -> str:
    """Return a text that the portal leaves whole.

    It runs `strip_tags` over every parameter: from a `<` on, all is lost up to the next
    `>`, or to the end. A blank after the `<` prevents that.
    """
    return _OPENS_TAG.sub("< ", text)
