"""What can go wrong with the database of an account, or another file."""

from enum import StrEnum
import errno
import sqlite3
from typing import Final


class DiskProblem(StrEnum):
    """Why something could not be read or written, as the end of a translation key."""

    FULL = "full"
    READ_ONLY = "read_only"
    NO_ACCESS = "no_access"
    FAULTY = "faulty"
    NO_FILE = "no_file"
    """The path leads to something else, or nowhere."""
    DAMAGED = "damaged"
    CLOSED = "closed"
    """The account is being unloaded."""
    OTHER = "other"


_OF_SYSTEM: Final = {
    errno.ENOSPC: DiskProblem.FULL,
    errno.EDQUOT: DiskProblem.FULL,
    errno.EROFS: DiskProblem.READ_ONLY,
    errno.EACCES: DiskProblem.NO_ACCESS,
    errno.EPERM: DiskProblem.NO_ACCESS,
    errno.EIO: DiskProblem.FAULTY,
    errno.ENOENT: DiskProblem.NO_FILE,
    errno.EISDIR: DiskProblem.NO_FILE,
    errno.ENOTDIR: DiskProblem.NO_FILE,
    errno.EEXIST: DiskProblem.NO_FILE,
}
_OF_SQLITE: Final = {
    sqlite3.SQLITE_FULL: DiskProblem.FULL,
    sqlite3.SQLITE_READONLY: DiskProblem.READ_ONLY,
    sqlite3.SQLITE_PERM: DiskProblem.NO_ACCESS,
    sqlite3.SQLITE_CANTOPEN: DiskProblem.NO_ACCESS,
    sqlite3.SQLITE_IOERR: DiskProblem.FAULTY,
    sqlite3.SQLITE_CORRUPT: DiskProblem.DAMAGED,
    sqlite3.SQLITE_NOTADB: DiskProblem.DAMAGED,
}


class StoreError(Exception):
    """Something could not be stored or read; the text names the kind, never a value."""

    def __init__(self, message: str, problem: DiskProblem = DiskProblem.OTHER) -> None:
        """Initialize the error."""
        super().__init__(message)
        self.problem = problem


def disk_problem(err: Exception) -> DiskProblem:
    """Return what an error says of the disk, or of the file on it."""
    if isinstance(err, StoreError):
        return err.problem
    if isinstance(err, OSError):
        return _OF_SYSTEM.get(err.errno or 0, DiskProblem.OTHER)
    # The lowest byte of an extended code is the code itself.
    code = getattr(err, "sqlite_errorcode", 0) & 0xFF
    return _OF_SQLITE.get(code, DiskProblem.OTHER)
