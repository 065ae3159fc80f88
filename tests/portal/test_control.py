"""The portal, controlled by another process."""

import dataclasses
from decimal import Decimal
import json

import aiohttp
import pytest

from . import Processing, Spelling
from .client import PHONE, Client
from .installation import Installation


async def test_refuse_and_accept(client: Client) -> None:
    """A portal that is down refuses, and comes back where it was."""
    url = client.portal.url
    await client.call("balance")
    await client.control("POST", "refuse")
    with pytest.raises(aiohttp.ClientConnectorError):
        await client.call("balance")
    assert (await client.control("POST", "accept"))["url"] == url
    assert await client.call("balance") == {"balance": "100"}


async def test_control(client: Client) -> None:
    """Another process can do what this one can."""
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


async def test_switches(client: Client) -> None:
    """Every switch can be set from outside, and one set leaves the others alone."""
    portal, account = client.portal, client.account
    names = {field.name for field in dataclasses.fields(Installation)}
    assert (await client.control("POST", "portal")).keys() == names | {"http"}
    changes = {
        "spelling": "handwritten",
        "processing": "cron",
        "channel_parameters": ["device"],
        "notice": "Absent",
    }
    answer = await client.control("POST", "portal", **changes)
    assert changes.items() <= answer.items()
    assert answer["ignores_schedule"] is False
    assert portal.spelling is Spelling.HANDWRITTEN
    assert portal.processing is Processing.CRON
    assert portal.channel_parameters == ("device",)
    await client.control("POST", "account", time_zone="Asia/Colombo", credits=7)
    await client.control("POST", "account", white_list=["127.0.0.1"])
    await client.control("POST", "account", account="key", post_answer="status_405")
    assert (account.time_zone, account.credits) == ("Asia/Colombo", Decimal(7))
    assert account.white_list == {"127.0.0.1"}
    assert account.post_answer == "status_405"


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
        ("portal", {"spelling": "careful"}),
        ("portal", {"ignores_schedule": 1}),
        ("portal", {"cron_interval": 0}),
        ("portal", {"wings": True}),
        ("account", {"post_answer": "teapot"}),
        ("account", {"time_zone": "Mars/Olympus"}),
        ("account", {"white_list": "127.0.0.1"}),
        ("accounts", {"api_key": "key", "api_token": "again"}),
    ],
)
async def test_control_says_what_is_wrong(
    client: Client, path: str, data: dict[str, object]
) -> None:
    """A wrong request is answered 400 with a reason."""
    answer = await client.control("POST", path, **data)
    assert answer["http"] == 400
    assert answer["error"]
