"""Accounts that have a lot on disk."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
import shutil
import time
from typing import Any, Final

from homeassistant.core import CoreState, HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.api import Cause, Explanation, InboxMessage, SendType
from custom_components.smskit.const import DOMAIN
from custom_components.smskit.sending import FailureReason, rows
from custom_components.smskit.sending.batch import Batch, BatchRecipient, Stage
from custom_components.smskit.sending.models import Status
from custom_components.smskit.store import (
    Database,
    Direction,
    Message,
    Reason,
    Statement,
    insert_messages,
)
from custom_components.smskit.store.files import StoreFiles
from tests.conftest import entry_data
from tests.portal import Portal

OPTIONS: Final[dict[str, Any]] = {
    "country": "US",
    "time_zone": "UTC",
    "hourly_limit": 1_000_000,
    "keep_messages": 1_000_000,
    "keep_days": 3650,
    "hold_hours": 24,
}
_NUMBERS: Final = 1000
_AT_ONCE: Final = 10_000


def text(index: int) -> str:
    """Return what an automation writes."""
    return f"Message {index}: the temperature in the freezer is {index % 30} °C"


def number(index: int) -> str:
    """Return one of a thousand numbers."""
    return f"+1202555{index % _NUMBERS:04}"


def listed(index: int, date: datetime) -> InboxMessage:
    """Return a message as the portal lists it."""
    return InboxMessage(
        id=str(index),
        sender=number(index).removeprefix("+"),
        recipient="12025550199",
        text=text(index),
        date=date.replace(tzinfo=None),
    )


def message_id(index: int) -> str:
    """Return the id of a message that is kept."""
    if index % 2 == 0:
        return f"kept{index}"
    return f"01K0{index:022}{number(index)}"


def message(index: int, date: datetime) -> Message:
    """Return a message as it is kept: every other one was received."""
    incoming = index % 2 == 0
    return Message(
        id=message_id(index),
        direction=Direction.IN if incoming else Direction.OUT,
        number=number(index),
        own_number="+12025550199" if incoming else None,
        text=text(index),
        date=date,
        status=None if incoming else Status.SENT.value,
    )


def batch(index: int, to: str) -> Batch:
    """Return a held batch."""
    now = time.time()
    return Batch(
        created=now,
        expires=now + 36_000,
        type=SendType.SMS,
        sender="HOME",
        text=text(index),
        body=text(index),
        recipients=[
            BatchRecipient(
                number=to,
                name="Anna",
                status=Status.HELD,
                reason=Reason(FailureReason.NOT_REACHABLE, Explanation(Cause.REFUSED)),
            )
        ],
        numbers=frozenset({to}),
        stage=Stage.HELD,
    )


async def fill(
    hass: HomeAssistant,
    files: StoreFiles,
    *,
    kept: int,
    held: int,
    numbers: int = _NUMBERS,
) -> None:
    """Make a database of so many messages, and so many held batches."""
    database = Database(hass, files, _no_problem)
    await database.async_open()
    now = datetime.now(UTC)
    for first in range(0, kept, _AT_ONCE):
        some = range(first, min(first + _AT_ONCE, kept))
        messages = [message(i, now - timedelta(minutes=kept - i)) for i in some]
        seen = [f"{i:020x}" if i % 2 == 0 else None for i in some]
        await database.write(
            insert_messages(messages, seen),
            Statement(
                "INSERT INTO seen (fingerprint) VALUES (?)", [(s,) for s in seen if s]
            ),
        )
    batches = [batch(index, number(index % numbers)) for index in range(held)]
    await database.write(*_merged(s for one in batches for s in rows.insert(one)))
    await database.async_close()


def _merged(statements: Iterable[Statement]) -> list[Statement]:
    """Return one statement for all rows of the same."""
    of_sql: dict[str, list[Any]] = {}
    for statement in statements:
        of_sql.setdefault(statement.sql, []).extend(statement.rows)
    return [Statement(sql, found) for sql, found in of_sql.items()]


def _no_problem(problem: str | None) -> None:
    assert problem is None


class Filled:
    """Makes accounts whose databases are copied from ones that are filled once."""

    def __init__(self, hass: HomeAssistant, portal: Portal, folder: Path) -> None:
        """Keep what is filled in a folder."""
        self._hass = hass
        self._portal = portal
        self._folder = folder
        self._made = 0

    async def copy(self, entry_id: str, kept: int, held: int, numbers: int) -> None:
        """Give an account a database."""
        name = f"{kept}-{held}-{numbers}"
        source = StoreFiles(
            database=self._folder / f"{name}.db", marker=self._folder / "none"
        )
        if not source.database.exists():
            await fill(self._hass, source, kept=kept, held=held, numbers=numbers)
        target = StoreFiles.of(self._hass, entry_id).database
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(source.database, target)

    async def entry(
        self, kept: int = 0, held: int = 0, numbers: int = _NUMBERS, **options: Any
    ) -> MockConfigEntry:
        """Return an account that is not set up yet."""
        self._made += 1
        entry = MockConfigEntry(
            domain=DOMAIN,
            entry_id=f"01K0ACCOUNT0000000000{self._made:05}",
            title="127.0.0.1",
            data=entry_data(self._portal),
            options=OPTIONS | options,
        )
        entry.add_to_hass(self._hass)
        await self.copy(entry.entry_id, kept, held, numbers)
        return entry

    @asynccontextmanager
    async def loaded(
        self, kept: int = 0, held: int = 0, **options: Any
    ) -> AsyncGenerator[MockConfigEntry]:
        """Set an account up that publishes, and keeps back what is held."""
        entry = await self.entry(kept, held, **options)
        # As if others were still being set up: what is held waits until then.
        self._hass.set_state(CoreState.starting)
        assert await self._hass.config_entries.async_setup(entry.entry_id)
        await self._hass.async_block_till_done(wait_background_tasks=True)
        entry.runtime_data.publisher.async_start()
        yield entry
        assert await self._hass.config_entries.async_unload(entry.entry_id)
        await self._hass.async_block_till_done(wait_background_tasks=True)
        self._hass.set_state(CoreState.running)
