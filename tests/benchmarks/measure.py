"""How to measure: bytes written, and how long the event loop was away."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
import gc
from pathlib import Path
import statistics
import time
from typing import Final

_IO: Final = Path("/proc/self/io")


def written() -> int:
    """Return how many bytes this process has written to files so far.

    SQLite maps only its index of the log into memory. Sockets do not count; on a disk,
    `write_bytes` is within a page or two of this, and zero where files are in memory.
    """
    fields = dict(line.split(": ") for line in _IO.read_text().splitlines())
    return int(fields["wchar"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What something costs each time."""

    written: float
    """Bytes, on average: now and then the log is moved to the database."""
    seconds: float
    """The median."""
    undisturbed: float = 0
    """The lower quartile of the seconds: others use this machine, too."""


async def costs[KeyT](
    works: Mapping[KeyT, Callable[[int], Awaitable[float]]],
    finish: Callable[[KeyT], Awaitable[None]],
    times: int,
) -> dict[KeyT, Cost]:
    """Do several things in turn, again and again: what disturbs one disturbs all.

    Each returns how long its caller waited.
    """
    for key, work in works.items():
        await work(0)
        await finish(key)
    gc.collect()
    sums = dict.fromkeys(works, 0)
    seconds: dict[KeyT, list[float]] = {key: [] for key in works}
    for number in range(1, times + 1):
        for key, work in works.items():
            before = written()
            seconds[key].append(await work(number))
            await finish(key)
            sums[key] += written() - before
    return {
        key: Cost(
            written=sums[key] / times,
            seconds=statistics.median(seconds[key]),
            undisturbed=statistics.quantiles(seconds[key], n=4)[0],
        )
        for key in works
    }


@dataclass(kw_only=True, slots=True)
class Absence:
    """For how long the event loop was away, at the longest, in seconds."""

    wall: float = 0
    """By the clock: with what other threads and other programs took."""
    own: float = 0
    """In one turn, by the processor time of the loop's own thread."""


@asynccontextmanager
async def watched() -> AsyncGenerator[Absence]:
    """Watch the event loop meanwhile."""
    longest = Absence()

    async def watch() -> None:
        wall, own = time.perf_counter(), time.thread_time()
        while True:
            await asyncio.sleep(0)
            wall_now, own_now = time.perf_counter(), time.thread_time()
            longest.wall = max(longest.wall, wall_now - wall)
            longest.own = max(longest.own, own_now - own)
            wall, own = wall_now, own_now

    gc.collect()
    task = asyncio.create_task(watch())
    await asyncio.sleep(0)
    yield longest
    # One more turn, for the gap that goes on.
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait((task,))
