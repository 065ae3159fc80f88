"""What polls of a full inbox cost, in time, in stalls of the event loop and memory."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
import gc
from pathlib import Path
import time
import tracemalloc
from typing import Final

import aiohttp
from homeassistant.core import HomeAssistant
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from custom_components.smskit.api import InboxMessage, PortalClient
from custom_components.smskit.const import DOMAIN
from custom_components.smskit.inbox.inbox import Inbox
from custom_components.smskit.settings import Settings
from tests.portal import Account, Portal
from tests.portal.distortions import encode
from tests.portal.operations import perform

_MANY: Final = 10_000
_SIZES: Final = (10, 1_000, _MANY)
_MEGABYTE: Final = 2**20
_LONGEST_STALL: Final = 0.020
_SETTINGS: Final = Settings(
    sender="HOME",
    country="US",
    time_zone=UTC,
    currency=None,
    low_balance=0,
    hourly_limit=0,
    hold=timedelta(),
    inbox_interval=timedelta(seconds=30),
    keep_messages=_MANY,
    keep_for=timedelta(days=3650),
    allowed_senders=frozenset(),
)
_medians: dict[int, float] = {}


class Home:
    """A portal with an inbox, a client and what is kept of it."""

    def __init__(self, portal: Portal, account: Account, hass: HomeAssistant) -> None:
        """Hold all of them."""
        self.portal = portal
        self.account = account
        self.hass = hass

    def fill(self, count: int) -> None:
        """Have so many messages come in, one a minute."""
        begin = datetime.now(UTC) - timedelta(minutes=count)
        for index in range(count):
            self.portal.receive(
                self.account,
                f"120255501{index % 100:02}",
                f"Message {index}: the temperature in the freezer is {index % 30} °C",
                date=begin + timedelta(minutes=index),
            )

    def inbox(self) -> Inbox:
        """Return the inbox, not loaded yet."""
        return Inbox(
            self.hass,
            "account",
            _SETTINGS,
            is_trusted=lambda _: False,
            account="account",
        )


@pytest.fixture
def _custom_integrations() -> None:
    """Need no Home Assistant of the tests: its files are in memory."""


@asynccontextmanager
async def _home(folder: Path) -> AsyncGenerator[tuple[Home, PortalClient]]:
    """Run a portal and the core of a Home Assistant whose files are on a disk."""
    hass = HomeAssistant(str(folder))
    async with Portal(time_zone="UTC") as portal, aiohttp.ClientSession() as session:
        account = portal.add_account(
            api_key="key", api_token="token", credits=Decimal(1)
        )
        client = PortalClient(session, portal.url, "key", "token")
        yield Home(portal, account, hass), client
    await hass.async_stop(force=True)


@pytest.fixture
def runner() -> Generator[asyncio.Runner]:
    """Return a loop that a benchmark may enter again and again."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.mark.parametrize("kept", _SIZES)
def test_poll_with_nothing_new(  # noqa: PLR0913, PLR0917 - fixtures
    benchmark: BenchmarkFixture,
    runner: asyncio.Runner,
    tmp_path: Path,
    socket_enabled: None,
    capsys: pytest.CaptureFixture[str],
    kept: int,
) -> None:
    """A poll costs about the same, however many messages are kept.

    It finds the newest two once more, as at a portal that marks nothing as read: what
    an empty listing costs has nothing to do with what is kept.
    """
    context = _home(tmp_path)
    home, client = runner.run(context.__aenter__())
    home.fill(kept)
    inbox = home.inbox()

    async def begin() -> None:
        await inbox.async_load()
        await inbox.async_take(await client.inbox(unread=False), full=True)

    async def poll() -> None:
        for message in home.account.inbox:
            message.read = False
        assert not await inbox.async_take(await client.inbox(unread=True), full=False)

    runner.run(begin())
    assert inbox.total == kept
    # What the portal itself needs for a long list is no matter here.
    del home.account.inbox[:-2]
    try:
        benchmark.pedantic(  # type: ignore[no-untyped-call] # it has no types there
            lambda: runner.run(poll()), rounds=100, warmup_rounds=5
        )
    finally:
        runner.run(context.__aexit__(None, None, None))
    assert benchmark.stats is not None
    _medians[kept] = benchmark.stats.stats.median
    if kept == _SIZES[-1]:
        ratio = _medians[kept] / _medians[_SIZES[0]]
        with capsys.disabled():
            print("\npoll with nothing new, median:")  # noqa: T201 - a figure
            for size, seconds in _medians.items():
                print(f"  {size:6} kept: {seconds * 1000:.2f} ms")  # noqa: T201
            print(f"  {ratio:.2f} times as long with {kept} as with 10")  # noqa: T201
        assert ratio < 2


