"""Disks that refuse, each in its own way, under the `.storage` of an instance."""

from abc import ABC, abstractmethod
import errno
import os
from pathlib import Path
import shutil
import subprocess
from typing import Final, override

from .shim import LeftOutError, Shim

_SIZE: Final = 8 * 2**20
_BLOCK: Final = 4096


class Disk(ABC):
    """A disk that can refuse to be written to."""

    name: str

    def __init__(self, storage: Path, shim: Shim) -> None:
        """Stand under a folder, which stays as it is until `refuse`."""
        self._storage = storage
        self._shim = shim

    @abstractmethod
    def refuse(self) -> None:
        """Refuse from now on; again after each start, for what was freed by the end."""

    @abstractmethod
    def recover(self) -> None:
        """Take everything from now on."""


class FullDisk(Disk):
    """Has not a byte left."""

    name = "full"

    @override
    def refuse(self) -> None:
        try:
            with self._filler.open("ab", buffering=0) as file:
                while True:
                    file.write(bytes(_BLOCK))
        except OSError as err:
            if err.errno != errno.ENOSPC:
                raise

    @override
    def recover(self) -> None:
        self._filler.unlink()

    @property
    def _filler(self) -> Path:
        return self._storage / "filler"


class ReadOnlyDisk(Disk):
    """Was made read-only by the kernel, as after an error of the file system."""

    name = "read-only"

    @override
    def refuse(self) -> None:
        # The kernel would do that to open files; a user may not.
        self._shim.refuse(errno.EROFS)
        _remount(self._storage, "ro")

    @override
    def recover(self) -> None:
        _remount(self._storage, "rw")
        self._shim.refuse(0)


class FaultyDisk(Disk):
    """Answers every write with an error."""

    name = "faulty"

    @override
    def refuse(self) -> None:
        self._shim.refuse(errno.EIO)

    @override
    def recover(self) -> None:
        self._shim.refuse(0)


def mount(storage: Path) -> None:
    """Put a small disk of its own under a folder; what is in it is there, too.

    Raises LeftOutError where that is not permitted.
    """
    content = storage.with_name("storage-before")
    storage.rename(content)
    storage.mkdir()
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", str(storage))
    except (OSError, subprocess.CalledProcessError) as err:
        storage.rmdir()
        content.rename(storage)
        raise LeftOutError(
            "mounting is not permitted, so no disk was full or read-only",
            may_be=os.geteuid() != 0,
        ) from err
    shutil.copytree(content, storage, dirs_exist_ok=True)
    shutil.rmtree(content)


def unmount(storage: Path) -> None:
    """Take that disk away, with what is on it."""
    if storage.is_mount():
        _run("umount", "--lazy", str(storage))


def _remount(storage: Path, mode: str) -> None:
    # It is busy while a file on it is open for writing: then the shim has to do.
    subprocess.run(  # noqa: S603 - of ours
        (_program("mount"), "-o", f"remount,{mode}", str(storage)),
        check=False,
        stderr=subprocess.DEVNULL,
    )


def _run(program: str, *arguments: str) -> None:
    subprocess.run(  # noqa: S603 - of ours
        (_program(program), *arguments), check=True, capture_output=True
    )


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise FileNotFoundError(name)
    return path
