"""What a run prints."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from .messages import Answer, End, Evidence


@dataclass(kw_only=True)
class Life:
    """One start of Home Assistant until its end."""

    number: int
    up: float = 0.0
    """Seconds from its start until it answered."""
    ready: float | None = None
    """Seconds from its start until the account was set up."""
    lasted: float = 0.0
    stages: Counter[str] = field(default_factory=Counter)
    """What it left on disk."""
    billed: int = 0
    """Messages that the portal has in all."""


_STAGES = ("pending", "held", "sending", "accepted")


def lives_table(lives: Sequence[Life], evidence: Evidence) -> list[str]:
    """Return a line for each life."""
    rows = [("life", "up", "ready", "lasted", *Answer, *_STAGES, "billed")]
    for life in lives:
        answers = Counter(m.answer for m in evidence.messages if m.life == life.number)
        rows.append(
            (
                str(life.number),
                f"{life.up:.1f}",
                "" if life.ready is None else f"{life.ready:.1f}",
                f"{life.lasted:.1f}",
                *(_count(answers[answer]) for answer in Answer),
                *(_count(life.stages[stage]) for stage in _STAGES),
                str(life.billed),
            )
        )
    return _aligned(rows)


def ends_table(evidence: Evidence) -> list[str]:
    """Return what came of the messages, by what their senders were answered."""
    cells = Counter((m.answer, evidence.end_of(m)) for m in evidence.messages)
    rows = [("answered", *End, "all")]
    for answer in Answer:
        row = [cells[answer, end] for end in End]
        rows.append((answer.value, *map(_count, row), str(sum(row))))
    row = [sum(cells[answer, end] for answer in Answer) for end in End]
    rows.append(("all", *map(_count, row), str(sum(row))))
    return _aligned(rows)


def _count(count: int) -> str:
    return str(count or "·")


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
