"""The files of an account's database, and what tells a restored one.

All of it blocks: it runs outside of the event loop.
"""

from contextlib import suppress
from dataclasses import dataclass
import os
from pathlib import Path
import shutil
from typing import Final, Self

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util import dt as dt_util

from ..const import DOMAIN

_SIDES: Final = ("", "-wal", "-shm")
# Home Assistant and its Supervisor leave every folder of this name out of backups.
_OUTSIDE_OF_BACKUPS: Final = "__pycache__"


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreFiles:
    """Where an account is stored."""

    database: Path
    marker: Path
    """Has the token of the run that wrote the database last, and is in no backup."""

    @classmethod
    def of(cls, hass: HomeAssistant, entry_id: str) -> Self:
        """Return the files of an account."""
        folder = Path(hass.config.path(STORAGE_DIR))
        name = f"{DOMAIN}.{entry_id}"
        return cls(
            database=folder / f"{name}.db",
            marker=folder / _OUTSIDE_OF_BACKUPS / f"{name}.run",
        )

    def create(self) -> None:
        """Make an empty database that only its owner can read, unless there is one.

        Raises OSError.
        """
        self.database.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(self.database, os.O_RDWR | os.O_CREAT, 0o600))
        self.database.chmod(0o600)

    def copy_to(self, folder: Path) -> Path:
        """Copy the database with its log, for where it can only be read.

        Raises OSError.
        """
        target = folder / self.database.name
        for side in _SIDES[:2]:
            source = self.database.with_name(self.database.name + side)
            if source.exists():
                shutil.copyfile(source, target.with_name(target.name + side))
        return target

    def set_aside(self) -> Path:
        """Move the database out of the way and return where it is now.

        Raises OSError.
        """
        name = self.database.name
        now = f"{dt_util.utcnow():%Y%m%dT%H%M%S}"
        aside = self.database.with_name(f"{name}.damaged.{now}")
        for side in _SIDES:
            source = self.database.with_name(name + side)
            with suppress(FileNotFoundError):
                source.rename(aside.with_name(aside.name + side))
        return aside

    def read_tokens(self) -> set[str]:
        """Return the tokens of the marker, none where there is no marker."""
        try:
            return set(self.marker.read_text(encoding="utf-8").split())
        except OSError, ValueError:
            return set()

    def write_tokens(self, *tokens: str) -> None:
        """Write the marker anew.

        Raises OSError.
        """
        self.marker.parent.mkdir(exist_ok=True)
        new = self.marker.with_suffix(".new")
        new.write_text("\n".join(tokens), encoding="utf-8")
        new.replace(self.marker)

    def remove(self) -> None:
        """Remove everything, also what was set aside and what a kill left behind."""
        stem = self.database.name
        for path in (
            *self.database.parent.glob(f"{stem}*"),
            *self.marker.parent.glob(f"{self.marker.stem}.*"),
        ):
            path.unlink(missing_ok=True)
        with suppress(OSError):
            # Only when it is empty.
            self.marker.parent.rmdir()
