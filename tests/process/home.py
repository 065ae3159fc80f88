"""Home Assistant as somebody sees it who listens while it comes and goes."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
import time
from typing import Final, override

import aiohttp

from tests.demo.home_assistant import HomeAssistant, Json

_UP_TIMEOUT: Final = 60
_READY_TIMEOUT: Final = 300
_NOTHING: Final = frozenset({"unavailable", "unknown"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One event that an event entity published."""

    life: int
    """Counts the starts of Home Assistant."""
    entity_id: str
    time: str
    type: str
    attributes: Json


class Home(HomeAssistant):
    """A Home Assistant that comes and goes, and every event that was seen of it."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        """Listen at an address, before anything is there."""
        super().__init__(session, url)
        self.life = 0
        self.events: list[Event] = []
        self.watched = ""
        """The event entity that is there once an account is set up."""
        self.is_new = False
        """Whether it was listened to before the account was set up."""
        self.ready_at: float | None = None
        self._known: set[tuple[str, str, str]] = set()

    @property
    def is_connected(self) -> bool:
        """Whether the connection is there."""
        return self._socket is not None and not self._socket.closed

    @override
    async def connect(self) -> None:
        await super().connect()
        for entity_id, state in self.states.items():
            # Restored, or fired before anybody could listen.
            self._note(entity_id, state)

    async def next_event(self, within: float) -> None:
        """Wait until something more is published, but no longer than that."""
        known = len(self.events)
        with suppress(TimeoutError):
            async with asyncio.timeout(within), self._changed:
                await self._changed.wait_for(lambda: len(self.events) > known)

    async def stay_known(self) -> None:
        """Get a token for longer than a login lasts."""
        self._token = await self.call(
            "auth/long_lived_access_token", client_name="process test", lifespan=1
        )

    async def reconnect(self) -> None:
        """Connect as soon as a Home Assistant that has just been started answers."""
        await self.disconnect()
        self.life += 1
        self.states.clear()
        self.ready_at = None
        async with asyncio.timeout(_UP_TIMEOUT):
            while True:
                # Its end, when it is killed meanwhile, comes as a TypeError.
                with suppress(aiohttp.ClientError, OSError, TypeError):
                    await self.connect()
                    break
                await asyncio.sleep(0.02)
        self.is_new = not self._is_ready()
        if not self.is_new:
            self.ready_at = time.monotonic()

    async def wait_until_ready(self) -> None:
        """Wait until the account is set up and takes calls.

        A portal that refuses at its start is tried again after 5, 10, 20 … seconds.
        """
        async with asyncio.timeout(_READY_TIMEOUT), self._changed:
            await self._changed.wait_for(self._is_ready)
        # Its entities come before it takes calls.
        async with asyncio.timeout(_UP_TIMEOUT):
            while True:
                if await self._is_loaded():
                    return
                await asyncio.sleep(0.02)

    async def _is_loaded(self) -> bool:
        entries = await self.call("config_entries/get", domain="smskit")
        return all(entry["state"] == "loaded" for entry in entries)

    @override
    async def _take(self, change: Json) -> None:
        entity_id, state = change["entity_id"], change["new_state"]
        if state is not None:
            self._note(entity_id, state)
        await super()._take(change)
        if self.ready_at is None and self._is_ready():
            self.ready_at = time.monotonic()

    def _note(self, entity_id: str, state: Json) -> None:
        """Keep an event; a restored entity shows its last one once more."""
        if not entity_id.startswith("event.") or state["state"] in _NOTHING:
            return
        key = entity_id, state["state"], repr(sorted(state["attributes"].items()))
        if key not in self._known:
            self._known.add(key)
            self.events.append(
                Event(
                    life=self.life,
                    entity_id=entity_id,
                    time=state["state"],
                    type=state["attributes"]["event_type"],
                    attributes=state["attributes"],
                )
            )

    def _is_ready(self) -> bool:
        state = self.states.get(self.watched)
        return state is not None and state["state"] != "unavailable"
