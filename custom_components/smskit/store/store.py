"""The store of one account: its database, and what happened to the files."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
import sqlite3

from homeassistant.core import HomeAssistant
from homeassistant.util.ulid import ulid_now

from .database import Database
from .errors import DiskProblem, StoreError
from .files import StoreFiles
from .statement import Statement


class Store:
    """Opens, checks, copies and closes the database of an account."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry_id: str,
        on_disk: Callable[[DiskProblem | None], None],
    ) -> None:
        """Prepare to open; `on_disk` gets what is wrong with the disk, or None."""
        self._hass = hass
        self._files = StoreFiles.of(hass, entry_id)
        self.database = Database(hass, self._files, on_disk)
        self.is_restored = False
        """Whether the database is from a backup: more may have been sent since."""
        self._is_in_doubt = False

    async def async_open(self) -> Path | None:
        """Open the database; return where a damaged one was set aside."""
        set_aside = await self.database.async_open()
        known: str | None = None
        with suppress(StoreError):
            known = await self._async_token()
        tokens = await self._hass.async_add_executor_job(self._files.read_tokens)
        self.is_restored = known is not None and known not in tokens
        self._is_in_doubt = self.is_restored
        if not self._is_in_doubt:
            await self._async_renew_token()
        return set_aside

    async def async_confirm(self) -> None:
        """Note that what a backup left in doubt was written as such.

        Until then it is a restored one to the next run, too.
        """
        if self._is_in_doubt:
            with suppress(StoreError):
                # All that was written before this.
                await self.database.write()
                self._is_in_doubt = False
                await self._async_renew_token()

    async def async_close(self) -> None:
        """Write what waits, and close."""
        await self.database.async_close()

    async def async_check(self) -> Path | None:
        """Look for damage; return where a damaged database was set aside."""
        run = self._hass.async_add_executor_job
        if await run(_is_sound, self._files.database):
            return None
        return await self.database.async_replace()

    # --- Backups ---------------------------------------------------------------------

    async def async_pre_backup(self) -> None:
        """Have any copy that is made from now on be consistent. Nothing waits."""
        await self.database.async_freeze()

    async def async_post_backup(self) -> None:
        """Go on as before; what was copied is older than what is written now."""
        if not self._is_in_doubt:
            await self._async_renew_token()
        await self.database.async_thaw()

    async def _async_token(self) -> str | None:
        rows = await self.database.async_fetch(
            "SELECT value FROM meta WHERE key = 'token'"
        )
        return rows[0][0] if rows else None

    async def _async_renew_token(self) -> None:
        """Write another token into the database, and beside it, where no backup is.

        A database whose token is not beside it was restored. For as long as it is not
        certain which of the two was written, both are right.
        """
        run = self._hass.async_add_executor_job
        new = ulid_now()
        with suppress(OSError, StoreError):
            old = await self._async_token() or ""
            await run(self._files.write_tokens, old, new)
            await self.database.write(
                Statement(
                    "INSERT OR REPLACE INTO meta (key, value) VALUES ('token', ?)",
                    [(new,)],
                )
            )
            await run(self._files.write_tokens, new)


async def async_remove_store(hass: HomeAssistant, entry_id: str) -> None:
    """Remove every file of an account."""
    await hass.async_add_executor_job(StoreFiles.of(hass, entry_id).remove)


def _is_sound(path: Path) -> bool:
    """Return whether SQLite finds nothing wrong, by a connection of its own."""
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    except sqlite3.Error:
        return True
    try:
        ((found,),) = connection.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.OperationalError:
        # Busy, or not to be read: that is about the disk.
        return True
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()
    return bool(found == "ok")
