"""What an attack costs a process: its memory, and the silence of its web server."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
import sys
from typing import Final

_PROBER: Final = Path(__file__).with_name("prober.py")
_MIB: Final = 1024
"""In the unit of /proc."""


@dataclass(kw_only=True, slots=True)
class Cost:
    """What was measured."""

    mib: float = 0
    """Memory at its peak, over what there was when it began."""
    silence: float = 0
    """The longest time until an answer, in seconds."""


@asynccontextmanager
async def measured(pid: int, port: int) -> AsyncGenerator[Cost]:
    """Measure a process meanwhile, and its web server at a port."""
    cost = Cost()
    _forget_peak(pid)
    before = _status(pid, "VmRSS")
    prober = await asyncio.create_subprocess_exec(
        *(sys.executable, "-S", str(_PROBER), "127.0.0.1", str(port)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield cost
    finally:
        printed, _ = await prober.communicate()
    cost.silence = float(printed)
    cost.mib = (_status(pid, "VmHWM") - before) / _MIB


def _forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def _status(pid: int, key: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1])
    raise RuntimeError(f"no {key}")
