"""What comes late is marked as such, whatever any clock says."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from homeassistant.config_entries import ConfigEntryDisabler
import pytest

from tests.conftest import ANNA

from .home import DAY, POLL, Home
from .test_identity import ZONES

_faulty = pytest.mark.expected_log("Error fetching 127.0.0.1 inbox")
_away = pytest.mark.expected_log("Error fetching 127.0.0.1")
_hourly = pytest.mark.parametrize(
    "options", [{"country": "US", "inbox_interval": 3600}], ids=["hourly"]
)
HOURS = (-48, -5, -2, 2, 5, 48)


def _late(home: Home) -> dict[str, bool]:
    """Return which messages were published as late."""
    assert len(home.texts) == len(set(home.texts))
    return {event.text: event.backlog for event in home.events}


async def _assert_that_was_late(home: Home) -> None:
    """Fail unless "open" was late, and what comes from now on is not."""
    await _listed(home, "open again")
    assert _late(home) == {"open": True, "open again": False}


async def _listed(home: Home, text: str, date: datetime | None = None) -> None:
    """Let a message come, and the next poll list it."""
    home.receive(text, date=date)
    await home.poll()


def _receive(home: Home, text: str, **ago: float) -> None:
    date = home.portal.state.now() - timedelta(**ago)
    home.receive(text, sender=ANNA[1:], date=date)


class TestOutage:
    """The portal cannot be reached, or does not list, for a while."""

    @_away
    @pytest.mark.parametrize("minutes", [4, 20, 120])
    @pytest.mark.parametrize("kind", ["http_500", "cut", "html_page", "refuse"])
    async def test_long(self, home: Home, kind: str, minutes: int) -> None:
        """Whatever comes with the first listing after it is late; then nothing is."""
        if kind == "refuse":
            await home.portal.refuse()
        else:
            home.portal.fail(kind, "getinbox", processed=True)
        await home.advance(minutes * 30)
        home.receive("open")
        await home.advance(minutes * 30)
        home.receive("and close")
        home.portal.clear_faults()
        await home.portal.accept()
        await home.advance(65)
        home.receive("open again")
        await home.advance(65)
        await home.poll(DAY)
        assert _late(home) == {"open": True, "and close": True, "open again": False}

    @_faulty
    @pytest.mark.parametrize("failures", [1, 2])
    @pytest.mark.parametrize("kind", ["http_500", "cut", "html_page"])
    async def test_short(self, home: Home, kind: str, failures: int) -> None:
        """A poll or two that fail make nothing late."""
        home.receive("open")
        home.portal.fail(kind, "getinbox", times=failures, processed=True)
        await home.advance(31 * (failures + 1))
        assert home.portal.faults[0].hits == failures
        assert _late(home) == {"open": False}

    @_away
    async def test_reload_meanwhile(self, home: Home) -> None:
        """A reload does not end an outage."""
        await home.portal.refuse()
        await home.advance(3600)
        home.receive("open")
        await home.reload()
        await home.advance(3600)
        await home.portal.accept()
        await home.reload()
        await _assert_that_was_late(home)

    async def test_slept(self, home: Home) -> None:
        """A machine that slept has the same gap."""
        home.receive("open")
        await home.skip(timedelta(hours=2))
        await _assert_that_was_late(home)

    async def test_disabled(self, home: Home) -> None:
        """An account that was disabled was not looked at."""
        entries = home.hass.config_entries
        user = ConfigEntryDisabler.USER
        await entries.async_set_disabled_by(home.entry.entry_id, user)
        home.receive("open")
        await home.advance(7200)
        await entries.async_set_disabled_by(home.entry.entry_id, None)
        await home.settle()
        await _assert_that_was_late(home)

    @_hourly
    async def test_rare_polls(self, home: Home) -> None:
        """What waits for a poll as long as that takes is not late."""
        for n in range(3):
            home.receive(f"open {n}")
            await home.advance(3601)
        assert _late(home) == {"open 0": False, "open 1": False, "open 2": False}


class TestClock:
    """Home Assistant's clock is wrong, or the zone of the portal is."""

    @pytest.mark.parametrize("hours", HOURS)
    async def test_at_the_start(self, home: Home, hours: int) -> None:
        """What came before a start is late; what comes after is not."""
        # The portal stands on the same clock, so dates are given by what is right.
        right = home.portal.state.now()
        await home.stop()
        home.receive("open", date=right)
        home.clock.set(right + timedelta(hours=hours))
        await home.restart()
        await _listed(home, "while it is wrong", date=right + POLL)
        home.clock.set(right + POLL)
        await _listed(home, "when it is right", date=right + 2 * POLL)
        assert _late(home) == {
            "open": True,
            "while it is wrong": False,
            "when it is right": False,
        }

    @pytest.mark.parametrize("hours", HOURS)
    async def test_while_running(self, home: Home, hours: int) -> None:
        """A clock that is set makes nothing late, and nothing that is late fresh."""
        right = home.portal.state.now()
        await _listed(home, "one", date=right)
        home.clock.set(right + timedelta(hours=hours))
        await _listed(home, "two", date=right + POLL)
        home.clock.set(right + 2 * POLL)
        home.receive("old", date=right - timedelta(hours=2))
        await _listed(home, "three", date=right + 2 * POLL)
        assert _late(home) == {
            "one": False,
            "two": False,
            "old": True,
            "three": False,
        }

    @pytest.mark.parametrize("zone", ZONES)
    async def test_wrong_option(self, home: Home, zone: str) -> None:
        """The option does not decide."""
        await home.stop()
        _receive(home, "before", minutes=1)
        home.hass.config_entries.async_update_entry(
            home.entry, options={"country": "US", "time_zone": zone}
        )
        await home.restart()
        await _listed(home, "after")
        assert _late(home) == {"before": True, "after": False}


