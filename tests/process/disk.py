"""Lets the disk refuse under a running Home Assistant: `python -m tests.process.disk`.

The portal is away, and an alarm is held; the disk refuses, the portal comes back, a
command comes in, and Home Assistant is restarted, once while the disk still refuses
and once after it has recovered. The alarm is billed once, and the command runs once.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
import sys
import time
from typing import Final

import aiohttp

from tests.demo.audit import complaints
from tests.demo.home_assistant import ActionError, Json
from tests.demo.portal_control import DemoPortal
from tests.demo.transcript import Transcript

from .account import add_account, receive, running_portal
from .callers import send
from .command import finish, folder_of, run
from .disks import Disk, FaultyDisk, FullDisk, ReadOnlyDisk, mount, unmount
from .home import Home
from .instance import Instance
from .messages import Answer, Message, make_messages
from .shim import LeftOutError, Shim
from .witness import Note, automations, read_notes

_DISKS: Final = {disk.name: disk for disk in (FullDisk, ReadOnlyDisk, FaultyDisk)}
CASES: Final = tuple(
    f"{disk}:{when}" for disk in _DISKS for when in ("before", "while")
)
_UNREAD: Final = "sensor.127_0_0_1_unread_messages"
_SENDER: Final = "12025550199"
_READY: Final = 60
_CONFIGURATION: Final = "repairs:\n"


@dataclass(kw_only=True, slots=True)
class Case:
    """One disk that refuses, and what came of it."""

    name: str
    """The disk, and whether the alarm was held before it refused or while it did."""
    alarm: Message
    fresh: Message
    """A message that is sent while the disk refuses."""
    later: Message
    """One that is sent when it has recovered."""
    command: str
    on_disk: list[str | None] = field(default_factory=list)
    """The stage of the alarm after each stop."""
    problems: list[str] = field(default_factory=list)


class Run:
    """One run."""

    def __init__(self, folder: Path, names: Sequence[str], out: Transcript) -> None:
        """Prepare an instance whose disk can refuse."""
        self._folder = folder
        self._out = out
        self._shim = Shim(folder)
        self._instance = Instance(
            folder,
            configuration=_CONFIGURATION + automations(),
            environment=self._shim.environment,
        )
        self._entry_id = ""
        messages = iter(make_messages(3 * len(names)))
        self._cases = [
            Case(
                name=name,
                alarm=next(messages),
                fresh=next(messages),
                later=next(messages),
                command=f"garage-{index}",
            )
            for index, name in enumerate(names)
        ]

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
                    self._instance, home, portal, hourly_limit=0, inbox_interval=10
                )
                self._entry_id = account.entry_id
                self._out.say(f"Set up in {time.monotonic() - begin:.1f} s")
                problems = self._mount()
                await self._boot(home)
                for case in self._cases:
                    begin = time.monotonic()
                    await self._play(home, portal, case)
                    self._out.say(f"{case.name}: {time.monotonic() - begin:.1f} s")
                await home.disconnect()
                await self._instance.stop()
                ledger = await portal.ledger()
            finally:
                await self._instance.kill()
                unmount(self._instance.storage)
        return [*problems, *self._judge(ledger)]

    def _mount(self) -> list[str]:
        """Mount what can be mounted; return what is wrong with leaving it out."""
        try:
            mount(self._instance.storage)
        except LeftOutError as err:
            self._out.say(str(err))
            self._cases = [case for case in self._cases if "faulty" in case.name]
            if not self._cases:
                raise
            return [] if err.may_be else [str(err)]
        return []

    # --- The course of a case --------------------------------------------------------

    async def _play(self, home: Home, portal: DemoPortal, case: Case) -> None:
        """Play it, from one life that is well to the next one."""
        kind, _, when = case.name.partition(":")
        disk = _DISKS[kind](self._instance.storage, self._shim)
        if when == "while":
            disk.refuse()
        await portal.tell("refuse")
        await send(home, case.alarm)
        if when == "before":
            disk.refuse()
        await portal.tell("accept")
        await send(home, case.fresh)
        await receive(portal, _SENDER, case.command)
        await self._poll(home)
        await self._expect(case, "no command ran", lambda: self._ran(case))
        await self._expect_issue(home, case, is_there=True)
        if when == "while" and case.alarm.answer is not Answer.ERROR:
            # It is in memory only, so it has to leave in this life.
            await self._expect(case, "not billed", lambda: self._is_billed(case), 30)
        await self._restart(home, case, disk)
        await self._poll(home)
        await self._expect_issue(home, case, is_there=True)
        await asyncio.sleep(2)
        if when == "before" and self._is_billed(case):
            case.problems.append("the alarm left, which the disk could not note")
        disk.recover()
        await send(home, case.later)
        if case.alarm.answer is not Answer.ERROR:
            await self._expect(case, "not billed", lambda: self._is_billed(case), 30)
        await self._expect_issue(home, case, is_there=False)
        await self._restart(home, case)
        await self._poll(home)
        await asyncio.sleep(2)

    async def _restart(self, home: Home, case: Case, disk: Disk | None = None) -> None:
        """Stop and start; a disk that is given still refuses, and all the time."""
        await home.disconnect()
        if (status := await self._instance.stop()) != 0:
            case.problems.append(f"it ended with status {status}")
        stored = self._instance.stored(self._entry_id)
        case.on_disk.append(stored.stages.get(case.alarm.number))
        if disk is not None:
            disk.refuse()
        try:
            await self._boot(home)
        except TimeoutError:
            case.problems.append(f"the account was not set up after {_READY} s")

    async def _boot(self, home: Home) -> None:
        await self._instance.boot(home)
        await home.wait_until_running()
        async with asyncio.timeout(_READY):
            await home.wait_until_ready()
        # Automations listen a moment later.
        await asyncio.sleep(1.2)

    async def _poll(self, home: Home) -> None:
        with suppress(ActionError):
            await home.action("homeassistant.update_entity", entity_id=[_UNREAD])

    async def _expect_issue(self, home: Home, case: Case, *, is_there: bool) -> None:
        async def has_issue() -> bool:
            issues = (await home.call("repairs/list_issues"))["issues"]
            found = any(
                (issue["domain"], issue["translation_key"]) == ("smskit", "disk_error")
                for issue in issues
            )
            return found is is_there

        what = "no issue is raised" if is_there else "the issue is not cleared"
        await self._expect(case, what, has_issue)

    async def _expect(
        self,
        case: Case,
        otherwise: str,
        seen: Callable[[], bool | Awaitable[bool]],
        within: float = 10,
    ) -> None:
        """Wait until something is seen; if it is not, that is a problem."""
        end = time.monotonic() + within
        while True:
            result = seen()
            if result if isinstance(result, bool) else await result:
                return
            if time.monotonic() > end:
                life = self._instance.lives
                case.problems.append(f"{otherwise} in life {life} in {within} s")
                return
            await asyncio.sleep(0.2)

    def _ran(self, case: Case) -> bool:
        return any(
            note.kind == "command" and note.subject == case.command
            for note in read_notes(self._folder)
        )

    def _is_billed(self, case: Case) -> bool:
        path = self._folder / "ledger.jsonl"
        return path.exists() and f'"{case.alarm.text}"' in path.read_text("utf-8")

    # --- The end ---------------------------------------------------------------------

    def _judge(self, ledger: list[Json]) -> list[str]:
        notes = read_notes(self._folder)
        billed = Counter(entry["text"] for entry in ledger)
        say = self._out.say
        problems = []
        for case in self._cases:
            say(f"\n{case.name}")
            for what in ("alarm", "fresh", "later"):
                message: Message = getattr(case, what)
                reported = [n.detail for n in notes if n.subject == message.number]
                say(
                    f"  {what} {message.text}: answered {message.answer} "
                    f"{message.reason!r}, billed {billed[message.text]} times, "
                    f"reported {reported}"
                )
            say(f"  the alarm on disk after each stop: {case.on_disk}")
            runs = [n for n in notes if n.subject == case.command]
            say(
                f"  command: {', '.join(f'{n.life} {n.kind} {n.detail}' for n in runs)}"
            )
            found = [*case.problems, *_problems(case, billed, runs)]
            problems += [f"{case.name}: {problem}" for problem in found]
        say(f"\ncalls that failed: {self._shim.failed}")
        say(f"complaints in the log: {len(complaints(self._folder))}")
        return problems


def _problems(case: Case, billed: Counter[str], runs: Sequence[Note]) -> Iterable[str]:
    """Yield what must not have come of a case."""
    alarm, fresh = case.alarm, case.fresh
    # What could not even be held may have failed; its sender knows.
    may_fail = alarm.answer is Answer.ERROR
    if billed[alarm.text] != 1 and not (may_fail and not billed[alarm.text]):
        yield f"the alarm was billed {billed[alarm.text]} times"
    if billed[fresh.text] > 1:
        yield f"a message was billed {billed[fresh.text]} times"
    if billed[fresh.text] and not fresh.reason:
        yield f"answered {fresh.answer}, and not that it could not be stored"
    if billed[case.later.text] != 1:
        yield f"a message after it was billed {billed[case.later.text]} times"
    if (times := sum(note.kind == "command" for note in runs)) != 1:
        yield f"the command ran {times} times"
    received = [note for note in runs if note.kind == "received"]
    if received and any(note.detail == "False" for note in received[1:]):
        yield "the command was published anew, and not as a backlog"
    if len({note.life for note in received}) < len(received):
        yield "the command was published twice in one life"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.process.disk",
        description="Lets the disk refuse under a running Home Assistant.",
    )
    parser.add_argument(
        "--cases", nargs="+", choices=CASES, default=CASES, metavar="CASE"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="leave logs and stores in this folder"
    )
    return parser.parse_args()


def main() -> int:
    """Run; return the exit status."""
    arguments = _arguments()
    folder = folder_of(arguments)
    out = Transcript()

    async def work() -> int:
        one = Run(folder, arguments.cases, out)
        return await run(one.run(), out, f"Disks that refuse: {arguments.cases}")

    return finish(work(), folder, arguments)


if __name__ == "__main__":
    sys.exit(main())
