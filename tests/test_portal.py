"""The portal of the tests, over loopback: it has to be right before others lean on it.

Every number is one set aside for fiction, or the vendor's own.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from tests.portal import Account, FaultKind, Portal, inferred, qr, samples
from tests.portal.billing import as_gsm, gsm_segments, ucs2_segments
from tests.portal.operations import OPERATIONS

PHONE = "12025550123"
OTHER_PHONE = "447700900456"
START = datetime(2026, 1, 31, 11, 0, tzinfo=UTC)


class Clock:
    """The portal's clock, moved by hand."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def tick(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class Client:
    """A client with right credentials."""

    portal: Portal
    session: aiohttp.ClientSession
    account: Account
    clock: Clock

    async def text(self, operation: str, **parameters: str) -> str:
        """Call an operation and return the answer's body."""
        url = f"{self.portal.url}/smsAPI?{operation}"
        data = {"apikey": "key", "apitoken": "token", **parameters}
        async with self.session.post(url, data=data) as response:
            assert response.status == 200
            assert response.headers["Content-Type"] == "text/html; charset=UTF-8"
            return await response.text()

    async def call(self, operation: str, **parameters: str) -> dict[str, Any]:
        """Call an operation and parse what it answers."""
        answer: dict[str, Any] = json.loads(await self.text(operation, **parameters))
        return answer

    async def send(self, **parameters: str) -> dict[str, Any]:
        """Send a short message."""
        message = {"type": "sms", "from": "Home", "to": PHONE, "text": "Hi"}
        return await self.call("sendsms", **message | parameters)

    async def control(self, method: str, path: str, **data: object) -> Any:
        """Use the control interface."""
        url = f"{self.portal.control_url}/control/{path}"
        async with self.session.request(method, url, json=data) as response:
            return await response.json() | {"http": response.status}


@pytest.fixture
async def client(socket_enabled: None) -> AsyncIterator[Client]:
    """Return a client of a fresh portal with one account."""
    clock = Clock()
    portal = Portal(clock=clock)
    account = portal.add_account(api_key="key", api_token="token")
    await portal.start(control_port=0)
    async with portal, aiohttp.ClientSession() as session:
        yield Client(portal, session, account, clock)


def message_of(answer: dict[str, Any]) -> str:
    """Return why something was refused."""
    assert answer["status"] == "error"
    return str(answer["message"])


@pytest.mark.parametrize(
    ("text", "gsm", "ucs2"),
    [
        ("", 1, 1),
        ("a" * 70, 1, 1),
        ("a" * 71, 1, 2),
        ("a" * 134, 1, 2),
        ("a" * 135, 1, 3),
        ("a" * 160, 1, 3),
        ("a" * 161, 2, 3),
        ("a" * 306, 2, 5),
        ("a" * 307, 3, 5),
        ("€" * 80, 1, 2),
        ("€" * 81, 2, 2),
        # The pair does not fit into the last place of the first part.
        ("a" * 152 + "€" + "a" * 152, 3, 5),
        ("a" * 152 + "€" + "a" * 151, 2, 5),
    ],
)
def test_segments(text: str, gsm: int, ucs2: int) -> None:
    assert gsm_segments(text) == gsm
    assert ucs2_segments(text) == ucs2


def test_surrogate_pairs_are_not_split() -> None:
    assert ucs2_segments("😀" * 35) == 1
    assert ucs2_segments("😀" * 36) == 2
    # 33 pairs to a part of 67: one place stays empty.
    assert ucs2_segments("😀" * 66) == 2
    assert ucs2_segments("😀" * 67) == 3


def test_gsm_replacement() -> None:
    assert as_gsm("Grüß 5 € [ок] 😀") == "Grüß 5 € [??] ?"


