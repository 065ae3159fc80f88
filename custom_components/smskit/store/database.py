"""The database of an account: one connection, and one queue of writes."""

import asyncio
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
import shutil
import sqlite3
import tempfile
from typing import Any, Final, override

import aiosqlite
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..const import LOGGER
from .errors import DiskProblem, StoreError, disk_problem
from .files import StoreFiles
from .salvage import salvage
from .schema import MIGRATIONS, VERSION
from .statement import Statement, Value

_RETRY_FIRST: Final = 5.0
_RETRY_LONGEST: Final = 60.0
_CHECKPOINT_PAGES: Final = 1000
# Of one row, not of the disk: the row fails, and nothing else does.
_ROW_ERRORS: Final = (
    sqlite3.DataError,
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    OverflowError,
    TypeError,
    ValueError,
)
# No database, or none that anything could be read from.
_DAMAGED: Final = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}
_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",
    "PRAGMA temp_store = MEMORY",
    f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}",
)


@dataclass(frozen=True, eq=False, slots=True)
class _Unit:
    """What is committed as a whole, or not at all."""

    statements: tuple[Statement, ...]
    done: asyncio.Future[None]


class _Unlogged(list[Any]):
    """Parameters that do not show in the debug log of aiosqlite: texts and numbers."""

    @override
    def __repr__(self) -> str:
        return "…"


class _DamagedError(Exception):
    """The file is no database of this integration, or of a newer version."""


