"""The inbox: every message that came in, on disk before anyone hears of it."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
import heapq
from pathlib import Path
from typing import Any, Final, Self

from homeassistant.core import HomeAssistant
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util
from homeassistant.util.signal_type import SignalTypeFormat

from ..api import InboxMessage
from ..const import DOMAIN
from ..settings import Settings
from ..store import inbox_journal
from .models import ReceivedMessage, by_fingerprint, received

# Tells that messages of an account were marked as read or deleted.
SIGNAL_CHANGED: Final[SignalTypeFormat[()]] = SignalTypeFormat(f"{DOMAIN}_changed_{{}}")

_NEWEST: Final = 10
_FORGET_AFTER: Final = timedelta(days=90)


@dataclass(frozen=True, kw_only=True, slots=True)
class InboxView:
    """What entities show of an inbox."""

    unread: int = 0
    newest: tuple[ReceivedMessage, ...] = ()
    """The newest ten, newest first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenMessages:
    """What was ever listed, by identity.

    A listing may leave out for once what the next one has again: it is forgotten
    after a long time of not being listed.
    """

    keys: frozenset[str] = frozenset()
    missing: dict[str, float] = field(default_factory=dict)
    """Since when a listing of all has no longer had those that are not kept either."""
    account: str = ""
    """Which account at the portal it is of."""

    def after(self, listed: Iterable[str], kept: Iterable[str], now: float) -> Self:
        """Return what is known after a listing of all."""
        there = frozenset(listed) | frozenset(kept)
        oldest = now - _FORGET_AFTER.total_seconds()
        missing = {key: self.missing.get(key, now) for key in self.keys - there}
        missing = {key: since for key, since in missing.items() if since > oldest}
        return replace(self, keys=there | missing.keys(), missing=missing)