async def test_send_and_status(client: Client) -> None:
    client.account.credits = Decimal("10.5")
    sent = await client.send(to=f"{PHONE},{OTHER_PHONE}", text="x" * 161)
    assert sent["status"] == "queued"
    # The portal's clock is one hour ahead of UTC.
    assert sent["date"] == "2026-01-31 12:00:00"
    assert await client.call("balance") == {"balance": "6.5"}
    group = sent["group_id"]
    status = await client.call("groupstatus", groupid=group)
    assert status["group_status"] == "queued"
    assert [r["to"] for r in status["recipients"]] == [PHONE, OTHER_PHONE]
    assert len(client.portal.deliver("failed", to=PHONE)) == 1
    client.portal.deliver("sent", group_id=group)
    status = await client.call("groupstatus", groupid=group)
    assert [r["status"] for r in status["recipients"]] == ["failed", "sent"]
    assert status["group_status"] == "sent"
    entries = client.portal.ledger
    assert [(e.to, e.segments, e.credits) for e in entries] == [
        (PHONE, 2, Decimal(2)),
        (OTHER_PHONE, 2, Decimal(2)),
    ]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"from": "Other"}, "Sender ID not allowed"),
        ({"from": ""}, "Sender ID not allowed"),
        ({"to": f"+{PHONE}"}, inferred.BAD_NUMBER),
        ({"to": f"{PHONE}, {OTHER_PHONE}"}, inferred.BAD_NUMBER),
        ({"to": "08031234567"}, inferred.BAD_NUMBER),
        ({"to": ""}, inferred.NO_RECIPIENT),
        ({"text": ""}, inferred.EMPTY_TEXT),
        ({"text": "x" * 153 * 101}, inferred.INSUFFICIENT_CREDITS),
        ({"type": "fax"}, inferred.UNKNOWN_TYPE),
        ({"scheduledate": "2026-02-30 10:00:00"}, inferred.BAD_SCHEDULE),
        ({"scheduledate": "2026-2-3 10:00:00"}, inferred.BAD_SCHEDULE),
        ({"route": "best"}, inferred.BAD_ROUTE),
        ({"type": "whatsapp"}, inferred.CHANNEL_NOT_CONNECTED),
        ({"type": "whatsapp", "route": "9"}, inferred.BAD_ROUTE),
        ({"apitoken": "wrong"}, "Invalid user"),
        ({"apikey": ""}, "Invalid user"),
    ],
)
async def test_refused_sends_cost_nothing(
    client: Client, parameters: dict[str, str], message: str
) -> None:
    client.account.senders = {"Home"}
    assert message_of(await client.send(**parameters)) == message
    assert client.account.credits == Decimal(100)
    assert client.portal.ledger == []


async def test_alphabets(client: Client) -> None:
    await client.send(text="Привет")
    await client.send(text="Привет", type="unicode")
    arrived = [(e.text, e.arrived_text) for e in client.portal.ledger]
    assert arrived == [("Привет", "??????"), ("Привет", "Привет")]


async def test_delivery_by_the_clock(client: Client) -> None:
    client.portal.deliver_after = 5
    now = (await client.send())["group_id"]
    later = (await client.send(scheduledate="2026-01-31 12:01:00"))["group_id"]
    client.portal.next_delivery = "failed"
    failing = (await client.send())["group_id"]

    async def states() -> list[str]:
        return [
            (await client.call("groupstatus", groupid=group))["group_status"]
            for group in (now, later, failing)
        ]

    assert await states() == ["queued", "queued", "queued"]
    client.clock.tick(5)
    assert await states() == ["sent", "queued", "failed"]
    client.clock.tick(60)
    assert await states() == ["sent", "sent", "failed"]
    schedule = client.portal.ledger[1].schedule
    assert schedule is not None
    assert schedule.isoformat() == "2026-01-31T12:01:00+01:00"


async def test_groups_are_private(client: Client) -> None:
    group = (await client.send())["group_id"]
    client.portal.add_account(api_key="other", api_token="token")
    answer = await client.call("groupstatus", groupid=group, apikey="other")
    assert message_of(answer) == inferred.UNKNOWN_GROUP
    answer = await client.call("groupstatus", groupid="1")
    assert message_of(answer) == inferred.UNKNOWN_GROUP


async def test_inbox(client: Client) -> None:
    assert (await client.call("getinbox"))["inbox"] == []
    client.portal.receive(client.account, PHONE, "Hé/😀", id="7")
    listed = await client.call("getinbox", list="all")
    assert listed["inbox"] == [
        {
            "id": "7",
            "from": PHONE,
            "to": "2347015272",
            "message": "Hé/😀",
            "date": "2026-01-31 12:00:00",
        }
    ]
    assert await client.call("getinbox") == listed
    assert (await client.call("getinbox", list="unread"))["inbox"] == []
    assert await client.call("getinbox", list="all") == listed


