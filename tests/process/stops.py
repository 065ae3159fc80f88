"""Stops Home Assistant as a user does: `python -m tests.process.stops`.

Messages go out and come in, and Home Assistant is stopped in the middle of it, again
and again, on a disk that is slow at times. In the end, nothing was lost, nothing went
twice, and every end of a message was reported once.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import batched
import json
from pathlib import Path
from random import Random
import re
import secrets
import sys
import time
from typing import Any, Final

import aiohttp

from tests.demo.audit import complaints
from tests.demo.home_assistant import ActionError, Json
from tests.demo.portal_control import DemoPortal
from tests.demo.transcript import NotSeenError, Transcript

from .account import Account, add_account, read_inbox, receive, running_portal
from .callers import send
from .command import finish, folder_of, run
from .home import Home
from .inbound import Inbound, make_inbound
from .instance import Instance
from .messages import MOST_MESSAGES, Message, make_messages
from .reported import Evidence, Stop, stops_table
from .shim import Shim
from .weather import bad_weather
from .witness import automations, read_notes

_SLOW: Final = 0.2
"""What each wait for a slow disk takes, in seconds."""
_UNREAD: Final = "sensor.127_0_0_1_unread_messages"
_GAP: Final = 0.1
_BURST: Final = 6
"""How many messages go out at once when it is stopped in the middle of it."""
_AT_START: Final = 0.15
"""How often it is stopped when it has just started."""
_EXPECTED: Final = ("Error fetching 127.0.0.1 ", "not ready yet", "is not loaded")
"""What the log says of a portal that refuses, and of a call that comes too early."""
_VARIES: Final = re.compile(r"^[-0-9]+ [.:0-9]+ |cb=\[.*?\]|wait_for=<.*?>")
"""What is not the same in equal lines of the log."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a run does."""

    stops: int
    sends: int
    seed: int
    disk: str
    """`normal`, `slow`, or `both`: one after the other."""


