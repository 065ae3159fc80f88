"""A test home: one account in Home Assistant, at a portal, on one clock."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
import sqlite3
from tempfile import TemporaryDirectory
from typing import Any, Concatenate, Final

import aiosqlite
from freezegun.api import real_monotonic
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_API_KEY, CONF_URL, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import (
    Context,
    Event,
    EventStateChangedData,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util import slugify
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from yarl import URL

from custom_components.smskit.const import DOMAIN
from tests.clock import Clock, Span
from tests.portal import Portal, RequestLog
from tests.wire import is_under_way

type Storage = dict[Path, bytes]
"""The files of an account, by their path."""

# Of an account whose inbox is out of the way.
OPTIONS: Final = {"country": "US", "time_zone": "Africa/Lagos", "inbox_interval": 3600}

# What the integration keeps in `hass.data` for as long as the process lives.
_PROCESS_DATA: Final = f"{DOMAIN}_loaded_before"
# Everything is on one loop and loopback is quick: after so many turns nothing moves
# any more unless time does.
_TURNS: Final = 200
# What is not answered within so many seconds is not answered.
_PATIENCE: Final = 1
# So many turns without work on disk, and there is none.
_QUIET_TURNS: Final = 10


DATABASE_JOBS: Final[set[asyncio.Future[None]]] = set()
"""What the threads of databases are doing."""


def _counted[**P, T](
    method: Callable[Concatenate[aiosqlite.Connection, P], Awaitable[T]],
) -> Callable[Concatenate[aiosqlite.Connection, P], Coroutine[Any, Any, T]]:
    """Return a method whose calls are noted until the thread has answered."""

    async def counted(
        self: aiosqlite.Connection, /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        job = asyncio.get_running_loop().create_future()
        DATABASE_JOBS.add(job)
        try:
            return await method(self, *args, **kwargs)
        finally:
            DATABASE_JOBS.discard(job)
            job.set_result(None)

    return counted


_close: Final = aiosqlite.Connection.close


async def _close_and_join(self: aiosqlite.Connection) -> None:
    thread = self._thread
    await _close(self)
    # It ends right after its last answer.
    thread.join()


# There is no other hook than what all of its work goes through.
for _name, _method in (
    ("_connect", aiosqlite.Connection._connect),  # noqa: SLF001 - as said
    ("_execute", aiosqlite.Connection._execute),  # noqa: SLF001 - as said
    ("close", _close_and_join),
):
    setattr(aiosqlite.Connection, _name, _counted(_method))


async def settle(hass: HomeAssistant) -> None:
    """Let everything end that is under way and needs no time, also on disk."""
    await hass.async_block_till_done(wait_background_tasks=True)
    while await _wait_for_databases():
        await hass.async_block_till_done(wait_background_tasks=True)


async def wait_for_databases() -> None:
    """Let databases end what they are doing, and publish what they have."""
    while await _wait_for_databases():
        pass


async def _wait_for_databases() -> bool:
    """Return whether a database had something to do, once that is done."""
    for _ in range(_QUIET_TURNS):
        if DATABASE_JOBS:
            await asyncio.wait(DATABASE_JOBS)
            return True
        await asyncio.sleep(0)
    return False


@dataclass(frozen=True, kw_only=True)
class World:
    """What a home stands on."""

    hass: HomeAssistant
    client: ClientSessionGenerator
    portal: Portal
    clock: Clock


class Home:
    """One account at the portal, used by its actions and seen by its entities.

    Time stands still, for the event loop too: a time limit passes only when a test
    lets time pass.
    """

    def __init__(self, world: World, entry: MockConfigEntry) -> None:
        """Take hold of an account, set up or not."""
        self.hass = world.hass
        self.portal = world.portal
        self.clock = world.clock
        self.entry = entry
        (self.account,) = (
            account
            for account in self.portal.accounts
            if account.api_key == entry.data[CONF_API_KEY]
        )
        self._name = slugify(entry.title)
        self._jobs: set[asyncio.Future[Any]] = set()
        self._count_jobs(self.hass.loop)

    def _count_jobs(self, loop: asyncio.AbstractEventLoop) -> None:
        """Keep what threads are doing, so that a turn can wait for them."""
        run_in_executor = loop.run_in_executor

        def counted(*args: Any) -> asyncio.Future[Any]:
            job: asyncio.Future[Any] = run_in_executor(*args)
            self._jobs.add(job)
            job.add_done_callback(self._jobs.discard)
            return job

        loop.run_in_executor = counted  # type: ignore[method-assign, assignment]

    # --- Life ------------------------------------------------------------------------

    async def start(self) -> None:
        """Set the account up."""
        assert await self.hass.config_entries.async_setup(self.entry.entry_id)
        await self.settle()
        assert self.entry.state is ConfigEntryState.LOADED

    async def stop(self) -> None:
        """Unload the account."""
        assert await self.hass.config_entries.async_unload(self.entry.entry_id)

    async def reload(self) -> None:
        """Reload the account."""
        assert await self.hass.config_entries.async_reload(self.entry.entry_id)
        await self.settle()

    async def restart(self, storage: Storage | None = None) -> None:
        """Start the account as a new process does.

        With a snapshot of its storage: as if the process had been killed just then.
        """
        if self.entry.state is ConfigEntryState.LOADED:
            await self.stop()
        if storage is not None:
            self._restore_storage(storage)
        self.hass.data.pop(_PROCESS_DATA, None)
        await self.start()

    # --- Storage ---------------------------------------------------------------------

    def _files(self) -> list[Path]:
        folder = Path(self.hass.config.path(STORAGE_DIR))
        return sorted(folder.rglob(f"{DOMAIN}.{self.entry.entry_id}.*"))

    def snapshot_storage(self) -> Storage:
        """Return what the account has on disk, to restart it from."""
        return {path: path.read_bytes() for path in self._files()}

    def _restore_storage(self, storage: Storage) -> None:
        for path in self._files():
            path.unlink()
        for path, content in storage.items():
            # The index of the log is made anew, as after a kill.
            if not path.name.endswith("-shm"):
                path.write_bytes(content)

    def stored(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query to the account's database, as it is on disk."""
        with TemporaryDirectory() as folder:
            for path, content in self.snapshot_storage().items():
                if not path.name.endswith("-shm"):
                    (Path(folder) / path.name).write_bytes(content)
            database = Path(folder) / f"{DOMAIN}.{self.entry.entry_id}.db"
            with closing(sqlite3.connect(database)) as connection:
                return connection.execute(query).fetchall()

    def stored_batches(self) -> list[dict[str, Any]]:
        """Return the batches that the account has on disk."""
        rows = self.stored("SELECT id, stage FROM batches ORDER BY rowid")
        return [{"id": id_, "stage": stage} for id_, stage in rows]

    # --- Time ------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """The time of day, in epoch seconds."""
        return self.clock.now

    async def turns(self, count: int) -> None:
        """Let the event loop turn so many times."""
        for _ in range(count):
            await asyncio.sleep(0)

    async def turn(self) -> None:
        """Let happen what happens without time passing, answered or not."""
        await self.turns(_TURNS)
        while (jobs := self._jobs | DATABASE_JOBS) or await self._is_answered_late():
            if jobs:
                await asyncio.wait(jobs)
            await self.turns(_TURNS)

    async def _is_answered_late(self) -> bool:
        """Wait for an answer that a busy machine delays; return whether it came."""
        until = real_monotonic() + _PATIENCE
        port = URL(self.entry.data[CONF_URL]).port
        assert port is not None
        is_late = False
        while is_under_way(port, self.portal.paused):
            if real_monotonic() > until:
                return False
            is_late = True
            await self.turns(_QUIET_TURNS)
        return is_late

    async def settle(self) -> None:
        """Let everything end that is under way and needs no time."""
        await self.turns(2)
        await settle(self.hass)

    async def advance(self, span: Span) -> None:
        """Let time pass, with all that is due meanwhile; the portal has to answer."""
        await self.settle()
        for _ in self.clock.steps(span):
            await self.settle()

    async def skip(self, span: Span) -> None:
        """Let time pass in one go, as on a machine that slept."""
        self.clock.tick(span)
        await self.settle()

    async def pass_time(self, span: Span) -> None:
        """Let time pass, also for what gets no answer meanwhile."""
        await self.turn()
        for _ in self.clock.steps(span):
            await self.turn()

    async def until_done[T](
        self, action: Coroutine[Any, Any, T] | asyncio.Task[T], within: float = 90
    ) -> T:
        """Return what an action returns, time passing as long as it takes."""
        task = (
            action
            if isinstance(action, asyncio.Task)
            else self.hass.async_create_task(action)
        )
        await self.turn()
        steps = self.clock.steps(within)
        while not task.done() and next(steps, steps) is None:
            await self.turn()
        assert task.done(), f"not ended within {within} s"
        return await task

    # --- What a user does ------------------------------------------------------------

    async def call(
        self, action: str, context: Context | None = None, **data: Any
    ) -> dict[str, Any]:
        """Call an action of the integration and return its response."""
        try:
            response: Any = await self.hass.services.async_call(
                DOMAIN,
                action,
                data,
                blocking=True,
                context=context,
                return_response=True,
            )
        finally:
            # What it changed is published a moment later.
            await wait_for_databases()
        assert isinstance(response, dict)
        return response

    # --- What a user sees ------------------------------------------------------------

    def entity(self, platform: str, key: str) -> str:
        """Return the id of an entity of the account."""
        return f"{platform}.{self._name}_{key}"

    def shown(self, entity_id: str) -> State:
        """Return a state that has to be there."""
        state = self.hass.states.get(entity_id)
        assert state is not None, f"there is no {entity_id}"
        return state

    def state(self, entity_id: str) -> str | None:
        """Return what a state says, or none if it is not there."""
        state = self.hass.states.get(entity_id)
        return state.state if state else None

    def on_event(self, entity_id: str, take: Callable[[State], None]) -> None:
        """Call with the state of an event entity for each of its events."""
        seen = {STATE_UNAVAILABLE, STATE_UNKNOWN}

        @callback
        def note(event: Event[EventStateChangedData]) -> None:
            state = event.data["new_state"]
            # A restored state is no news.
            if state is not None and state.state not in seen:
                seen.add(state.state)
                take(state)

        async_track_state_change_event(self.hass, entity_id, note)

    # --- What the portal saw ---------------------------------------------------------

    def requests(self, *operations: str) -> list[RequestLog]:
        """Return the requests of operations."""
        return [r for r in self.portal.requests if r.operation in operations]
