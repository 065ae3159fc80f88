"""What goes wrong with looking at channels: it shows, and is got over."""

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.helpers import issue_registry as ir
import pytest

from tests.portal import Channel, FaultKind

from .fault_kinds import HARMLESS, REFUSALS, UNCERTAIN
from .home import CONNECTED, DEVICE_STATUS, PAIRING_QR, Home


@pytest.mark.expected_log("Error fetching 127.0.0.1 channels data")
@pytest.mark.parametrize("kind", [*REFUSALS, *UNCERTAIN])
async def test_list_fails(office: Channel, new_home: Home, kind: FaultKind) -> None:
    """While channels cannot be listed they are unavailable, and back by themselves."""
    home = new_home
    home.portal.fail(kind, "listchannel")
    await home.pass_time(290)
    await home.pass_time(60)
    assert home.state(CONNECTED) == STATE_UNAVAILABLE
    assert "No answer" in (await home.look()).text
    home.portal.clear_faults()
    await home.advance(300.5)
    assert home.state(CONNECTED) == STATE_ON


@pytest.mark.parametrize("kind", [*REFUSALS, *UNCERTAIN])
async def test_view_fails(office: Channel, new_home: Home, kind: FaultKind) -> None:
    """While a channel cannot be viewed it is unavailable; it is back by itself."""
    home = new_home
    home.portal.fail(kind, "viewchannel")
    await home.pass_time(290)
    await home.pass_time(60)
    assert home.state(CONNECTED) == STATE_UNAVAILABLE
    assert home.shown(PAIRING_QR).state != STATE_UNAVAILABLE
    home.portal.clear_faults()
    await home.advance(300.5)
    assert home.state(CONNECTED) == STATE_ON


@pytest.mark.parametrize("operation", ["listchannel", "viewchannel"])
@pytest.mark.parametrize("kind", HARMLESS)
async def test_reading_dressed_answers(
    office: Channel, new_home: Home, operation: str, kind: FaultKind
) -> None:
    """However an answer is dressed, it is read as if it were not."""
    home = new_home
    home.portal.fail(kind, operation, seconds=3)
    await home.pass_time(290)
    await home.pass_time(30)
    assert home.portal.faults[0].hits > 0
    assert home.state(CONNECTED) == STATE_ON
    assert home.state("sensor.office_plan") == "pro"
    assert home.labels == ["Office"]


@pytest.mark.parametrize("word", ["hibernating", "", "SESSION ACTIVE", "Logged Out"])
async def test_words_of_the_portal(
    office: Channel, new_home: Home, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A status is shown as it came; what one that nobody knows means is unknown."""
    home = new_home
    home.portal.fail(
        FaultKind.NOT_JSON,
        "viewchannel",
        text='{"request":"viewchannel","status":"success","channel_id":'
        f'"{office.channel_id}","gateway_id":"501","device_status":"{word}"}}',
    )
    await home.advance(900.5)
    assert home.state(DEVICE_STATUS) == (word or "unknown")
    known = {"SESSION ACTIVE": STATE_ON, "Logged Out": STATE_OFF}
    assert home.state(CONNECTED) == known.get(word, STATE_UNKNOWN)
    # Nor is it a loss.
    lost = [i for i in ir.async_get(home.hass).issues if "channel_lost" in i[1]]
    assert len(lost) == (word == "Logged Out")
    noted = [m for m in caplog.messages if "Unknown device status" in m]
    assert len(noted) == (1 if word in {"hibernating", ""} else 0)
