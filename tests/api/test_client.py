"""Every operation of the client, over loopback."""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal

import aiohttp
import pytest

from custom_components.smskit.api import (
    Accepted,
    Balance,
    ChannelIds,
    Connection,
    DeliveryStatus,
    InboxMessage,
    InvalidAuthError,
    NotAPortalError,
    NotReachableError,
    PortalClient,
    RefusedError,
    SendType,
    Submission,
    Traits,
    UncertainError,
)
from tests.conftest import API_KEY, API_TOKEN
from tests.portal import Account, ChannelState, Portal, PostAnswer
from tests.portal.state import POST_ANSWERS

from .operations import (
    NUMBER,
    OPERATIONS,
    OTHER_NUMBER,
    TEXT,
    clock,
    ids,
    scene,
    submission,
)

NOON = datetime.fromisoformat("2026-01-31 12:00:00")


async def test_balance(client: PortalClient, account: Account) -> None:
    """An amount keeps every digit."""
    account.credits = Decimal("1234.5067")
    assert await client.balance() == Balance(amount=Decimal("1234.5067"))


async def test_send(session: aiohttp.ClientSession) -> None:
    """One request carries a text to several numbers; its time is the portal's own."""
    async with Portal(clock=clock, time_zone="Africa/Lagos") as portal:
        there = await scene(portal, session)
        accepted = await there.client.send(submission())
        assert accepted == Accepted(group_id="1002", date=NOON)
        (request,) = portal.requests
        assert request.parameters == {
            "type": "sms",
            "from": "HOME",
            "to": f"{NUMBER},{OTHER_NUMBER}",
            "text": TEXT,
        }
        sent = [(e.to, e.sender, e.arrived_text) for e in portal.ledger[-2:]]
        assert sent == [(NUMBER, "HOME", TEXT), (OTHER_NUMBER, "HOME", TEXT)]


async def test_send_with_everything(
    client: PortalClient, account: Account, portal: Portal
) -> None:
    """A file, a time in the portal's zone and a channel reach the portal."""
    channel = portal.add_channel(account)
    portal.pair(channel)
    await client.send(
        Submission(
            type=SendType.WHATSAPP,
            sender="HOME",
            to=(NUMBER,),
            text="Grüße & 50 % 👋\n+1=2",
            file="https://media.example/a.jpg?b=c&d=e",
            schedule=NOON,
            route=channel.gateway_id,
        )
    )
    (entry,) = portal.ledger
    assert entry.type == "whatsapp"
    assert entry.text == "Grüße & 50 % 👋\n+1=2"
    assert entry.file == "https://media.example/a.jpg?b=c&d=e"
    assert entry.schedule is not None
    assert entry.schedule.replace(tzinfo=None) == NOON
    assert entry.route == channel.gateway_id


async def test_group_status(client: PortalClient, portal: Portal) -> None:
    """A group tells of each of its recipients how far it has come."""
    accepted = await client.send(submission())
    portal.deliver("failed", to=NUMBER)
    assert accepted.group_id is not None
    status = await client.group_status(accepted.group_id)
    assert status.group_id == accepted.group_id
    assert [(r.to, r.status) for r in status.recipients] == [
        (NUMBER, DeliveryStatus.FAILED),
        (OTHER_NUMBER, DeliveryStatus.QUEUED),
    ]
    assert status.date == accepted.date


async def test_inbox(client: PortalClient, account: Account, portal: Portal) -> None:
    """The full listing marks nothing as read, that of the unread does."""
    portal.receive(account, OTHER_NUMBER, " One\n", date=NOON, id="7")
    message = InboxMessage(
        id="7",
        sender=OTHER_NUMBER,
        recipient=account.number,
        text=" One\n",
        date=NOON,
    )
    assert await client.inbox(unread=False) == (message,)
    assert await client.inbox(unread=True) == (message,)
    assert await client.inbox(unread=True) == ()
    assert await client.inbox(unread=False) == (message,)
    lists = [request.parameters["list"] for request in portal.requests]
    assert lists == ["all", "unread", "unread", "all"]


async def test_channels(client: PortalClient, account: Account, portal: Portal) -> None:
    """Channels are listed and shown with what they have; what is not yet is None."""
    new = portal.add_channel(account, "Home")
    paired = portal.add_channel(account, "Office", "yearly")
    portal.pair(paired, OTHER_NUMBER)
    first, second = await client.channels()
    assert (first.channel_id, first.number, first.label) == (
        new.channel_id,
        None,
        "Home",
    )
    assert first.last_sync is None
    assert (second.gateway_id, second.number) == (paired.gateway_id, OTHER_NUMBER)
    details = await client.channel(second)
    assert details.plan == "yearly"
    assert details.device_status == "session active"
    assert details.connection is Connection.CONNECTED
    assert details.up_time is not None
    assert details.up_time < timedelta(minutes=1)
    assert details.last_sync == second.last_sync
    assert (await client.channel(first)).version is None