class TestDated:
    """A message is dated before one that was listed earlier."""

    @pytest.mark.parametrize("ago", [{"seconds": 32}, {"hours": 2}, {"days": 400}])
    async def test_delayed(self, home: Home, ago: dict[str, float]) -> None:
        """It was on its way for long, and is late, alone and beside others."""
        await _listed(home, "known")
        _receive(home, "old", **ago)
        await _listed(home, "new")
        _receive(home, "older", **ago)
        await home.poll()
        await _listed(home, "newer")
        await home.poll(DAY)
        assert _late(home) == {
            "known": False,
            "old": True,
            "new": False,
            "older": True,
            "newer": False,
        }

    @pytest.mark.parametrize("zone", ZONES)
    async def test_all_dates_move(self, home: Home, zone: str) -> None:
        """After a change of the zone, what is new looks old, and is not."""
        await _listed(home, "known")
        home.portal.state.zone = ZoneInfo(zone)
        await _listed(home, "new")
        await _listed(home, "newer")
        _receive(home, "old", minutes=2)
        await home.poll()
        assert _late(home) == {
            "known": False,
            "new": False,
            "newer": False,
            "old": True,
        }

    async def test_no_listing_of_all(self, home: Home) -> None:
        """Where that is needed, and the portal does not give it, it is late."""
        await _listed(home, "known")
        _receive(home, "old", hours=1)
        unread = home.portal.fail("slow", "getinbox", times=1, seconds=0)
        full = home.portal.fail("http_500", "getinbox", times=1)
        await home.poll()
        assert unread.hits == full.hits == 1
        assert _late(home) == {"known": False, "old": True}

    @pytest.mark.parametrize(
        ("ahead", "sends"), [({"days": 2}, 0), ({"days": 9999}, 0), ({"hours": 1}, 3)]
    )
    async def test_in_the_future(
        self, home: Home, ahead: dict[str, float], sends: int
    ) -> None:
        """A date in the future does not make everything late from then on."""
        for n in range(sends):
            # The answers show the portal's zone.
            home.clock.tick(1)
            await home.call("send_message", numbers=[ANNA], message=f"{n}")
        await _listed(home, "future", date=home.portal.state.now() + timedelta(**ahead))
        await _listed(home, "now")
        assert _late(home) == {"future": False, "now": False}

    @pytest.mark.parametrize("sender", [ANNA, "+447700900555"])
    async def test_made_up(self, home: Home, sender: str) -> None:
        """No stranger makes commands late by a date in the text or of a copy."""
        date = f"{home.portal.state.now() + timedelta(hours=10):%Y-%m-%d %H:%M:%S}"
        text = (
            f'x", "date": "{date}" }}, {{ "id": "302", "from": "{sender[1:]}", '
            f'"to": "{home.account.number}", "message": "y", "date": "{date}" }}, '
            '{ "id": "303", "from": "447700900555", "to": "1", "message": "z'
        )
        home.receive(text, sender="447700900555")
        await home.poll()
        home.receive("open", sender=ANNA[1:])
        await home.poll()
        await home.restart()
        home.receive("open again", sender=ANNA[1:])
        await home.poll()
        late = [event.backlog for event in home.events if event.text[:4] == "open"]
        assert late == [False, False]

    async def test_other_number(self, home: Home) -> None:
        """What comes to another number may be dated by another clock."""
        home.receive("known", to="447700900777")
        await home.poll()
        _receive(home, "to us", hours=1)
        await home.poll()
        assert _late(home) == {"known": False, "to us": False}


class TestReadElsewhere:
    """Another client reads a message before Home Assistant does."""

    @_hourly
    async def test_daily_listing(self, home: Home) -> None:
        """What only the daily listing of all finds is late; the unread are not."""
        hour = timedelta(seconds=3601)
        home.receive("elsewhere").read = True
        for _ in range(23):
            await home.poll(hour)
        assert home.events == []
        home.receive("here")
        await home.poll(hour)
        lists = [request.parameters["list"] for request in home.listings[-3:]]
        assert lists == ["unread", "all", "unread"]
        assert _late(home) == {"elsewhere": True, "here": False}

    @_faulty
    async def test_after_a_lost_answer(self, home: Home) -> None:
        """The listing of all finds what was lost, and what is older than known."""
        home.receive("elsewhere").read = True
        await home.poll()
        await _listed(home, "known")
        home.receive("lost")
        home.portal.fail("cut", "getinbox", times=1, processed=True)
        await home.poll()
        await home.poll()
        assert _late(home) == {"known": False, "elsewhere": True, "lost": False}
