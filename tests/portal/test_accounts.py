"""Accounts that are different: by POST refused, with a white-list, in another zone."""

import pytest

from . import PostAnswer, inferred
from .client import PHONE, Client, message_of


@pytest.mark.parametrize(
    ("answer", "status", "part"),
    [
        ("refusal", 200, "Invalid user"),
        ("login_page", 200, "<title>Login</title>"),
        ("status_405", 405, "Method Not Allowed"),
        ("status_403", 403, "Forbidden"),
    ],
)
async def test_post_is_not_for_all(
    client: Client, answer: PostAnswer, status: int, part: str
) -> None:
    """Two operations may be documented for GET, and take a POST for something else."""
    client.account.post_answer = answer
    credentials = {"apikey": "key", "apitoken": "token"}
    for operation in ("balance", "getinbox"):
        url = f"{client.portal.url}/smsAPI?{operation}"
        async with client.session.post(url, data=credentials) as response:
            assert response.status == status
            assert part in await response.text()
        query = "&apikey=key&apitoken=token"
        async with client.session.get(url + query) as response:
            assert response.status == 200
            assert "error" not in await response.text()
    assert (await client.call("listchannel"))["status"] == "success"


async def test_white_list(client: Client) -> None:
    """Only listed addresses are served; an empty list turns it off."""
    client.account.white_list = {"203.0.113.7"}
    assert message_of(await client.send()) == inferred.ADDRESS_NOT_ALLOWED
    assert client.portal.ledger == []
    client.account.white_list.add("127.0.0.1")
    assert (await client.send())["status"] == "queued"


async def test_the_zone_of_the_user(client: Client) -> None:
    """All that is listed moves with the user's setting, and schedules are in it."""
    channel = client.portal.add_channel(client.account)
    client.portal.pair(channel)
    client.portal.receive(client.account, PHONE, "Hi")
    group = (await client.send())["group_id"]

    async def shown() -> set[str]:
        (message,) = (await client.call("getinbox", list="all"))["inbox"]
        (listed,) = (await client.call("listchannel"))["channels"]
        view = await client.call("viewchannel", channel_id=channel.channel_id)
        status = await client.call("groupstatus", groupid=group)
        dates = (message["date"], listed["last_sync"], view["last_sync"])
        return {*dates, status["date"]}

    assert await shown() == {"2026-01-31 12:00:00"}
    client.account.time_zone = "Asia/Colombo"
    assert await shown() == {"2026-01-31 16:30:00"}
    sent = await client.send(scheduledate="2026-01-31 16:45:00")
    # The server's own time does not move.
    assert sent["date"] == "2026-01-31 12:00:00"
    schedule = client.portal.ledger[-1].schedule
    assert schedule is not None
    assert schedule.isoformat() == "2026-01-31T16:45:00+05:30"


async def test_names_of_the_channel(client: Client) -> None:
    """The server takes a channel's id from the names that it knows."""
    channel = client.portal.add_channel(client.account).channel_id
    client.portal.channel_parameters = ("device",)
    answer = await client.call("viewchannel", channel_id=channel, channelid=channel)
    assert message_of(answer) == inferred.UNKNOWN_CHANNEL
    answer = await client.call("viewchannel", device=channel)
    assert answer["channel_id"] == channel
