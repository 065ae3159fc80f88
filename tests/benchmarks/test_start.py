"""How long it takes to set a large account up, and to read it."""

from contextlib import AsyncExitStack
import statistics
import time
from typing import Final

from homeassistant.core import CoreState, HomeAssistant

from custom_components.smskit.store import MessageLog, Store
from tests.conftest import Report

from .filled import Filled
from .measure import watched
from .reads import reads

_KEPT: Final = 50_000
_HELD: Final = 10_000
_SETUPS: Final = 5
_READS: Final = 20
# With the JSON files of commit edfd5ee, on the machine named in test_costs.py. It also
# waited for the portal.
_BEFORE: Final = {"empty": 0.037, "large": 0.373}


async def test_setup(hass: HomeAssistant, filled: Filled, report: Report) -> None:
    """Set up an account with fifty thousand messages, and ten thousand held."""
    heading = "Setting an account up, median"
    report(heading, f"{'':38}{'ms now':>10}{'ms before':>12}{'own stall':>12}")
    for name, kept, held in (("empty", 0, 0), ("large", _KEPT, _HELD)):
        seconds: list[float] = []
        stalls: list[float] = []
        # The first one also imports and registers what the others find.
        for run in range(_SETUPS + 2):
            entry = await filled.entry(kept, held)
            hass.set_state(CoreState.starting)
            begin = time.perf_counter()
            if run <= _SETUPS:
                assert await hass.config_entries.async_setup(entry.entry_id)
                seconds.append(time.perf_counter() - begin)
            else:
                # Apart: to watch the loop takes its own time.
                async with watched() as longest:
                    assert await hass.config_entries.async_setup(entry.entry_id)
                stalls.append(longest.own)
            assert entry.runtime_data.outbox.counts["held"] == held
            assert entry.runtime_data.messages.total == kept / 2
            await hass.async_block_till_done(wait_background_tasks=True)
            assert await hass.config_entries.async_remove(entry.entry_id)
            await hass.async_block_till_done(wait_background_tasks=True)
            hass.set_state(CoreState.running)
        report(
            heading,
            f"{name:6}{kept:8,} kept{held:10,} held   "
            f"{statistics.median(seconds[1:]) * 1000:11.0f}"
            f"{_BEFORE[name] * 1000:12.0f}{max(stalls) * 1000:12.1f}",
        )


async def test_reads(hass: HomeAssistant, filled: Filled, report: Report) -> None:
    """Read a history of fifty thousand messages."""
    heading = f"Reading with {_KEPT:,} messages kept, median"
    await filled.copy("reads", _KEPT, 0, 1000)
    async with AsyncExitStack() as stack:
        store = Store(hass, "reads", lambda _: None)
        await store.async_open()
        stack.push_async_callback(store.async_close)
        for name, read in reads(MessageLog(store.database)).items():
            seconds: list[float] = []
            for _ in range(_READS):
                begin = time.perf_counter()
                await read()
                seconds.append(time.perf_counter() - begin)
            report(heading, f"{name:38}{statistics.median(seconds) * 1000:8.2f} ms")
