"""The portal misbehaves as it was told to."""

import asyncio
import base64
from decimal import Decimal
import json

import aiohttp
import pytest

from . import FaultKind, inferred, samples
from .client import PHONE, Client
from .operations import OPERATIONS


def test_samples_are_complete() -> None:
    """Every operation has both samples."""
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
    """The fault shows, and only if told so it was done."""
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
    """A broken connection says nothing about what was done."""
    client.portal.fail(kind, times=1, processed=processed, seconds=0)
    with pytest.raises(error):
        await client.send()
    assert len(client.portal.ledger) == processed
    assert (await client.send())["status"] == "queued"


async def test_hanging_and_slow_answers(client: Client) -> None:
    """Neither client nor portal has to wait for them."""
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
    while client.portal.requests[-1].fault != "hang":  # noqa: ASYNC110
        await asyncio.sleep(0)
    await client.portal.stop()
    with pytest.raises(aiohttp.ClientError):
        await hanging


async def test_distorted_answers(client: Client) -> None:
    """The truth, written in other ways."""
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
    """A list that is empty has many forms, others have one."""
    client.portal.fail("empty_forms", text=form)
    assert part in await client.text("getinbox")
    client.portal.receive(client.account, PHONE, "Hi")
    assert len((await client.call("getinbox"))["inbox"]) == 1


async def test_qr_forms(client: Client) -> None:
    """The same picture, wrapped, cut or replaced."""
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
    """Who follows a redirect is caught."""
    client.portal.fail("redirect", "balance", text="/login")
    await client.session.post(
        f"{client.portal.url}/smsAPI?balance", data={"apikey": ""}
    )
    assert [r.followed for r in client.portal.requests] == [False, True]
