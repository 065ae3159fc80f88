"""Records the calls of the integration's functions.

The counting rule: an event is the start of a function, method, or lambda whose code is
in a file of the integration (`PY_START`). A coroutine starts once, when it first runs.
Returns, yields, and resumptions are no events, and neither are generator expressions,
which belong to the function around them. Code outside of the integration is invisible:
what Home Assistant calls back follows what it was called from.

A file is entered when one of its functions starts. A change is counted for each event
whose file differs from that of the previous event, in any thread. So a function that
calls into another file, returns, and calls into a third one makes two changes; one that
calls the same file several times makes one.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
import sys
from types import CodeType
from typing import Final, Self

ROOT: Final = Path(__file__).parents[2] / "custom_components/smskit"
_TOOL: Final = sys.monitoring.PROFILER_ID
_START: Final = sys.monitoring.events.PY_START


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """The start of a function."""

    file: str
    """Relative to the integration."""
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.function}"


@dataclass
class CallTrace:
    """The calls inside a `with` block, in order."""

    calls: list[Call] = field(default_factory=list)

    @property
    def files(self) -> list[str]:
        """Return the files in the order in which they were first entered."""
        return list(dict.fromkeys(call.file for call in self.calls))

    @property
    def changes(self) -> list[tuple[Call, Call]]:
        """Return each call that is in another file than the one before, with that."""
        return [
            (before, after)
            for before, after in pairwise(self.calls)
            if before.file != after.file
        ]

    def __enter__(self) -> Self:
        sys.monitoring.use_tool_id(_TOOL, "smskit trace")
        sys.monitoring.register_callback(_TOOL, _START, self._record)
        # A location that an earlier block disabled counts again.
        sys.monitoring.restart_events()
        sys.monitoring.set_events(_TOOL, _START)
        return self

    def __exit__(self, *_: object) -> None:
        sys.monitoring.set_events(_TOOL, sys.monitoring.events.NO_EVENTS)
        sys.monitoring.free_tool_id(_TOOL)

    def _record(self, code: CodeType, _offset: int) -> object:
        path = Path(code.co_filename)
        if code.co_name == "<genexpr>" or not path.is_relative_to(ROOT):
            return sys.monitoring.DISABLE
        file = path.relative_to(ROOT).as_posix()
        self.calls.append(Call(file=file, function=code.co_qualname))
        return None
