"""Templates of WhatsApp Cloud, which `sendsms` takes in place of a text."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from . import inferred


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """A template that WhatsApp approved, with what goes into it."""

    name: str
    language: str
    parameters: tuple[str, ...] = field(default=(), repr=False)
    """What the placeholders of its body stand for, in order."""
    header: str | None = field(default=None, repr=False)
    """URL of the picture above its body."""
    buttons: tuple[str, ...] = field(default=(), repr=False)
    """What the placeholders of its buttons stand for, in order."""

    def as_text(self) -> str:
        """Return it as the portal takes it, in place of a text."""
        parts = [f"content:{self.name}", f"lang={self.language}"]
        if self.parameters:
            parts.append(f"body={_values(self.parameters)}")
        if self.header is not None:
            parts.append(f"header=image:{self.header}")
        if self.buttons:
            parts.append(f"button={_values(self.buttons)}")
        return inferred.TEMPLATE_PART_SEPARATOR.join(parts)

    def summary(self) -> str:
        """Return what a history shows of it: its own words are known to WhatsApp."""
        return ": ".join(filter(None, (self.name, ", ".join(self.parameters))))


def _values(values: Iterable[str]) -> str:
    """Return values as a list that none of them can break out of."""
    # WhatsApp refuses line breaks in a value, and several blanks in a row.
    cleaned = [" ".join(value.split()) for value in values]
    replaced = {inferred.TEMPLATE_PART_SEPARATOR}
    if len(cleaned) > 1:
        replaced.add(inferred.TEMPLATE_VALUE_SEPARATOR)
    table = str.maketrans({c: inferred.TEMPLATE_REPLACEMENTS[c] for c in replaced})
    return inferred.TEMPLATE_VALUE_SEPARATOR.join(
        value.translate(table) for value in cleaned
    )
