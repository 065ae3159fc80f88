"""Messages in the database: what is found, and what the conversations add up to."""

from collections.abc import Coroutine, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
import sqlite3
from typing import Any, Final, cast

from freezegun.api import FrozenDateTimeFactory
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.smskit.store import (
    Database,
    Direction,
    Message,
    MessageFilter,
    MessageLog,
    Reason,
    Statement,
    Store,
    StoreError,
    insert_messages,
    redate_messages,
    trim_messages,
)
from custom_components.smskit.store.schema import MIGRATIONS

from .opened import Opener

NOON: Final = datetime(2027, 2, 10, 12, tzinfo=UTC)
ANNA: Final = "+12025550123"
BORIS: Final = "+447700900123"


def message(id_: str, text: str = "Hello", minutes: float = 0, **more: Any) -> Message:
    """Return a message that was received so many minutes after noon."""
    fields: dict[str, Any] = {
        "direction": Direction.IN,
        "number": ANNA,
        "date": NOON + timedelta(minutes=minutes),
        **more,
    }
    return Message(id=id_, text=text, **fields)


async def keep(database: Database, *messages: Message) -> None:
    """Store messages."""
    await database.write(insert_messages(messages, [None] * len(messages)))


async def found(store: Store, limit: int = 100, **which: Any) -> list[str]:
    """Return the ids of the messages that a filter leaves, newest first."""
    log = MessageLog(store.database)
    messages, _ = await log.async_search(MessageFilter(**which), limit)
    return [one.id for one in messages]


# --- Search --------------------------------------------------------------------------


TEXTS: Final = {
    "door": "Open the garage door, please",
    "ouvre": "Ouvre la porte du garage, Zoë — déjà ouverte?",
    "quote": 'He said "open sesame" AND NOT near',
    "star": "5 * 3 = 15 (near enough) -minus",
    "greek": "Άνοιξε την πόρτα",
    "russian": "Открой ворота",
    "emoji": "🚪",
}


@pytest.fixture
async def texts(store: Store) -> Store:
    """Return a store with texts to search in."""
    await keep(store.database, *(message(id_, text) for id_, text in TEXTS.items()))
    return store


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("open", {"door", "quote"}),
        ("OPEN", {"door", "quote"}),
        ("open door", {"door"}),
        ("door  open", {"door"}),
        ("gar", {"door", "ouvre"}),
        ("arage", set()),
        ("zoe", {"ouvre"}),
        ("ZOË", {"ouvre"}),
        ("deja", {"ouvre"}),
        ("άνοιξε", {"greek"}),
        ("открой", {"russian"}),
        ("nothing of that", set()),
    ],
)
async def test_words(texts: Store, text: str, ids: set[str]) -> None:
    """All words have to be there, or what begins with them; accents do not matter."""
    assert set(await found(texts, text=text)) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ('"open', {"door", "quote"}),
        ('"open sesame"', {"quote"}),
        ('"', set()),
        ('"" ""', set()),
        ("*", set()),
        ("open*", {"door", "quote"}),
        ("op* en", set()),
        ("open OR porte", set()),
        ("open AND not", {"quote"}),
        ("open NOT door", set()),
        ("-minus", {"star"}),
        ("open -door", {"door"}),
        ("NEAR(open door)", set()),
        ("near", {"quote", "star"}),
        ("text:open", set()),
        ("{text} : open", set()),
        ("^open", {"door", "quote"}),
        ("(open", {"door", "quote"}),
        ("open + door", {"door"}),
        ("'; DROP TABLE messages; --", set()),
        ("open\0door", {"door"}),
        ("\0", set(TEXTS)),
        ("  ", set(TEXTS)),
        ("", set(TEXTS)),
    ],
)
async def test_operators_are_text(texts: Store, text: str, ids: set[str]) -> None:
    """Whatever an operator of SQLite is, it is only text, and nothing raises."""
    assert set(await found(texts, text=text)) == ids
    assert len(await found(texts)) == len(TEXTS)


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text(text: str) -> None:
    """There is no text that cannot be searched for."""
    where, values = MessageFilter(text=text).where()
    with _empty() as connection:
        connection.execute(f"SELECT seq FROM messages WHERE {where}", values)  # noqa: S608 - no value in it


async def test_text_that_is_none(texts: Store) -> None:
    """Half a character is an error of the store, like whatever it cannot take."""
    with pytest.raises(StoreError):
        await found(texts, text="\ud800")


