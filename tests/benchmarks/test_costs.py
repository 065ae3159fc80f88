"""What a message costs on disk and in time, however much is kept."""

from collections.abc import Mapping
from datetime import UTC, datetime
import time
from typing import Final

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.const import DOMAIN
from tests.conftest import Tell

from .filled import Filled, listed, text
from .measure import Cost, cost

_KEPT: Final = (10, 1_000, 10_000, 50_000)
_HELD: Final = (10, 1_000, 10_000)
_TIMES: Final = 150
_ELSEWHERE: Final = "+12125550100"
"""A number that nothing is held for."""
# With the JSON files of commit edfd5ee, measured once by the same means on a virtual
# machine with two cores of an AMD EPYC and ext4 on a virtual disk, Python 3.14.
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


async def test_send_by_kept(hass: HomeAssistant, filled: Filled, tell: Tell) -> None:
    """A send costs the same, however many messages are kept."""
    costs: dict[int, Cost] = {}
    for kept in _KEPT:
        async with filled.loaded(kept) as entry:
            costs[kept] = await _cost_of_send(hass, entry)
    _tell_all(tell, "One send, with messages kept", "kept", costs, _BEFORE_KEPT)
    _assert_flat(costs)


async def test_send_by_held(hass: HomeAssistant, filled: Filled, tell: Tell) -> None:
    """A send costs the same, however many batches are held for other numbers."""
    costs: dict[int, Cost] = {}
    for held in _HELD:
        async with filled.loaded(held=held) as entry:
            costs[held] = await _cost_of_send(hass, entry)
            assert entry.runtime_data.outbox.counts["held"] == held
    _tell_all(tell, "One send, with batches held", "held", costs, _BEFORE_HELD)
    _assert_flat(costs)


async def test_received_by_kept(filled: Filled, tell: Tell) -> None:
    """A received message costs the same, however many are kept."""
    costs: dict[int, Cost] = {}
    for kept in _KEPT:
        async with filled.loaded(kept) as entry:
            costs[kept] = await _cost_of_received(entry)
    _tell_all(tell, "One received message", "kept", costs, _BEFORE_RECEIVED)
    _assert_flat(costs)


async def test_poll_with_nothing_new(filled: Filled, tell: Tell) -> None:
    """A poll that finds what it found before writes nothing."""
    costs: dict[int, Cost] = {}
    for kept in _KEPT:
        async with filled.loaded(kept) as entry:
            inbox = entry.runtime_data.messages
            listing = [listed(n, datetime.now(UTC)) for n in (10**7, 10**7 + 1)]

            async def poll(_: int) -> float:
                begin = time.perf_counter()
                await inbox.async_take(listing, full=False, backlog=False)  # noqa: B023 - within the turn
                return time.perf_counter() - begin

            await poll(0)
            await _drain(entry)
            costs[kept] = await cost(poll, _nothing, _TIMES)
    _tell_all(tell, "One poll that finds two known messages", "kept", costs, {})
    assert {kept for kept, one in costs.items() if one.written} == set()
    assert costs[_KEPT[-1]].seconds < 2 * costs[_KEPT[0]].seconds


async def _cost_of_send(hass: HomeAssistant, entry: MockConfigEntry) -> Cost:
    async def send(index: int) -> float:
        begin = time.perf_counter()
        await hass.services.async_call(
            DOMAIN,
            "send_message",
            {"numbers": [_ELSEWHERE], "message": f"New {text(index)}"},
            blocking=True,
            return_response=True,
        )
        return time.perf_counter() - begin

    return await cost(send, lambda: _drain(entry), _TIMES)


async def _cost_of_received(entry: MockConfigEntry) -> Cost:
    inbox = entry.runtime_data.messages

    async def take(index: int) -> float:
        listing = [listed(10**7 + index, datetime.now(UTC))]
        begin = time.perf_counter()
        await inbox.async_take(listing, full=False, backlog=False)
        return time.perf_counter() - begin

    before = inbox.total
    found = await cost(take, lambda: _drain(entry), _TIMES)
    assert inbox.total == before + _TIMES + 1
    return found


async def _drain(entry: MockConfigEntry) -> None:
    """Return once everything is published, and on disk."""
    await entry.runtime_data.publisher.async_drain()
    await entry.runtime_data.store.database.async_drain()


async def _nothing() -> None:
    """Have nothing to wait for."""


def _tell_all(
    tell: Tell,
    heading: str,
    of_what: str,
    costs: Mapping[int, Cost],
    before: Mapping[int, Cost],
) -> None:
    tell(heading, _HEADER)
    for size, now in costs.items():
        then = before.get(size)
        tell(
            heading,
            f"{size:>8,} {of_what:9}{now.written / 1000:10.1f}"
            f"{f'{then.written / 1000:.1f}' if then else '–':>12}"
            f"{now.seconds * 1000:10.2f}"
            f"{f'{then.seconds * 1000:.2f}' if then else '–':>12}",
        )


def _assert_flat(costs: Mapping[int, Cost]) -> None:
    """Expect the most to cost at most twice as much as the least."""
    least, most = costs[min(costs)], costs[max(costs)]
    assert most.written <= 2 * least.written
    assert most.seconds <= 2 * least.seconds
