"""What can be read of a damaged database."""

from contextlib import closing
from pathlib import Path
import sqlite3
from typing import Any, Final

from .schema import TABLES
from .statement import Statement

type _Row = tuple[Any, ...]

# Without all of it, messages of old would be taken for new ones.
_SEEN: Final = "seen"

# Tables whose rows are parts of those of another one, which they name first.
_PARTS: Final = {"batches": "batch_recipients", "alerts": "alert_questions"}
# Whose listings are known, by what `seen` has.
_ACCOUNT: Final = {"account", "account_unread"}


def salvage(path: Path) -> list[Statement]:
    """Return what stores all that can be read of a damaged database. It blocks.

    Where it is no longer known which messages were listed before, it is not known
    either whose they are: the next listing is imported, and nothing of it published.
    """
    rows: dict[str, list[_Row]] = {}
    with closing(sqlite3.connect(path)) as connection:
        for table in TABLES:
            rows[table], is_whole = _read(connection, table)
            if table == _SEEN and not is_whole:
                rows["meta"] = [row for row in rows["meta"] if row[0] not in _ACCOUNT]
    for whole, part in _PARTS.items():
        there = {row[0] for row in rows[whole]}
        rows[part] = [row for row in rows[part] if row[0] in there]
    return [
        Statement(
            f"INSERT OR IGNORE INTO {table} VALUES "  # noqa: S608 - a constant
            f"({', '.join('?' for _ in found[0])})",
            found,
        )
        for table, found in rows.items()
        if found
    ]


def _read(connection: sqlite3.Connection, table: str) -> tuple[list[_Row], bool]:
    """Return the rows before and after what is damaged, and whether that is nothing."""
    found: dict[_Row, None] = {}
    for order in "ASC", "DESC":
        try:
            # The first column is the key, or the first one of it.
            for row in connection.execute(
                f"SELECT * FROM {table} ORDER BY 1 {order}"  # noqa: S608 - a constant
            ):
                found[row] = None
        except sqlite3.Error:
            continue
        return list(found), order == "ASC"
    return list(found), False
