"""A disk that is slow or that refuses: `disk.c`, built, and its controls."""

import mmap
import os
from pathlib import Path
import shutil
import struct
import subprocess
from typing import Final

_SOURCE: Final = Path(__file__).with_name("disk.c")
# The structure in disk.c: delay in ms, errno, calls that were slow, calls that failed.
_CONTROL: Final = struct.Struct("iiii")


class LeftOutError(Exception):
    """The machine cannot do what a run needs; the text says what is missing."""

    def __init__(self, text: str, *, may_be: bool = False) -> None:
        """Say what is missing, and whether it may be where CI is set."""
        super().__init__(f"LEFT OUT: {text}")
        self.may_be = may_be or not os.environ.get("CI")


class Shim:
    """What the disk does to a process that is started in its environment."""

    def __init__(self, folder: Path) -> None:
        """Build the library into the folder of a run.

        Raises LeftOutError where there is no compiler.
        """
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            raise LeftOutError("there is no C compiler, so no disk was slow or refused")
        library, control = folder / "disk.so", folder / "disk.control"
        subprocess.run(  # noqa: S603 - of ours
            (
                *(compiler, "-O1", "-Wall", "-Werror", "-shared", "-fPIC"),
                *("-o", str(library), str(_SOURCE), "-ldl"),
            ),
            check=True,
        )
        control.write_bytes(bytes(_CONTROL.size))
        with control.open("r+b") as file:
            self._control = mmap.mmap(file.fileno(), _CONTROL.size)
        self.environment: Final = {
            "LD_PRELOAD": str(library),
            "SMSKIT_DISK": str(control),
        }

    def slow_down(self, seconds: float) -> None:
        """Let everything that waits for the disk take that much longer."""
        self._set(0, round(seconds * 1000))

    def refuse(self, error: int) -> None:
        """Let writes to files of the integration fail with an errno; 0 ends that."""
        self._set(1, error)

    @property
    def delayed(self) -> int:
        """How many calls were slow."""
        return self._get(2)

    @property
    def failed(self) -> int:
        """How many calls failed."""
        return self._get(3)

    def _set(self, index: int, value: int) -> None:
        struct.pack_into("i", self._control, 4 * index, value)

    def _get(self, index: int) -> int:
        value: int = _CONTROL.unpack(self._control)[index]
        return value