class Database:
    """Reads and writes the database of one account.

    Units of statements are written in the order in which they are handed over, all that
    wait at a time in one transaction. A unit that a disk refuses fails for whoever
    waits for it, and is written before everything else as soon as the disk takes it:
    memory is ahead of the disk, and never beside it.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        files: StoreFiles,
        on_disk: Callable[[DiskProblem | None], None],
    ) -> None:
        """Prepare to open; `on_disk` gets what is wrong with the disk, or None."""
        self._hass = hass
        self._files = files
        self._on_disk = on_disk
        self._connection: aiosqlite.Connection | None = None
        self._is_detached = False
        """Whether the connection is to a copy, because the file itself is refused."""
        self._queue: list[_Unit] = []
        self._together: tuple[list[Statement], asyncio.Future[None]] | None = None
        """What is collected for one unit, and its future."""
        self._backlog: list[_Unit] = []
        self._wake = asyncio.Event()
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self._writer: asyncio.Task[None] | None = None
        self._problem: str | None = None
        self._retry_after = _RETRY_FIRST
        self._cancel_retry: CALLBACK_TYPE | None = None
        self._is_closed = False
        self._lock = asyncio.Lock()
        """Held while something is committed, and while the connection changes."""

    # --- Opening and closing ---------------------------------------------------------

    async def async_open(self) -> Path | None:
        """Open the database; return where a damaged one was set aside.

        Where the disk refuses, what is stored is read from a copy, and writes fail
        until the disk takes them.
        """
        run = self._hass.async_add_executor_job
        set_aside: Path | None = None
        try:
            try:
                self._connection = await self._async_connect(self._files.database)
            except _DamagedError:
                set_aside = await run(self._files.set_aside)
                self._connection = await self._async_connect(self._files.database)
        except (OSError, sqlite3.Error, _DamagedError) as err:
            await self._async_detach(err)
        # Not one of Home Assistant's tasks, which are canceled when it stops.
        self._writer = self._hass.loop.create_task(
            self._async_write_queue(), name="smskit writer"
        )
        return set_aside

    async def _async_connect(self, path: Path) -> aiosqlite.Connection:
        """Return a connection to a database of the current version.

        Raises OSError, sqlite3.Error and _DamagedError.
        """
        if path == self._files.database:
            await self._hass.async_add_executor_job(self._files.create)
        connection = await aiosqlite.connect(path, isolation_level=None)
        try:
            for pragma in _PRAGMAS:
                await connection.execute(pragma)
            await _async_migrate(connection)
        except sqlite3.DatabaseError as err:
            await connection.close()
            code = getattr(err, "sqlite_errorcode", 0) & 0xFF
            if code in _DAMAGED:
                raise _DamagedError from err
            raise
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _async_detach(self, err: Exception) -> None:
        """Go on with a copy, because the disk refuses the file itself."""
        self._report(err)
        self._connection = await self._async_connect_to_copy()
        self._is_detached = True
        self._retry_later()

    async def _async_connect_to_copy(self) -> aiosqlite.Connection:
        """Return a connection to what can be read of the database, in memory."""
        connection = await _async_memory()
        try:
            await self._async_read_into(connection)
            await _async_migrate(connection)
        except OSError, sqlite3.Error, _DamagedError:
            # Nothing can be read either.
            await connection.close()
            connection = await _async_memory()
            await _async_migrate(connection)
        await connection.execute("PRAGMA foreign_keys = ON")
        return connection

    async def _async_read_into(self, connection: aiosqlite.Connection) -> None:
        run = self._hass.async_add_executor_job
        folder = Path(await run(tempfile.mkdtemp))
        try:
            copy = await run(self._files.copy_to, folder)
            source = await aiosqlite.connect(copy)
            try:
                await source.backup(connection)
            finally:
                await source.close()
        finally:
            await run(partial(shutil.rmtree, folder, ignore_errors=True))

    async def async_replace(self) -> Path | None:
        """Set a damaged database aside, and go on with all that can be read of it.

        Return where it is now, none where the disk does not let it be moved.
        """
        # Half of it must not be left because the caller is canceled.
        replacing = self._hass.loop.create_task(
            self._async_replace(), name="smskit replace"
        )
        return await asyncio.shield(replacing)

    async def _async_replace(self) -> Path | None:
        run = self._hass.async_add_executor_job
        set_aside: Path | None = None
        # What is written meanwhile comes after what was there before.
        async with self._lock:
            if self._is_closed or self._connection is None:
                return None
            with suppress(sqlite3.Error):
                await self._connection.close()
            try:
                set_aside = await run(self._files.set_aside)
                salvaged = await run(salvage, set_aside)
                self._backlog = [
                    *(_Unit((one,), self._new_future()) for one in salvaged),
                    *self._backlog,
                ]
                self._connection = await self._async_connect(self._files.database)
            except (OSError, sqlite3.Error, _DamagedError) as err:
                await self._async_detach(err)
            # Nothing of its own: it has what was salvaged written.
            self.write()
        await self.async_drain()
        return set_aside

    async def async_close(self) -> None:
        """Write what waits, and close."""
        if self._is_closed:
            return
        await self.async_drain()
        self._is_closed = True
        if self._writer is not None:
            self._writer.cancel()
        if self._cancel_retry is not None:
            self._cancel_retry()
        async with self._lock:
            if self._connection is not None:
                with suppress(sqlite3.Error):
                    await self._connection.close()

    async def async_drain(self) -> None:
        """Return once everything was tried that waits to be written."""
        # Whoever was waiting for a write may have written again before this resumes.
        while self._lock.locked() or not self._is_idle.is_set():
            async with self._lock:
                pass
            await self._is_idle.wait()

    @property
    def is_closed(self) -> bool:
        """Return whether nothing is written any more."""
        return self._is_closed

    # --- Reading ---------------------------------------------------------------------

    async def async_fetch(
        self, sql: str, parameters: Sequence[Value] = ()
    ) -> list[tuple[Any, ...]]:
        """Return the rows of a query.

        Raises StoreError.
        """
        try:
            rows = await self._open_connection.execute_fetchall(
                sql, _Unlogged(parameters)
            )
        except (sqlite3.Error, *_ROW_ERRORS) as err:
            raise StoreError(_describe(err), disk_problem(err)) from err
        return list(map(tuple, rows))

    @property
    def _open_connection(self) -> aiosqlite.Connection:
        if self._connection is None or self._is_closed:
            raise StoreError("the database is closed", DiskProblem.CLOSED)
        return self._connection

    # --- Writing ---------------------------------------------------------------------

    @callback
    def write(self, *statements: Statement) -> asyncio.Future[None]:
        """Write statements as a whole; the future is done once they are on disk.

        It raises StoreError when they are not. Nobody has to wait, and canceling the
        wait cancels nothing else.
        """
        if self._together is not None:
            collected, done = self._together
            collected += statements
            return done
        done = self._new_future()
        self._queue_unit(statements, done)
        return done

    @contextmanager
    def as_one(self) -> Generator[None]:
        """Make one unit of all that is written in the block, which must not await.

        Blocks may be nested: the outermost one counts.
        """
        if self._together is not None:
            yield
            return
        statements: list[Statement] = []
        done = self._new_future()
        self._together = statements, done
        try:
            yield
        finally:
            self._together = None
            self._queue_unit(tuple(statements), done)

    def _queue_unit(
        self, statements: tuple[Statement, ...], done: asyncio.Future[None]
    ) -> None:
        if self._is_closed:
            error = StoreError("the database is closed", DiskProblem.CLOSED)
            done.set_exception(error)
        else:
            self._queue.append(_Unit(statements, done))
            self._is_idle.clear()
            self._wake.set()

    def _new_future(self) -> asyncio.Future[None]:
        """Return a future whose error nobody has to look at."""
        done: asyncio.Future[None] = self._hass.loop.create_future()
        done.add_done_callback(_retrieve)
        return done

    async def _async_write_queue(self) -> None:
        """Write whatever is queued, until the database is closed."""
        while True:
            await self._wake.wait()
            # What is written in one turn of the loop is committed together.
            await asyncio.sleep(0)
            self._wake.clear()
            units, self._queue = self._queue, []
            if units:
                async with self._lock:
                    await self._async_commit(units)
            if not self._queue:
                self._is_idle.set()

    async def _async_commit(self, units: list[_Unit]) -> None:
        """Commit units with those that the disk refused before."""
        everything = [*self._backlog, *units]
        try:
            if self._is_detached:
                await self._async_attach()
            refused = await self._async_transact(everything)
        except (OSError, sqlite3.Error, StoreError, ValueError, _DamagedError) as err:
            # ValueError is what aiosqlite raises without a connection.
            self._backlog = everything
            self._report(err)
            self._retry_later()
            for unit in units:
                if not unit.done.done():
                    error = StoreError(_describe(err), disk_problem(err))
                    unit.done.set_exception(error)
            return
        self._backlog = []
        self._report(None)
        for unit in everything:
            if not unit.done.done():
                if unit in refused:
                    row_error = StoreError(_describe(refused[unit]))
                    unit.done.set_exception(row_error)
                else:
                    unit.done.set_result(None)

    async def _async_attach(self) -> None:
        """Open the file itself in place of its copy."""
        connection = await self._async_connect(self._files.database)
        if self._connection is not None:
            await self._connection.close()
        self._connection = connection
        self._is_detached = False

    async def _async_transact(self, units: list[_Unit]) -> dict[_Unit, Exception]:
        """Commit units in one transaction; return those whose own rows are at fault.

        Raises sqlite3.Error, and nothing is committed then.
        """
        try:
            await self._async_execute(units, one_by_one=False)
        except _ROW_ERRORS:
            return await self._async_execute(units, one_by_one=True)
        return {}

    async def _async_execute(
        self, units: list[_Unit], *, one_by_one: bool
    ) -> dict[_Unit, Exception]:
        connection = self._open_connection
        refused: dict[_Unit, Exception] = {}
        await connection.execute("BEGIN IMMEDIATE")
        try:
            for unit in units:
                if not one_by_one:
                    await _async_write(connection, unit)
                    continue
                await connection.execute("SAVEPOINT unit")
                try:
                    await _async_write(connection, unit)
                except _ROW_ERRORS as err:
                    LOGGER.error("Something cannot be stored: %s", _describe(err))
                    refused[unit] = err
                    await connection.execute("ROLLBACK TO unit")
                await connection.execute("RELEASE unit")
            await connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                await connection.execute("ROLLBACK")
            raise
        return refused

    # --- A disk that refuses ---------------------------------------------------------

    @property
    def problem(self) -> str | None:
        """What is wrong with the disk, if anything is."""
        return self._problem

    def _report(self, err: Exception | None) -> None:
        problem = _describe(err) if err is not None else None
        if problem == self._problem:
            return
        if problem is None:
            LOGGER.info("The database can be written again")
            self._retry_after = _RETRY_FIRST
        elif self._problem is None:
            LOGGER.error("The database cannot be written: %s", problem)
        self._problem = problem
        self._on_disk(disk_problem(err) if err is not None else None)

    def _retry_later(self) -> None:
        if self._cancel_retry is None and not self._is_closed:
            self._cancel_retry = async_call_later(
                self._hass, self._retry_after, self._async_retry
            )
            self._retry_after = min(self._retry_after * 2, _RETRY_LONGEST)

    @callback
    def _async_retry(self, _: object) -> None:
        self._cancel_retry = None
        # Also without anything to write: whether the disk takes it has to be found out.
        self.write(
            Statement("INSERT OR REPLACE INTO meta (key, value) VALUES ('retried', '')")
        )

    # --- Backups ---------------------------------------------------------------------

    async def async_freeze(self) -> None:
        """Keep the file as it is from now on: what is written goes to its log only.

        A copy of both, made at any moment, is consistent.
        """
        await self.async_drain()
        with suppress(sqlite3.Error, StoreError):
            await self._open_connection.execute_fetchall(
                "PRAGMA wal_checkpoint(TRUNCATE)"
            )
            await self._open_connection.execute("PRAGMA wal_autocheckpoint = 0")

    async def async_thaw(self) -> None:
        """Have the log written to the file again."""
        with suppress(sqlite3.Error, StoreError):
            await self._open_connection.execute(
                f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}"
            )


def _retrieve(done: asyncio.Future[None]) -> None:
    if not done.cancelled():
        done.exception()


async def _async_write(connection: aiosqlite.Connection, unit: _Unit) -> None:
    for statement in unit.statements:
        await connection.executemany(statement.sql, _Unlogged(statement.rows))


async def _async_memory() -> aiosqlite.Connection:
    # Filled from the thread of another connection.
    return await aiosqlite.connect(
        ":memory:", isolation_level=None, check_same_thread=False
    )


async def _async_migrate(connection: aiosqlite.Connection) -> None:
    """Bring a database to the current version.

    Raises sqlite3.Error, and _DamagedError for one of a newer version.
    """
    ((version,),) = await connection.execute_fetchall("PRAGMA user_version")
    if version > VERSION:
        raise _DamagedError
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        await connection.executescript(
            f"BEGIN;{script}PRAGMA user_version = {number};COMMIT;"
        )


def _describe(err: Exception) -> str:
    """Name an error without any value that it may quote."""
    if isinstance(err, OSError):
        return err.strerror or type(err).__name__
    if isinstance(err, sqlite3.OperationalError):
        # The names of SQLite's own codes: "disk I/O error", "database or disk is full".
        return str(err)
    if isinstance(err, StoreError):
        return str(err)
    return getattr(err, "sqlite_errorname", type(err).__name__)
