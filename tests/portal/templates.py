"""Templates of WhatsApp Cloud, which go in the text of a message [wild].

`content:NAME|lang=fr|body=…|header=image:URL|button=…`: two installations take it.
"""

from dataclasses import dataclass
from typing import Final

_PREFIX: Final = "content:"


@dataclass(frozen=True, slots=True)
class Template:
    """A template, filled in. Every part but the name may be missing."""

    name: str
    language: str | None
    body: tuple[str, ...]
    header: str | None
    buttons: tuple[str, ...]


def read(text: str) -> Template | None:
    """Return the template that a text asks for, None: it is a text like others."""
    if not text.startswith(_PREFIX):
        return None
    name, *parts = text.removeprefix(_PREFIX).split("|")
    # One client leaves a part empty.
    pairs = [part.partition("=")[::2] for part in parts if part]

    def values(key: str) -> tuple[str, ...]:
        return tuple(value for name, value in pairs if name == key)

    return Template(
        name=name,
        language=next(iter(values("lang")), None),
        body=values("body"),
        header=next(iter(values("header")), None),
        buttons=values("button"),
    )