async def test_deleted_is_not_found(texts: Store) -> None:
    """What is deleted goes from the search, and what comes is found."""
    await texts.database.write(
        Statement("DELETE FROM messages WHERE id = ?", [("door",)])
    )
    assert await found(texts, text="open") == ["quote"]
    await keep(texts.database, message("new", "open again", 1))
    assert await found(texts, text="open") == ["new", "quote"]


# --- Filters and pages ---------------------------------------------------------------


@pytest.fixture
async def mixed(store: Store) -> Store:
    """Return a store with messages of every kind, a minute apart."""
    out = Direction.OUT
    await keep(
        store.database,
        message("0", "read", 0),
        message("1", "new", 1, read=False, number=BORIS),
        message("2", "sent", 2, direction=out, status="sent"),
        message("3", "held", 3, direction=out, status="held", number=BORIS),
        message("4", "new", 4, read=False, trusted=True, own_number="+12025550199"),
    )
    return store


@pytest.mark.parametrize(
    ("which", "ids"),
    [
        ({}, "43210"),
        ({"direction": Direction.IN}, "410"),
        ({"direction": Direction.OUT}, "32"),
        ({"numbers": (ANNA,)}, "420"),
        ({"numbers": (ANNA, BORIS)}, "43210"),
        ({"numbers": ()}, ""),
        ({"status": "held"}, "3"),
        ({"unread_only": True}, "41"),
        ({"since": NOON + timedelta(minutes=3)}, "43"),
        ({"text": "new", "numbers": (BORIS,)}, "1"),
        ({"text": "new", "since": NOON + timedelta(minutes=2)}, "4"),
        ({"before": "3"}, "210"),
        ({"before": "3", "direction": Direction.IN}, "10"),
        ({"before": "2", "unread_only": True}, "1"),
        ({"before": "0"}, ""),
        ({"before": "nothing"}, ""),
    ],
)
async def test_filters(mixed: Store, which: dict[str, Any], ids: str) -> None:
    """Each filter leaves what it says, also together with others."""
    assert "".join(await found(mixed, **which)) == ids


async def test_total(mixed: Store) -> None:
    """The total is of all that a filter leaves, whichever page is asked for."""
    log = MessageLog(mixed.database)
    which = MessageFilter(numbers=(ANNA,), before="4")
    messages, total = await log.async_search(which, 1)
    assert [one.id for one in messages] == ["2"]
    assert total == 3
    messages, total = await log.async_search(MessageFilter(), -1)
    assert (len(messages), total) == (5, 5)


async def test_whole(store: Store) -> None:
    """Whatever was stored of a message is what is read of it."""
    message_ = Message(
        id="id",
        direction=Direction.OUT,
        number=ANNA,
        own_number=BORIS,
        name="Anna",
        text="a\nb\t\0c 'd' \"e\" 🚪",
        date=NOON + timedelta(microseconds=250_000),
        status="failed",
        reason=Reason("why"),
        read=False,
        trusted=True,
        portal_date=datetime.fromisoformat("2027-02-10T13:00:00"),
        received=NOON + timedelta(minutes=1),
    )
    await keep(store.database, message_)
    log = MessageLog(store.database)
    assert await log.async_search(MessageFilter(), 1) == ([message_], 1)
    assert await log.async_newest(Direction.OUT, 5) == [message_]
    assert await log.async_newest(Direction.IN, 5) == []


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
async def test_pages_across_equal_dates(store: Store, size: int) -> None:
    """Page by page everything comes once, in the order of a single page."""
    await keep(store.database, *(message(f"{n}", minutes=n // 5) for n in range(23)))
    everything = await found(store)
    assert everything == [f"{n}" for n in reversed(range(23))]
    paged: list[str] = []
    log = MessageLog(store.database)
    while page := await found(store, size, before=paged[-1] if paged else None):
        paged += page
    assert paged == everything
    paged, more = [], True
    while more:
        before = paged[-1] if paged else None
        messages, more = await log.async_conversation(ANNA, before, size)
        paged += [one.id for one in messages]
    assert paged == everything


@pytest.mark.parametrize(
    "date",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),
    ],
)
async def test_ends_of_the_calendar(store: Store, date: datetime) -> None:
    """The first and the last time that there are are kept like any other."""
    await keep(store.database, message("now"), message("then", date=date))
    log = MessageLog(store.database)
    messages, _ = await log.async_search(MessageFilter(since=min(date, NOON)), 10)
    assert {one.id: one.date for one in messages} == {"now": NOON, "then": date}
    (conversation,), _ = await log.async_conversations(0, 10)
    assert conversation.last.date == max(date, NOON)
    await store.database.write(trim_messages(Direction.IN, 1, timedelta()))
    (kept,) = await found(store)
    assert kept == ("then" if date > NOON else "now")


# --- Trimming ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keep_", "days", "kept"),
    [
        (0, 0, "543210"),
        (10, 0, "543210"),
        (6, 0, "543210"),
        (2, 0, "541"),
        (1, 0, "51"),
        (0, 3, "5431"),
        (4, 3, "5431"),
        (2, 3, "541"),
        (0, 1, "51"),
    ],
)
async def test_trim(
    store: Store, freezer: FrozenDateTimeFactory, keep_: int, days: int, kept: str
) -> None:
    """Too many and too old ones go, of one direction, and unread ones stay."""
    day = 24 * 60
    out = message("out", minutes=-day, direction=Direction.OUT)
    messages = [message(f"{n}", minutes=n * day, read=n != 1) for n in range(6)]
    await keep(store.database, out, *messages)
    freezer.move_to(NOON + timedelta(days=5, hours=12))
    await store.database.write(trim_messages(Direction.IN, keep_, timedelta(days=days)))
    assert "".join(await found(store, direction=Direction.IN)) == kept
    assert await found(store, direction=Direction.OUT) == ["out"]


