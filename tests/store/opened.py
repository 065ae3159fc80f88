"""Stores that tests open, write to, and let the disk refuse."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.smskit.store import Database, DiskProblem, Statement, Store

ENTRY_ID: Final = "01K0STORE0F0THE0TESTS00000"
READ_ONLY: Final = "attempt to write a readonly database"
FULL: Final = "database or disk is full"


class Opener:
    """Opens the store of one account again and again."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Open nothing yet."""
        self.hass = hass
        self._stores: list[Store] = []
        self.problems: list[DiskProblem | None] = []
        """Everything that was reported of the disk."""
        self.set_aside: Path | None = None
        """Where the last one to be opened set a damaged database aside."""

    async def open(self) -> Store:
        """Open the store, after whatever was open was closed."""
        await self.close()
        store = Store(self.hass, ENTRY_ID, self.problems.append)
        self._stores.append(store)
        self.set_aside = await store.async_open()
        return store

    async def close(self) -> None:
        """Close what is open."""
        for store in self._stores:
            await store.async_close()
        self._stores.clear()

    async def retry(self, seconds: float = 6) -> None:
        """Let the time come at which a disk that refused is tried again."""
        async_fire_time_changed(
            self.hass, dt_util.utcnow() + timedelta(seconds=seconds)
        )
        for store in self._stores:
            await store.database.async_drain()


def put(*labels: str | int) -> Statement:
    """Return a statement that stores labels, in their order."""
    return Statement(
        "INSERT INTO events (kind, body) VALUES ('test', ?)",
        [(label,) for label in labels],
    )


def put_once(key: str, value: str | int = "") -> Statement:
    """Return a statement that stores a key that must not be there."""
    return Statement("INSERT INTO meta (key, value) VALUES (?, ?)", [(key, value)])


async def labels(database: Database) -> list[str]:
    """Return the labels that were stored, in the order in which they were."""
    return [
        row[0]
        for row in await database.async_fetch("SELECT body FROM events ORDER BY id")
    ]


async def refuse(database: Database) -> None:
    """Let SQLite refuse every write, as on a disk that became read-only."""
    await database.async_fetch("PRAGMA query_only = ON")


async def accept(database: Database) -> None:
    """Let SQLite write again."""
    await database.async_fetch("PRAGMA query_only = OFF")


@asynccontextmanager
async def full(database: Database) -> AsyncGenerator[None]:
    """Let the database not grow any more, as on a full disk."""
    ((pages,),) = await database.async_fetch("PRAGMA page_count")
    await database.async_fetch(f"PRAGMA max_page_count = {pages}")
    yield
    await database.async_fetch("PRAGMA max_page_count = 1000000")
