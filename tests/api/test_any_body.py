"""Whatever a body is: typed data or an error of the client, in time and in bounds."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
import json
import os
from pathlib import Path
import time
from typing import Final

import aiohttp
from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.smskit.api import (
    Balance,
    Channel,
    ChannelDetails,
    ChannelIds,
    Escaping,
    GroupStatus,
    InboxMessage,
    NotAPortalError,
    PortalClient,
    PortalError,
    Traits,
    bounds,
    parse,
)
from custom_components.smskit.api.inbox import read_inbox
from custom_components.smskit.api.shape import shape_of
from custom_components.smskit.api.transport import Scrubber
from tests.conftest import API_KEY, API_TOKEN
from tests.portal import php, samples
from tests.servers import serving

from .operations import submission

_IS_LONG: Final = os.environ.get("SMSKIT_LONG") == "1"
_MOST: Final = 1024 * 1024 if _IS_LONG else 64 * 1024
# Others use this machine, too: quadratic work takes minutes.
_SECONDS: Final = 10
_MIB: Final = 2**20
_MEMORY: Final = 100 * _MIB

# Of what answers, pages, and attacks are made.
ATOMS: Final = (
    *('{"', '"}', "{", "}", "[", "]", ",", ":", '"', '\\"', "\\", "\\u", "\\ud800"),
    *("<", ">", "<title>", "<html>", "<br />", "<!--", "</title>", "<input ", "&"),
    *('"request":', '"getinbox",', '"sendsms"', '"status":', '"success",', '"error"'),
    *('"inbox":[', '"message":"', '"from":"', '"to":"', '"id":"', '"date":"'),
    *('"group_id":', '"a":1,', '"channels":[', '"recipients":[', '"balance":'),
    *("api key ", "invalid ", "not ", " - ", "no ", "date ", "1", "0", "e", "٣", "."),
    *("1e99999999999999999999", "NaN", "-Infinity", "null", "true", "9" * 5000),
    *(" ", "\n", "\t", "\0", "\ufeff", "\u2028", "é", "🙂", "x", "base64,", "data:"),
    *("2018-04-24 12:25:23", "0001-01-01 00:00:00", "9999-12-31 23:59:59"),
)
_ATOM: Final = st.sampled_from(ATOMS)
_REPEATED: Final = st.builds(
    lambda begin, atoms, size, end: begin + _fill(atoms, size) + end,
    st.sampled_from(("", *samples.SUCCESS.values(), php.NOTICE, '{"inbox":[{"id":"')),
    st.lists(_ATOM, min_size=1, max_size=4),
    st.integers(0, _MOST),
    st.sampled_from(("", '"}]}', "}", '"')),
)


def _fill(atoms: list[str], size: int) -> str:
    unit = "".join(atoms)
    return (unit * (size // len(unit) + 1))[:size]


@st.composite
def _spliced(draw: st.DrawFn) -> str:
    """Return a sample with something else in it."""
    body = draw(st.sampled_from((*samples.SUCCESS.values(), *samples.ERROR.values())))
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(body)))
        end = draw(st.integers(begin, min(len(body), begin + 40)))
        atoms = draw(st.lists(_ATOM | st.text(max_size=20), max_size=6))
        body = body[:begin] + "".join(atoms) + body[end:]
    return body


BODIES: Final = st.one_of(
    _spliced(),
    _REPEATED,
    st.lists(_ATOM, max_size=200).map("".join),
    st.text(max_size=500),
).map(lambda text: text.encode("utf-8", "surrogatepass"))


@dataclass
class Server:
    """Answers every request with one body."""

    address: str
    body: bytes = b""
    status: int = 200

    async def answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer a request, whatever it is."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length or 0))
        writer.write(
            f"HTTP/1.1 {self.status} X\r\nContent-Length: {len(self.body)}\r\n"
            "Connection: close\r\n\r\n".encode()
            + self.body
        )
        await writer.drain()
        writer.close()


@pytest.fixture
async def server(socket_enabled: None) -> AsyncGenerator[Server]:
    """Return a server for bodies."""
    server = Server("")
    async with serving(server.answer) as address:
        server.address = address
        yield server


def _calls(client: PortalClient) -> list[Callable[[], Awaitable[object]]]:
    channel = ChannelIds(channel_id="3639t3g337g3bf3fg730f", gateway_id="123")
    return [
        client.balance,
        client.probe,
        lambda: client.inbox(unread=True),
        lambda: client.send(submission()),
        lambda: client.group_status("1234"),
        client.channels,
        lambda: client.channel(channel),
        lambda: client.scan_qr(channel),
        lambda: client.create_channel("Home", "pro"),
        lambda: client.clear_queue(channel),
        lambda: client.delete_channel(channel),
    ]


async def _said(call: Callable[[], Awaitable[object]]) -> str:
    """Return what an error says, or nothing."""
    try:
        await call()
    except PortalError as err:
        return f"{err}{err.quote}"
    return ""


def _memory() -> int:
    """Return how much memory this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf(
        "SC_PAGE_SIZE"
    )


