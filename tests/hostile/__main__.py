"""Attacks a Home Assistant of its own: `python -m tests.hostile`.

An account is added at a sound portal, which then answers with one attack after the
other while Home Assistant polls, checks the portal, sends, and wants a pairing code.
Printed are, for each, the memory of Home Assistant over idle and the longest time for
which its web server did not answer. `--short` leaves out what has to be waited for.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from pathlib import Path
import sys
import time
from typing import Final

import aiohttp

from tests.demo.home_assistant import ActionError
from tests.demo.transcript import Transcript
from tests.process.account import add_account
from tests.process.command import finish, folder_of, run
from tests.process.home import Home
from tests.process.instance import Instance

from .attacks import ROWS, Row
from .measure import Cost, measured
from .portal import HostilePortal

_PATIENCE: Final = 90.0
_GOAL_MIB: Final = 100
_GOAL_SILENCE: Final = 0.1
_POLLED: Final = ("balance", "unread_messages", "connected")
_BUTTON: Final = "refresh_qr"
# So long is waited between two updates of the same entity.
_COOLDOWN: Final = 2.2


class Run:
    """One run."""

    def __init__(self, folder: Path, out: Transcript, rows: Iterable[Row]) -> None:
        """Prepare an instance that is to be attacked in so many ways."""
        self._out = out
        self._rows = sorted(rows, key=lambda row: row.holds)
        self._instance = Instance(folder)
        self._portal = HostilePortal()
        self._problems: list[str] = []
        self._entities: dict[str, str] = {}

    async def run(self) -> list[str]:
        """Return what was wrong; leave nothing running, whatever happens."""
        async with (
            self._portal.running(),
            aiohttp.ClientSession() as session,
            Home(session, f"http://127.0.0.1:{self._instance.port}") as home,
        ):
            try:
                await add_account(
                    self._instance,
                    home,
                    self._portal,
                    watched="balance",
                    hourly_limit=0,
                    inbox_interval=3600,
                )
                await self._instance.boot(home)
                await home.wait_until_running()
                await home.wait_until_ready()
                async with asyncio.timeout(_PATIENCE):
                    await self._find_entities(home)
                await self._attack(home)
                await home.disconnect()
            finally:
                await self._instance.kill()
        return self._problems

    async def _find_entities(self, home: Home) -> None:
        """Find the entities; those of the channel come when it was polled."""
        while not {*_POLLED, _BUTTON} <= self._entities.keys():
            await asyncio.sleep(0.1)
            self._entities = {
                entity["translation_key"]: entity["entity_id"]
                for entity in await home.call("config/entity_registry/list")
                if entity["platform"] == "smskit"
            }

    async def _attack(self, home: Home) -> None:
        # What is loaded at the first request of each kind is no cost of an attack.
        await self._use(home)
        idle = await self._measure(home, None)
        self._say("idle", idle)
        costs = []
        for row in self._rows:
            costs.append(cost := await self._measure(home, row))
            self._say(row.name, cost)
            self._judge(row, cost)
        # It has to be well again, at once.
        await self._measure(home, None)
        balance = home.states[self._entities["balance"]]["state"]
        if balance != "1000":
            self._problems.append(f"afterwards, the balance is {balance}")
        worst = Cost(
            mib=max(cost.mib for cost in costs),
            silence=max(cost.silence for cost in costs),
        )
        self._say(f"at most (goal: {_GOAL_MIB} MiB, {_GOAL_SILENCE} s)", worst)

    async def _measure(self, home: Home, row: Row | None) -> Cost:
        self._portal.hits.clear()
        self._portal.attack = None if row is None else row.attack
        begin = time.monotonic()
        async with measured(self._instance.pid, self._instance.port) as cost:
            await asyncio.sleep(_COOLDOWN)
            await self._use(home)
        took = time.monotonic() - begin
        self._portal.attack = None
        if row is not None:
            expected = {"balance", "getinbox"} | (set() if row.holds else {"sendsms"})
            if not expected <= self._portal.hits.keys():
                self._problems.append(f"{row.name}: met only {self._portal.hits}")
            if took > _PATIENCE:
                self._problems.append(f"{row.name}: took {took:.0f} s")
        return cost

    async def _use(self, home: Home) -> None:
        """Do everything that asks the portal, at once."""
        calls: list[Awaitable[object]] = [
            home.action(
                "homeassistant.update_entity",
                entity_id=[self._entities[key] for key in _POLLED],
            ),
            home.action("smskit.check_portal", returns=True),
            home.action(
                "smskit.send_message",
                returns=True,
                numbers=["+12025550123"],
                message="Hello",
                allow_repeat=True,
            ),
            home.action("button.press", entity_id=[self._entities[_BUTTON]]),
        ]
        await asyncio.gather(*map(_tried, calls))

    def _say(self, name: str, cost: Cost) -> None:
        self._out.say(
            f"{name:45} {cost.mib:6.1f} MiB, silent for {cost.silence * 1000:5.0f} ms"
        )

    def _judge(self, row: Row, cost: Cost) -> None:
        if cost.mib > row.mib:
            self._problems.append(f"{row.name}: {cost.mib:.0f} MiB over idle")
        if cost.silence > row.silence:
            self._problems.append(f"{row.name}: silent for {cost.silence:.1f} s")


async def _tried(call: Awaitable[object]) -> None:
    """Wait for a call, which may fail: what a user is told is for other tests."""
    with suppress(ActionError):
        await call


def main() -> int:
    """Run; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.hostile",
        description="Attacks a Home Assistant by what a portal answers.",
    )
    parser.add_argument("--short", action="store_true", help="wait for nothing")
    parser.add_argument("--only", metavar="WORDS", help="rows with this in their name")
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="leave logs and stores in this folder"
    )
    arguments = parser.parse_args()
    folder = folder_of(arguments)
    out = Transcript()
    rows = [
        row
        for row in ROWS
        if not (row.waits and arguments.short) and (arguments.only or "") in row.name
    ]

    async def work() -> int:
        return await run(Run(folder, out, rows).run(), out, "A hostile portal")

    return finish(work(), folder, arguments)


if __name__ == "__main__":
    sys.exit(main())
