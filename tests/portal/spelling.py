"""How an installation puts its JSON together."""

from enum import StrEnum

from . import handwriting, php

type Answer = dict[str, object] | str


class Spelling(StrEnum):
    """The ways to write an answer."""

    HANDWRITTEN = "handwritten"
    """As the vendor's samples: by hand, and no value is escaped [doc, server]."""
    ENCODED = "encoded"
    r"""By PHP's json_encode, with \/ and \u [inferred: newer installations]."""


def spell(answer: Answer, spelling: Spelling) -> str:
    """Return the body of an answer."""
    if isinstance(answer, str):
        return answer
    if spelling is Spelling.ENCODED:
        return php.encode(answer)
    return handwriting.write(answer)