@settings(
    max_examples=3000 if _IS_LONG else 150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    body=BODIES,
    status=st.sampled_from((200, 200, 200, 400, 429, 503)),
    escaping=st.sampled_from(Escaping),
)
async def test_any_body(
    body: bytes,
    status: int,
    escaping: Escaping,
    server: Server,
    session: aiohttp.ClientSession,
) -> None:
    """Only errors of the client leave it, and nothing takes long or much."""
    server.body, server.status = body, status
    client = PortalClient(
        session,
        f"http://{server.address}",
        API_KEY,
        API_TOKEN,
        traits=Traits(escaping=escaping),
    )
    before = _memory()
    for call in _calls(client):
        begin = time.monotonic()
        said = await _said(call)
        assert len(said) < 500
        assert API_KEY not in said
        assert time.monotonic() - begin < _SECONDS
    shape_of(body.decode("utf-8", "replace"))
    assert _memory() - before < _MEMORY


def _inbox(**fields: object) -> tuple[InboxMessage, ...]:
    record = {"id": "1", "from": "1", "to": "2", "message": "x", "date": ""} | fields
    body = json.dumps({"request": "getinbox", "status": "success", "inbox": [record]})
    return read_inbox(body, Escaping.ENCODED, str).messages


# Bodies of `balance`, and the amount if there is one.
@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("1e99999999999999999999", None),
        ('"1e99999999999999999999"', None),
        ("-1e-99999999999999999999", None),
        ("1e400", None),
        ("1E+39", "1E+39"),
        ("NaN", None),
        ("Infinity", None),
        ("-Infinity", None),
        ('"NaN"', None),
        ("9" * 5000, None),
        (f'"{"9" * 5000}"', None),
        ("9" * 20, "9" * 20),
        ("0." + "0" * 5000, None),
        ("true", None),
        ("[]", None),
        ("{}", None),
        ('"\\ud800"', None),
        ('"\\ud8001"', "1"),
        ('"٣"', "3"),
        ('"-"', None),
        ('"."', None),
    ],
)
def test_odd_balances(written: str, amount: str | None) -> None:
    """An amount is a number that one can calculate with."""
    answer = parse.parse_answer(f'{{"balance": {written}}}')
    if amount is None:
        with pytest.raises(NotAPortalError):
            parse.balance(answer)
    else:
        assert parse.balance(answer) == Balance(amount=Decimal(amount))


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        ("٣", 3),
        ("²", None),
        ("9" * 5000, None),
        (10**40, None),
        (-1, None),
        ("1e9", None),
        ("\ud800", None),
        (None, None),
        (True, None),
    ],
)
def test_odd_counts(count: object, expected: int | None) -> None:
    """A count is a number, or is not known."""
    answer = {"status": "success", "queue_count": count}
    assert parse.queue_count(parse.parse_answer(json.dumps(answer))) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("0001-01-01 00:00:00", None),
        ("1969-12-31 23:59:59", None),
        ("1970-01-01 00:00:00", "1970-01-01T00:00:00"),
        ("9998-12-31 23:59:59", "9998-12-31T23:59:59"),
        ("9999-12-31 23:59:59", None),
        ("99999-12-31 23:59:59", None),
        ("2026-02-30 00:00:00", None),
        ("2026-01-01 00:00:60", None),
        ("2026-01-01 " + " " * 10_000 + "00:00:00", None),
        (20260101, None),
        (["2026-01-01 00:00:00"], None),
    ],
)
def test_odd_dates(written: object, expected: str | None) -> None:
    """A date is one that every clock can convert."""
    (message,) = _inbox(date=written)
    date = datetime.fromisoformat(expected) if expected else None
    assert message.date == date