class Inbox:
    """The messages of an account.

    What was once listed is known, also after it was dropped or deleted here: a message
    is new once.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry_id: str,
        settings: Settings,
        *,
        is_trusted: Callable[[str], bool],
        account: str,
    ) -> None:
        """Keep everything in a file of the account's own."""
        self._hass = hass
        self._signal = SIGNAL_CHANGED.format(entry_id)
        self._settings = settings
        self._is_trusted = is_trusted
        self._account = account
        self._journal = inbox_journal(hass, entry_id)
        self._messages: dict[str, ReceivedMessage] = {}
        self._seen = SeenMessages()
        self._is_new = False
        self._lock = asyncio.Lock()
        self.view = InboxView()

    async def async_load(self) -> Path | None:
        """Take up what was kept; return where a damaged file was set aside.

        One that is no JSON at all is set aside, and reported, by Home Assistant.
        """
        run = self._hass.async_add_executor_job
        path = Path(self._journal.path)
        try:
            data = await self._journal.async_load()
            if data is None and not await run(path.exists):
                self._is_new = True
                return None
            self._messages, self._seen = await run(_read, data)
        except AttributeError, KeyError, TypeError, ValueError:
            self._is_new = True
            return await run(_set_aside, path)
        self.view = await run(_view, self._messages)
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
        return _newest_first(self._messages)

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

    async def async_finish(self) -> None:
        """Return once nothing is being taken."""
        async with self._lock:
            pass

    async def _async_take(
        self, listing: Sequence[InboxMessage], full: bool
    ) -> list[ReceivedMessage]:
        run = self._hass.async_add_executor_job
        new, known, changed = await run(self._compare, listing, full)
        if not changed:
            return []
        messages = {
            **self._messages,
            **{message.fingerprint: message for message in new},
        }
        self._is_new = False
        await self._async_keep(messages, known)
        return [message for message in new if not message.read]

    async def async_mark_read(self, ids: set[str] | None) -> int:
        """Mark messages as read, all of them for None; return how many were not."""
        async with self._lock:
            read = await self._hass.async_add_executor_job(
                _marked_read, self._messages, ids
            )
            if read:
                await self._async_keep({**self._messages, **read}, self._seen)
                async_dispatcher_send(self._hass, self._signal)
        return len(read)

    async def async_delete(self, ids: set[str] | None) -> int:
        """Delete messages here, all of them for None; return how many there were."""
        async with self._lock:
            kept = {
                key: message
                for key, message in self._messages.items()
                if ids is not None and message.id not in ids
            }
            count = len(self._messages) - len(kept)
            if count:
                await self._async_keep(kept, self._seen)
                async_dispatcher_send(self._hass, self._signal)
        return count

    def _compare(
        self, listing: Sequence[InboxMessage], full: bool
    ) -> tuple[list[ReceivedMessage], SeenMessages, bool]:
        """Return what is new in a listing, what is known then, and if that is a change.

        Runs in a thread: a listing may have thousands of messages.
        """
        listed = by_fingerprint(listing)
        fresh = {key: m for key, m in listed.items() if key not in self._seen.keys}
        if not fresh and not full:
            return [], self._seen, False
        now = dt_util.utcnow()
        known = replace(
            self._seen, keys=self._seen.keys | listed.keys(), account=self._account
        )
        if full:
            known = known.after(listed, self._messages, now.timestamp())
        # What another account had before is as old as what this one had at first.
        is_other = self._seen.account != self._account and (
            self._seen.keys.isdisjoint(listed)
        )
        new = received(
            fresh,
            self._settings,
            is_trusted=self._is_trusted,
            read=self._is_new or is_other,
            now=now,
        )
        excess = full and len(self._tidied(self._messages)) < len(self._messages)
        changed = bool(new) or excess or self._is_new or known != self._seen
        return self._with_unique_ids(new), known, changed

    def _with_unique_ids(self, new: list[ReceivedMessage]) -> list[ReceivedMessage]:
        """Return messages with ids of their own: they start anew at some portals."""
        ids = {message.id for message in self._messages.values()}
        result: list[ReceivedMessage] = []
        for message in new:
            unique = message.id if message.id not in ids else message.fingerprint
            ids.add(unique)
            result.append(replace(message, id=unique))
        return result

    def _tidied(
        self, messages: dict[str, ReceivedMessage]
    ) -> dict[str, ReceivedMessage]:
        """Return messages without those that are too many or too old."""
        oldest = dt_util.utcnow() - self._settings.keep_for
        drop = {
            message.fingerprint
            for rank, message in enumerate(_newest_first(messages))
            if message.read
            and (rank >= self._settings.keep_messages or message.date < oldest)
        }
        return {key: m for key, m in messages.items() if key not in drop}

    async def _async_keep(
        self, messages: dict[str, ReceivedMessage], known: SeenMessages
    ) -> None:
        """Keep all that is not too much or too old; return once it is on disk."""
        run = self._hass.async_add_executor_job
        messages = await run(self._tidied, messages)
        self.view = await run(_view, messages)
        self._messages = messages
        self._seen = known
        await self._journal.async_save(
            {
                "messages": list(messages.values()),
                "known": list(known.keys),
                "missing": known.missing,
                "account": known.account,
            }
        )


def _marked_read(
    messages: dict[str, ReceivedMessage], ids: set[str] | None
) -> dict[str, ReceivedMessage]:
    """Return those that were unread, as read."""
    return {
        key: replace(message, read=True)
        for key, message in messages.items()
        if not message.read and (ids is None or message.id in ids)
    }


def _newest_first(messages: dict[str, ReceivedMessage]) -> list[ReceivedMessage]:
    """Return messages by time; of those of one second the one that came last first."""
    return sorted(messages.values(), key=_by_date)[::-1]


def _view(messages: dict[str, ReceivedMessage]) -> InboxView:
    latest_first = reversed(messages.values())
    return InboxView(
        unread=sum(not message.read for message in messages.values()),
        newest=tuple(heapq.nlargest(_NEWEST, latest_first, key=_by_date)),
    )


def _by_date(message: ReceivedMessage) -> datetime:
    return message.date


def _read(data: Any) -> tuple[dict[str, ReceivedMessage], SeenMessages]:
    """Return what JSON made of an inbox; raise for anything else."""
    messages = map(ReceivedMessage.from_stored, data["messages"])
    known = SeenMessages(
        keys=frozenset(data["known"]),
        missing={str(key): float(since) for key, since in data["missing"].items()},
        account=str(data["account"]),
    )
    return {message.fingerprint: message for message in messages}, known


def _set_aside(path: Path) -> Path:
    aside = path.with_name(f"{path.name}.damaged.{dt_util.utcnow():%Y%m%dT%H%M%S}")
    return path.rename(aside)