# --- A listing of all ----------------------------------------------------------------


@asynccontextmanager
async def _watched() -> AsyncGenerator[list[float]]:
    """Collect how long the event loop was away, each time."""
    gaps: list[float] = []

    async def watch() -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    task = asyncio.create_task(watch())
    await asyncio.sleep(0)
    yield gaps
    task.cancel()
    await asyncio.wait((task,))


def _prepare(home: Home) -> None:
    """Have the portal's whole answer at hand: its making is not what is measured."""
    answer = perform(
        home.portal.state,
        "getinbox",
        {"apikey": "key", "apitoken": "token", "list": "all"},
    )
    home.portal.fail("not_json", "getinbox", text=encode(answer))


async def test_listing_of_ten_thousand(
    tmp_path: Path, socket_enabled: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """No step of a long listing holds the event loop up, be it all new or all known."""
    asyncio.get_running_loop().set_debug(False)
    lines: list[str] = []
    longest: dict[str, float] = {}
    async with _home(tmp_path) as (home, client):
        home.fill(_MANY)
        _prepare(home)

        async def measure(what: str, work: Callable[[], Awaitable[object]]) -> None:
            gc.collect()
            async with _watched() as gaps:
                begin = time.perf_counter()
                await work()
                took = time.perf_counter() - begin
            # The best of several runs: others work on this machine too.
            longest[what] = min(longest.get(what, 1), max(gaps))
            lines.append(
                f"  {what}: {took * 1000:.0f} ms, the loop was away for up to"
                f" {max(gaps) * 1000:.1f} ms"
            )

        for run in range(5):
            (tmp_path / ".storage" / f"{DOMAIN}.account.inbox").unlink(missing_ok=True)
            inbox = home.inbox()
            await inbox.async_load()
            # Of an account that had nothing when it was added: all is unread.
            await inbox.async_take((), full=True)
            listings: list[tuple[InboxMessage, ...]] = []

            async def fetch(into: list[tuple[InboxMessage, ...]]) -> None:
                into.append(await client.inbox(unread=False))

            await measure("request and parse", partial(fetch, listings))
            take = partial(inbox.async_take, listings[0], full=True)
            await measure("take, all new", take)
            await measure("take, all known", take)
            await measure("mark all as read", partial(inbox.async_mark_read, None))
            assert inbox.total == _MANY
            other = home.inbox()
            await measure("load", other.async_load)
            assert other.total == _MANY
            await measure("delete all", partial(inbox.async_delete, None))
            lines.append(f"  -- run {run + 1}")
    with capsys.disabled():
        print(f"\n{_MANY} messages:", *lines, sep="\n")  # noqa: T201 - the figures
    assert {w: gap for w, gap in longest.items() if gap > _LONGEST_STALL} == {}


async def test_memory(
    tmp_path: Path, socket_enabled: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ten thousand messages cost under 20 MB of memory."""
    async with _home(tmp_path) as (home, client):
        home.fill(_MANY)
        inbox = home.inbox()
        await inbox.async_load()
        await inbox.async_take(await client.inbox(unread=False), full=True)
        del inbox
        home.account.inbox.clear()
        gc.collect()
        # Measured apart: to count every allocation takes its own time.
        tracemalloc.start()
        inbox = home.inbox()
        await inbox.async_load()
        gc.collect()
        megabytes = tracemalloc.get_traced_memory()[0] / _MEGABYTE
        tracemalloc.stop()
        assert inbox.total == _MANY
        size = _size(tmp_path) / _MEGABYTE
    with capsys.disabled():
        print(  # noqa: T201 - the figures are what it is for
            f"\n{_MANY} messages: {megabytes:.1f} MB in memory, {size:.1f} MB on disk"
        )
    assert megabytes < 20


def _size(folder: Path) -> int:
    return (folder / ".storage" / f"{DOMAIN}.account.inbox").stat().st_size