def test_lengths() -> None:
    """Fields are cut to what somebody may mean; an ID that is too long is none."""
    (message,) = _inbox(
        **{
            "id": "1" * 129,
            "from": "9" * 1000,
            "to": "8" * 1000,
            "message": "x" * 10**6,
        }
    )
    assert message.id is None
    assert len(message.sender) == len(message.recipient or "") == bounds.NAME
    assert message.text == "x" * bounds.TEXT
    (message,) = _inbox(id="1" * 128, message="🙂" * bounds.TEXT)
    assert message.id == "1" * 128
    assert message.text == "🙂" * bounds.TEXT

    record = {"channel_id": "a", "label": "L" * 1000, "gateway_id": "7" * 129}
    (channel,) = parse.channels({"status": "success", "channels": [record]}, str)
    assert channel == Channel(
        channel_id="a", gateway_id=None, number=None, label="L" * 256, last_sync=None
    )
    with pytest.raises(NotAPortalError):
        parse.channels({"channels": [record | {"channel_id": "a" * 129}]}, str)
    details: ChannelDetails = parse.channel_details(
        record | {"device_status": "s" * 1000, "plan": "p" * 1000}, str
    )
    assert (details.device_status, len(details.plan or "")) == (None, 64)


def test_items() -> None:
    """A group that is longer than its limit is not taken for complete."""
    recipients = [{"to": str(n), "status": "sent"} for n in range(bounds.ITEMS + 1)]
    answer = {"group_id": "1", "group_status": "completed", "recipients": recipients}
    group: GroupStatus = parse.group_status(answer)
    assert len(group.recipients) == bounds.ITEMS
    assert not group.is_completed


def test_channels() -> None:
    """Nobody gets thousands of devices."""
    listed = [{"channel_id": str(n)} for n in range(bounds.CHANNELS + 1)]
    channels = parse.channels({"status": "success", "channels": listed}, str)
    assert [c.channel_id for c in channels] == [str(n) for n in range(bounds.CHANNELS)]


@pytest.mark.parametrize("ending", ["", "<", " or more"])
@pytest.mark.parametrize("length", [1, 4, 30, 400, 470, 2000])
def test_scrubbed_where_it_is_cut(length: int, ending: str) -> None:
    """Words are cut first, and yet show no beginning of what was sent."""
    secret = "".join(chr(ord("A") + n % 26) for n in range(2000))
    scrub = Scrubber([secret])
    for before in ("<b>" * 160, "-" * 490, "", "Not sent: "):
        shown = scrub(f"{before}{secret[:length]}{ending}")
        assert len(shown) <= 120
        if length >= 4 and not ending:
            assert secret[:4] not in shown
    assert secret[:4] not in scrub("x" * 480 + secret + ending)


# Repeated, each of them once took time by the square of its length.
@pytest.mark.parametrize(
    "unit",
    ["<", "<title>", "<input ", "{", '{"', '{"a":', '"a":1,', "api key ", '"}<', '\\"'],
)
@pytest.mark.parametrize(
    "begin",
    ["", '{"status":"error","message":"', '{"inbox":[{"message":"', "<title>"],
)
def test_linear(begin: str, unit: str) -> None:
    """Eight times the length takes about eight times as long, not sixty-four times."""

    def seconds(size: int) -> float:
        body = begin + _fill([unit], size)
        took = []
        for _ in range(3):
            start = time.thread_time()
            scrub = Scrubber([API_KEY])
            for read in (parse.parse_answer, shape_of, scrub):
                with suppress(ValueError):
                    read(body)
            took.append(time.thread_time() - start)
        return min(took)

    size = 32 * 1024
    assert seconds(size * 8) < 24 * seconds(size) + 0.05
