"""A Home Assistant with a configuration of its own: killed, and started again."""

from collections.abc import Mapping
import os
from pathlib import Path
import shutil
import sys
import time
from typing import Final

from tests.demo.installation import ROOT, listen_on, skip_weather
from tests.demo.processes import Program, free_port

from .home import Home
from .storage import StoredAccount, read_account

_CONFIGURATION: Final = """\
homeassistant:
  name: Home
  country: US
  time_zone: America/New_York
logger:
  default: warning
"""
# As long as Home Assistant's own stages of a stop may take, and a little longer.
_STOP_TIMEOUT: Final = 220


class Instance:
    """The process and its folder."""

    def __init__(
        self,
        folder: Path,
        *,
        configuration: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Lay out a configuration with the integration as it is now."""
        self.port = free_port(0)
        self.lives = 0
        """How often it was started; the number of the last log."""
        self.config = folder / "config"
        self.storage = self.config / ".storage"
        self._folder = folder
        self._environment = environment or {}
        self._program: Program | None = None
        self.config.mkdir(parents=True)
        (self.config / "configuration.yaml").write_text(
            _CONFIGURATION + configuration, encoding="utf-8"
        )
        # A copy: whoever edits the sources meanwhile does no harm.
        shutil.copytree(
            ROOT / "custom_components",
            self.config / "custom_components",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        listen_on(self.config, self.port)
        skip_weather(self.config)

    async def start(self) -> None:
        """Start the real thing, as `hass` starts it; each start has its own log."""
        self.lives += 1
        self._program = await Program.start(
            str(Path(sys.executable).with_name("hass")),
            *("--config", str(self.config)),
            *("--log-file", str(self._folder / f"home-assistant.log.{self.lives}")),
            "--log-no-color",
            "--skip-pip",
            log=self._folder / "console.log",
            environment=self._all_environment(),
        )

    async def boot(self, home: Home) -> float:
        """Start it and connect; return how long that took."""
        begin = time.monotonic()
        await self.start()
        await home.reconnect()
        return time.monotonic() - begin

    @property
    def pid(self) -> int:
        """Return the id of its process."""
        if self._program is None:
            raise RuntimeError("it does not run")
        return self._program.pid

    async def kill(self) -> None:
        """End it as a power failure does."""
        program, self._program = self._program, None
        if program is not None:
            await program.kill()

    async def stop(self) -> int:
        """End it as a user does; return its exit status."""
        program, self._program = self._program, None
        return 0 if program is None else await program.stop(within=_STOP_TIMEOUT)

    async def wait(self) -> int:
        """Wait until it ends by itself; return its exit status."""
        status = 0 if self._program is None else await self._program.wait()
        # What it has started ends with it.
        await self.kill()
        return status

    def stored(self, entry_id: str) -> StoredAccount:
        """Return what is on disk of an account."""
        return read_account(self.storage, entry_id)

    def torn_files(self) -> list[Path]:
        """Return the files that a write had begun when it was killed."""
        return sorted(self.storage.glob("tmp*"))

    def _all_environment(self) -> dict[str, str]:
        """Return an environment in which Python keeps its bytecode.

        Without that every start compiles Home Assistant anew and takes twice as long.
        """
        environment = {**os.environ, **self._environment}
        if environment.pop("PYTHONDONTWRITEBYTECODE", None):
            environment["PYTHONPYCACHEPREFIX"] = str(self._folder / "bytecode")
        return environment
