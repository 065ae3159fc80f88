"""The messages of an account in both directions, as the database has them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Self

from homeassistant.util import dt as dt_util

from ..phone_number import current_form
from .database import Database
from .reason import NO_REASON, Reason
from .shortening import shortened
from .statement import Statement, Value

_COLUMNS: Final = (
    "id, direction, number, own_number, name, text, date, status, reason_code, "
    "reason_cause, reason_quote, read, trusted, portal_date, received"
)


class Direction(StrEnum):
    """Where a message goes."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A message that was received, or one to one recipient."""

    id: str = field(repr=False)
    """Unique in the account: the portal's id where it is one."""
    direction: Direction
    number: str = field(repr=False)
    """The other side, E.164 with a leading `+` where it is a number."""
    own_number: str | None = field(default=None, repr=False)
    """The number that a message was received at."""
    name: str | None = field(default=None, repr=False)
    """The recipient who has the number, whoever else calls itself so."""
    text: str = field(repr=False)
    date: datetime
    """Aware, UTC."""
    status: str | None = None
    """How far a message that goes out has come."""
    reason: Reason | None = field(default=None, repr=False)
    read: bool = True
    trusted: bool = False
    """Whether the sender of a received message may command."""
    portal_date: datetime | None = None
    """Of a received message: the date as the portal wrote it, naive."""
    received: datetime | None = None
    """When a received message was listed first. Aware, UTC."""

    def as_dict(self) -> dict[str, Any]:
        """Return it as actions and files have it, but for the reason.

        That is a text in somebody's language.
        """
        incoming = self.direction is Direction.IN
        shown: dict[str, Any] = {
            "id": self.id,
            "from": self.number if incoming else None,
            "name": self.name,
            "to": self.own_number if incoming else self.number,
            "text": self.text,
            "date": self.date.isoformat(),
            "read": self.read,
            "trusted": self.trusted,
        }
        if incoming:
            return shown
        return {
            **shown,
            "direction": self.direction.value,
            "status": self.status,
        }

    def as_attributes(self) -> dict[str, Any]:
        """Return it as states, events, and replies show it: not all of a long text."""
        return self.as_dict() | {"text": shortened(self.text)}

    @classmethod
    def from_row(cls, row: Iterable[Any]) -> Self:
        """Return what a query for all columns returned."""
        id_, direction, number, own, name, text, date, status, *more = row
        code, cause, quote, read, trusted, portal_date, received = more
        return cls(
            id=id_,
            direction=Direction(direction),
            number=number,
            own_number=own,
            name=name,
            text=text,
            date=from_timestamp(date),
            status=status,
            reason=Reason.from_columns(code, cause, quote),
            read=bool(read),
            trusted=bool(trusted),
            portal_date=datetime.fromisoformat(portal_date) if portal_date else None,
            received=None if received is None else from_timestamp(received),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversation:
    """The messages with one number in all its forms, summed up."""

    number: str = field(repr=False)
    """As in the newest message."""
    count: int
    unread: int
    last: Message


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageFilter:
    """Which messages to return; what is not set filters nothing."""

    text: str | None = field(default=None, repr=False)
    """Words that the text contains, or their beginnings; accents do not matter."""
    direction: Direction | None = None
    numbers: tuple[str, ...] | None = field(default=None, repr=False)
    status: str | None = None
    unread_only: bool = False
    since: datetime | None = None
    before: str | None = field(default=None, repr=False)
    """The id of a message: only older ones."""

    def where(self) -> tuple[str, list[Value]]:
        """Return the condition in SQL, without `before`, and its parameters."""
        terms: list[str] = ["1"]
        values: list[Value] = []
        # SQLite takes neither a query without words, nor a NUL in one.
        words = (self.text or "").replace("\0", " ").replace('"', '""').split()
        if words:
            terms.append(
                "seq IN (SELECT rowid FROM messages_text WHERE messages_text MATCH ?)"
            )
            values.append(" ".join(f'"{word}"*' for word in words))
        if self.direction is not None:
            terms.append("direction = ?")
            values.append(self.direction.value)
        if self.numbers is not None:
            terms.append(f"peer IN ({', '.join('?' for _ in self.numbers)})")
            values += map(current_form, self.numbers)
        if self.status is not None:
            terms.append("status = ?")
            values.append(self.status)
        if self.unread_only:
            terms.append("read = 0")
        if self.since is not None:
            terms.append("date >= ?")
            values.append(self.since.timestamp())
        return " AND ".join(terms), values


class MessageLog:
    """Reads the messages of an account."""

    def __init__(self, database: Database) -> None:
        """Read from an open database. Every method raises StoreError."""
        self._database = database

    async def async_search(
        self, which: MessageFilter, limit: int
    ) -> tuple[list[Message], int]:
        """Return messages, newest first, and how many there are in all."""
        where, values = which.where()
        ((total,),) = await self._database.async_fetch(
            f"SELECT count(*) FROM messages WHERE {where}",  # noqa: S608 - no value in it
            values,
        )
        return await self._async_page(where, values, which.before, limit), total

    async def _async_page(
        self, where: str, values: list[Value], before: str | None, limit: int
    ) -> list[Message]:
        """Return a page, newest first; nothing when `before` is not known."""
        if before is not None:
            where += " AND (date, seq) < (SELECT date, seq FROM messages WHERE id = ?)"
            values = [*values, before]
        rows = await self._database.async_fetch(
            f"SELECT {_COLUMNS} FROM messages WHERE {where} "  # noqa: S608 - as above
            "ORDER BY date DESC, seq DESC LIMIT ?",
            [*values, limit],
        )
        return [Message.from_row(row) for row in rows]

    async def async_conversation(
        self, number: str, before: str | None, limit: int
    ) -> tuple[list[Message], bool]:
        """Return messages with a number, newest first, and whether there are more."""
        page = await self._async_page(
            "peer = ?", [current_form(number)], before, limit + 1
        )
        return page[:limit], len(page) > limit

    async def async_conversations(
        self, offset: int, limit: int
    ) -> tuple[list[Conversation], int]:
        """Return conversations, the newest first, and how many there are in all."""
        ((total,),) = await self._database.async_fetch(
            "SELECT count(*) FROM conversations"
        )
        columns = ", ".join(f"messages.{name}" for name in _COLUMNS.split(", "))
        rows = await self._database.async_fetch(
            f"SELECT conversations.count, conversations.unread, {columns} "  # noqa: S608 - as above
            "FROM conversations JOIN messages ON messages.seq = conversations.last_seq "
            "ORDER BY conversations.last_date DESC, conversations.last_seq DESC "
            "LIMIT ? OFFSET ?",
            (limit, offset),
        )
        conversations = [
            Conversation(
                number=row[4],
                count=row[0],
                unread=row[1],
                last=Message.from_row(row[2:]),
            )
            for row in rows
        ]
        return conversations, total

    async def async_text(self, message_id: str) -> str | None:
        """Return the whole text of a message, none if the history does not have it."""
        rows = await self._database.async_fetch(
            "SELECT text FROM messages WHERE id = ?", [message_id]
        )
        return next((text for (text,) in rows), None)

    async def async_known(self, numbers: Sequence[str]) -> set[str]:
        """Return which of some numbers there are messages with."""
        rows = await self._database.async_fetch(
            "SELECT peer FROM conversations WHERE peer IN "  # noqa: S608 - only question marks
            f"({', '.join('?' for _ in numbers)})",
            [current_form(number) for number in numbers],
        )
        peers = {row[0] for row in rows}
        return {number for number in numbers if current_form(number) in peers}

    async def async_newest(self, direction: Direction, limit: int) -> list[Message]:
        """Return the newest messages of a direction, newest first."""
        return await self._async_page("direction = ?", [direction.value], None, limit)


def insert_messages(
    messages: Iterable[Message], fingerprints: Iterable[str | None]
) -> Statement:
    """Return the statement that stores messages."""
    return Statement(
        f"INSERT INTO messages ({_COLUMNS}, peer, fingerprint) "  # noqa: S608 - as above
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                one.id,
                one.direction.value,
                one.number,
                one.own_number,
                one.name,
                one.text,
                one.date.timestamp(),
                one.status,
                *(one.reason.columns if one.reason else NO_REASON),
                int(one.read),
                int(one.trusted),
                one.portal_date.isoformat() if one.portal_date else None,
                one.received.timestamp() if one.received else None,
                current_form(one.number),
                fingerprint,
            )
            for one, fingerprint in zip(messages, fingerprints, strict=True)
        ],
    )