async def test_trim_among_equal_dates(store: Store) -> None:
    """Of the same second, the ones that came last are kept."""
    await keep(store.database, *(message(f"{n}") for n in range(5)))
    await store.database.write(trim_messages(Direction.IN, 2, timedelta()))
    assert await found(store) == ["4", "3"]


# --- Conversations -------------------------------------------------------------------


@dataclass
class Model:
    """What the messages and the conversations have to be."""

    messages: list[Message] = field(default_factory=list)
    count: int = 0
    """How many there ever were."""

    def conversations(self) -> list[tuple[str, int, int, str]]:
        """Add up the conversations, the newest first."""
        # Later ones of the same date are newer.
        by_date = sorted(self.messages, key=lambda one: one.date)
        summed: list[tuple[str, int, int, str]] = []
        for number in {one.number for one in self.messages}:
            mine = [one for one in by_date if one.number == number]
            unread = sum(not one.read for one in mine)
            summed.append((number, len(mine), unread, mine[-1].id))
        order = [one.id for one in by_date]
        return sorted(summed, key=lambda one: order.index(one[3]), reverse=True)


class _Rows:
    """A database that answers at once, without a loop."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def async_fetch(self, sql: str, parameters: Any = ()) -> list[Any]:
        return self._connection.execute(sql, parameters).fetchall()


def _at_once[T](answer: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine returns that waits for nothing."""
    try:
        answer.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    raise AssertionError("it waits")


