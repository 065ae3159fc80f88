"""Runs the demo: `scripts/demo`."""

import argparse
import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
import signal
import sys
import time
from typing import Any, Final

import aiohttp

from .home_assistant import HomeAssistant
from .installation import FOLDER, prepare, start_home_assistant
from .portal_control import REALISTIC, DemoPortal
from .processes import Program, free_port, only_one
from .stage import ANNA, Stage
from .story import DASHBOARD, check_files, check_log, make_secret, tell
from .transcript import Transcript

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# How Home Assistant ends when a user restarts it.
_RESTART: Final = 100
_OWNER: Final = "Sam"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Home Assistant with the integration set up against a portal, both "
        "on this machine only. Prints what happens, then stays up until Ctrl-C.",
        epilog="What a run writes is in .demo, logs included.",
    )
    parser.add_argument(
        "--exit",
        action="store_true",
        help="end after the last step; the exit status is 0 if every step was seen",
    )
    parser.add_argument(
        "--port", type=int, default=8123, help="8123; another one if it is taken"
    )
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="DIR",
        help="take screenshots with Chromium after the last step",
    )
    return parser.parse_args()


class Demo:
    """One run."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """Run with these arguments."""
        self._arguments = arguments
        self._transcript = Transcript()
        self._hass: Program | None = None

    async def run(self) -> int:
        """Return the exit status; leave nothing running, whatever happens."""
        start = time.monotonic()
        transcript = self._transcript
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._stop_home_assistant)
            try:
                stage = await self._start(stack)
            except (TimeoutError, RuntimeError, OSError) as err:
                transcript.say(f"demo: {err or type(err).__name__}; see {FOLDER}")
                return 1
            if stage is None:
                return 1
            await tell(stage, transcript)
            if self._arguments.pictures:
                await self._take_pictures(stage)
            await stage.home.disconnect()
            if self._arguments.exit:
                await transcript.step("Stop Home Assistant", self._end(stage))
            self._sum_up(time.monotonic() - start)
            if not self._arguments.exit:
                await self._stay_up(stage)
        return 1 if transcript.failed else 0

    async def _start(self, stack: AsyncExitStack) -> Stage | None:
        port = free_port(self._arguments.port)
        prepare(port)
        key, token = make_secret("key"), make_secret("token")
        portal = await DemoPortal.start(
            FOLDER, *REALISTIC, api_key=key, api_token=token
        )
        stack.push_async_callback(portal.program.stop)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        home = HomeAssistant(session, f"http://127.0.0.1:{port}")
        await stack.enter_async_context(home)
        is_up = await self._transcript.step(
            "Start Home Assistant and the portal", self._boot(home, portal)
        )
        if not is_up:
            return None
        return Stage(
            home=home,
            portal=portal,
            api_key=key,
            api_token=token,
            restart=partial(self._restart, home),
        )

    async def _boot(self, home: HomeAssistant, portal: DemoPortal) -> str:
        self._hass = await start_home_assistant()
        await _unless_ended(self._hass, home.wait_until_up())
        await home.onboard(_OWNER)
        await home.connect()
        config = await home.wait_until_running()
        await home.call(
            "frontend/set_system_data", key="core", value={"default_panel": DASHBOARD}
        )
        return (
            f"Home Assistant {config['version']} at {home.url}, "
            f"the portal at {portal.url}"
        )

    async def _restart(self, home: HomeAssistant) -> None:
        await home.disconnect()
        await self._stop_home_assistant()
        home.states.clear()
        self._hass = await start_home_assistant()
        await _unless_ended(self._hass, home.connect_when_up())
        await home.wait_until_running()

    async def _take_pictures(self, stage: Stage) -> None:
        # Playwright takes its time to import.
        from .pictures import take_pictures  # noqa: PLC0415

        folder = self._arguments.pictures
        await self._transcript.step("Take pictures", take_pictures(stage, folder))

    async def _stay_up(self, stage: Stage) -> None:
        """Wait for Ctrl-C; start Home Assistant again if a user restarts it."""
        say = self._transcript.say
        say()
        say(f"Open {stage.home.url}: no login is asked for. Ctrl-C ends the demo.")
        say("A message from Anna, for one, comes in with")
        say(
            f"  curl {stage.portal.control_url}/control/inbound "
            f"""-d '{{"from": "{ANNA[1:]}", "text": "Hello!"}}'"""
        )
        interrupted = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, interrupted.set)
        while self._hass is not None and not interrupted.is_set():
            ended = asyncio.create_task(self._hass.wait())
            waiting = asyncio.create_task(interrupted.wait())
            await asyncio.wait((ended, waiting), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if not ended.done():
                ended.cancel()
            elif ended.result() == _RESTART:
                self._hass = await start_home_assistant()
            else:
                say(f"demo: Home Assistant ended, status {ended.result()}")
                return
        say()

    async def _end(self, stage: Stage) -> str:
        """Stop Home Assistant; see what it wrote in its last seconds."""
        await self._stop_home_assistant()
        return f"{check_log(stage)}\n{check_files(stage)}"

    async def _stop_home_assistant(self) -> None:
        if self._hass is not None:
            await self._hass.stop()

    def _sum_up(self, seconds: float) -> None:
        transcript = self._transcript
        transcript.say()
        if transcript.failed:
            transcript.say(f"{transcript.failed} not seen; the logs are in {FOLDER}")
        else:
            transcript.say(f"All {transcript.seen} seen in {seconds:.0f} s")


async def _unless_ended(program: Program, work: Coroutine[Any, Any, None]) -> None:
    """Wait for what a program does; raise RuntimeError if it ends before that."""
    working = asyncio.create_task(work)
    ended = asyncio.create_task(program.wait())
    try:
        await asyncio.wait((working, ended), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise RuntimeError(f"Home Assistant ended, status {ended.result()}")
        await working
    finally:
        working.cancel()
        ended.cancel()


async def _run(arguments: argparse.Namespace) -> int:
    """Run the demo; a signal ends it, and what it started."""
    work = asyncio.create_task(Demo(arguments).run())
    caught: list[signal.Signals] = []

    def end(number: signal.Signals) -> None:
        if not caught:
            work.cancel()
        caught.append(number)

    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, end, number)
    try:
        return await work
    except asyncio.CancelledError:
        return 128 + caught[0]


def main() -> int:
    """Run the demo; return its exit status."""
    arguments = _arguments()
    with only_one(FOLDER):
        return asyncio.run(_run(arguments))


if __name__ == "__main__":
    sys.exit(main())