def redate_messages(dates: Sequence[tuple[float, int]]) -> Statement:
    """Return the statement that stores other dates, each with a message's `seq`."""
    return Statement("UPDATE messages SET date = ? WHERE seq = ?", dates)


def trim_messages(direction: Direction, keep: int, keep_for: timedelta) -> Statement:
    """Return the statement that drops read messages: too many, or too old.

    Zero keeps them all, or for ever.
    """
    terms: list[str] = []
    values: list[Value] = [direction.value]
    if keep:
        terms.append(
            "(date, seq) < (SELECT date, seq FROM messages WHERE direction = ? "
            "ORDER BY date DESC, seq DESC LIMIT 1 OFFSET ?)"
        )
        values += [direction.value, keep - 1]
    if keep_for:
        # Of received messages: a portal that has no date may write one of 1970.
        terms.append("date < ? AND coalesce(received, date) < ?")
        values += [(dt_util.utcnow() - keep_for).timestamp()] * 2
    return Statement(
        "DELETE FROM messages WHERE direction = ? AND read = 1 "  # noqa: S608 - as above
        f"AND ({' OR '.join(terms) or '0'})",
        [values],
    )


def limit_unread(most: int) -> Statement:
    """Return the statement that marks the oldest unread messages as read."""
    return Statement(
        "UPDATE messages SET read = 1 WHERE direction = 'in' AND read = 0 "
        "AND (date, seq) < (SELECT date, seq FROM messages "
        "WHERE direction = 'in' AND read = 0 "
        "ORDER BY date DESC, seq DESC LIMIT 1 OFFSET ?)",
        [(most - 1,)],
    )


def from_timestamp(timestamp: float) -> datetime:
    """Return a stored time as aware UTC."""
    return dt_util.utc_from_timestamp(timestamp)