async def test_create_channel(client: PortalClient, portal: Portal) -> None:
    """A new channel has the label and the plan that were asked for."""
    new = await client.create_channel("Home", "yearly")
    channel = portal.channels[new.channel_id]
    assert (channel.label, channel.plan) == ("Home", "yearly")
    assert new.gateway_id == channel.gateway_id
    local = channel.subscription_end.astimezone(portal.state.zone)
    assert new.subscription_end == local.replace(tzinfo=None, microsecond=0)


async def test_clear_queue(
    client: PortalClient, account: Account, portal: Portal
) -> None:
    """What waits in a channel is given up."""
    channel = portal.add_channel(account)
    portal.pair(channel)
    await client.send(
        Submission(type=SendType.WHATSAPP, sender="HOME", to=(NUMBER,), text=TEXT)
    )
    assert await client.clear_queue(ids(channel)) == 0
    (group,) = portal.groups.values()
    assert [recipient.state for recipient in group.recipients] == ["failed"]


async def test_reset_and_delete_channel(
    client: PortalClient, account: Account, portal: Portal
) -> None:
    """A channel that is reset waits to be paired; one that is deleted is gone."""
    channel = portal.add_channel(account)
    portal.pair(channel)
    await client.reset_channel(ids(channel))
    assert portal.channels[channel.channel_id].state is ChannelState.PAIRING
    await client.delete_channel(ids(channel))
    assert portal.channels == {}


async def test_refusal(client: PortalClient, portal: Portal) -> None:
    """A refusal says why in the portal's words."""
    with pytest.raises(RefusedError) as error:
        await client.channel(ChannelIds(channel_id="none", gateway_id=None))
    assert error.value.reason == "Invalid channel"
    assert not isinstance(error.value, InvalidAuthError)


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_credentials_stay_out_of_addresses(
    operation: str, session: aiohttp.ClientSession
) -> None:
    """Every operation is one POST; its credentials are in its body alone."""
    async with Portal() as portal:
        there = await scene(portal, session)
        await OPERATIONS[operation](there)
        (request,) = portal.requests
    assert (request.method, request.operation) == ("POST", operation)
    assert request.has_credentials
    assert not request.credentials_in_url
    assert not request.credentials_in_headers
    # Nobody knows which spelling a portal reads.
    channel = dict.fromkeys(("channel_id", "channelid"), there.channel.channel_id)
    if operation in {"viewchannel", "clearqueue", "resetchannel", "deletechannel"}:
        assert request.parameters == channel


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("by_get", [False, True])
async def test_redirects_are_not_followed(
    operation: str, by_get: bool, session: aiohttp.ClientSession
) -> None:
    """Neither credentials nor texts go where a redirect points to."""
    async with Portal() as portal, Portal() as elsewhere:
        there = await scene(
            portal, session, get_operations=tuple(OPERATIONS) if by_get else ()
        )
        portal.fail("redirect", text=f"{elsewhere.url}/smsAPI?{operation}")
        with pytest.raises(NotAPortalError, match="redirect"):
            await OPERATIONS[operation](there)
        assert len(portal.requests) == 1
        assert elsewhere.requests == []


async def test_probe(client: PortalClient, account: Account, portal: Portal) -> None:
    """To prove the credentials marks no message as read and needs no GET."""
    message = portal.receive(account, OTHER_NUMBER, "One")
    await client.probe()
    assert client.traits.get_operations == frozenset()
    requests = [(r.method, r.operation) for r in portal.requests]
    assert requests == [("POST", "balance"), ("POST", "getinbox")]
    assert not any(r.credentials_in_url for r in portal.requests)
    assert not message.read


@pytest.mark.parametrize("answer", POST_ANSWERS)
async def test_probe_finds_what_needs_get(
    client: PortalClient,
    account: Account,
    portal: Portal,
    session: aiohttp.ClientSession,
    answer: PostAnswer,
) -> None:
    """GET is used for what a POST does not reach, and for nothing else."""
    account.post_answer = answer
    await client.probe()
    get_operations = client.traits.get_operations
    assert get_operations == {"balance", "getinbox"}
    calls = [(r.operation, r.method, r.parameters) for r in portal.requests]
    assert calls == [
        ("balance", "POST", {}),
        ("balance", "GET", {}),
        ("getinbox", "POST", {"list": "all"}),
        ("getinbox", "GET", {"list": "all"}),
    ]
    portal.requests.clear()
    again = PortalClient(
        session,
        portal.url,
        API_KEY,
        API_TOKEN,
        traits=Traits(get_operations=get_operations),
    )
    for known in (client, again):
        assert await known.balance() == Balance(amount=Decimal(100))
        assert await known.inbox(unread=True) == ()
        assert await known.channels() == ()
    used = [(r.operation, r.method, r.credentials_in_url) for r in portal.requests]
    assert used == 2 * [
        ("balance", "GET", True),
        ("getinbox", "GET", True),
        ("listchannel", "POST", False),
    ]


