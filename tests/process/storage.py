"""What an account keeps on disk, read without disturbing who writes it."""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
import json
from pathlib import Path
import shutil
import sqlite3
from tempfile import TemporaryDirectory
import time
from typing import Final

from tests.demo.home_assistant import Json

_PATIENCE: Final = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredAccount:
    """What is on disk of an account."""

    stages: dict[str, str] = field(default_factory=dict)
    """The stage of the batch that each number is a recipient of."""
    unpublished: tuple[Json, ...] = ()
    """The events that are still to be published."""
    open_alerts: frozenset[str] = frozenset()
    sent: int = 0
    failed: int = 0


def read_account(storage: Path, entry_id: str) -> StoredAccount:
    """Return what is on disk of an account in a `.storage` folder."""
    database = storage / f"smskit.{entry_id}.db"
    if not database.exists():
        return StoredAccount()
    with TemporaryDirectory() as folder:
        return _read_database(_copied(database, Path(folder)))


def check_database(database: Path) -> str:
    """Return what SQLite says of a copy of a database: `ok`, or what is wrong."""
    with TemporaryDirectory() as folder:
        try:
            with closing(_connect(_copied(database, Path(folder)))) as connection:
                lines = connection.execute("PRAGMA quick_check").fetchall()
        except sqlite3.DatabaseError as err:
            return str(err)
    return "; ".join(line for (line,) in lines)


def _read_database(path: Path) -> StoredAccount:
    with closing(_connect(path)) as connection:

        def rows(query: str) -> list[tuple[str, str]]:
            return connection.execute(query).fetchall()

        meta = dict(rows("SELECT key, value FROM meta"))
        return StoredAccount(
            stages=dict(
                rows(
                    "SELECT number, stage FROM batch_recipients "
                    "JOIN batches ON batches.id = batch_id"
                )
            ),
            unpublished=tuple(
                {"kind": kind, **json.loads(body)}
                for kind, body in rows("SELECT kind, body FROM events ORDER BY id")
            ),
            open_alerts=frozenset(
                id_ for id_, _ in rows("SELECT id, message FROM alerts")
            ),
            sent=int(meta.get("sent", 0)),
            failed=int(meta.get("failed", 0)),
        )


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)


def _copied(database: Path, folder: Path) -> Path:
    """Copy a database with its log, at a moment at which nobody writes them."""
    files = (database, database.with_name(f"{database.name}-wal"))
    end = time.monotonic() + _PATIENCE
    while True:
        before = _marks(files)
        for file in files:
            copy = folder / file.name
            copy.unlink(missing_ok=True)
            if file.exists():
                shutil.copyfile(file, copy)
        if _marks(files) == before or time.monotonic() > end:
            return folder / database.name


def _marks(files: Iterable[Path]) -> list[tuple[int, int] | None]:
    """Return what changes whenever a file is written."""
    stats = [file.stat() if file.exists() else None for file in files]
    return [stat and (stat.st_mtime_ns, stat.st_size) for stat in stats]