@contextmanager
def _empty() -> Generator[sqlite3.Connection]:
    """Open an empty database of the current version, in memory."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for script in MIGRATIONS:
            connection.executescript(script)
        connection.execute("PRAGMA recursive_triggers = ON")
        yield connection


def _write(connection: sqlite3.Connection, statement: Statement) -> None:
    connection.executemany(statement.sql, statement.rows)


_NUMBERS: Final = st.sampled_from([ANNA, BORIS, "BANK"])
_MINUTES: Final = st.integers(0, 5)
_WHICH: Final = st.sets(st.integers(0, 40), max_size=6)
_OPERATIONS: Final = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), _NUMBERS, _MINUTES, st.booleans(), st.booleans()),
        st.tuples(st.just("read"), _WHICH),
        st.tuples(st.just("unread"), _WHICH),
        st.tuples(st.just("delete"), _WHICH),
        st.tuples(st.just("delete_number"), _NUMBERS),
        st.tuples(
            st.just("redate"),
            st.dictionaries(st.integers(0, 40), _MINUTES, max_size=6),
        ),
        st.tuples(st.just("trim"), st.integers(0, 6), st.booleans()),
    ),
    max_size=40,
)


def _trimmed(
    messages: list[Message], direction: Direction, count: int
) -> list[Message]:
    """Return what is left of messages when so many of a direction are kept."""
    of_direction = [one for one in messages if one.direction is direction]
    newest = sorted(of_direction, key=lambda one: one.date)[-count:] if count else None
    return [
        one
        for one in messages
        if one.direction is not direction
        or not one.read
        or newest is None
        or one in newest
    ]


def _apply(
    model: Model, connection: sqlite3.Connection, operation: tuple[Any, ...]
) -> None:
    """Do to a database what is done to the model."""
    kept = model.messages
    match operation:
        case "insert", number, minutes, read, is_out:
            direction = Direction.OUT if is_out else Direction.IN
            model.count += 1
            new = message(
                f"{model.count}",
                minutes=minutes,
                number=number,
                read=read or is_out,
                direction=direction,
            )
            _write(connection, insert_messages([new], [None]))
            model.messages = [*kept, new]
        case ("read" | "unread") as how, which:
            read = how == "read"
            ids = {f"{n}" for n in which}
            # As the actions do: those that are read already are marked again.
            _write(
                connection,
                Statement(
                    "UPDATE messages SET read = ? WHERE id = ?",
                    [(int(read), id_) for id_ in ids],
                ),
            )
            model.messages = [
                replace(one, read=read) if one.id in ids else one for one in kept
            ]
        case "delete", which:
            ids = {f"{n}" for n in which}
            _write(
                connection,
                Statement("DELETE FROM messages WHERE id = ?", [(i,) for i in ids]),
            )
            model.messages = [one for one in kept if one.id not in ids]
        case "delete_number", number:
            _write(
                connection,
                Statement("DELETE FROM messages WHERE number = ?", [(number,)]),
            )
            model.messages = [one for one in kept if one.number != number]
        case "redate", dates:
            # In the order of the calendar or not, one after the other.
            changed = {f"{n}": NOON + timedelta(minutes=m) for n, m in dates.items()}
            rows = [
                (changed[id_].timestamp(), seq)
                for id_, seq in connection.execute("SELECT id, seq FROM messages")
                if id_ in changed
            ]
            _write(connection, redate_messages(rows))
            model.messages = [
                replace(one, date=changed.get(one.id, one.date)) for one in kept
            ]
        case "trim", count, is_out:
            direction = Direction.OUT if is_out else Direction.IN
            _write(connection, trim_messages(direction, count, timedelta()))
            model.messages = _trimmed(kept, direction, count)


@settings(max_examples=300, deadline=None)
@given(operations=_OPERATIONS, size=st.integers(1, 4))
def test_conversations_add_up(operations: list[tuple[Any, ...]], size: int) -> None:
    """Whatever happens to messages, the conversations are what they add up to."""
    model = Model()
    with _empty() as connection:
        for operation in operations:
            _apply(model, connection, operation)
        log = MessageLog(cast("Database", _Rows(connection)))
        expected = model.conversations()
        found: list[tuple[str, int, int, str]] = []
        for offset in range(0, len(expected) + 1, size):
            page, total = _at_once(log.async_conversations(offset, size))
            assert total == len(expected)
            found += [(c.number, c.count, c.unread, c.last.id) for c in page]
        assert found == expected
        everything, total = _at_once(log.async_search(MessageFilter(), -1))
        assert total == len(model.messages)
        assert everything == sorted(model.messages, key=lambda m: m.date)[::-1]
        hello, _ = _at_once(log.async_search(MessageFilter(text="hello"), -1))
        assert hello == everything
        # SQLite compares the index with the texts itself.
        connection.execute(
            "INSERT INTO messages_text (messages_text, rank) "
            "VALUES ('integrity-check', 1)"
        )


async def test_conversations_survive(opener: Opener, store: Store) -> None:
    """Conversations are there after a restart, and go with their last message."""
    await keep(
        store.database,
        message("a", "first", 1, read=False),
        message("b", "second", 2, number=BORIS, read=False),
        message("c", "third", 3, direction=Direction.OUT),
    )
    store = await opener.open()
    log = MessageLog(store.database)
    conversations, total = await log.async_conversations(0, 10)
    assert [(c.number, c.count, c.unread, c.last.text) for c in conversations] == [
        (ANNA, 2, 1, "third"),
        (BORIS, 1, 1, "second"),
    ]
    assert total == 2
    await store.database.write(
        Statement("DELETE FROM messages WHERE number = ?", [(BORIS,)])
    )
    conversations, total = await log.async_conversations(0, 10)
    assert [c.number for c in conversations] == [ANNA]
    assert total == 1
    assert await log.async_conversations(1, 10) == ([], 1)
