"""A fresh Home Assistant configuration for each run, and its process."""

import json
import os
from pathlib import Path
import shutil
import sys
from typing import Any, Final

from .processes import Program

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / ".demo"
CONFIG: Final = FOLDER / "config"
LOG: Final = FOLDER / "home-assistant.log"

_CONSOLE: Final = FOLDER / "home-assistant.console.log"
_OURS: Final = Path(__file__).parent / "config"
_STAND_INS: Final = Path(__file__).parent / "stand_ins"


def prepare(port: int) -> None:
    """Lay out the folder of a run; what an earlier one left goes."""
    for path in FOLDER.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()
    shutil.copytree(_OURS, CONFIG)
    (CONFIG / "custom_components").symlink_to(
        ROOT / "custom_components", target_is_directory=True
    )
    listen_on(CONFIG, port)
    skip_weather(CONFIG)


def listen_on(config: Path, port: int) -> None:
    """Give a configuration its port, on this machine only."""
    # Home Assistant keeps its port in a store. In YAML it would be on trial only,
    # and be taken back after five minutes.
    _store(
        config,
        "http",
        (2, 2),
        {
            "stable": {
                "server_host": ["127.0.0.1"],
                "server_port": port,
                "cors_allowed_origins": [],
                "login_attempts_threshold": -1,
                "ip_ban_enabled": True,
                "ssl_profile": "modern",
                "use_x_frame_options": True,
                "created_at": "2026-01-01T00:00:00+00:00",
                "error": None,
                "error_message": None,
            },
            "pending": None,
            "yaml_migration_done": True,
        },
    )


def skip_weather(config: Path) -> None:
    """Leave out the step of the onboarding that gets weather from the internet."""
    _store(config, "onboarding", (4, 1), {"done": ["core_config"]})


def _store(
    config: Path, key: str, version: tuple[int, int], data: dict[str, Any]
) -> None:
    major, minor = version
    path = config / ".storage" / key
    path.parent.mkdir(exist_ok=True)
    content = {"version": major, "minor_version": minor, "key": key, "data": data}
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")


async def start_home_assistant() -> Program:
    """Start the real thing, as `hass` starts it."""
    return await Program.start(
        str(Path(sys.executable).with_name("hass")),
        *("--config", str(CONFIG)),
        *("--log-file", str(LOG)),
        "--log-no-color",
        "--skip-pip",
        log=_CONSOLE,
        environment={**os.environ, "PYTHONPATH": str(_STAND_INS)},
    )