@pytest.mark.parametrize("answer", [None, *POST_ANSWERS])
async def test_probe_with_wrong_credentials(
    portal: Portal,
    account: Account,
    session: aiohttp.ClientSession,
    answer: PostAnswer | None,
) -> None:
    """Credentials that no way proves are in one address at most, and POST stays.

    The words of the API are reported, not the page that stood in their place.
    """
    account.post_answer = answer
    client = PortalClient(session, portal.url, API_KEY, "wrong")
    with pytest.raises(InvalidAuthError, match="Invalid user"):
        await client.probe()
    calls = [(r.operation, r.method, r.credentials_in_url) for r in portal.requests]
    assert calls == [("balance", "POST", False), ("balance", "GET", True)]
    portal.requests.clear()
    account.post_answer = None
    with pytest.raises(InvalidAuthError):
        await client.balance()
    assert [r.method for r in portal.requests] == ["POST"]


@pytest.mark.parametrize(
    ("kind", "text", "status"),
    [
        ("redirect", None, None),
        ("redirect", "/login", None),
        ("http_status", None, 404),
        ("http_status", None, 503),
        ("not_json", None, None),
        ("empty_body", None, None),
        ("reset", None, None),
    ],
)
async def test_probe_without_a_reason_for_get(
    client: PortalClient,
    portal: Portal,
    kind: str,
    text: str | None,
    status: int | None,
) -> None:
    """What another method does not explain puts no credentials into an address."""
    portal.fail(kind, text=text, status=status)
    with pytest.raises(UncertainError):
        await client.probe()
    assert [(r.method, r.credentials_in_url) for r in portal.requests] == [
        ("POST", False)
    ]


async def test_probe_of_another_website(client: PortalClient, portal: Portal) -> None:
    """A page for both methods is no portal, and its inbox is not asked for."""
    portal.fail("html_page")
    with pytest.raises(NotAPortalError):
        await client.probe()
    assert [(r.operation, r.method) for r in portal.requests] == [
        ("balance", "POST"),
        ("balance", "GET"),
    ]
    assert client.traits.get_operations == frozenset()


@pytest.mark.parametrize("kind", ["refused_error", "html_page", "http_500", "reset"])
async def test_probe_without_an_inbox(
    client: PortalClient, portal: Portal, kind: str
) -> None:
    """An inbox that does not answer says nothing about the credentials."""
    portal.fail(kind, "getinbox")
    await client.probe()
    assert client.traits.get_operations == frozenset()


@pytest.mark.parametrize("get_only", [False, True])
async def test_credentials_of_any_characters(
    portal: Portal, session: aiohttp.ClientSession, get_only: bool
) -> None:
    """What an address or a form gives a meaning is carried as it is."""
    key, token = "k+/=&% ü", "t#?%2B;,"
    account = portal.add_account(api_key=key, api_token=token)
    account.post_answer = "refusal" if get_only else None
    client = PortalClient(session, portal.url, key, token)
    await client.probe()
    assert bool(client.traits.get_operations) is get_only
    assert await client.balance() == Balance(amount=Decimal(100))


async def test_concurrent_calls(client: PortalClient, portal: Portal) -> None:
    """Calls do not wait for each other, and each gets its own answer."""
    portal.fail("slow", seconds=0.2)
    texts = [f"Text {number}" for number in range(10)]
    accepted = await asyncio.gather(*(client.send(submission(text)) for text in texts))
    assert portal.max_in_flight["sendsms"] == 10
    group_of = {entry.text: entry.group_id for entry in portal.ledger}
    assert [group_of[text] for text in texts] == [a.group_id for a in accepted]


async def test_a_portal_that_went_away(client: PortalClient, portal: Portal) -> None:
    """A call after a successful one still knows whether it left."""
    await client.balance()
    await portal.refuse()
    with pytest.raises(NotReachableError):
        await client.send(submission())
    await portal.accept()
    await client.send(submission())
    assert len(portal.ledger) == 2


async def test_times_have_no_zone(
    client: PortalClient, account: Account, portal: Portal
) -> None:
    """Times are read as the portal's wall clock shows them."""
    portal.receive(account, OTHER_NUMBER, "One", date=NOON + timedelta(minutes=1))
    (message,) = await client.inbox(unread=False)
    assert message.date == datetime.fromisoformat("2026-01-31 12:01:00")
    assert message.date.tzinfo is None


async def test_host(client: PortalClient) -> None:
    """The host is what may be shown of the address."""
    assert client.host == "127.0.0.1"
