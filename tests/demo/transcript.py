"""The transcript: one line for each step, seen or not."""

import asyncio
from collections.abc import Awaitable
import sys
import time
from typing import Final, TextIO

_GREEN: Final = "\x1b[32m"
_RED: Final = "\x1b[31m"
_PLAIN: Final = "\x1b[0m"


class NotSeenError(Exception):
    """What a step waited for did not come; the text says what there was instead."""


class Transcript:
    """Prints steps as they end."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        """Print to `out`, in color where that is a terminal."""
        self._out = out
        self._is_coloured = out.isatty()
        self.seen = 0
        self.failed = 0

    def say(self, text: str = "") -> None:
        """Print a line that is no step."""
        self._out.write(f"{text}\n")
        self._out.flush()

    async def step(self, title: str, work: Awaitable[str]) -> bool:
        """Wait for a step, print how it went, and return whether it was seen."""
        start = time.monotonic()
        try:
            detail = await work
        except asyncio.CancelledError:
            raise
        except NotSeenError as err:
            detail, is_seen = str(err), False
        except Exception as err:  # noqa: BLE001 - whatever it was, the demo failed
            detail, is_seen = f"{type(err).__name__}: {err}", False
        else:
            is_seen = True
        self._print(title, detail, is_seen, time.monotonic() - start)
        return is_seen

    def _print(self, title: str, detail: str, is_seen: bool, seconds: float) -> None:
        if is_seen:
            self.seen += 1
        else:
            self.failed += 1
        mark = "✓" if is_seen else "✗"
        if self._is_coloured:
            mark = f"{_GREEN if is_seen else _RED}{mark}{_PLAIN}"
        self.say(f"{mark} {seconds:5.1f} s  {title}")
        for line in detail.splitlines():
            self.say(f"           {line}")
