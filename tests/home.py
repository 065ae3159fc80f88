"""A test home: one account in Home Assistant, at a portal, on one clock."""

import asyncio
from collections.abc import Callable, Coroutine
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_API_KEY, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import (
    Context,
    Event,
    EventStateChangedData,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import slugify
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smskit.const import DOMAIN
from tests.clock import Clock, Span
from tests.portal import Portal, RequestLog

type Storage = dict[str, Any]

# Of an account whose inbox is out of the way.
OPTIONS: Final = {"country": "US", "time_zone": "Africa/Lagos", "inbox_interval": 3600}

# What the integration keeps in `hass.data` for as long as the process lives.
_PROCESS_DATA: Final = f"{DOMAIN}_seen"
# Everything is on one loop and loopback is quick: after so many turns nothing moves
# any more unless time does.
_TURNS: Final = 200


@dataclass(frozen=True, kw_only=True)
class World:
    """What a home stands on."""

    hass: HomeAssistant
    client: ClientSessionGenerator
    storage: Storage
    """Home Assistant's files, by name."""
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
        self._storage = world.storage
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

    @property
    def _prefix(self) -> str:
        return f"{DOMAIN}.{self.entry.entry_id}."

    def snapshot_storage(self) -> Storage:
        """Return what the account has on disk, to restart it from."""
        return {
            key: deepcopy(content)
            for key, content in self._storage.items()
            if key.startswith(self._prefix)
        }

    def _restore_storage(self, storage: Storage) -> None:
        for key in list(self._storage):
            if key.startswith(self._prefix):
                del self._storage[key]
        self._storage.update(deepcopy(storage))

    def stored_batches(self) -> list[dict[str, Any]]:
        """Return the batches that the account has on disk."""
        content = self._storage[f"{self._prefix}outbox"]
        batches: list[dict[str, Any]] = deepcopy(content["data"]["batches"])
        return batches

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
        while self._jobs:
            await asyncio.wait(self._jobs)
            await self.turns(_TURNS)

    async def settle(self) -> None:
        """Let everything end that is under way and needs no time."""
        await self.turns(2)
        await self.hass.async_block_till_done(wait_background_tasks=True)

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
        response: Any = await self.hass.services.async_call(
            DOMAIN, action, data, blocking=True, context=context, return_response=True
        )
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
