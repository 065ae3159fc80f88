"""Events that are on disk until they are published."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
import json
import time
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback

from ..const import LOGGER
from .database import Database
from .errors import StoreError
from .statement import Statement

type Body = dict[str, Any]

BURST: Final = 200
"""How many are published at once."""
PER_SECOND: Final = 20
"""How many follow in a second."""
# So that a long backlog does not hold up the event loop.
_AT_ONCE: Final = 20


class _Pace:
    """Lets so many events go at once, and so many a second after that.

    Home Assistant drops a client of its websocket that has more than 4,096 messages
    before it, or more than 1,024 for ten seconds. An event is several messages: to the
    entity, to the card, and whatever an automation does about it. At this pace, a
    client may be away for half a minute, which is when it is dropped for its silence.
    """

    def __init__(self) -> None:
        """Start with everything that may go at once."""
        self._left = float(BURST)
        self._counted = time.monotonic()

    def take(self, count: int) -> float:
        """Take the place of events, all of them; return for how long to wait if not."""
        now = time.monotonic()
        since = max(now - self._counted, 0)
        self._left = min(BURST, self._left + since * PER_SECOND)
        self._counted = now
        if self._left < count:
            return (count - self._left) / PER_SECOND
        self._left -= count
        return 0

    def give_back(self, count: int) -> None:
        """Give back the places of events that could not go yet."""
        self._left += count


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
    those that were being published at that moment.
    """

    def __init__(self, hass: HomeAssistant, database: Database) -> None:
        """Write to an open database."""
        self._hass = hass
        self.database = database
        self._publish: dict[str, Callable[[Body], None]] = {}
        self._waiting: list[_Event] = []
        self._next_id = 1
        self._is_started = False
        self._is_stopped = False
        self._is_paced = False
        """Whether the next events wait for their turn."""
        self._wake = asyncio.Event()
        self._pace = _Pace()
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self._task: asyncio.Task[None] | None = None

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
                # Nobody could read it later, either.
                self.database.write(
                    Statement("DELETE FROM events WHERE id = ?", [(id_,)])
                )
                continue
            if after_a_start and "backlog" in body:
                body["backlog"] = True
            self._waiting.append(_Event(id_, kind, body, None))

    @callback
    def async_handle(self, kind: str, publish: Callable[[Body], None]) -> None:
        """Publish events of a kind by calling `publish`."""
        self._publish[kind] = publish

    @callback
    def write(
        self, kind: str, bodies: Sequence[Body], *statements: Statement
    ) -> asyncio.Future[None]:
        """Write statements and the events about them as a whole; publish them then.

        What cannot be stored is published all the same: somebody may wait for it.
        """
        first, self._next_id = self._next_id, self._next_id + len(bodies)
        insert = Statement(
            "INSERT INTO events (id, kind, body) VALUES (?, ?, ?)",
            [(first + n, kind, json.dumps(body)) for n, body in enumerate(bodies)],
        )
        stored = self.database.write(*statements, insert)
        self._waiting += [
            _Event(first + n, kind, body, stored) for n, body in enumerate(bodies)
        ]
        self._wake.set()
        return stored

    @callback
    def async_start(self) -> None:
        """Publish from now on: those who listen are there.

        Not any more after a stop, which may come before the start is over.
        """
        if self._is_stopped:
            return
        self._is_started = True
        # Not one of Home Assistant's tasks, which are canceled when it stops.
        self._task = self._hass.loop.create_task(
            self._async_publish(), name="smskit publisher"
        )
        self._wake.set()

    @callback
    def async_pause(self) -> None:
        """Publish nothing more: nobody listens any longer."""
        self._is_started = False
        self._is_stopped = True
        self._wake.set()

    async def async_stop(self) -> None:
        """Publish nothing more; return once what is being published was."""
        self.async_pause()
        if self._task is not None:
            await asyncio.shield(self._task)

    async def async_drain(self) -> None:
        """Return once everything was published that can be now.

        What the pace holds back is not waited for: it is on disk.
        """
        while self._is_started and self._waiting and not self._is_paced:
            await self._is_idle.wait()
            await self.database.async_drain()
            await asyncio.sleep(0)

    async def _async_publish(self) -> None:
        while self._is_started:
            self._wake.clear()
            self._is_idle.clear()
            while self._is_started and self._waiting:
                count = min(len(self._waiting), _AT_ONCE)
                if wait := self._pace.take(count):
                    await self._async_wait(wait)
                else:
                    await self._async_publish_some(count)
            self._is_paced = False
            self._is_idle.set()
            if self._is_started:
                await self._wake.wait()

    async def _async_publish_some(self, count: int) -> None:
        """Publish the first events, once they are stored, or cannot be."""
        stored = self._waiting[0].stored
        if stored is not None:
            await asyncio.wait((stored,))
            if not self._is_started:
                return
        events: list[_Event] = []
        for event in self._waiting[:count]:
            if event.stored is not None and not event.stored.done():
                break
            events.append(event)
        if len(events) < count:
            self._pace.give_back(count - len(events))
        gone = Statement("DELETE FROM events WHERE id = ?", [(e.id,) for e in events])
        try:
            await self.database.write(gone)
        except StoreError:
            if self.database.is_closed:
                # The next start publishes it.
                self._is_started = False
                return
            # It is published again after a restart, as late.
            LOGGER.debug("Published without being able to note it")
        del self._waiting[: len(events)]
        for event in events:
            try:
                self._publish[event.kind](event.body)
            except Exception:  # noqa: BLE001 - the others are published all the same
                LOGGER.exception("An event could not be published")

    async def _async_wait(self, seconds: float) -> None:
        """Let clients read what was published; return early at a stop."""
        self._is_paced = True
        self._is_idle.set()
        self._wake.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        self._is_paced = False
        self._is_idle.clear()


def _read(text: str) -> Body | None:
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
