"""A statement that is written, and what its parameters are."""

from collections.abc import Sequence
from dataclasses import dataclass

type Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement, executed once for each of its rows of parameters."""

    sql: str
    rows: Sequence[Sequence[Value]] = ((),)
