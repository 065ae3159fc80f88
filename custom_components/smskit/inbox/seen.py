"""What was listed before: a message is new once, whatever became of it since."""

from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import batched
from typing import Any, Final

from homeassistant.util import dt as dt_util

from ..api import InboxMessage
from ..store import Database, Statement, StoreError
from .identity import KEY_LENGTH, Known

_FORGET_AFTER: Final = timedelta(days=90)
# Less than the variables that SQLite takes in a statement.
_AT_ONCE: Final = 500
type SeenRow = tuple[str, str | None, int]


class SeenMessages:
    """The fingerprints of an account's messages, also of those not kept any more."""

    def __init__(self, database: Database) -> None:
        """Read from an open database."""
        self._database = database
        self._unstored: dict[str, list[Known]] = {}
        """What the disk refused, by key: it is new once all the same."""

    async def async_find(self, keys: set[str]) -> dict[str, list[Known]]:
        """Return what was listed before, by key. Raises StoreError."""
        known: dict[str, list[Known]] = {}
        for some in batched(keys, _AT_ONCE, strict=False):
            rows = await self._database.async_fetch(
                "SELECT fingerprint, portal_date, is_doubtful FROM seen "  # noqa: S608 - only question marks
                f"WHERE substr(fingerprint, 1, {KEY_LENGTH}) "
                f"IN ({', '.join('?' for _ in some)}) "
                "ORDER BY portal_date, fingerprint",
                some,
            )
            for one in map(_read, rows):
                known.setdefault(one.fingerprint[:KEY_LENGTH], []).append(one)
        for key in self._unstored.keys() & keys:
            # By now, the disk may have taken it.
            stored = known.setdefault(key, [])
            stored += [one for one in self._unstored[key] if one not in stored]
        return known

    def keep_in_memory(self, rows: Iterable[SeenRow]) -> None:
        """Remember, in this run, what the disk refused."""
        for one in map(_read, rows):
            key = one.fingerprint[:KEY_LENGTH]
            self._unstored.setdefault(key, []).append(one)

    async def async_forget(self, listed: Iterable[str]) -> None:
        """Forget what no listing of all has had for a long time, and nobody keeps.

        A listing may leave out for once what the next one has again.
        """
        now = dt_util.utcnow().timestamp()
        there = "fingerprint IN (SELECT fingerprint FROM listed)"
        kept = (
            "fingerprint IN "
            "(SELECT fingerprint FROM messages WHERE fingerprint IS NOT NULL)"
        )
        forgotten = self._database.write(
            Statement("CREATE TEMP TABLE listed (fingerprint TEXT PRIMARY KEY)"),
            Statement(
                "INSERT OR IGNORE INTO listed (fingerprint) VALUES (?)",
                [(one,) for one in listed],
            ),
            Statement(
                "UPDATE seen SET missing_since = NULL "  # noqa: S608 - no value in it
                f"WHERE missing_since IS NOT NULL AND ({there} OR {kept})"
            ),
            Statement(
                "UPDATE seen SET missing_since = ? "  # noqa: S608 - no value in it
                f"WHERE missing_since IS NULL AND NOT ({there} OR {kept})",
                [(now,)],
            ),
            Statement(
                "DELETE FROM seen WHERE missing_since < ?",
                [(now - _FORGET_AFTER.total_seconds(),)],
            ),
            Statement("DROP TABLE listed"),
        )
        with suppress(StoreError):
            await forgotten


def seen_rows(
    messages: Mapping[str, InboxMessage], doubtful: Container[str]
) -> dict[str, SeenRow]:
    """Return the rows of `seen` for messages, by their fingerprint."""
    return {
        one: (one, m.date.isoformat() if m.date else None, int(one in doubtful))
        for one, m in messages.items()
    }


def insert_seen(rows: list[SeenRow]) -> Statement:
    """Return the statement that stores what was listed."""
    return Statement(
        "INSERT OR IGNORE INTO seen (fingerprint, portal_date, is_doubtful) "
        "VALUES (?, ?, ?)",
        rows,
    )


def _read(row: Sequence[Any]) -> Known:
    fingerprint, date, is_doubtful = row
    return Known(
        fingerprint,
        datetime.fromisoformat(date) if date else None,
        is_doubtful=bool(is_doubtful),
    )