async def test_requests_are_read_as_php_does(client: Client) -> None:
    query = "balance&apikey=key&apitoken=token"
    for path in ("/smsAPI", "/portal/smsAPI", "/SMSC/smsAPI"):
        async with client.session.get(f"{client.portal.url}{path}?{query}") as response:
            assert json.loads(await response.text()) == {"balance": "100"}
    # A JSON body is no form, and a value makes another first key.
    url = f"{client.portal.url}/smsAPI"
    credentials = {"apikey": "key", "apitoken": "token"}
    async with client.session.post(f"{url}?balance", json=credentials) as response:
        assert "Invalid user" in await response.text()
    async with client.session.post(f"{url}?balance=", data=credentials) as response:
        assert inferred.UNKNOWN_OPERATION in await response.text()
    form = aiohttp.FormData(credentials, default_to_multipart=True)
    async with client.session.post(f"{url}?balance", data=form) as response:
        assert json.loads(await response.text()) == {"balance": "100"}
    async with client.session.get(client.portal.url) as response:
        assert (response.status, response.content_type) == (200, "text/html")
    async with client.session.get(f"{client.portal.url}/api") as response:
        assert response.status == 404
    assert [r.credentials_in_url for r in client.portal.requests[2:5]] == [
        True,
        False,
        False,
    ]
    assert all("key" not in r.parameters.values() for r in client.portal.requests)


async def test_accounts_that_are_different(client: Client) -> None:
    client.account.get_only = True
    assert message_of(await client.call("balance")) == "Invalid user"
    assert message_of(await client.call("getinbox")) == "Invalid user"
    assert (await client.send())["status"] == "queued"
    url = f"{client.portal.url}/smsAPI?balance&apikey=key&apitoken=token"
    async with client.session.get(url) as response:
        assert json.loads(await response.text()) == {"balance": "99"}
    client.account.api_enabled = False
    assert message_of(await client.send()) == inferred.API_DISABLED


async def test_channel_life(client: Client) -> None:
    created = await client.call("createchannel", label="Office", plan="pro")
    channel, gateway = created["channel_id"], created["gateway_id"]
    # One month on from the 31st of January, in the portal's zone.
    assert created["subscription_end"] == "2026-02-28 12:00:00"
    image = await client.text("scanqr", channelid=channel)
    payload = client.portal.qr_payload(channel)
    assert base64.b64decode(image) == qr.png(payload)
    assert base64.b64decode(image).startswith(b"\x89PNG\r\n")
    client.clock.tick(20)
    assert client.portal.qr_payload(channel) != payload
    whatsapp = {"type": "whatsapp", "route": gateway}
    answer = await client.send(**whatsapp)
    assert message_of(answer) == inferred.CHANNEL_NOT_CONNECTED

    client.portal.pair(channel, OTHER_PHONE)
    answer = await client.call("scanqr", channel_id=channel)
    assert message_of(answer) == inferred.ALREADY_CONNECTED
    client.clock.tick(2 * 3600 + 4 * 60 + 44)
    view = await client.call("viewchannel", channel_id=channel)
    assert view["device_status"] == "session active"
    assert view["up_time"] == "2:04:44"
    listed = await client.call("listchannel")
    assert listed["channel_count"] == "1"
    assert listed["channels"][0]["whatsapp_number"] == OTHER_PHONE
    group = (await client.send(**whatsapp))["group_id"]
    cleared = await client.call("clearqueue", channel_id=channel)
    assert cleared["queue_count"] == "0"
    status = await client.call("groupstatus", groupid=group)
    assert status["group_status"] == "failed"

    client.portal.drop(channel)
    assert (await client.text("scanqr", channel_id=channel))[:1] != "{"
    client.portal.pair(channel, OTHER_PHONE)
    assert (await client.call("resetchannel", channel_id=channel))["status"] == (
        "success"
    )
    client.portal.expire(channel)
    answer = await client.call("scanqr", channel_id=channel)
    assert message_of(answer) == inferred.CHANNEL_EXPIRED
    await client.call("deletechannel", channel_id=channel)
    answer = await client.call("viewchannel", channel_id=channel)
    assert message_of(answer) == inferred.UNKNOWN_CHANNEL


async def test_a_channel_without_its_phone_keeps_its_queue(client: Client) -> None:
    client.portal.deliver_after = 1
    channel = client.portal.add_channel(client.account)
    client.portal.pair(channel)
    group = (await client.send(type="whatsapp", route=channel.gateway_id))["group_id"]
    client.portal.drop(channel)
    client.clock.tick(10)
    assert client.portal.groups[group].recipients[0].state == "queued"
    client.portal.pair(channel)
    assert client.portal.groups[group].recipients[0].state == "sent"


