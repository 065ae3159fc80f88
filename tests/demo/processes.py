"""The programs of the demo: each in a process group that ends as a whole."""

import asyncio
from collections.abc import Mapping
from contextlib import contextmanager, suppress
import fcntl
import os
from pathlib import Path
import shutil
import signal
import socket
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Generator

# Home Assistant saves what it has to; then its patience is over.
_STOP_TIMEOUT = 20


class Program:
    """A program that runs."""

    def __init__(self, process: asyncio.subprocess.Process, log: IO[bytes]) -> None:
        """Own a process that leads a group, and the file that it writes to."""
        self._process = process
        self._log = log

    @classmethod
    async def start(
        cls,
        *command: str,
        log: Path,
        reads_output: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> Self:
        """Start a program; what it prints goes to `log`, unless it is read here."""
        # Where there is setpriv, the program ends even if the demo is killed.
        setpriv = shutil.which("setpriv")
        guard = (setpriv, "--pdeathsig", "TERM") if setpriv else ()
        file = log.open("ab")
        process = await asyncio.create_subprocess_exec(
            *guard,
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE if reads_output else file,
            stderr=file,
            env=environment,
            start_new_session=True,
        )
        return cls(process, file)

    async def line(self) -> str:
        """Return the next line that it prints; empty when it has ended."""
        if self._process.stdout is None:
            return ""
        return (await self._process.stdout.readline()).decode().rstrip("\n")

    async def wait(self) -> int:
        """Wait until it ends; return its exit status."""
        return await self._process.wait()

    @property
    def pid(self) -> int:
        """The id of its process."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it runs."""
        return self._process.returncode is None

    async def stop(self, *, within: float = _STOP_TIMEOUT) -> int:
        """End it and everything it started; return its exit status."""
        self._signal(signal.SIGTERM)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), within)
        finally:
            self._signal(signal.SIGKILL)
        status = await self._process.wait()
        self._log.close()
        return status

    async def kill(self) -> None:
        """End it as a power failure does."""
        self._signal(signal.SIGKILL)
        await self._process.wait()
        self._log.close()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def free_port(preferred: int) -> int:
    """Return a port of this machine that nobody listens on: this one if possible."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    raise OSError("no port is free")


@contextmanager
def only_one(folder: Path) -> Generator[None]:
    """Keep a second demo out of the folder of the first."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(f"demo: another one is running in {folder}") from None
        yield
