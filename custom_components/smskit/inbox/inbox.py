"""The inbox: every received message, on disk before its event is published."""

import asyncio
from collections.abc import Callable, Container, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import batched
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util
from homeassistant.util.signal_type import SignalTypeFormat
from homeassistant.util.ulid import ulid_now

from ..api import InboxMessage
from ..const import DOMAIN
from ..phone_number import shown_number
from ..portal_clock import PortalClock
from ..settings import Settings, most_unread
from ..store import (
    Body,
    Direction,
    Message,
    MessageLog,
    Publisher,
    Statement,
    StoreError,
    insert_messages,
    limit_unread,
    redate_messages,
    trim_messages,
)
from .identity import Known, KnownMessages, by_fingerprint, key_of
from .lateness import NewestDates, find_old, is_before
from .models import Received, find_doubtful, received
from .redating import redated
from .seen import SeenMessages, SeenRow, insert_seen, seen_rows

RECEIVED: Final = "received"
"""The kind of event that `publish` takes."""

# Carries each new message of an account.
SIGNAL_RECEIVED: Final[SignalTypeFormat[Received]] = SignalTypeFormat(
    f"{DOMAIN}_received_{{}}"
)
# Reports that messages of an account were marked as read or deleted.
SIGNAL_CHANGED: Final[SignalTypeFormat[()]] = SignalTypeFormat(f"{DOMAIN}_changed_{{}}")

# Whose listing of all (true), and of the unread, was stored last.
_ACCOUNT_KEYS: Final = {True: "account", False: "account_unread"}
# How the clock reads the portal's times by which all messages are dated.
_DATED_KEY: Final = "dated_by"
_NEWEST: Final = 10
# Less than the variables that SQLite takes in a statement.
_AT_ONCE: Final = 500
_CHARACTERS_AT_ONCE: Final = 1024 * 1024

# From here on, comparing and reading is for a thread.
_LARGE: Final = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class InboxView:
    """What entities show of an inbox."""

    unread: int = 0
    newest: tuple[Message, ...] = ()
    """The newest ten, newest first."""


