"""Kills Home Assistant while messages come in: `python -m tests.process.inbox`.

A stream of messages comes into a portal that misbehaves; Home Assistant polls it, is
killed at random moments and started again. In the end, its inbox and every event that
was published are held against what was sent.
"""

import argparse
import asyncio
from collections import Counter
from contextlib import suppress
from itertools import batched
from pathlib import Path
from random import Random
import secrets
import sys
import time
from typing import Final

import aiohttp

from tests.demo.audit import complaints
from tests.demo.home_assistant import ActionError, Json
from tests.demo.portal_control import DemoPortal
from tests.demo.transcript import NotSeenError, Transcript

from .account import add_account, read_inbox, receive, running_portal
from .command import finish, folder_of, run
from .home import Home
from .inbound import Evidence, Life, lives_table, make_inbound
from .instance import Instance
from .witness import RECEIVED, automations, read_notes

_UNREAD: Final = "sensor.127_0_0_1_unread_messages"
_FAULTS: Final = {"cut": 4, "reset": 3, "http_500": 2, "slow": 2, "html_page": 1}
_REFUSED: Final = 0.1
_READ: Final = 0.3
"""How often a message that was published is marked as read."""
_SETTLE: Final = 150
_EXPECTED: Final = ("Error fetching 127.0.0.1 ", "not ready yet", "is not loaded")
"""What the log says of a portal that fails."""


