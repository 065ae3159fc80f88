"""What a message costs on disk and in time, however much is kept."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
import time
from typing import Final

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.const import DOMAIN
from tests.conftest import Report

from .filled import Filled, listed, text
from .measure import Cost, costs

type Entries = dict[int, MockConfigEntry]

_KEPT: Final = (10, 1_000, 10_000, 50_000)
_HELD: Final = (10, 1_000, 10_000)
_TIMES: Final = 100
_BEGIN: Final = datetime.now(UTC)
_ELSEWHERE: Final = "+12125550100"
"""A number that nothing is held for."""
# With the JSON files of commit edfd5ee, measured once by the same means on a virtual
# machine with two cores of an AMD EPYC and a virtual disk, which had little else to do.
# A send includes the file of what was sent, which was written up to two seconds later.
_BEFORE_KEPT: Final = {
    10: Cost(written=19_841, seconds=0.0035),
    1_000: Cost(written=158_730, seconds=0.0038),
    10_000: Cost(written=1_426_214, seconds=0.0049),
    50_000: Cost(written=7_079_570, seconds=0.0049),
}
_BEFORE_HELD: Final = {
    10: Cost(written=33_351, seconds=0.0035),
    1_000: Cost(written=1_514_121, seconds=0.0139),
    10_000: Cost(written=15_005_118, seconds=0.0942),
}
_BEFORE_RECEIVED: Final = {
    10: Cost(written=5_990, seconds=0.0010),
    1_000: Cost(written=179_074, seconds=0.0017),
    10_000: Cost(written=1_761_574, seconds=0.0096),
    50_000: Cost(written=8_834_908, seconds=0.0413),
}
_HEADER: Final = (
    f"{'':18}{'KB now':>10}{'KB before':>12}{'ms now':>10}{'ms before':>12}"
)


@asynccontextmanager
async def _loaded(
    filled: Filled, *, kept: Iterable[int] = (), held: Iterable[int] = ()
) -> AsyncGenerator[Entries]:
    """Set accounts of several sizes up."""
    async with AsyncExitStack() as stack:
        sizes = {size: (size, 0) for size in kept} | {size: (0, size) for size in held}
        yield {
            size: await stack.enter_async_context(filled.loaded(*pair))
            for size, pair in sizes.items()
        }


async def test_send_by_kept(
    hass: HomeAssistant, filled: Filled, report: Report
) -> None:
    """A send costs the same, however many messages are kept."""
    async with _loaded(filled, kept=_KEPT) as entries:
        found = await _costs_of_send(hass, entries)
    _tell_all(report, "One send, with messages kept", "kept", found, _BEFORE_KEPT)
    _assert_flat(found)


async def test_send_by_held(
    hass: HomeAssistant, filled: Filled, report: Report
) -> None:
    """A send costs the same, however many batches are held for other numbers."""
    async with _loaded(filled, held=_HELD) as entries:
        found = await _costs_of_send(hass, entries)
        for held, entry in entries.items():
            assert entry.runtime_data.outbox.counts["held"] == held
    _tell_all(report, "One send, with batches held", "held", found, _BEFORE_HELD)
    _assert_flat(found)


async def test_received_by_kept(filled: Filled, report: Report) -> None:
    """A received message costs the same, however many are kept."""
    async with _loaded(filled, kept=_KEPT) as entries:
        before = {kept: _total(entry) for kept, entry in entries.items()}
        works = {kept: partial(_take, entry) for kept, entry in entries.items()}
        found = await costs(works, _drain(entries), _TIMES)
        for kept, entry in entries.items():
            assert _total(entry) == before[kept] + _TIMES + 1
    _tell_all(report, "One received message", "kept", found, _BEFORE_RECEIVED)
    _assert_flat(found)


async def test_poll_with_nothing_new(filled: Filled, report: Report) -> None:
    """A poll that finds what it found before writes nothing."""
    async with _loaded(filled, kept=_KEPT) as entries:
        works = {kept: partial(_take_same, entry) for kept, entry in entries.items()}
        found = await costs(works, _drain(entries), _TIMES)
    _tell_all(report, "One poll that finds a known message", "kept", found, {})
    assert {kept for kept, one in found.items() if one.written} == set()
    assert found[_KEPT[-1]].undisturbed <= 2 * found[_KEPT[0]].undisturbed


async def _costs_of_send(hass: HomeAssistant, entries: Entries) -> dict[int, Cost]:
    async def send(entry: MockConfigEntry, index: int) -> float:
        begin = time.perf_counter()
        await hass.services.async_call(
            DOMAIN,
            "send_message",
            {
                "config_entry_id": entry.entry_id,
                "numbers": [_ELSEWHERE],
                "message": f"New {text(index)}",
            },
            blocking=True,
            return_response=True,
        )
        return time.perf_counter() - begin

    works = {size: partial(send, entry) for size, entry in entries.items()}
    return await costs(works, _drain(entries), _TIMES)


async def _take(entry: MockConfigEntry, index: int) -> float:
    """Take a listing of the unread, which is one message."""
    listing = [listed(10**7 + index, _BEGIN + timedelta(minutes=index))]
    begin = time.perf_counter()
    await entry.runtime_data.messages.async_take(listing, full=False, backlog=False)
    return time.perf_counter() - begin


async def _take_same(entry: MockConfigEntry, _: int) -> float:
    return await _take(entry, 0)


def _total(entry: MockConfigEntry) -> int:
    total: int = entry.runtime_data.messages.total
    return total


def _drain(entries: Entries) -> Callable[[int], Awaitable[None]]:
    """Return what returns once everything is published, and on disk."""

    async def drain(size: int) -> None:
        await entries[size].runtime_data.publisher.async_drain()
        await entries[size].runtime_data.store.database.async_drain()

    return drain


def _tell_all(
    report: Report,
    heading: str,
    of_what: str,
    found: Mapping[int, Cost],
    before: Mapping[int, Cost],
) -> None:
    report(heading, _HEADER)
    for size, now in found.items():
        then = before.get(size)
        report(
            heading,
            f"{size:>8,} {of_what:9}{now.written / 1000:10.1f}"
            f"{f'{then.written / 1000:.1f}' if then else '-':>12}"
            f"{now.seconds * 1000:10.2f}"
            f"{f'{then.seconds * 1000:.2f}' if then else '-':>12}",
        )


def _assert_flat(found: Mapping[int, Cost]) -> None:
    """Expect the most to cost at most twice as much as the least."""
    least, most = found[min(found)], found[max(found)]
    assert most.written <= 2 * least.written
    assert most.undisturbed <= 2 * least.undisturbed
