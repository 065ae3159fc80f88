"""Copies of media, on disk, for as long as the portal may fetch them."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
import os
from pathlib import Path
import secrets
import time
from typing import Final, Self

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from .clock import epoch, monotonic

MAX_BYTES: Final = 64 * 1024 * 1024
"""Of all copies together, whatever account they are of."""

# Home Assistant leaves every folder of this name out of backups. Nobody needs a copy
# from a backup: what was held by then is not sent.
_FOLDER: Final = "__pycache__"
_COPIES: HassKey[MediaCopies] = HassKey(f"{DOMAIN}_media")


class MediaTooLargeError(Exception):
    """There is no room for a copy."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MediaCopy:
    """A copy; all that is known of it is in the name of its file."""

    path: Path
    entry_id: str
    digest: str
    token: str
    suffix: str
    size: int
    deadline: float
    """Until when it is served, monotonic."""

    @property
    def name(self) -> str:
        """The name in its URL. Whoever knows it may fetch the copy."""
        return self.token + self.suffix

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Return the copy that a file is, or None. Raises OSError."""
        try:
            _, entry_id, expires, digest, token, suffix = path.name.split(".")
            deadline = monotonic(int(expires))
        except ValueError:
            return None
        return cls(
            path=path,
            entry_id=entry_id,
            digest=digest,
            token=token,
            suffix=f".{suffix}",
            size=path.stat().st_size,
            deadline=deadline,
        )

    def until(self, deadline: float) -> Self:
        """Return the copy as it is with another deadline."""
        name = f"{DOMAIN}.{self.entry_id}.{epoch(deadline):.0f}.{self.digest}"
        path = self.path.with_name(f"{name}.{self.name}")
        return replace(self, path=path, deadline=deadline)


class MediaCopies:
    """The copies of all accounts.

    Files are private, and outlive a restart: a message that is held or scheduled has
    their URLs in it.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize without any copy."""
        self._hass = hass
        self._folder = Path(hass.config.path(STORAGE_DIR, _FOLDER))
        self._copies: dict[str, MediaCopy] = {}
        self._lock = asyncio.Lock()

    def find(self, name: str) -> Path | None:
        """Return the file that is served by a name."""
        copy = self._copies.get(name)
        if copy is None or copy.deadline <= time.monotonic():
            return None
        return copy.path

    async def async_load(self, entry_id: str) -> None:
        """Know the copies of an account that are on disk, and no others."""
        async with self._lock:
            self._forget(entry_id)
            found = await self._hass.async_add_executor_job(self._read, entry_id)
            self._copies.update({copy.name: copy for copy in found})
            await self._async_purge()

    async def async_add(
        self, entry_id: str, content: bytes, suffix: str, deadline: float
    ) -> str:
        """Keep a copy until a deadline, and return its name.

        The same medium is kept once. Raises MediaTooLargeError, and OSError.
        """
        async with self._lock:
            await self._async_purge()
            digest = await self._hass.async_add_executor_job(_digest, content)
            old = self._find_same(entry_id, digest, suffix)
            if old is not None:
                copy = old.until(max(deadline, old.deadline))
                await self._hass.async_add_executor_job(old.path.rename, copy.path)
            else:
                if self.size + len(content) > MAX_BYTES:
                    raise MediaTooLargeError
                copy = MediaCopy(
                    path=self._folder / DOMAIN,
                    entry_id=entry_id,
                    digest=digest,
                    token=secrets.token_urlsafe(32),
                    suffix=suffix,
                    size=len(content),
                    deadline=deadline,
                ).until(deadline)
                await self._hass.async_add_executor_job(_write, copy.path, content)
            self._copies[copy.name] = copy
            return copy.name

    @property
    def size(self) -> int:
        """Return how many bytes all copies have."""
        return sum(copy.size for copy in self._copies.values())

    async def async_purge(self) -> None:
        """Remove what is not served any more."""
        async with self._lock:
            await self._async_purge()

    async def async_remove(self, entry_id: str) -> None:
        """Remove the copies of an account that is removed, loaded or not."""
        async with self._lock:
            self._forget(entry_id)
            await self._hass.async_add_executor_job(self._remove, entry_id)

    async def _async_purge(self) -> None:
        now = time.monotonic()
        gone = [copy for copy in self._copies.values() if copy.deadline <= now]
        for copy in gone:
            del self._copies[copy.name]
            with suppress(OSError):
                await self._hass.async_add_executor_job(copy.path.unlink)

    def _find_same(self, entry_id: str, digest: str, suffix: str) -> MediaCopy | None:
        wanted = (entry_id, digest, suffix)
        for copy in self._copies.values():
            if (copy.entry_id, copy.digest, copy.suffix) == wanted:
                return copy
        return None

    def _forget(self, entry_id: str) -> None:
        copies = self._copies.values()
        self._copies = {c.name: c for c in copies if c.entry_id != entry_id}

    # --- On disk, outside of the event loop ------------------------------------------

    def _files(self, entry_id: str) -> list[Path]:
        return list(self._folder.glob(f"{DOMAIN}.{entry_id}.*.*.*.*"))

    def _read(self, entry_id: str) -> list[MediaCopy]:
        found: list[MediaCopy] = []
        for path in self._files(entry_id):
            with suppress(OSError):
                if (copy := MediaCopy.read(path)) is not None:
                    found.append(copy)
                else:
                    # A kill left it while it was written.
                    path.unlink()
        return found

    def _remove(self, entry_id: str) -> None:
        for path in self._files(entry_id):
            path.unlink(missing_ok=True)
        with suppress(OSError):
            # Only when it is empty.
            self._folder.rmdir()


@callback
def async_media_copies(hass: HomeAssistant) -> MediaCopies:
    """Return the copies of a Home Assistant."""
    if (copies := hass.data.get(_COPIES)) is None:
        copies = hass.data[_COPIES] = MediaCopies(hass)
    return copies


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _write(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.rename(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
