"""Kills Home Assistant while it sends: `python -m tests.process.sends`.

A stream of messages, each to a number of its own, goes through Home Assistant to a
portal that misbehaves; Home Assistant is killed at random moments and started again.
In the end, the portal's ledger is held against what every sender was answered.
"""

import argparse
import asyncio
from collections import Counter
import json
from pathlib import Path
from random import Random
import secrets
import sys
import time
from typing import Final

import aiohttp

from tests.demo.audit import complaints
from tests.demo.home_assistant import Json
from tests.demo.transcript import Transcript

from .account import add_account, running_portal
from .callers import send
from .command import finish, folder_of, run
from .home import Home
from .instance import Instance
from .messages import MOST_MESSAGES, Answer, Evidence, Message, make_messages
from .report import Life, ends_table, lives_table
from .weather import bad_weather

_BURST: Final = 0.35
"""How often a message follows the one before at once."""
_GAP: Final = 0.15
_IN_BOOT: Final = 0.15
"""How many of the kills hit a Home Assistant that has just been started."""
_AT_ANSWER: Final = 0.4
"""How many of the others hit it just when it has answered."""
_TOO_EARLY: Final = 0.3
"""How often somebody sends while nobody is there, or no account is set up."""
_EXPECTED: Final = ("Error fetching 127.0.0.1 ", "not ready yet", "is not loaded")
"""What the log says of a portal that refuses, and of a call that comes too early."""


