"""How often the portal is asked about channels, and how soon Home Assistant knows."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from homeassistant.const import STATE_OFF, STATE_ON
import pytest

from tests.conftest import Report
from tests.portal import Channel, FaultKind, RequestLog

from .home import (
    CONNECTED,
    CONNECTED_SINCE,
    DEVICE_STATUS,
    PAIRING_QR,
    REFRESH_QR,
    Home,
)

_ASKED: Final = "What channels ask of the portal"

# What is polled is due half a second after its interval at most.
HOUR = 3601


def gaps(requests: list[RequestLog]) -> list[float]:
    """Return the seconds between requests."""
    return [(b.time - a.time).total_seconds() for a, b in pairwise(requests)]


async def test_healthy(office: Channel, new_home: Home) -> None:
    """A healthy channel is viewed every five minutes, and no code is fetched."""
    home = new_home
    home.forget_requests()
    await home.advance(HOUR)
    for operation in ("listchannel", "viewchannel"):
        requests = home.requests(operation)
        assert len(requests) == 12
        assert gaps(requests) == pytest.approx([300] * 11, abs=1)
    assert home.requests("scanqr") == []


async def test_waiting_unwatched(new_home: Home) -> None:
    """A channel that nobody pairs is not asked for its code."""
    home = new_home
    home.portal.add_channel(home.account)
    await home.start()
    home.forget_requests()
    await home.advance(HOUR)
    assert home.requests("scanqr") == []
    assert len(home.requests("viewchannel")) == 12


async def test_pairing(home: Home) -> None:
    """A channel being paired is followed closely, for five minutes at most."""
    await home.create()
    created = home.portal.state.now()
    await home.advance(HOUR / 2)
    scans = home.requests("scanqr")
    assert scans[0].time == created
    assert gaps(scans) == pytest.approx([15] * (len(scans) - 1), abs=1)
    over = scans[-1].time - created
    assert timedelta(seconds=280) < over <= timedelta(seconds=300)
    views = home.requests("viewchannel")
    while_pairing = [v for v in views if v.time <= created + timedelta(seconds=300)]
    assert max(gaps(while_pairing)) <= 10
    assert len(while_pairing) <= 35
    after = [v for v in views if v.time > created + timedelta(seconds=310)]
    assert gaps(after) == pytest.approx([300] * (len(after) - 1), abs=10)


@pytest.mark.parametrize("after", [0.5, 2, 4.5, 7, 9])
async def test_connected_within_ten_seconds(home: Home, after: float) -> None:
    """Whenever the code is scanned, the page has changed ten seconds later."""
    created = await home.create()
    await home.advance(30 + after)
    picture = home.state(PAIRING_QR)
    assert home.state(CONNECTED) == STATE_OFF
    home.portal.pair(created["channel_id"])
    await home.advance(10)
    assert home.state(CONNECTED) == STATE_ON
    assert home.state(DEVICE_STATUS) == "session active"
    assert home.state(PAIRING_QR) != picture
    assert "Connected" in (await home.look()).text
    home.forget_requests()
    await home.advance(200)
    assert home.requests("scanqr", "viewchannel") == []


async def test_connected_since_is_steady(office: Channel, new_home: Home) -> None:
    """The time of the connection stays, however late the portal answers."""
    home = new_home
    since = home.state(CONNECTED_SINCE)
    paired = office.connected_since
    assert since is not None
    assert paired is not None
    assert abs(datetime.fromisoformat(since) - paired) < timedelta(seconds=5)
    for late in (0, 20, 1, 7, 29):
        home.portal.fail(FaultKind.SLOW, "viewchannel", times=1, seconds=late)
        await home.pass_time(290)
        await home.pass_time(45)
        assert home.portal.faults[-1].hits == 1
        assert home.state(CONNECTED) == STATE_ON
        assert home.state(CONNECTED_SINCE) == since


async def test_connected_since_moves(office: Channel, new_home: Home) -> None:
    """A channel that was paired anew between two polls is connected since then."""
    home = new_home
    before = home.state(CONNECTED_SINCE)
    await home.advance(HOUR)
    home.portal.drop(office)
    home.portal.pair(office)
    await home.advance(301)
    since = home.state(CONNECTED_SINCE)
    assert since is not None
    assert since != before
    assert office.connected_since is not None
    difference = datetime.fromisoformat(since) - office.connected_since
    assert abs(difference) < timedelta(seconds=5)


async def test_looking_starts_pairing_once(new_home: Home) -> None:
    """Who looks gets a code, once; a dashboard that is always on asks for no more."""
    home = new_home
    channel = home.portal.add_channel(home.account)
    await home.start()
    assert "No code yet" in (await home.look()).text
    assert (await home.look()).code == home.portal.qr_payload(channel)
    for _ in range(60):
        await home.advance(10)
        await home.look()
    assert 18 <= len(home.requests("scanqr")) <= 21
    assert "No code yet" in (await home.look()).text
    # Now it has to be asked for.
    home.forget_requests()
    await home.press(REFRESH_QR)
    assert (await home.look()).code == home.portal.qr_payload(channel)
    await home.advance(600)
    assert 18 <= len(home.requests("scanqr")) <= 21


async def test_looking_again_after_a_connection(new_home: Home) -> None:
    """A channel that was connected in between may be looked at for a code again."""
    home = new_home
    channel = home.portal.add_channel(home.account)
    await home.start()
    await home.look()
    home.portal.pair(channel)
    await home.advance(10)
    home.portal.drop(channel)
    await home.advance(300.5)
    assert "No code yet" in (await home.look()).text
    assert (await home.look()).code == home.portal.qr_payload(channel)


@pytest.mark.parametrize("is_expired", [False, True])
async def test_looking_at_what_needs_no_code(
    office: Channel, new_home: Home, is_expired: bool
) -> None:
    """Looking at a channel that needs no code asks the portal for nothing."""
    home = new_home
    if is_expired:
        home.portal.expire(office)
        await home.advance(300.5)
    home.forget_requests()
    for _ in range(20):
        await home.look()
    assert home.portal.requests == []


@pytest.mark.expected_log(
    "Error fetching 127.0.0.1 channels data", "Error fetching 127.0.0.1 balance data"
)
async def test_portal_down_while_pairing(home: Home) -> None:
    """A portal that goes down under a pairing is asked once a minute at most."""
    await home.create()
    await home.advance(240)
    home.portal.fail(FaultKind.HTTP_500)
    await home.advance(120)
    home.forget_requests()
    await home.advance(HOUR / 2)
    asked = home.requests("listchannel", "viewchannel", "scanqr")
    assert 25 <= len(asked) <= 31


async def test_reload_ends_pairing(home: Home) -> None:
    """After a reload nothing is fetched until somebody wants it."""
    await home.create()
    await home.advance(30)
    await home.reload()
    home.forget_requests()
    await home.advance(60)
    assert home.requests("scanqr", "viewchannel") == []
    assert "No code yet" in (await home.look()).text


async def test_four_at_once(new_home: Home) -> None:
    """However many channels there are, four requests at most are under way."""
    home = new_home
    for number in range(50):
        home.portal.add_channel(home.account, f"Channel {number}")
    home.portal.fail(FaultKind.SLOW, "viewchannel", seconds=1)
    task = home.hass.async_create_task(
        home.hass.config_entries.async_setup(home.entry.entry_id)
    )
    assert await home.until_done(task)
    await home.pass_time(30)
    await home.settle()
    assert len(home.labels) == 50
    assert home.portal.max_in_flight["viewchannel"] == 4


async def test_fifty_channels(new_home: Home, report: Report) -> None:
    """Fifty healthy channels cost some six hundred requests an hour, evenly."""
    home = new_home
    for number in range(50):
        home.portal.pair(home.portal.add_channel(home.account, f"Channel {number}"))
    await home.start()
    home.forget_requests()
    await home.advance(HOUR)
    counted = Counter(request.operation for request in home.portal.requests)
    assert counted["viewchannel"] == 50 * 12
    assert counted["listchannel"] == 12
    assert counted["scanqr"] == 0
    assert counted.total() <= 650
    report(_ASKED, f"50 healthy channels, in an hour: {dict(counted)}")


async def test_fifty_channels_of_which_five_are_paired(
    new_home: Home, report: Report
) -> None:
    """Those that are being paired are followed; the others are not asked more often."""
    home = new_home
    channels = [
        home.portal.add_channel(home.account, f"Channel {number}")
        for number in range(50)
    ]
    for channel in channels[5:]:
        home.portal.pair(channel)
    await home.start()
    home.forget_requests()
    for number in range(5):
        await home.press(f"button.channel_{number}_refresh_qr_code")
    await home.advance(HOUR)
    counted = Counter(request.operation for request in home.portal.requests)
    viewed = Counter(r.parameters["channel_id"] for r in home.requests("viewchannel"))
    assert {viewed[channel.channel_id] for channel in channels[5:]} <= {11, 12, 13}
    assert counted["scanqr"] <= 5 * 21
    assert counted.total() <= 50 * 12 + 12 + 5 * (21 + 40) + 20
    report(
        _ASKED,
        f"50 channels, 5 of them paired once, requests in an hour: {dict(counted)}",
    )
