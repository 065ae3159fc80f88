"""A Home Assistant with a configuration of its own: killed, and started again."""

import json
import os
from pathlib import Path
import shutil
import sys
import time
from typing import Final

from tests.demo.home_assistant import Json
from tests.demo.installation import ROOT, listen_on, skip_weather
from tests.demo.processes import Program, free_port

from .home import Home

_CONFIGURATION: Final = """\
homeassistant:
  name: Home
  country: US
  time_zone: America/New_York
logger:
  default: warning
"""


class Instance:
    """The process and its folder."""

    def __init__(self, folder: Path) -> None:
        """Lay out a configuration with the integration as it is now."""
        self.port = free_port(0)
        self._folder = folder
        self._config = folder / "config"
        self._storage = self._config / ".storage"
        self._program: Program | None = None
        self._started = 0
        self._config.mkdir(parents=True)
        (self._config / "configuration.yaml").write_text(
            _CONFIGURATION, encoding="utf-8"
        )
        # A copy: whoever edits the sources meanwhile does no harm.
        shutil.copytree(
            ROOT / "custom_components",
            self._config / "custom_components",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        listen_on(self._config, self.port)
        skip_weather(self._config)

    async def start(self) -> None:
        """Start the real thing, as `hass` starts it; each start has its own log."""
        self._started += 1
        self._program = await Program.start(
            str(Path(sys.executable).with_name("hass")),
            *("--config", str(self._config)),
            *("--log-file", str(self._folder / f"home-assistant.log.{self._started}")),
            "--log-no-color",
            "--skip-pip",
            log=self._folder / "console.log",
            environment=self._environment(),
        )

    async def boot(self, home: Home) -> float:
        """Start it and connect; return how long that took."""
        begin = time.monotonic()
        await self.start()
        await home.reconnect()
        return time.monotonic() - begin

    async def kill(self) -> None:
        """End it as a power failure does."""
        program, self._program = self._program, None
        if program is not None:
            await program.kill()

    async def stop(self) -> None:
        """End it as a user does."""
        program, self._program = self._program, None
        if program is not None:
            await program.stop()

    def stored(self, key: str) -> Json | None:
        """Return what is on disk under a key."""
        path = self._storage / key
        if not path.exists():
            return None
        data: Json = json.loads(path.read_text(encoding="utf-8"))["data"]
        return data

    def torn_files(self) -> list[Path]:
        """Return the files that a write had begun when it was killed."""
        return sorted(self._storage.glob("tmp*"))

    def _environment(self) -> dict[str, str]:
        """Return an environment in which Python keeps its bytecode.

        Without that every start compiles Home Assistant anew and takes twice as long.
        """
        environment = dict(os.environ)
        if environment.pop("PYTHONDONTWRITEBYTECODE", None):
            environment["PYTHONPYCACHEPREFIX"] = str(self._folder / "bytecode")
        return environment
