"""A message stays the same when the portal shows it with another time."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import ANNA, BORIS
from tests.portal import Spelling

from .home import DAY, Home

# The portal is in Lagos until then, an hour ahead of UTC.
ZONES = [
    "Africa/Nairobi",
    "UTC",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "America/St_Johns",
    "US/Pacific",
    "Pacific/Kiritimati",
    "Etc/GMT+12",
]


@pytest.fixture(params=[True, False], ids=["ids", "no-ids"])
def has_id(request: pytest.FixtureRequest) -> bool:
    """Return whether the portal has ids."""
    return bool(request.param)


def _receive(home: Home, *texts: str, has_id: bool, sender: str = ANNA) -> None:
    for text in texts:
        message = home.receive(text, sender=sender[1:])
        if not has_id:
            message.id = ""


def _list_as_unread(home: Home) -> None:
    for message in home.account.inbox:
        message.read = False


@pytest.mark.parametrize("zone", ZONES)
async def test_dates_move(home: Home, zone: str, has_id: bool) -> None:
    """What was told is told once, whatever the zone; what is new is told, too."""
    _receive(home, "open", "open", "close", has_id=has_id)
    _receive(home, "open", has_id=has_id, sender=BORIS)
    await home.poll()
    assert home.texts == ["open", "open", "close", "open"]
    home.portal.state.zone = ZoneInfo(zone)
    await home.poll(DAY)
    await home.restart()
    await home.poll()
    assert len(home.events) == 4
    _receive(home, "open", has_id=has_id)
    await home.poll()
    await home.poll(DAY)
    assert home.texts[4:] == ["open"]
    home.portal.state.zone = ZoneInfo("Africa/Lagos")
    await home.poll(DAY)
    assert len(home.events) == 5
    assert len(await home.messages()) == 5


@pytest.mark.parametrize("zone", ZONES)
async def test_dates_move_where_nothing_is_marked_as_read(
    home: Home, zone: str, has_id: bool
) -> None:
    """A portal that goes on listing what was read tells nothing twice, either."""
    _receive(home, "open", has_id=has_id)
    await home.poll()
    _list_as_unread(home)
    await home.poll()
    _list_as_unread(home)
    home.account.time_zone = zone
    await home.poll()
    assert home.texts == ["open"]
    home.clock.tick(7)
    _receive(home, "open", has_id=has_id)
    _list_as_unread(home)
    await home.poll()
    assert home.texts == ["open", "open"]


async def test_date_goes_and_comes(home: Home) -> None:
    """A message is the same one with and without a date."""
    answer = (
        '{"request": "getinbox", "status": "success", "inbox": [{"id": "1", '
        '"from": "447700900123", "to": "1", "message": "open", "date": "%s"}]}'
    )
    for date in "", "2027-02-10 13:00:00", "0000-00-00 00:00:00", "yesterday":
        text = answer % date
        home.portal.fail("not_json", "getinbox", times=1, text=text)
        await home.poll()
    assert home.texts == ["open"]


@pytest.mark.parametrize("days", [1, 2, 30])
@pytest.mark.parametrize(
    ("text", "sender"), [("open", ANNA), ("close", ANNA), ("open", BORIS)]
)
async def test_ids_start_anew(home: Home, days: int, text: str, sender: str) -> None:
    """An id that comes again after days is another message, the same text included."""
    home.receive("open", sender=ANNA[1:], id="1")
    await home.poll()
    home.account.inbox.clear()
    await home.poll(timedelta(days=days, hours=3, seconds=31))
    home.receive(text, sender=sender[1:], id="1")
    await home.poll()
    await home.poll(DAY)
    assert home.texts == ["open", text]


@pytest.mark.parametrize("minutes", [15, 60, 90])
async def test_same_text_without_ids_after_whole_quarters(
    home: Home, minutes: int
) -> None:
    """The same text at the same second of another hour is another message."""
    date = home.portal.state.now()
    for n in range(3):
        home.receive("status", date=date + n * timedelta(minutes=minutes)).id = ""
        await home.poll(timedelta(minutes=minutes))
    await home.poll(DAY)
    await home.restart()
    assert home.texts == ["status"] * 3


async def test_made_up_copy_of_a_known_message(home: Home) -> None:
    """A text that ends like a known message of another time lends nobody trust."""
    home.portal.spelling = Spelling.HANDWRITTEN
    stranger = "447700900555"
    home.receive("hi", sender=stranger, id="5")
    await home.poll()
    date = home.portal.state.now() - timedelta(hours=1)
    record = '", "date": "%s" }, { "id": "%s", "from": "%s", "to": "1", "message": "%s'
    home.receive(
        "x"
        + record % (f"{date:%Y-%m-%d %H:%M:%S}", "5", stranger, "hi")
        + record % (f"{date:%Y-%m-%d %H:%M:%S}", "9", ANNA[1:], "open"),
        sender=stranger,
    )
    await home.poll()
    assert [e.text for e in home.events if e.trusted] == []