class Run:
    """One run."""

    def __init__(
        self, folder: Path, seed: int, *, kills: int, messages: int, out: Transcript
    ) -> None:
        """Plan what comes in."""
        # Chance, not secrets.
        self._chance = Random(seed)  # noqa: S311
        self._feed_chance = Random(f"feed of {seed}")  # noqa: S311
        self._weather = Random(f"weather of {seed}")  # noqa: S311
        self._marks = Random(f"marks of {seed}")  # noqa: S311
        self._folder = folder
        self._out = out
        self._kills = kills
        self._instance = Instance(folder, configuration=automations())
        self._messages = make_inbound(messages, self._feed_chance)
        self._posted = 0
        self._allowed = asyncio.Semaphore(0)
        self._lives: list[Life] = []
        self._faults: Counter[str] = Counter()
        self._entry_id = ""
        self._is_ready = False
        self._due: frozenset[str] = frozenset()

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
                    watched="message_received",
                    inbox_interval=10,
                    keep_messages=10_000,
                )
                self._entry_id = account.entry_id
                self._out.say(f"Set up in {time.monotonic() - begin:.1f} s")
                async with asyncio.TaskGroup() as group:
                    weather = group.create_task(self._change_weather(portal))
                    feed = group.create_task(self._feed(portal))
                    await self._live_and_die(home)
                    await feed
                    weather.cancel()
                await portal.untell("faults")
                await portal.tell("accept")
                inbox = await self._settle(home)
                requests: list[Json] = (await portal.get("requests"))["requests"]
                self._faults.update(
                    r["fault"] or "none"
                    for r in requests
                    if r["operation"] == "getinbox"
                )
                await home.disconnect()
                await self._instance.stop()
            finally:
                await self._instance.kill()
        return self._judge(home, inbox)

    # --- What goes on ----------------------------------------------------------------

    async def _feed(self, portal: DemoPortal) -> None:
        """Have messages come in, in bursts, so many for each life."""
        gap = 8 * (self._kills + 1) / len(self._messages)
        for message in self._messages:
            await self._allowed.acquire()
            if self._feed_chance.random() > 0.4:
                await asyncio.sleep(self._feed_chance.expovariate(1 / gap))
            fields = {} if message.id is None else {"id": message.id}
            await receive(portal, message.sender, message.text, **fields)
            self._posted += 1

    async def _change_weather(self, portal: DemoPortal) -> None:
        """Let the portal misbehave, again and again."""
        chance = self._weather
        while True:
            # At a failed start, Home Assistant waits longer and longer.
            badness = 0.7 if self._is_ready else 0.15
            if chance.random() < badness * _REFUSED:
                await portal.tell("refuse")
            elif chance.random() < badness:
                (kind,) = chance.choices(list(_FAULTS), weights=list(_FAULTS.values()))
                await portal.tell(
                    "faults",
                    kind=kind,
                    operation="getinbox",
                    times=chance.randint(1, 3),
                    seconds=chance.uniform(0.05, 0.5),
                    processed=chance.random() < 0.8,
                )
            await asyncio.sleep(chance.uniform(0.3, 2.0))
            await portal.untell("faults")
            await portal.tell("accept")

    async def _live_and_die(self, home: Home) -> None:
        """Start Home Assistant and kill it, again and again; leave one that runs."""
        shares = batched(
            self._messages,
            -(-len(self._messages) // (self._kills + 1)),
            strict=False,
        )
        for number, share in enumerate(shares):
            for _ in share:
                self._allowed.release()
            is_last = number == self._kills
            begin = time.monotonic()
            up = await self._instance.boot(home)
            life = Life(number=home.life, up=up)
            self._lives.append(life)
            if not is_last and self._chance.random() < 0.15:
                life.end = "while it started"
                await asyncio.sleep(self._chance.uniform(0.0, 3.0))
            else:
                await home.wait_until_ready()
                life.ready = time.monotonic() - begin
                self._is_ready = True
                await self._live(home, self._chance.uniform(1.0, 9.0))
                if is_last:
                    return
                life.end = await self._moment(home)
            await self._instance.kill()
            unpublished = repr(self._instance.stored(self._entry_id).unpublished)
            self._due = frozenset(
                m.text for m in self._messages if m.text in unpublished
            )
            self._is_ready = False
            await home.disconnect()
            life.lasted = time.monotonic() - begin
            life.posted = self._posted

    async def _live(self, home: Home, seconds: float) -> None:
        """Use the inbox for a while: ask for polls, mark messages as read."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await self._poke(home)
            await asyncio.sleep(self._chance.uniform(0.1, 1.0))

    async def _poke(self, home: Home) -> None:
        """Poll or reload, and mark some of what was published as read."""
        ids = [
            event.attributes["id"]
            for event in home.events
            if event.life == home.life and self._marks.random() < _READ
        ]
        with suppress(ActionError, TimeoutError, OSError, NotSeenError):
            if ids:
                await home.action("smskit.mark_messages_read", message_ids=ids[-5:])
            await self._ask(home, "reload" if self._chance.random() < 0.3 else "poll")

    async def _ask(self, home: Home, what: str) -> None:
        """Ask for a poll or a reload."""
        if what == "poll":
            await home.action("homeassistant.update_entity", entity_id=[_UNREAD])
        else:
            await home.action(
                "homeassistant.reload_config_entry", entry_id=self._entry_id
            )

    async def _moment(self, home: Home) -> str:
        """Wait for a moment at which it hurts; return its name."""
        match self._chance.choice(("event", "poll", "poll", "reload", "any")):
            case "event":
                await home.next_event(12)
                await asyncio.sleep(self._chance.uniform(0.0, 0.02))
                return "at an event"
            case "any":
                await asyncio.sleep(self._chance.uniform(0.0, 3.0))
                return "at any time"
            case kind:
                call = asyncio.create_task(self._ask(home, kind))
                await asyncio.sleep(self._chance.uniform(0.0, 0.15))
                call.cancel()
                await asyncio.wait((call,))
                return f"in a {kind}"

    async def _settle(self, home: Home) -> list[Json]:
        """Wait until everything has come in; return the inbox."""
        end = time.monotonic() + _SETTLE
        while True:
            with suppress(ActionError):
                inbox = await read_inbox(home)
                texts = {message["text"] for message in inbox}
                if len(texts) >= len(self._messages) or time.monotonic() > end:
                    # Whatever would be published a second time has its chance here.
                    await asyncio.sleep(12)
                    return inbox
            await asyncio.sleep(0.5)

    # --- The end ---------------------------------------------------------------------

    def _judge(self, home: Home, inbox: list[Json]) -> list[str]:
        evidence = Evidence(
            messages=self._messages,
            inbox=inbox,
            events=[event for event in home.events if event.entity_id == RECEIVED],
            due=self._due,
            ran_for=Counter(
                note.subject
                for note in read_notes(self._folder)
                if note.kind == "received"
            ),
        )
        say = self._out.say
        for line in lives_table(self._lives, evidence.events):
            say(line)
        say()
        faults = ", ".join(f"{n} {kind}" for kind, n in self._faults.most_common())
        say(f"listings by fault: {faults}")
        say(f"files of unfinished writes: {len(self._instance.torn_files())}")
        for line in evidence.summary():
            say(line)
        return [
            *evidence.problems(),
            *(f"log: {line}" for line in complaints(self._folder, _EXPECTED)),
        ]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.process.inbox",
        description="Kills Home Assistant at random moments while messages come in.",
    )
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="leave logs and stores in this folder"
    )
    return parser.parse_args()


def main() -> int:
    """Run; return the exit status."""
    arguments = _arguments()
    folder = folder_of(arguments)
    out = Transcript()
    kills, messages, seed = arguments.kills, arguments.messages, arguments.seed

    async def work() -> int:
        headline = f"{kills} kills, {messages} messages, seed {seed}"
        one = Run(folder, seed, kills=kills, messages=messages, out=out)
        return await run(one.run(), out, headline)

    return finish(work(), folder, arguments)


if __name__ == "__main__":
    sys.exit(main())