def test_samples_are_complete() -> None:
    assert samples.SUCCESS.keys() == samples.ERROR.keys() == OPERATIONS.keys()
    assert base64.b64decode(samples.SUCCESS["scanqr"]).startswith(b"\x89PNG\r\n")


@pytest.mark.parametrize("processed", [False, True])
@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        (FaultKind.HTTP_500, 500, "Internal Server Error"),
        (FaultKind.HTTP_STATUS, 503, "Service Unavailable"),
        (FaultKind.HTML_PAGE, 200, "<h1>We will be back soon</h1>"),
        (FaultKind.NOT_JSON, 200, "OK"),
        (FaultKind.EMPTY_BODY, 200, ""),
        (FaultKind.REFUSED_ERROR, 200, '"status":"error"'),
        (FaultKind.VENDOR_SUCCESS, 200, samples.SUCCESS["sendsms"]),
        (FaultKind.VENDOR_ERROR, 200, samples.ERROR["sendsms"]),
        (FaultKind.HUGE, 200, "xxx"),
    ],
)
async def test_faults_in_place_of_an_answer(
    client: Client, kind: FaultKind, status: int, body: str, *, processed: bool
) -> None:
    client.portal.fail(kind, "sendsms", times=1, processed=processed)
    data = {"apikey": "key", "apitoken": "token", "type": "sms"}
    data |= {"from": "Home", "to": PHONE, "text": "Hi"}
    url = f"{client.portal.url}/smsAPI?sendsms"
    async with client.session.post(url, data=data) as response:
        text = await response.text()
        assert response.status == status
        assert body in text
        assert (len(text) > 3 * 2**20) == (kind is FaultKind.HUGE)
    assert len(client.portal.ledger) == processed
    assert (await client.send())["status"] == "queued"


@pytest.mark.parametrize("processed", [False, True])
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.RESET, aiohttp.ClientOSError),
        (FaultKind.CUT, aiohttp.ClientPayloadError),
        (FaultKind.HANG, aiohttp.ServerDisconnectedError),
    ],
)
async def test_broken_connections(
    client: Client, kind: FaultKind, error: type[Exception], *, processed: bool
) -> None:
    client.portal.fail(kind, times=1, processed=processed, seconds=0)
    with pytest.raises(error):
        await client.send()
    assert len(client.portal.ledger) == processed
    assert (await client.send())["status"] == "queued"


async def test_hanging_and_slow_answers(client: Client) -> None:
    client.portal.fail("hang", "sendsms", times=1, processed=True)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.send(), 0.05)
    assert len(client.portal.ledger) == 1
    client.portal.fail("slow", "sendsms", seconds=0.02)
    await asyncio.gather(*(client.send() for _ in range(5)))
    assert client.portal.max_in_flight["sendsms"] == 5
    # What still hangs must not hold up the end.
    client.portal.clear_faults()
    client.portal.fail("hang", "balance")
    hanging = asyncio.create_task(client.call("balance"))
    while client.portal.requests[-1].fault != "hang":
        await asyncio.sleep(0)
    await client.portal.stop()
    with pytest.raises(aiohttp.ClientError):
        await hanging


async def test_distorted_answers(client: Client) -> None:
    client.account.credits = Decimal("1234.5")
    client.portal.fail("php_notice", times=1)
    notice = await client.text("balance")
    assert notice.startswith("<br />\n<b>Notice</b>:  Undefined index:")
    assert notice.endswith('<br />\n{"balance":"1234.5"}')
    client.portal.fail("bom", times=1)
    assert await client.text("balance") == '\ufeff{"balance":"1234.5"}'
    client.portal.fail("odd_types")
    assert await client.call("balance") == {"balance": "1,234.50"}
    sent = await client.send()
    assert sent["status"] == "QUEUED"
    status = await client.call("groupstatus", groupid=str(sent["group_id"]))
    assert status["recipients"] == {
        "0": {"id": 20001, "to": int(PHONE), "status": "QUEUED"}
    }


