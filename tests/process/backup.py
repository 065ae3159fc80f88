"""Makes and restores a backup in the middle of sends: `python -m tests.process.backup`.

Messages are held when the backup begins; they leave while it is made. After it was
restored, Home Assistant believes that they are still held: they must not go again.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
import secrets
import sys
import tarfile
import time
from typing import Final

import aiohttp

from tests.demo.audit import complaints
from tests.demo.home_assistant import Json
from tests.demo.portal_control import DemoPortal
from tests.demo.transcript import NotSeenError, Transcript

from .account import Account, add_account, receive, running_portal
from .callers import send
from .command import finish, folder_of, run
from .home import Home
from .instance import Instance
from .messages import Message, make_messages
from .storage import StoredAccount, check_database, read_account
from .witness import Note, automations, read_notes

_HELD: Final = 24
"""How many messages are held when the backup begins; four leave in a second."""
_BALLAST: Final = 100 * 2**20
"""What else is in the backup, so that it takes its time."""
_LONGEST: Final = 3.0
"""How long the longest answer may take while a backup is made."""
_RESTART: Final = 100
"""The exit status with which Home Assistant asks to be started again."""
_UNREAD: Final = "sensor.127_0_0_1_unread_messages"
_SENDER: Final = "12025550199"
_BEFORE: Final = "command-before"
_AFTER: Final = "command-after"
_DRAIN: Final = 60
_REPORTED: Final = 10


class Run:
    """One run."""

    def __init__(self, folder: Path, out: Transcript) -> None:
        """Prepare an instance that makes backups."""
        self._folder = folder
        self._out = out
        self._instance = Instance(folder, configuration="backup:\n" + automations())
        (self._instance.config / "ballast").write_bytes(secrets.token_bytes(_BALLAST))
        self._messages = make_messages(_HELD)
        self._answers: list[float] = []
        """How long each message took that was sent while the backup was made."""
        self._problems: list[str] = []

    async def run(self) -> list[str]:
        """Return what was wrong; leave nothing running, whatever happens."""
        async with (
            running_portal(self._folder) as portal,
            aiohttp.ClientSession() as session,
            Home(session, f"http://127.0.0.1:{self._instance.port}") as home,
        ):
            try:
                account = await add_account(
                    self._instance, home, portal, hourly_limit=0, inbox_interval=10
                )
                await self._boot(home)
                await self._come_in(home, portal, _BEFORE)
                await self._hold(home, portal)
                await self._back_up(home)
                await self._drain(portal)
                await self._come_in(home, portal, _AFTER)
                copy = self._read_copy(account)
                await self._restore(home)
                await self._boot(home)
                await self._poll(home)
                await self._wait_for_reports(copy)
                await home.disconnect()
                await self._instance.stop()
                ledger = await portal.ledger()
            finally:
                await self._instance.kill()
        self._judge(copy, ledger)
        return self._problems

    # --- What goes on ----------------------------------------------------------------

    async def _boot(self, home: Home) -> None:
        await self._instance.boot(home)
        await home.wait_until_running()
        await home.wait_until_ready()
        # Automations listen a moment later.
        await asyncio.sleep(1.2)

    async def _come_in(self, home: Home, portal: DemoPortal, text: str) -> None:
        await receive(portal, _SENDER, text)
        await self._poll(home)
        await asyncio.sleep(0.5)

    async def _poll(self, home: Home) -> None:
        await home.action("homeassistant.update_entity", entity_id=[_UNREAD])

    async def _hold(self, home: Home, portal: DemoPortal) -> None:
        """Have messages held; they may leave when this returns."""
        await portal.tell("refuse")
        await asyncio.gather(*(send(home, message) for message in self._messages))
        await portal.tell("accept")

    async def _back_up(self, home: Home) -> None:
        """Make a backup, and go on sending meanwhile."""
        begin = time.monotonic()
        backup = asyncio.create_task(home.action("backup.create"))
        while not backup.done():
            message = make_messages(len(self._messages) + 1)[-1]
            self._messages.append(message)
            before = time.monotonic()
            await send(home, message)
            self._answers.append(time.monotonic() - before)
            await asyncio.sleep(0.1)
        await backup
        self._out.say(f"Backed up in {time.monotonic() - begin:.1f} s")

    async def _drain(self, portal: DemoPortal) -> None:
        """Wait until everything has left."""
        end = time.monotonic() + _DRAIN
        while time.monotonic() < end:
            if len(await portal.ledger()) >= len(self._messages):
                return
            await asyncio.sleep(0.2)

    async def _wait_for_reports(self, copy: StoredAccount) -> None:
        """Wait until what was held in the backup is reported, and a little longer."""
        end = time.monotonic() + _REPORTED
        while time.monotonic() < end:
            restored = [n for n in read_notes(self._folder) if n.life == self._life]
            if not list(_restore_problems(copy, restored)):
                break
            await asyncio.sleep(0.5)
        # Whatever would go again has its chance here.
        await asyncio.sleep(6)

    @property
    def _life(self) -> int:
        return self._instance.lives

    def _read_copy(self, account: Account) -> StoredAccount:
        """Return what the backup has of the account, after a look at its files."""
        (archive,) = (self._instance.config / "backups").glob("*.tar")
        folder = self._folder / "copy"
        with tarfile.open(archive) as outer:
            outer.extract("homeassistant.tar.gz", folder, filter="data")
        with tarfile.open(folder / "homeassistant.tar.gz") as inner:
            inner.extractall(folder, filter="data")
        storage = folder / "data/.storage"
        for file in sorted(storage.glob("smskit.*")):
            self._out.say(f"in the backup: {file.name}, {file.stat().st_size} bytes")
        for database in storage.glob("smskit.*.db"):
            if (verdict := check_database(database)) != "ok":
                self._problems.append(f"{database.name} of the backup: {verdict}")
        return read_account(storage, account.entry_id)

    async def _restore(self, home: Home) -> None:
        """Restore the backup as a user does: Home Assistant starts twice for that."""
        (backup,) = (await home.call("backup/info"))["backups"]
        # The connection may end before the answer.
        with suppress(
            NotSeenError, OSError, aiohttp.ClientError, asyncio.CancelledError
        ):
            await home.call(
                "backup/restore",
                backup_id=backup["backup_id"],
                agent_id="backup.local",
            )
        statuses = [await self._instance.wait()]
        await home.disconnect()
        await self._instance.start()
        statuses.append(await self._instance.wait())
        if statuses != [_RESTART, _RESTART]:
            self._problems.append(f"the restore ended with {statuses}")

    # --- The end ---------------------------------------------------------------------

    def _judge(self, copy: StoredAccount, ledger: list[Json]) -> None:
        notes = read_notes(self._folder)
        say = self._out.say
        stages = Counter(copy.stages.values())
        say(f"stages in the backup: {dict(stages)}")
        say(
            f"sent while it was made: {len(self._answers)}, "
            f"the longest answer took {max(self._answers, default=0):.1f} s"
        )
        restored = [note for note in notes if note.life == self._life]
        statuses = Counter(n.detail for n in restored if n.kind == "status")
        say(f"reported after the restore: {dict(statuses)}")
        self._problems += [
            *self._backup_problems(stages),
            *_billing_problems(self._messages, ledger),
            *_restore_problems(copy, restored),
            *_inbox_problems(notes, self._life),
            *(f"log: {line}" for line in complaints(self._folder)),
        ]

    def _backup_problems(self, stages: Counter[str]) -> Iterable[str]:
        if not stages["held"]:
            yield "nothing was held in the backup, so nothing was tried"
        if len(self._answers) < 3:
            yield f"{len(self._answers)} messages were sent while it was made"
        if (longest := max(self._answers, default=0)) > _LONGEST:
            yield f"a message took {longest:.1f} s while the backup was made"
        for database in self._instance.storage.glob("smskit.*.db"):
            if (verdict := check_database(database)) != "ok":
                yield f"{database.name} after the restore: {verdict}"


def _billing_problems(
    messages: Iterable[Message], ledger: Iterable[Json]
) -> Iterable[str]:
    billed = Counter(entry["text"] for entry in ledger)
    for message in messages:
        if (times := billed[message.text]) != 1:
            yield f"{message.text}, answered {message.answer}: billed {times} times"


def _restore_problems(copy: StoredAccount, restored: Iterable[Note]) -> Iterable[str]:
    """Yield what had not left in the backup, and was not reported as unknown."""
    reported = Counter(
        note.subject
        for note in restored
        if note.kind == "status" and note.detail == "unknown"
    )
    for number, stage in copy.stages.items():
        if stage != "accepted" and (times := reported[number]) != 1:
            yield f"{stage} in the backup: {number} was reported unknown {times} times"


def _inbox_problems(notes: Iterable[Note], last: int) -> Iterable[str]:
    """Yield what is wrong with what came in again, which has to be late."""
    runs = [note for note in notes if note.subject in {_BEFORE, _AFTER}]
    for text in _BEFORE, _AFTER:
        commands = [n for n in runs if n.kind == "command" and n.subject == text]
        if len(commands) != 1:
            yield f"{text} ran {len(commands)} times"
    again = [n for n in runs if n.kind == "received" and n.life == last]
    if [(note.subject, note.detail) for note in again] != [(_AFTER, "True")]:
        yield f"published after the restore: {again}"


def main() -> int:
    """Run; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.process.backup",
        description="Makes a backup in the middle of sends, and restores it.",
    )
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="leave logs and stores in this folder"
    )
    arguments = parser.parse_args()
    folder = folder_of(arguments)
    out = Transcript()

    async def work() -> int:
        return await run(Run(folder, out).run(), out, "A backup, and its restore")

    return finish(work(), folder, arguments)


if __name__ == "__main__":
    sys.exit(main())
