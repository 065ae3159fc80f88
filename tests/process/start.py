"""Compares starts with a large account and an empty: `python -m tests.process.start`.

Both start the same Home Assistant, in turn. The portal cannot be reached meanwhile, so
that what is held stays held.
"""

import argparse
from pathlib import Path
import shutil
import statistics
import sys
import time
from typing import Final

import aiohttp
from homeassistant.core import HomeAssistant

from custom_components.smskit.store.files import StoreFiles
from tests.benchmarks.filled import fill
from tests.demo.transcript import Transcript

from .account import Account, add_account, running_portal
from .command import finish, folder_of, run
from .home import Home
from .instance import Instance

_SIZES: Final = {"empty": (0, 0), "large": (50_000, 10_000)}
"""Messages kept, and messages held."""


class Run:
    """One run."""

    def __init__(self, folder: Path, out: Transcript, boots: int) -> None:
        """Prepare so many starts of each kind, after one that is not counted."""
        self._folder = folder
        self._out = out
        self._boots = boots
        self._instance = Instance(folder)
        self._problems: list[str] = []

    async def run(self) -> list[str]:
        """Return what was wrong; leave nothing running, whatever happens."""
        async with (
            aiohttp.ClientSession() as session,
            Home(session, f"http://127.0.0.1:{self._instance.port}") as home,
        ):
            try:
                async with running_portal(self._folder) as portal:
                    account = await add_account(
                        self._instance, home, portal, hold_hours=24
                    )
                for name, (kept, held) in _SIZES.items():
                    await self._fill(name, kept, held)
                seconds: dict[str, list[float]] = {name: [] for name in _SIZES}
                for _ in range(self._boots + 1):
                    for name in _SIZES:
                        seconds[name].append(await self._boot(home, account, name))
            finally:
                await home.disconnect()
                await self._instance.kill()
        self._report(seconds)
        return self._problems

    async def _fill(self, name: str, kept: int, held: int) -> None:
        hass = HomeAssistant(str(self._folder))
        files = StoreFiles(
            database=self._folder / f"{name}.db", marker=self._folder / "none"
        )
        try:
            await fill(hass, files, kept=kept, held=held)
        finally:
            await hass.async_stop(force=True)

    async def _boot(self, home: Home, account: Account, name: str) -> float:
        """Start with a database; return how long it took until all was there."""
        database = self._instance.storage / f"smskit.{account.entry_id}.db"
        for path in database.parent.glob(f"{database.name}*"):
            path.unlink()
        shutil.copyfile(self._folder / f"{name}.db", database)
        begin = time.monotonic()
        await self._instance.boot(home)
        await home.wait_until_running()
        await home.wait_until_ready()
        taken = time.monotonic() - begin
        pending = int(home.states[account.entities["messages_pending"]]["state"])
        if pending != _SIZES[name][1]:
            self._problems.append(f"{name}: {pending} messages are pending")
        await home.disconnect()
        await self._instance.stop()
        return taken

    def _report(self, seconds: dict[str, list[float]]) -> None:
        medians = {name: statistics.median(of[1:]) for name, of in seconds.items()}
        for name, (kept, held) in _SIZES.items():
            times = " ".join(f"{one:.2f}" for one in sorted(seconds[name][1:]))
            self._out.say(
                f"{name}: {kept:6,} kept, {held:6,} held: {medians[name]:.2f} s "
                f"(of {times})"
            )
        self._out.say(f"large to empty: {medians['large'] / medians['empty']:.3f}")


def main() -> int:
    """Run; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.process.start",
        description="Starts Home Assistant with a large account, and an empty one.",
    )
    parser.add_argument("--boots", type=int, default=7, help="of each, to be counted")
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="leave logs and stores in this folder"
    )
    arguments = parser.parse_args()
    folder = folder_of(arguments)
    out = Transcript()

    async def work() -> int:
        started = Run(folder, out, arguments.boots)
        return await run(started.run(), out, "Starts, in turn")

    return finish(work(), folder, arguments)


if __name__ == "__main__":
    sys.exit(main())
