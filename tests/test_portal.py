"""The portal of the tests has to be right before others lean on it."""

import base64
from collections.abc import AsyncIterator
from decimal import Decimal
import json

import aiohttp
import pytest

from tests.portal import inferred, qr
from tests.portal.client import OTHER_PHONE, PHONE, Client, fresh_portal, message_of


@pytest.fixture
async def client(socket_enabled: None) -> AsyncIterator[Client]:
    """Return a client of a fresh portal."""
    async with fresh_portal() as client:
        yield client


async def test_send_and_status(client: Client) -> None:
    """A send is billed once, and each recipient has its state."""
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
        ({"from": "Other"}, "Sender ID Not Allowed"),
        ({"from": "Asked"}, "Sender ID was not Request"),
        ({"from": ""}, "No Valid Recipients Supplied"),
        ({"to": "12, +x, 00"}, "No Valid Recipients Supplied"),
        ({"to": ""}, "No Valid Recipients Supplied"),
        ({"text": ""}, "Message Field Is Empty"),
        ({"text": "<b>"}, "Message Field Is Empty"),
        ({"text": "Win a PRIZE"}, "Message Contains Forbidden Words"),
        ({"text": "x" * 153 * 101}, "Insufficient Balance"),
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
    """Whatever is refused, nothing is billed."""
    client.account.senders = {"Home"}
    client.account.unapproved_senders = {"Asked"}
    client.portal.forbidden_words = {"prize"}
    assert message_of(await client.send(**parameters)) == message
    assert client.account.credits == Decimal(100)
    assert client.portal.ledger == []


async def test_alphabets(client: Client) -> None:
    """Text sent as sms loses what GSM does not have."""
    await client.send(text="Привет")
    await client.send(text="Привет", type="unicode")
    arrived = [(e.text, e.arrived_text) for e in client.portal.ledger]
    assert arrived == [("Привет", "??????"), ("Привет", "Привет")]


async def test_delivery_by_the_clock(client: Client) -> None:
    """Delivery follows the portal's clock and the schedule."""
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
    """Another account's group is as unknown as none."""
    group = (await client.send())["group_id"]
    client.portal.add_account(api_key="other", api_token="token")
    answer = await client.call("groupstatus", groupid=group, apikey="other")
    assert message_of(answer) == inferred.UNKNOWN_GROUP
    answer = await client.call("groupstatus", groupid="1")
    assert message_of(answer) == inferred.UNKNOWN_GROUP


async def test_inbox(client: Client) -> None:
    """Only a look at unread messages marks them read."""
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
    """Forms and queries are read, JSON is not."""
    query = "balance&apikey=key&apitoken=token"
    for path in ("/smsAPI", "/portal/smsAPI", "/SMSC/smsAPI"):
        async with client.session.get(f"{client.portal.url}{path}?{query}") as response:
            assert json.loads(await response.text()) == {"balance": "100"}
    # A JSON body is no form.
    url = f"{client.portal.url}/smsAPI"
    credentials = {"apikey": "key", "apitoken": "token"}
    async with client.session.post(f"{url}?balance", json=credentials) as response:
        assert "Invalid user" in await response.text()
    async with client.session.post(f"{url}?credit", data=credentials) as response:
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
    """Some accounts answer by GET only, or not at all."""
    client.account.post_answer = "refusal"
    assert message_of(await client.call("balance")) == "Invalid user"
    assert message_of(await client.call("getinbox")) == "Invalid user"
    assert (await client.send())["status"] == "queued"
    url = f"{client.portal.url}/smsAPI?balance&apikey=key&apitoken=token"
    async with client.session.get(url) as response:
        assert json.loads(await response.text()) == {"balance": "99"}
    client.account.api_enabled = False
    assert message_of(await client.send()) == inferred.API_DISABLED


async def test_channel_life(client: Client) -> None:
    """A channel is made, paired, used, dropped, reset and deleted."""
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
    """Nothing is sent without the phone."""
    client.portal.deliver_after = 1
    channel = client.portal.add_channel(client.account)
    client.portal.pair(channel)
    group = (await client.send(type="whatsapp", route=channel.gateway_id))["group_id"]
    client.portal.drop(channel)
    client.clock.tick(10)
    assert client.portal.groups[group].recipients[0].state == "queued"
    client.portal.pair(channel)
    assert client.portal.groups[group].recipients[0].state == "sent"