class Run:
    """One run."""

    def __init__(self, folder: Path, plan: Plan, out: Transcript) -> None:
        """Prepare what goes out and comes in."""
        disk, sends, seed = plan.disk, plan.sends, plan.seed
        # Chance, not secrets.
        self._chance = Random(seed)  # noqa: S311
        self._weather = Random(f"weather of {seed}")  # noqa: S311
        self._folder = folder
        self._out = out
        self._disk = disk
        self._shim = None if disk == "normal" else Shim(folder)
        self._instance = Instance(
            folder,
            configuration=automations(),
            environment=None if self._shim is None else self._shim.environment,
        )
        self._count = plan.stops
        self._messages = make_messages(sends)
        self._too_late: set[str] = set()
        self._inbound = make_inbound(sends, Random(f"inbound of {seed}"))  # noqa: S311
        self._stops: list[Stop] = []
        self._calls: set[asyncio.Task[None]] = set()
        self._is_settled = False

    async def run(self) -> list[str]:
        """Return what was wrong; leave nothing running, whatever happens."""
        async with (
            running_portal(self._folder) as portal,
            aiohttp.ClientSession() as session,
            Home(session, f"http://127.0.0.1:{self._instance.port}") as home,
        ):
            try:
                begin = time.monotonic()
                account = await add_account(
                    self._instance,
                    home,
                    portal,
                    hourly_limit=0,
                    inbox_interval=10,
                    keep_messages=10_000,
                )
                self._out.say(f"Set up in {time.monotonic() - begin:.1f} s")
                await self._live_and_stop(home, portal, account)
                inbox = await self._live_to_the_end(home, account)
                # Whatever would be published a second time has its chance here.
                await self._boot(home)
                await home.wait_until_ready()
                await self._poll(home)
                await asyncio.sleep(4)
                await self._stop(home, account, "when everything was done")
                requests = (await portal.get("requests"))["requests"]
            finally:
                await self._instance.kill()
        return self._judge(home, account, inbox, requests)

    # --- What goes on ----------------------------------------------------------------

    async def _live_and_stop(
        self, home: Home, portal: DemoPortal, account: Account
    ) -> None:
        share = -(-len(self._messages) // self._count)
        for messages, inbound in zip(
            batched(tuple(self._messages), share, strict=False),
            batched(self._inbound, share, strict=False),
            strict=True,
        ):
            await self._boot(home)
            if self._chance.random() < _AT_START:
                await self._come_in(portal, inbound)
                # Before that, Home Assistant does not handle the signal.
                await home.wait_until_running()
                self._call_all(home, messages)
                await asyncio.sleep(self._chance.uniform(0.0, 2.0))
                moment = "when it had just started"
            else:
                await home.wait_until_ready()
                # What was left by the life before is taken up a moment later.
                await asyncio.sleep(1.5)
                moment = await self._live(home, portal, messages, inbound)
            await self._stop(home, account, moment)

    async def _live(
        self,
        home: Home,
        portal: DemoPortal,
        messages: tuple[Message, ...],
        inbound: tuple[Inbound, ...],
    ) -> str:
        """Have messages come and go until a moment at which it hurts; return which."""
        async with bad_weather(portal, self._weather, "sendsms"):
            for message, other in zip(
                messages[:-_BURST], inbound[:-_BURST], strict=True
            ):
                await asyncio.sleep(self._chance.expovariate(1 / _GAP))
                self._call_all(home, (message,))
                await self._come_in(portal, (other,))
                if self._chance.random() < 0.2:
                    self._spawn(self._poll(home))
        await self._come_in(portal, inbound[-_BURST:])
        burst = messages[-_BURST:]
        kind = self._chance.choice(("sends", "answers", "inbox", "everything"))
        if kind in {"sends", "everything"}:
            seconds = self._chance.uniform(0.3, 1.5)
            await portal.tell(
                "faults", kind="slow", operation="sendsms", seconds=seconds
            )
        if kind in {"inbox", "everything"}:
            self._spawn(self._poll(home))
        calls = self._call_all(home, burst)
        if kind == "answers":
            await asyncio.wait(calls, return_when="FIRST_COMPLETED", timeout=5)
        else:
            longest = _SLOW * 4 if self._stops[-1].disk == "slow" else 0.2
            await asyncio.sleep(self._chance.uniform(0.0, longest))
        return {
            "sends": "in the middle of sends",
            "answers": "at an answer",
            "inbox": "in the middle of a write of the inbox",
            "everything": "in the middle of everything",
        }[kind]

    def _call_all(
        self, home: Home, messages: tuple[Message, ...]
    ) -> list[asyncio.Task[None]]:
        return [self._spawn(send(home, message)) for message in messages]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        return task

    async def _come_in(self, portal: DemoPortal, messages: tuple[Inbound, ...]) -> None:
        for message in messages:
            fields = {} if message.id is None else {"id": message.id}
            await receive(portal, message.sender, message.text, **fields)

    async def _poll(self, home: Home) -> None:
        with suppress(
            ActionError,
            NotSeenError,
            RuntimeError,
            OSError,
            aiohttp.ClientError,
            asyncio.CancelledError,
        ):
            await home.action("homeassistant.update_entity", entity_id=[_UNREAD])

    # --- Start and stop --------------------------------------------------------------

    async def _boot(self, home: Home) -> None:
        is_slow = self._disk == "slow" or (
            self._disk == "both" and len(self._stops) % 2 == 0
        )
        if self._shim is not None:
            self._shim.slow_down(_SLOW if is_slow else 0)
        up = await self._instance.boot(home)
        disk = "slow" if is_slow else "normal"
        self._stops.append(Stop(life=self._instance.lives, disk=disk, up=up))

    async def _stop(self, home: Home, account: Account, moment: str) -> None:
        stop = self._stops[-1]
        stop.moment = moment
        stop.begun = datetime.now(UTC)
        begin = time.monotonic()
        ending = asyncio.create_task(self._instance.stop())
        # By then it has handled the signal, however busy it was.
        await asyncio.sleep(0.5)
        if home.is_connected:
            message = make_messages(len(self._messages) + 1)[-1]
            self._messages.append(message)
            self._too_late.add(message.number)
            self._call_all(home, (message,))
        stop.status = await ending
        stop.took = time.monotonic() - begin
        await home.disconnect()
        await asyncio.gather(*self._calls)
        stored = self._instance.stored(account.entry_id)
        stop.stages = stored.stages
        stop.unpublished = len(stored.unpublished)
        if self._shim is not None:
            stop.delayed = self._shim.delayed - sum(s.delayed for s in self._stops)

    async def _live_to_the_end(self, home: Home, account: Account) -> list[Json]:
        """Live until nothing is under way; return the inbox."""
        await self._boot(home)
        await home.wait_until_ready()
        pending = account.entities["messages_pending"]
        end = time.monotonic() + 60 + len(self._messages)
        while time.monotonic() < end and not self._is_settled:
            await asyncio.sleep(0.5)
            self._is_settled = (
                not self._instance.stored(account.entry_id).stages
                and home.states[pending]["state"] == "0"
            )
        await self._poll(home)
        await asyncio.sleep(2)
        inbox = await read_inbox(home)
        await self._stop(home, account, "when nothing was under way")
        return inbox

    # --- The end ---------------------------------------------------------------------

    def _judge(
        self, home: Home, account: Account, inbox: list[Json], requests: list[Json]
    ) -> list[str]:
        ledger = (self._folder / "ledger.jsonl").read_text(encoding="utf-8")
        evidence = Evidence(
            messages=self._messages,
            too_late=self._too_late,
            inbound=self._inbound,
            ledger=[json.loads(line) for line in ledger.splitlines()],
            requests=[r for r in requests if r["operation"] == "sendsms"],
            notes=read_notes(self._folder),
            events=home.events,
            inbox=inbox,
            stops=self._stops,
        )
        stored = self._instance.stored(account.entry_id)
        for line in (*stops_table(self._stops), "", *evidence.summary()):
            self._out.say(line)
        self._out.say(f"totals: {stored.sent} sent, {stored.failed} failed")
        return [
            *evidence.problems(),
            *(f"still in the outbox: {number}" for number in stored.stages),
            *(f"still to be published: {event}" for event in stored.unpublished),
            *([] if self._is_settled else ["messages_pending did not come to 0"]),
            *(f"log {n} x: {line}" for line, n in self._complaints().items()),
        ]

    def _complaints(self) -> Counter[str]:
        """Return what the log complains of, without times and addresses."""
        return Counter(
            _VARIES.sub("…", line) for line in complaints(self._folder, _EXPECTED)
        )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.process.stops",
        description="Stops Home Assistant in the middle of what it does.",
    )
    parser.add_argument("--stops", type=int, default=20)
    parser.add_argument("--sends", type=int, default=300)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument(
        "--disk",
        choices=("normal", "slow", "both"),
        default="normal",
        help="slow: everything that waits for the disk takes 0.2 s; both: in turn",
    )
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="leave logs and stores in this folder"
    )
    arguments = parser.parse_args()
    if not (_BURST + 2) * arguments.stops <= arguments.sends <= MOST_MESSAGES - 100:
        parser.error(f"{_BURST + 2} messages for each stop, and 900 at most")
    return arguments


def main() -> int:
    """Run; return the exit status."""
    arguments = _arguments()
    folder = folder_of(arguments)
    out = Transcript()
    plan = Plan(
        stops=arguments.stops,
        sends=arguments.sends,
        seed=arguments.seed,
        disk=arguments.disk,
    )

    async def work() -> int:
        return await run(Run(folder, plan, out).run(), out, str(plan))

    return finish(work(), folder, arguments)


if __name__ == "__main__":
    sys.exit(main())
