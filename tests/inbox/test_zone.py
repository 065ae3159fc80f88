"""Messages have the right time without an option: the portal's clock is learned.

Home Assistant is in California, eight hours behind UTC; the portal one ahead.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from tests.conftest import ANNA, BORIS, CARLA
from tests.portal import FaultKind

from .home import PHONE, Home

LAST = "last_message"
HALF_A_YEAR = timedelta(days=150)


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options without a time zone."""
    return {"country": "US"}


async def send(home: Home, count: int = 1) -> None:
    """Send so many messages, each answered with the portal's time."""
    for _ in range(count):
        home.clock.tick(1)
        await home.call("send_message", numbers=[ANNA], message=f"It is {home.now}")
    await home.settle()


def last_date(home: Home) -> datetime:
    """Return the time of the newest message."""
    return datetime.fromisoformat(home.shown(home.entity("sensor", LAST)).state)


async def dates(home: Home) -> dict[str, datetime]:
    """Return the time of each message."""
    return {
        message["text"]: datetime.fromisoformat(message["date"])
        for message in await home.messages()
    }


def sent_ago(home: Home, **ago: float) -> datetime:
    """Return a time some time ago, in whole seconds."""
    now = datetime.fromtimestamp(home.now, UTC).replace(microsecond=0)
    return now - timedelta(**ago)


async def test_learned_after_three_sends(home: Home) -> None:
    """Three answers to sends show the zone; until then Home Assistant's is assumed."""
    date = sent_ago(home, hours=12)
    home.receive("Early", date=date)
    await home.poll()
    # Read as a time of California, it would be nine hours late.
    assert (await dates(home))["Early"] == date + timedelta(hours=9)
    await send(home, 2)
    assert (await dates(home))["Early"] == date + timedelta(hours=9)
    await send(home)
    assert (await dates(home))["Early"] == date
    assert last_date(home) == date
    newer = sent_ago(home, seconds=2)
    home.receive("Late", date=newer)
    await home.poll()
    assert home.events[-1].date == newer.isoformat()
    assert last_date(home) == newer


async def test_never_in_the_future(home: Home) -> None:
    """Before anything is known, a message is no newer than when it was listed."""
    home.receive("Now")
    await home.poll()
    (event,) = home.events
    assert datetime.fromisoformat(event.date).timestamp() <= home.now
    assert last_date(home).timestamp() <= home.now
    sent = home.account.inbox[-1].date.replace(microsecond=0)
    await send(home, 3)
    assert last_date(home) == sent


async def test_events_in_order_before_anything_is_known(home: Home) -> None:
    """Messages that seem to be of the future keep their order."""
    base = sent_ago(home, minutes=10)
    for minute in (3, 1, 2):
        home.receive(f"{minute}", date=base + timedelta(minutes=minute))
    await home.poll()
    assert home.texts == ["1", "2", "3"]
    assert [m["text"] for m in await home.messages()] == ["3", "2", "1"]


async def test_known_after_a_restart(home: Home) -> None:
    """What was learned is kept, and so is half of it."""
    date = sent_ago(home, hours=12)
    home.receive("Early", date=date)
    await home.poll()
    await send(home, 2)
    await home.restart()
    await send(home, 1)
    assert last_date(home) == date
    await home.restart()
    newer = sent_ago(home, hours=1)
    home.receive("Late", date=newer)
    await home.poll()
    assert await dates(home) == {"Early": date, "Late": newer}


async def test_dated_anew_at_a_start(home: Home) -> None:
    """A stop just after it was learned leaves nothing with a wrong time."""
    date = sent_ago(home, hours=12)
    home.receive("Early", date=date)
    await home.poll()
    before = home.snapshot_storage()
    await send(home, 3)
    assert last_date(home) == date
    (traits,) = home.stored("SELECT value FROM meta WHERE key = 'portal'")
    await home.restart(before)
    assert last_date(home) == date + timedelta(hours=9)
    await send(home, 3)
    assert home.stored("SELECT value FROM meta WHERE key = 'portal'") != [traits]
    assert last_date(home) == date


async def test_option_is_changed(home: Home, hass: HomeAssistant) -> None:
    """What is kept is dated by the option that is set, and by none again."""
    date = sent_ago(home, hours=12)
    home.receive("Early", date=date)
    await home.poll()
    for zone, hours in (("Africa/Lagos", 0), ("Asia/Kathmandu", -4.75), (None, 9)):
        options = {"country": "US"} | ({"time_zone": zone} if zone else {})
        hass.config_entries.async_update_entry(home.entry, options=options)
        await home.settle()
        assert (await dates(home))["Early"] == date + timedelta(hours=hours)
        assert last_date(home) == date + timedelta(hours=hours)


async def test_zone_of_the_home_is_changed(home: Home, hass: HomeAssistant) -> None:
    """As long as Home Assistant's zone is assumed, a change of it counts."""
    date = sent_ago(home, hours=12)
    home.receive("Early", date=date)
    await home.poll()
    await hass.config.async_update(time_zone="Europe/Paris")
    await home.settle()
    assert last_date(home) == date
    await hass.config.async_update(time_zone="US/Pacific")
    await home.settle()
    assert last_date(home) == date + timedelta(hours=9)


