"""Events that are on disk until they are published."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
import json
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback

from ..const import LOGGER
from .database import Database, Statement
from .errors import StoreError
from .tasks import create_lasting_task

type Body = dict[str, Any]

# So that a long backlog does not hold up the event loop.
_AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True)
class _Event:
    id: int
    kind: str
    body: Body
    stored: asyncio.Future[None] | None
    """Done once it is on disk, or was refused there; none for one that was loaded."""


class Publisher:
    """Publishes each event once, in order, after it was stored.

    An event is a row from the transaction that it is about until just before it is
    published: an ordinary restart publishes what is left, and a kill loses none but
    the one that was being published at that moment.
    """

    def __init__(self, hass: HomeAssistant, database: Database) -> None:
        """Write to an open database."""
        self._hass = hass
        self.database = database
        self._publish: dict[str, Callable[[Body], None]] = {}
        self._waiting: list[_Event] = []
        self._next_id = 1
        self._is_started = False
        self._running: asyncio.Task[None] | None = None

    async def async_load(self, *, after_a_start: bool) -> None:
        """Restore what was not published before.

        `after_a_start` marks messages as late: Home Assistant was not running when
        they arrived.
        """
        rows = await self.database.async_fetch(
            "SELECT id, kind, body FROM events ORDER BY id"
        )
        for id_, kind, text in rows:
            self._next_id = id_ + 1
            body = _read(text)
            if body is None:
                continue
            if after_a_start and "backlog" in body:
                body["backlog"] = True
            self._waiting.append(_Event(id_, kind, body, None))

    @callback
    def async_handle(self, kind: str, publish: Callable[[Body], None]) -> None:
        """Publish events of a kind by calling `publish`."""
        self._publish[kind] = publish

    @callback
    def prepare(self, kind: str, bodies: list[Body]) -> tuple[list[int], Statement]:
        """Return ids for events, and the statement that stores them."""
        ids = list(range(self._next_id, self._next_id + len(bodies)))
        self._next_id += len(bodies)
        rows = [
            (id_, kind, json.dumps(body)) for id_, body in zip(ids, bodies, strict=True)
        ]
        return ids, Statement(
            "INSERT INTO events (id, kind, body) VALUES (?, ?, ?)", rows
        )

    @callback
    def write(
        self, kind: str, bodies: list[Body], *statements: Statement
    ) -> asyncio.Future[None]:
        """Write statements and the events about them as a whole; publish them then.

        What cannot be stored is published all the same: somebody may wait for it.
        """
        if not bodies:
            return _shielded(self.database.write(*statements))
        ids, insert = self.prepare(kind, bodies)
        stored = self.database.write(*statements, insert)
        self._waiting += [
            _Event(id_, kind, body, stored)
            for id_, body in zip(ids, bodies, strict=True)
        ]
        stored.add_done_callback(self._run)
        return _shielded(stored)

    @callback
    def async_start(self) -> None:
        """Publish from now on: those who listen are there."""
        self._is_started = True
        self._run()

    @callback
    def async_pause(self) -> None:
        """Publish nothing more: nobody listens any longer."""
        self._is_started = False

    async def async_stop(self) -> None:
        """Publish nothing more; return once what is being published was."""
        self.async_pause()
        await self._async_settle()

    async def async_drain(self) -> None:
        """Return once everything was published that can be now."""
        while self._is_started and self._waiting:
            await self.database.async_drain()
            await self._async_settle()
            await asyncio.sleep(0)

    async def _async_settle(self) -> None:
        if self._running is not None:
            await asyncio.shield(self._running)

    @callback
    def _run(self, _: object = None) -> None:
        if self._is_started and self._waiting and self._running is None:
            self._running = create_lasting_task(
                self._hass, self._async_publish(), "smskit publish"
            )

    async def _async_publish(self) -> None:
        try:
            while self._is_started and (events := self._ready()):
                await self._async_publish_some(events)
        finally:
            self._running = None

    def _ready(self) -> list[_Event]:
        """Return the first events that are stored, or that cannot be."""
        ready: list[_Event] = []
        for event in self._waiting[:_AT_ONCE]:
            if event.stored is not None and not event.stored.done():
                break
            ready.append(event)
        return ready

    async def _async_publish_some(self, events: list[_Event]) -> None:
        gone = Statement("DELETE FROM events WHERE id = ?", [(e.id,) for e in events])
        try:
            await self.database.write(gone)
        except StoreError:
            # It is published again after a restart, as late.
            LOGGER.debug("Published without being able to note it")
        del self._waiting[: len(events)]
        for event in events:
            try:
                self._publish[event.kind](event.body)
            except Exception:  # noqa: BLE001 - the others are published all the same
                LOGGER.exception("An event could not be published")


def _shielded(stored: asyncio.Future[None]) -> asyncio.Future[None]:
    """Return a future that may be cancelled, or not awaited at all."""
    outer = asyncio.shield(stored)
    outer.add_done_callback(lambda done: done.cancelled() or done.exception())
    return outer


def _read(text: str) -> Body | None:
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
