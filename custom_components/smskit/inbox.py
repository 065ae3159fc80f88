"""The inbox: every message that came in, on disk before anyone hears of it."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
import heapq
from pathlib import Path
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .api import InboxMessage
from .received import ReceivedMessage, keyed, received
from .settings import Settings
from .storage import inbox_journal

_NEWEST: Final = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class InboxView:
    """What entities show of an inbox."""

    unread: int = 0
    newest: tuple[ReceivedMessage, ...] = ()
    """The newest ten, newest first."""


class Inbox:
    """The messages of an account.

    What was once listed is known for as long as the portal lists it, also after it was
    dropped or deleted here: a message is new once.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry_id: str,
        settings: Settings,
        is_trusted: Callable[[str], bool],
    ) -> None:
        """Keep everything in a file of the account's own."""
        self._hass = hass
        self._settings = settings
        self._is_trusted = is_trusted
        self._journal = inbox_journal(hass, entry_id)
        self._messages: dict[str, ReceivedMessage] = {}
        self._known: set[str] = set()
        self._is_new = False
        self._lock = asyncio.Lock()
        self.view = InboxView()

    async def async_load(self) -> Path | None:
        """Take up what was kept; return where a damaged file was set aside.

        One that is no JSON at all is set aside, and reported, by Home Assistant.
        """
        data = await self._journal.async_load()
        if data is None:
            self._is_new = True
            return None
        try:
            messages, known = await self._hass.async_add_executor_job(_read, data)
        except AttributeError, KeyError, TypeError, ValueError:
            self._is_new = True
            return await self._hass.async_add_executor_job(
                _set_aside, Path(self._journal.path)
            )
        self._messages, self._known = messages, known
        self._update_view()
        return None

    @property
    def total(self) -> int:
        """How many messages are kept."""
        return len(self._messages)

    def all(self) -> Iterable[ReceivedMessage]:
        """Return all messages that are kept, in no order."""
        return self._messages.values()

    def newest_first(self) -> list[ReceivedMessage]:
        """Return all messages that are kept."""
        return sorted(self._messages.values(), key=_by_date, reverse=True)

    async def async_take(
        self, listing: Sequence[InboxMessage], *, full: bool
    ) -> list[ReceivedMessage]:
        """Keep what is new in a listing, and return it in order of time.

        It is on disk by then. The first listing of a new inbox is what was there
        before: it is kept as read, and none of it is returned.
        """
        if not listing and not full:
            return []
        async with self._lock:
            return await self._async_take(listing, full)

    async def _async_take(
        self, listing: Sequence[InboxMessage], full: bool
    ) -> list[ReceivedMessage]:
        first = self._is_new
        new, known = await self._hass.async_add_executor_job(
            self._compare, listing, full
        )
        if not new and known == self._known and not first:
            return []
        ids = {message.id for message in self._messages.values()}
        added: list[ReceivedMessage] = []
        for message in new:
            # Numbers of messages start anew at some portals.
            unique = message.id if message.id not in ids else message.key
            ids.add(unique)
            added.append(replace(message, id=unique))
        self._messages.update({message.key: message for message in added})
        self._known = known
        self._is_new = False
        await self._async_keep()
        return [] if first else added

    async def async_mark_read(self, ids: set[str] | None) -> int:
        """Mark messages as read, all of them for None; return how many were not."""
        async with self._lock:
            unread = [
                message
                for message in self._messages.values()
                if not message.read and (ids is None or message.id in ids)
            ]
            for message in unread:
                self._messages[message.key] = replace(message, read=True)
            if unread:
                await self._async_keep()
        return len(unread)

    async def async_delete(self, ids: set[str] | None) -> int:
        """Delete messages here, all of them for None; return how many there were."""
        async with self._lock:
            doomed = [
                message.key
                for message in self._messages.values()
                if ids is None or message.id in ids
            ]
            for key in doomed:
                del self._messages[key]
            if doomed:
                await self._async_keep()
        return len(doomed)

    def _compare(
        self, listing: Sequence[InboxMessage], full: bool
    ) -> tuple[list[ReceivedMessage], set[str]]:
        """Return what is new in a listing, and what is known from now on.

        Runs in a thread: a listing may have thousands of messages.
        """
        listed = keyed(listing)
        new = received(
            {key: m for key, m in listed.items() if key not in self._known},
            self._settings,
            is_trusted=self._is_trusted,
            read=self._is_new,
            now=dt_util.utcnow(),
        )
        if full:
            return new, {*listed, *self._messages}
        return new, {*self._known, *listed}

    async def _async_keep(self) -> None:
        """Drop what is too much or too old, and return once the rest is on disk."""
        oldest = dt_util.utcnow() - self._settings.keep_for
        for rank, message in enumerate(self.newest_first()):
            too_many = rank >= self._settings.keep_messages
            if message.read and (too_many or message.date < oldest):
                del self._messages[message.key]
        self._update_view()
        await self._journal.async_save(
            {"messages": list(self._messages.values()), "known": list(self._known)}
        )

    def _update_view(self) -> None:
        messages = self._messages.values()
        self.view = InboxView(
            unread=sum(not message.read for message in messages),
            newest=tuple(heapq.nlargest(_NEWEST, messages, key=_by_date)),
        )


def _by_date(message: ReceivedMessage) -> datetime:
    return message.date


def _read(data: dict[str, Any]) -> tuple[dict[str, ReceivedMessage], set[str]]:
    messages = map(ReceivedMessage.from_stored, data["messages"])
    return {message.key: message for message in messages}, set(data["known"])


def _set_aside(path: Path) -> Path:
    aside = path.with_name(f"{path.name}.damaged.{dt_util.utcnow():%Y%m%dT%H%M%S}")
    return path.rename(aside)