@pytest.mark.parametrize(
    ("form", "part"),
    [
        ("null", '"inbox":null'),
        ("string", '"inbox":""'),
        ("object", '"inbox":{}'),
        ("missing", '"status":"success"}'),
        ("error", f'"message":"{inferred.EMPTY_LIST["getinbox"]}"'),
    ],
)
async def test_empty_lists(client: Client, form: str, part: str) -> None:
    client.portal.fail("empty_forms", text=form)
    assert part in await client.text("getinbox")
    client.portal.receive(client.account, PHONE, "Hi")
    assert len((await client.call("getinbox"))["inbox"]) == 1


async def test_qr_forms(client: Client) -> None:
    channel = client.portal.add_channel(client.account).channel_id
    plain = await client.text("scanqr", channel_id=channel)
    seen = {}
    for kind in [kind for kind in FaultKind if kind.startswith("qr_")]:
        client.portal.clear_faults()
        client.portal.fail(kind)
        seen[kind] = await client.text("scanqr", channel_id=channel)
    assert seen[FaultKind.QR_QUOTED] == f'"{plain}"'
    assert seen[FaultKind.QR_DATA_URI] == f"data:image/png;base64,{plain}"
    assert "".join(seen[FaultKind.QR_WRAPPED].split("\r\n")) == plain
    image = base64.b64decode(plain)
    assert image.startswith(base64.b64decode(seen[FaultKind.QR_TRUNCATED]))
    assert b"<svg" in base64.b64decode(seen[FaultKind.QR_SVG])
    assert b"<form" in base64.b64decode(seen[FaultKind.QR_HTML])
    client.portal.clear_faults()
    client.portal.fail("qr_quoted", text="escaped")
    assert json.loads(await client.text("scanqr", channel_id=channel)) == plain


async def test_followed_redirects_are_seen(client: Client) -> None:
    client.portal.fail("redirect", "balance", text="/login")
    await client.session.post(
        f"{client.portal.url}/smsAPI?balance", data={"apikey": ""}
    )
    assert [r.followed for r in client.portal.requests] == [False, True]


async def test_refuse_and_accept(client: Client) -> None:
    url = client.portal.url
    await client.call("balance")
    await client.control("POST", "refuse")
    with pytest.raises(aiohttp.ClientConnectorError):
        await client.call("balance")
    assert (await client.control("POST", "accept"))["url"] == url
    assert await client.call("balance") == {"balance": "100"}


async def test_control(client: Client) -> None:
    control = client.control
    message = await control("POST", "inbound", **{"from": PHONE, "text": "Hi"})
    assert message["sender"] == PHONE
    await control("POST", "next_delivery", state="failed", after=0)
    await client.send()
    state = await control("GET", "state")
    assert state["groups"]["1001"]["recipients"][0]["state"] == "failed"
    await control("POST", "next_delivery", state="sent")
    await client.send()
    changed = await control("POST", "deliver", state="sent", count=1)
    assert [r["group_id"] for r in changed["recipients"]] == ["1002"]
    channel = (await control("POST", "channels", label="Office"))["channel_id"]
    payload = (await control("GET", f"channels/{channel}/qr"))["payload"]
    assert payload == client.portal.qr_payload(channel)
    paired = await control("POST", f"channels/{channel}/pair", number=PHONE)
    assert paired["state"] == "connected"
    assert (await control("POST", f"channels/{channel}/drop"))["state"] == (
        "disconnected"
    )
    assert (await control("POST", "faults", kind="bom", times=2))["times"] == 2
    await control("DELETE", "faults")
    assert client.portal.faults == []
    ledger = (await control("GET", "ledger"))["ledger"]
    assert [entry["to"] for entry in ledger] == [PHONE, PHONE]
    requests = await control("GET", "requests")
    assert requests["max_in_flight"] == {"*": 1, "sendsms": 1}
    assert "token" not in json.dumps([state["accounts"], requests])
    await control("POST", "accounts", api_key="second", api_token="t", credits="5")
    assert client.portal.accounts[1].credits == Decimal(5)


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("inbound", {"text": "Hi"}),
        ("inbound", {"from": 1, "text": "Hi"}),
        ("deliver", {"state": "lost"}),
        ("deliver", {"state": "sent", "group_id": "1"}),
        ("next_delivery", {"state": "lost"}),
        ("faults", {"kind": "flood"}),
        ("channels/none/pair", {}),
        ("accounts", {"api_key": "key", "api_token": "again"}),
    ],
)
async def test_control_says_what_is_wrong(
    client: Client, path: str, data: dict[str, object]
) -> None:
    answer = await client.control("POST", path, **data)
    assert answer["http"] == 400
    assert answer["error"]