class Run:
    """One run."""

    def __init__(
        self, folder: Path, seed: int, *, kills: int, sends: int, out: Transcript
    ) -> None:
        """Plan the kills."""
        # Chance, not secrets.
        self._chance = Random(seed)  # noqa: S311
        self._weather = Random(f"weather of {seed}")  # noqa: S311
        self._folder = folder
        self._out = out
        self._instance = Instance(folder)
        self._messages = make_messages(sends)
        self._evidence = Evidence(messages=self._messages)
        self._lives: list[Life] = []
        self._calls: set[asyncio.Task[None]] = set()
        self._entry_id = self._pending = ""
        self._begun = 0.0
        self._is_settled = False
        in_boot = round(kills * _IN_BOOT)
        points = self._chance.sample(range(2, sends), kills - in_boot)
        # How often it is killed in a row when so many messages are out.
        self._kills = Counter(points)
        self._kills.update(self._chance.choices(points, k=in_boot))

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
                    self._instance, home, portal, hourly_limit=0
                )
                self._out.say(f"Set up in {time.monotonic() - begin:.1f} s")
                self._entry_id = account.entry_id
                self._pending = account.entities["messages_pending"]
                await self._boot(home)
                await home.wait_until_ready()
                async with bad_weather(portal, self._weather, "sendsms"):
                    await self._stream(home)
                await asyncio.gather(*self._calls)
                await self._settle(home)
                await home.disconnect()
                await self._instance.stop()
                self._bury(home)
            finally:
                await self._instance.kill()
        return self._judge(home)

    # --- The stream ------------------------------------------------------------------

    async def _stream(self, home: Home) -> None:
        for index, message in enumerate(tuple(self._messages)):
            if self._chance.random() > _BURST:
                await asyncio.sleep(self._chance.expovariate(1 / _GAP))
            call = self._call(home, message)
            for again in range(self._kills[index]):
                longest = 2.0 if again else 0.4
                if not again and self._chance.random() < _AT_ANSWER:
                    await asyncio.wait((call,), timeout=1)
                else:
                    await asyncio.sleep(self._chance.uniform(0.0, longest))
                await self._kill(home)
                self._call_too_early(home)
                await self._boot(home)
                self._call_too_early(home)
            if self._kills[index]:
                await home.wait_until_ready()

    def _call(self, home: Home, message: Message) -> asyncio.Task[None]:
        call = asyncio.create_task(send(home, message))
        self._calls.add(call)
        return call

    def _call_too_early(self, home: Home) -> None:
        """Send at times, beside the stream, while there is no account to send it."""
        if self._chance.random() < _TOO_EARLY:
            message = make_messages(len(self._messages) + 1)[-1]
            self._messages.append(message)
            self._call(home, message)

    async def _boot(self, home: Home) -> None:
        self._begun = time.monotonic()
        up = await self._instance.boot(home)
        self._lives.append(Life(number=home.life, up=up))
        if home.is_new:
            self._evidence.listened_from_start.add(home.life)

    async def _kill(self, home: Home) -> None:
        await self._instance.kill()
        await home.disconnect()
        self._evidence.on_disk[home.life] = self._bury(home)

    def _bury(self, home: Home) -> dict[str, str]:
        """Note how a life ended; return the stages of what it left on disk."""
        life = self._lives[-1]
        life.lasted = time.monotonic() - self._begun
        life.ready = home.ready_at and home.ready_at - self._begun
        stages = self._instance.stored(self._entry_id).stages
        life.stages = Counter(stages.values())
        life.billed = len(self._ledger())
        return stages

    async def _settle(self, home: Home) -> None:
        """Wait until nothing is under way; what still is then will be reported."""
        end = time.monotonic() + 180 + 1.5 * len(self._messages)
        while home.is_connected and time.monotonic() < end:
            stored = self._instance.stored(self._entry_id)
            if not stored.stages and home.states[self._pending]["state"] == "0":
                self._is_settled = True
                return
            await asyncio.sleep(0.2)

    # --- The end ---------------------------------------------------------------------

    def _ledger(self) -> list[Json]:
        path = self._folder / "ledger.jsonl"
        if not path.exists():
            return []
        lines = path.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def _judge(self, home: Home) -> list[str]:
        evidence = Evidence(
            messages=self._messages,
            ledger=self._ledger(),
            events=[event for event in home.events if event.entity_id == home.watched],
            on_disk=self._evidence.on_disk,
            listened_from_start=self._evidence.listened_from_start,
        )
        say = self._out.say
        for line in (*lives_table(self._lives, evidence), "", *ends_table(evidence)):
            say(line)
        events = Counter(event.type for event in evidence.events)
        say()
        say("events: " + ", ".join(f"{n} {type_}" for type_, n in events.items()))
        stored = self._instance.stored(self._entry_id)
        say(f"totals: {stored.sent} sent, {stored.failed} failed")
        reasons = Counter(
            m.reason for m in evidence.messages if m.answer is Answer.ERROR
        )
        for reason, times in reasons.most_common():
            say(f"error {times} x: {reason}")
        say(f"files of unfinished writes: {len(self._instance.torn_files())}")
        return [
            *evidence.problems(),
            *(f"still in the outbox: {number}" for number in stored.stages),
            *([] if self._is_settled else ["messages_pending did not come to 0"]),
            *(f"log: {line}" for line in complaints(self._folder, _EXPECTED)),
        ]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.process.sends",
        description="Kills Home Assistant at random moments of a stream of messages.",
    )
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--sends", type=int, default=500)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="leave logs and stores in this folder"
    )
    arguments = parser.parse_args()
    if not arguments.kills <= arguments.sends - 2 <= MOST_MESSAGES - 100:
        parser.error("fewer kills than messages, and 900 messages at most")
    return arguments


def main() -> int:
    """Run; return the exit status."""
    arguments = _arguments()
    folder = folder_of(arguments)
    out = Transcript()
    kills, sends, seed = arguments.kills, arguments.sends, arguments.seed

    async def work() -> int:
        headline = f"{kills} kills, {sends} messages, seed {seed}"
        one = Run(folder, seed, kills=kills, sends=sends, out=out)
        return await run(one.run(), out, headline)

    return finish(work(), folder, arguments)


if __name__ == "__main__":
    sys.exit(main())