async def test_order_of_conversations(
    home: Home, hass: HomeAssistant, hass_ws_client: WebSocketGenerator
) -> None:
    """The card lists sent and received messages in the order in which they happened."""
    home.receive("Hello", sender=BORIS.lstrip("+"), date=sent_ago(home, hours=2))
    await home.poll()
    await send(home)
    socket = await hass_ws_client(hass)

    async def listed() -> list[str]:
        await socket.send_json_auto_id({"type": "smskit/messages/list"})
        answer = await socket.receive_json()
        return [one["number"] for one in answer["result"]["conversations"]]

    # What was sent is newer than whatever came before it.
    assert await listed() == [ANNA, BORIS]
    home.receive("Hi", sender=CARLA.lstrip("+"), date=sent_ago(home, hours=10))
    await home.poll()
    home.receive("Hello?", sender=BORIS.lstrip("+"), date=sent_ago(home, hours=8))
    await home.poll()
    # By the time of California, Carla wrote an hour ago, and Boris just now.
    assert await listed() == [BORIS, ANNA, CARLA]
    await socket.send_json_auto_id({"type": "smskit/messages/subscribe"})
    assert (await socket.receive_json())["success"]
    await send(home, 2)
    while (await socket.receive_json())["event"]["kind"] != "changed":
        pass
    await socket.close()
    socket = await hass_ws_client(hass)
    assert await listed() == [ANNA, BORIS, CARLA]
    conversations = home.stored(
        "SELECT peer, count, last_date FROM conversations ORDER BY last_date DESC"
    )
    assert [(number, count) for number, count, _ in conversations] == [
        (ANNA, 3),
        (BORIS, 2),
        (CARLA, 1),
    ]


async def test_portal_is_set_to_another_zone(home: Home) -> None:
    """After a change at the portal, new messages are right, and old ones stay so."""
    await send(home, 3)
    old = sent_ago(home, minutes=1)
    home.receive("Old", date=old)
    await home.poll()
    assert await dates(home) == {"Old": old}
    home.portal.state.zone = ZoneInfo("Asia/Kathmandu")
    home.clock.tick(3600)
    between = sent_ago(home, seconds=5)
    home.receive("Between", date=between)
    await home.poll()
    await send(home, 3)
    new = sent_ago(home, seconds=5)
    home.receive("New", date=new)
    await home.poll()
    found = await dates(home)
    assert {key: found[key] for key in ("Old", "Between", "New")} == {
        "Old": old,
        "Between": between,
        "New": new,
    }


async def test_daylight_saving_at_the_portal(home: Home) -> None:
    """Winter and summer time are learned in turn, and each message keeps its own."""
    home.portal.state.zone = ZoneInfo("Europe/Paris")
    await send(home, 3)
    winter = sent_ago(home, hours=3)
    home.receive("Winter", date=winter)
    await home.poll()
    await home.skip(HALF_A_YEAR)
    await send(home, 3)
    summer = sent_ago(home, hours=3)
    home.receive("Summer", date=summer)
    await home.poll()
    assert await dates(home) == {"Winter": winter, "Summer": summer}


async def test_same_zone_as_the_home(home: Home, hass: HomeAssistant) -> None:
    """In Home Assistant's own zone, all is right at once after the clocks change."""
    await hass.config.async_update(time_zone="Europe/Paris")
    home.portal.state.zone = ZoneInfo("Europe/Paris")
    await send(home, 3)
    await home.skip(HALF_A_YEAR)
    summer = sent_ago(home, hours=3)
    home.receive("Summer", date=summer)
    await home.poll()
    assert await dates(home) == {"Summer": summer}


async def test_scheduled_messages_show_no_time(home: Home, hass: HomeAssistant) -> None:
    """An answer about a message for later may have the time of the message."""
    hass.config_entries.async_update_entry(
        home.entry, options={"country": "US", "time_zone": "Africa/Lagos"}
    )
    await home.settle()
    answer = (
        '{"request": "sendsms", "status": "queued", "group_id": "77%d", '
        '"date": "2027-02-11 03:00:00"}'
    )
    for n in range(3):
        home.portal.fail(FaultKind.NOT_JSON, "sendsms", times=1, text=answer % n)
        await home.call(
            "send_message",
            numbers=[ANNA],
            message=f"For later {n}",
            schedule="2027-02-11T02:00:00+00:00",
        )
    assert home.stored("SELECT value FROM meta WHERE key = 'portal'") == []


async def test_message_without_a_time(home: Home) -> None:
    """What the portal gave no time keeps the time at which it was listed."""
    answer = (
        '{"request": "getinbox", "status": "success", "inbox": [{"id": "1", '
        f'"from": "{PHONE}", "to": "1", "message": "No time", "date": ""}}]}}'
    )
    home.portal.fail(FaultKind.NOT_JSON, "getinbox", times=1, text=answer)
    await home.poll()
    (event,) = home.events
    await send(home, 3)
    assert last_date(home).isoformat() == event.date


async def test_zone_of_the_user(home: Home) -> None:
    """Where a user has set another zone, what is listed is in that, and so is this."""
    home.account.time_zone = "Asia/Kathmandu"
    date = sent_ago(home, hours=12)
    home.receive("Early", date=date)
    await home.poll()
    for _ in range(3):
        await send(home)
        # The status of the group is asked for soon after.
        await home.advance(10)
    assert last_date(home) == date
    later = datetime.fromtimestamp(home.now, UTC) + timedelta(hours=2)
    await home.call(
        "send_message", numbers=[ANNA], message="Soon", schedule=later.isoformat()
    )
    schedule = home.portal.ledger[-1].schedule
    assert schedule is not None
    assert abs(schedule - later) < timedelta(seconds=1)


async def test_old_group_shows_no_time(home: Home) -> None:
    """The status of a message that was accepted long ago is of any time."""
    await send(home)
    group_id = home.portal.ledger[-1].group_id
    await home.skip(timedelta(hours=1))
    for _ in range(3):
        await home.call("get_message_status", group_id=group_id)
    (kept,) = home.stored("SELECT value FROM meta WHERE key = 'portal'")
    assert '"listed_offset_periods": []' in kept[0]
