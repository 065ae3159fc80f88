"""For how long the event loop is away while something large is under way.

By the clock it is also away because of threads of this process, which take turns of
five milliseconds, and because of other programs. What is asserted is the processor time
of the loop's own thread in one turn: what it did without letting go.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
import gc
import tracemalloc
from typing import Final

from homeassistant.core import CoreState, HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from custom_components.smskit.inbox.inbox import RECEIVED, Inbox
from custom_components.smskit.portal_clock import PortalClock
from custom_components.smskit.sending.outbox import Outbox
from custom_components.smskit.settings import Settings
from custom_components.smskit.store import MessageLog, Publisher, Statement, Store
from custom_components.smskit.store.publisher import BURST
from tests.conftest import Report, entry_data
from tests.portal import Portal

from .filled import OPTIONS, Filled, listed
from .measure import Absence, watched
from .reads import reads

_KEPT: Final = 50_000
_HELD: Final = 10_000
_LISTED: Final = 10_000
_RUNS: Final = 3
_LONGEST: Final = 0.020
_DRAINING: Final = 2.0
_MEGABYTE: Final = 2**20
_CLOCK: Final = PortalClock(UTC, UTC, ())
_HEADING: Final = "The event loop was away for up to"
_WIDTH: Final = 58
_HEADER: Final = f"{'':{_WIDTH}}{'own ms':>8}{'wall ms':>9}"


def _is_nobody(_: str) -> bool:
    """Trust no number."""
    return False


def _name_nobody(_: str) -> str | None:
    """Know the name of no number."""
    return None


class Watch:
    """Measures steps, several times over, and keeps the best of each."""

    def __init__(self, report: Report) -> None:
        """Report of them in the end."""
        self._tell = report
        self._best: dict[str, Absence] = {}

    async def step[T](self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """Do something and measure it."""
        async with watched() as found:
            result = await work()
        best = self._best.setdefault(name, found)
        best.own = min(best.own, found.own)
        best.wall = min(best.wall, found.wall)
        return result

    def finish(self, *, but: str | None = None) -> None:
        """Print all, and expect that nothing took too long, but for a step."""
        self._tell(_HEADING, _HEADER)
        for name, one in self._best.items():
            self._tell(
                _HEADING,
                f"{name:{_WIDTH}}{one.own * 1000:8.1f}{one.wall * 1000:9.1f}",
            )
        long = {n: one.own for n, one in self._best.items() if one.own > _LONGEST}
        assert long.keys() <= {but}


@pytest.fixture
async def settings(hass: HomeAssistant, portal: Portal) -> Settings:
    """Return the settings of an account that keeps all."""
    return await Settings.async_read(hass, entry_data(portal), OPTIONS)


async def _open(hass: HomeAssistant, stack: AsyncExitStack, entry_id: str) -> Store:
    store = Store(hass, entry_id, lambda _: None)
    await store.async_open()
    stack.push_async_callback(store.async_close)
    return store


async def test_load(
    hass: HomeAssistant, filled: Filled, settings: Settings, report: Report
) -> None:
    """Loading a large account lets go of the loop all the time."""
    watch = Watch(report)
    for run in range(_RUNS):
        name = f"load{run}"
        await filled.copy(name, _KEPT, _HELD, 1000)
        async with AsyncExitStack() as stack:
            opened = partial(_open, hass, stack, name)
            store = await watch.step(f"load: open, {_KEPT:,} kept", opened)
            publisher = Publisher(hass, store.database)
            outbox = Outbox(hass, name, settings, publisher)
            load = partial(
                outbox.async_load, is_restored=False, is_lost=lambda _: False
            )
            await watch.step(f"load: outbox, {_HELD:,} held", load)
            assert outbox.counts["held"] == _HELD
            inbox = Inbox(
                hass,
                name,
                settings,
                _CLOCK,
                publisher,
                is_trusted=_is_nobody,
                name_of=_name_nobody,
            )
            await watch.step("load: inbox", partial(inbox.async_load, "account"))
            assert inbox.total == _KEPT / 2
            await watch.step("load: check for damage", store.async_check)
    watch.finish()


async def test_listing(
    hass: HomeAssistant, filled: Filled, settings: Settings, report: Report
) -> None:
    """A listing of ten thousand lets go of the loop, but for one that is all news."""
    watch = Watch(report)
    begin = datetime.now(UTC) - timedelta(minutes=_LISTED)
    listing = [listed(n, begin + timedelta(minutes=n)) for n in range(_LISTED)]
    news = f"listing of {_LISTED:,}: all new and unread"
    for run in range(_RUNS):
        await filled.copy(f"listing{run}", 10, 0, 1000)
        async with AsyncExitStack() as stack:
            store = await _open(hass, stack, f"listing{run}")
            publisher = Publisher(hass, store.database)
            inbox = Inbox(
                hass,
                f"listing{run}",
                settings,
                _CLOCK,
                publisher,
                is_trusted=_is_nobody,
                name_of=_name_nobody,
            )
            publisher.async_handle(RECEIVED, inbox.publish)
            take = partial(inbox.async_take, listing, full=True, backlog=False)
            await inbox.async_load("account")
            await watch.step(f"listing of {_LISTED:,}: the first one", take)
            await watch.step(f"listing of {_LISTED:,}: all known", take)
            assert (inbox.view.unread, inbox.total) == (0, _LISTED + 5)
            await watch.step(f"deleting {_LISTED:,}", partial(inbox.async_delete, None))
            await store.database.write(Statement("DELETE FROM seen"))
            await watch.step(news, take)
            assert (inbox.view.unread, inbox.total) == (_LISTED, _LISTED)
            publisher.async_start()
            if run == 0:
                drain = publisher.async_drain
                await watch.step(f"publishing {BURST:,} received", drain)
            await publisher.async_stop()
            read = partial(inbox.async_mark_read, None)
            await watch.step(f"marking {_LISTED:,} as read", read)
    # Their events are made in one go: they and the messages are stored as a whole.
    watch.finish(but=news)


async def test_reading(
    hass: HomeAssistant, filled: Filled, settings: Settings, report: Report
) -> None:
    """Reading and trimming a large history lets go of the loop all the time."""
    watch = Watch(report)
    await filled.copy("reading", _KEPT, 0, 1000)
    async with AsyncExitStack() as stack:
        store = await _open(hass, stack, "reading")
        log = MessageLog(store.database)
        for _ in range(_RUNS):
            for name, work in reads(log).items():
                await watch.step(f"{name}, {_KEPT:,} kept", work)
        fewer = replace(settings, keep_messages=_KEPT // 2 - 1000)
        publisher = Publisher(hass, store.database)
        inbox = Inbox(
            hass,
            "reading",
            fewer,
            _CLOCK,
            publisher,
            is_trusted=_is_nobody,
            name_of=_name_nobody,
        )
        await watch.step("trimming 1,000 of 25,000", inbox.async_trim)
        assert inbox.total == fewer.keep_messages
    watch.finish()


@pytest.mark.parametrize(
    ("name", "numbers", "used"),
    [
        ("to 1,000 numbers", 1000, 0),
        ("all to one number", 1, 0),
        ("the hourly limit used up", 1000, 100),
    ],
)
async def test_draining(  # noqa: PLR0913, PLR0917 - fixtures
    hass: HomeAssistant,
    filled: Filled,
    report: Report,
    name: str,
    numbers: int,
    used: int,
) -> None:
    """Held batches leave without holding up the loop."""
    watch = Watch(report)
    entry = await filled.entry(0, _HELD, numbers, hourly_limit=used or 1_000_000)
    if used:
        async with AsyncExitStack() as stack:
            store = await _open(hass, stack, entry.entry_id)
            at = dt_util.utcnow().timestamp() - 60
            await store.database.write(
                Statement(
                    "INSERT INTO hourly (batch_id, name, at, count) "
                    "VALUES (?, 'spending', ?, 1)",
                    [(f"batch{n}", at) for n in range(used)],
                )
            )
    hass.set_state(CoreState.starting)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    data = entry.runtime_data

    async def drain() -> None:
        data.publisher.async_start()
        data.dispatcher.async_resume()
        await asyncio.sleep(_DRAINING)

    await watch.step(f"draining {_HELD:,} held: {name}", drain)
    assert (data.outbox.counts["held"] < _HELD) is (used == 0)
    assert await hass.config_entries.async_unload(entry.entry_id)
    hass.set_state(CoreState.running)
    watch.finish()


async def test_memory(
    hass: HomeAssistant, filled: Filled, settings: Settings, report: Report
) -> None:
    """Ten thousand held batches cost under 20 MB of memory; what is kept costs none."""
    await filled.copy("memory", _KEPT, _HELD, 1000)
    async with AsyncExitStack() as stack:
        store = await _open(hass, stack, "memory")
        gc.collect()
        # Measured apart: to count every allocation takes its own time.
        tracemalloc.start()
        publisher = Publisher(hass, store.database)
        outbox = Outbox(hass, "memory", settings, publisher)
        await outbox.async_load(is_restored=False, is_lost=lambda _: False)
        inbox = Inbox(
            hass,
            "memory",
            settings,
            _CLOCK,
            publisher,
            is_trusted=_is_nobody,
            name_of=_name_nobody,
        )
        await inbox.async_load("account")
        gc.collect()
        megabytes = tracemalloc.get_traced_memory()[0] / _MEGABYTE
        tracemalloc.stop()
        assert outbox.counts["held"] == _HELD
    report("Memory", f"{_KEPT:,} kept and {_HELD:,} held: {megabytes:.1f} MB")
    assert megabytes < 20