class Inbox:
    """The received messages of an account.

    Whatever was listed once is seen, also after it was dropped or deleted here: a
    message is new once.
    """

    def __init__(  # noqa: PLR0913 - what it reads by, and where it writes to
        self,
        hass: HomeAssistant,
        entry_id: str,
        settings: Settings,
        clock: PortalClock,
        publisher: Publisher,
        *,
        is_trusted: Callable[[str], bool],
        name_of: Callable[[str], str | None],
        on_new: Callable[[Message, int], None] = lambda *_: None,
    ) -> None:
        """Write to the open database of a publisher.

        `on_new` gets each message that is stored, with the number of its listing, and
        writes what follows from it in the same transaction: not what was there before
        the last listing, nor what may be from somebody else.
        """
        self._hass = hass
        self._entry_id = entry_id
        self._settings = settings
        self._most_unread = most_unread(settings.keep_messages)
        self._clock = clock
        self._dated_by = clock.signature
        self._database = publisher.database
        self._publisher = publisher
        self._is_trusted = is_trusted
        self._name_of = name_of
        self._on_new = on_new
        self._log = MessageLog(publisher.database)
        self._seen = SeenMessages(publisher.database)
        self._account = ""
        self._known: dict[bool, str | None] = {}
        """Whose listing of all (true), and of the unread, was the last one."""
        self._unread: frozenset[str] = frozenset()
        """The fingerprints of the last listing of the unread."""
        self._newest: NewestDates = {}
        """The newest dates that are known, as the portal writes them now.

        By the number that messages came to: one may be dated otherwise than another.
        """
        self.listings = 0
        """How many listings were taken in this run."""
        self._run = ulid_now()
        self._since_trim = 0
        self._lock = asyncio.Lock()
        self.view = InboxView()
        self.total = 0
        """How many received messages are kept."""

    async def async_load(self, account: str) -> None:
        """Restore what was kept, for the account at the portal that is used now."""
        self._account = account
        for full, key in _ACCOUNT_KEYS.items():
            rows = await self._database.async_fetch(
                "SELECT value FROM meta WHERE key = ?", (key,)
            )
            self._known[full] = rows[0][0] if rows else None
        rows = await self._database.async_fetch(
            "SELECT value FROM meta WHERE key = ?", (_DATED_KEY,)
        )
        self._dated_by = rows[0][0] if rows else self._clock.signature
        async with self._lock:
            with suppress(StoreError):
                await self._async_redate()
        await self._async_look()

    async def _async_look(self) -> None:
        """Read anew what entities show."""
        ((total, unread),) = await self._database.async_fetch(
            "SELECT (SELECT count(*) FROM messages WHERE direction = 'in'), "
            "(SELECT count(*) FROM messages WHERE read = 0)"
        )
        newest = await self._log.async_newest(Direction.IN, _NEWEST)
        self.total = total
        self.view = InboxView(unread=unread, newest=tuple(newest))

    # --- What the portal lists -------------------------------------------------------

    async def async_take(
        self,
        listing: Sequence[InboxMessage],
        *,
        full: bool,
        backlog: bool,
        were_there: bool = False,
    ) -> None:
        """Store what is new in a listing, and have it published in order of time.

        The first listing of an account is what was there before: it is kept as read,
        and nothing of it is published. `backlog` marks what is late; with `were_there`,
        it was there when the last listing was made.
        """
        self.listings += 1
        if not listing and not full:
            self._unread = frozenset()
            return
        # What is read at the portal must not be lost because the caller is canceled.
        taking = self._async_take(listing, self.listings, full, backlog, were_there)
        await asyncio.shield(self._hass.loop.create_task(taking, name="smskit inbox"))

    async def async_knows(self, listing: Sequence[InboxMessage]) -> bool:
        """Return whether any message of a listing was listed before.

        Raises StoreError.
        """
        known = await self._seen.async_find(_keys(listing))
        listed = by_fingerprint(listing, known, may_have_moved=lambda _: True)
        return not listed.keys().isdisjoint(_by_fingerprint(known))

    async def async_new(
        self, listing: Sequence[InboxMessage], *, full: bool
    ) -> list[InboxMessage]:
        """Return which messages of a listing were not listed before.

        Raises StoreError.
        """
        listed, known = await self._async_identify(listing, full=full)
        return [m for one, m in listed.items() if one not in known]

    def is_before_known(self, message: InboxMessage) -> bool:
        """Return whether a listed message has an older date than one that is known."""
        return is_before(message, self._newest)

    def trusts(self, message: InboxMessage) -> bool:
        """Return whether the sender of a listed message may command."""
        return self._is_trusted(shown_number(message.sender, self._settings.country))

    async def async_finish(self) -> None:
        """Return once nothing is being taken."""
        async with self._lock:
            pass

    async def _async_take(
        self,
        listing: Sequence[InboxMessage],
        number: int,
        full: bool,
        backlog: bool,
        were_there: bool,
    ) -> None:
        async with self._lock:
            is_large = len(listing) >= _LARGE
            run = self._hass.async_add_executor_job
            listed, known = await self._async_identify(listing, full=full)
            if not full:
                self._unread = frozenset(listed)
            fresh = {one: m for one, m in listed.items() if one not in known}
            judge = partial(find_doubtful, listed, known, is_trusted=self.trusts)
            doubtful = await run(judge) if is_large else judge()
            date = partial(self._find_old, listed, known, doubtful, full=full)
            old, self._newest = await run(date) if is_large else date()
            # What another account had, or this one had before, is no news: the first
            # listing of all is an import, also when one of the unread came before it.
            imported = self._known[full] != self._account
            if fresh or imported:
                late = fresh.keys() if backlog else old
                unfit = {*doubtful, *(fresh if were_there else old)}
                await self._async_store(
                    fresh, doubtful, late, unfit, number, full=full, imported=imported
                )
            if full:
                await self._seen.async_forget(listed)

    async def _async_identify(
        self, listing: Sequence[InboxMessage], *, full: bool
    ) -> tuple[dict[str, InboxMessage], dict[str, Known]]:
        """Return a listing, and what was listed before it, by fingerprint."""
        identify = partial(self._identify, listing, full=full)
        if len(listing) < _LARGE:
            return identify(await self._seen.async_find(_keys(listing)))
        run = self._hass.async_add_executor_job
        known = await self._seen.async_find(await run(_keys, listing))
        return await run(identify, known)

    def _identify(
        self, listing: Sequence[InboxMessage], known: KnownMessages, *, full: bool
    ) -> tuple[dict[str, InboxMessage], dict[str, Known]]:
        def may_have_moved(one: Known) -> bool:
            # It would be in this listing: if it is not by its date, that has moved.
            return full or one.fingerprint in self._unread

        listed = by_fingerprint(listing, known, may_have_moved=may_have_moved)
        return listed, _by_fingerprint(known)

    def _find_old(
        self,
        listed: dict[str, InboxMessage],
        known: dict[str, Known],
        doubtful: set[str],
        *,
        full: bool,
    ) -> tuple[set[str], NewestDates]:
        """Return which new messages are older than known ones, and the newest dates."""
        # Nobody else may make them old by what they write.
        reliable = {
            one
            for one, message in listed.items()
            if not (message.is_ambiguous or one in doubtful)
            and not ((before := known.get(one)) and before.is_doubtful)
            and self.trusts(message)
        }
        return find_old(
            listed,
            known,
            reliable,
            # In a listing of all, all dates are of one zone.
            newest=None if full else self._newest,
            latest=self._clock.latest(dt_util.utcnow()),
        )

    async def _async_store(  # noqa: PLR0913 - what is new, and what is known of it
        self,
        fresh: dict[str, InboxMessage],
        doubtful: Container[str],
        late: Container[str],
        unfit: Container[str],
        number: int,
        *,
        full: bool,
        imported: bool,
    ) -> None:
        read = partial(
            received,
            fresh,
            self._settings,
            self._clock,
            is_trusted=self._is_trusted,
            name_of=self._name_of,
            doubtful=doubtful,
            read=imported,
            now=dt_util.utcnow(),
        )
        note = partial(seen_rows, fresh, doubtful)
        if len(fresh) < _LARGE:
            messages, seen = read(), note()
        else:
            run = self._hass.async_add_executor_job
            messages, seen = await run(read), await run(note)
        messages = await self._async_with_unique_ids(messages)
        if not imported and len(messages) > self._most_unread:
            # Nobody reads them one by one.
            old = list(messages)[: -self._most_unread]
            late = {*(one for one in messages if one in late), *old}
            messages |= {one: replace(messages[one], read=True) for one in old}
        # An import is one unit: what a kill left of it would be news after the start.
        longest = max((len(message.text) for message in messages.values()), default=1)
        at_once = min(_AT_ONCE, _CHARACTERS_AT_ONCE // max(longest, 1))
        size = len(messages) if imported else at_once
        for some in batched(messages.items(), max(size, 1), strict=False):
            published = [
                self._body(
                    Received(
                        message=m,
                        backlog=one in late,
                        is_doubtful=one in doubtful,
                        listing=number,
                    )
                )
                for one, m in some
                if not imported
            ]
            await self._async_write(
                [message for _, message in some],
                [seen[one] for one, _ in some],
                published,
                [(m, number) for one, m in some if not (imported or one in unfit)],
                full=full,
            )
        if not messages:
            await self._async_write([], [], [], [], full=full)
        # A listing of all has the unread, too.
        self._known |= dict.fromkeys({full, False}, self._account)
        if self.view.unread > self._most_unread:
            with suppress(StoreError):
                await self._database.write(limit_unread(self._most_unread))
                await self._async_look()
        await self._async_trim_at_times(len(messages))

    async def _async_write(
        self,
        new: list[Message],
        seen: list[SeenRow],
        published: list[Body],
        fit: list[tuple[Message, int]],
        *,
        full: bool,
    ) -> None:
        insert = partial(insert_messages, new, [row[0] for row in seen])
        is_import = len(new) > _AT_ONCE
        run = self._hass.async_add_executor_job
        inserted = await run(insert) if is_import else insert()
        with self._database.as_one():
            stored = self._publisher.write(
                RECEIVED,
                published,
                inserted,
                insert_seen(seen),
                Statement(
                    "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)",
                    [
                        *((_ACCOUNT_KEYS[one], self._account) for one in {full, False}),
                        (_DATED_KEY, self._dated_by),
                    ],
                ),
            )
            for message, number in fit:
                self._on_new(message, number)
        try:
            await stored
        except StoreError:
            # Published once in this run; after a restart it comes again, as late.
            self._seen.keep_in_memory(seen)
        self._show(new)

    def _show(self, new: Sequence[Message]) -> None:
        """Have entities show new messages."""
        latest = [*reversed(new), *self.view.newest]
        latest.sort(key=_by_date, reverse=True)
        unread = sum(not message.read for message in new)
        self.total += len(new)
        self.view = InboxView(
            unread=self.view.unread + unread, newest=tuple(latest[:_NEWEST])
        )

    async def _async_with_unique_ids(
        self, messages: dict[str, Message]
    ) -> dict[str, Message]:
        """Return messages with ids of their own: they start anew at some portals."""
        taken: set[str] = set()
        for some in batched(messages.values(), _AT_ONCE, strict=False):
            rows = await self._database.async_fetch(
                "SELECT id FROM messages WHERE id IN "  # noqa: S608 - only question marks
                f"({', '.join('?' for _ in some)})",
                [message.id for message in some],
            )
            taken.update(row[0] for row in rows)
        result: dict[str, Message] = {}
        for fingerprint, message in messages.items():
            if message.id in taken:
                message = replace(message, id=fingerprint)  # noqa: PLW2901 - as it is kept
            taken.add(message.id)
            result[fingerprint] = message
        return result

    # --- What time it was ------------------------------------------------------------

    async def async_redate(self) -> None:
        """Date what is kept anew, after the clock has learned of another zone."""
        async with self._lock:
            with suppress(StoreError):
                if await self._async_redate():
                    await self._async_look()
                    signal = SIGNAL_CHANGED.format(self._entry_id)
                    async_dispatcher_send(self._hass, signal)

    async def _async_redate(self) -> bool:
        """Date what is kept anew if the clock reads times otherwise now."""
        signature = self._clock.signature
        if signature == self._dated_by:
            return False
        rows = await self._database.async_fetch(
            "SELECT seq, date, portal_date, received FROM messages "
            "WHERE portal_date IS NOT NULL"
        )
        dates = await self._hass.async_add_executor_job(redated, rows, self._clock)
        self._dated_by = signature
        await self._database.write(
            redate_messages(dates),
            Statement(
                "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)",
                [(_DATED_KEY, signature)],
            ),
        )
        return True

    # --- What users do ---------------------------------------------------------------

    async def async_mark_read(self, ids: set[str] | None) -> int:
        """Mark messages as read, all of them for None; return how many were not.

        Raises StoreError.
        """
        return await self._async_change(
            "UPDATE messages SET read = 1 WHERE direction = 'in' AND read = 0", ids
        )

    async def async_delete(self, ids: set[str] | None) -> int:
        """Delete messages here, all of them for None; return how many there were.

        Raises StoreError.
        """
        return await self._async_change(
            "DELETE FROM messages WHERE direction = 'in'", ids
        )

    async def _async_change(self, sql: str, ids: set[str] | None) -> int:
        count: int
        async with self._lock:
            where = sql.partition(" WHERE ")[2]
            counted = "SELECT count(*) FROM messages WHERE "
            if ids is None:
                ((count,),) = await self._database.async_fetch(counted + where)
                rows: list[tuple[str, ...]] = [()]
            else:
                sql, where = f"{sql} AND id = ?", f"{where} AND id = ?"
                count = 0
                rows = [(one,) for one in ids]
                for row in rows:
                    ((found,),) = await self._database.async_fetch(counted + where, row)
                    count += found
            if count:
                await self._database.write(Statement(sql, rows), self._trim())
                await self._async_look()
                async_dispatcher_send(self._hass, SIGNAL_CHANGED.format(self._entry_id))
        return count

    # --- Keeping and publishing ------------------------------------------------------

    async def _async_trim_at_times(self, count: int) -> None:
        """Drop what is too much now and then: that costs more the more is kept."""
        self._since_trim += count
        if self._since_trim > self._settings.keep_messages // 100:
            await self.async_trim()

    async def async_trim(self) -> None:
        """Drop messages that are too many or too old; unread ones are kept."""
        with suppress(StoreError):
            await self._database.write(self._trim())
            await self._async_look()

    def _trim(self) -> Statement:
        self._since_trim = 0
        settings = self._settings
        return trim_messages(Direction.IN, settings.keep_messages, settings.keep_for)

    @callback
    def publish(self, body: dict[str, Any]) -> None:
        """Publish an event of the kind `RECEIVED`."""
        message = Message(
            id=body["id"],
            direction=Direction.IN,
            number=body["from"],
            own_number=body["to"],
            name=body["name"],
            text=body["text"],
            date=datetime.fromisoformat(body["date"]),
            read=False,
            trusted=body["trusted"],
        )
        async_dispatcher_send(
            self._hass,
            SIGNAL_RECEIVED.format(self._entry_id),
            Received(
                message=message,
                backlog=body["backlog"],
                is_doubtful=body["is_doubtful"],
                listing=body["listing"] if body["run"] == self._run else 0,
            ),
        )

    def _body(self, received: Received) -> Body:
        """Return the event that `publish` takes."""
        return received.message.as_dict() | {
            "backlog": received.backlog,
            "is_doubtful": received.is_doubtful,
            "listing": received.listing,
            "run": self._run,
        }


def _keys(listing: Iterable[InboxMessage]) -> set[str]:
    return {key_of(message) for message in listing}


def _by_fingerprint(known: KnownMessages) -> dict[str, Known]:
    return {one.fingerprint: one for some in known.values() for one in some}


def _by_date(message: Message) -> datetime:
    return message.date
