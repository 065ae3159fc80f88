"""A portal that has no time is asked again; one that is not itself gets no message."""

from typing import Any, Final

from homeassistant.exceptions import HomeAssistantError
import pytest

from tests.conftest import ANNA, BORIS, CARLA
from tests.portal import Channel

from .home import NO_LIMIT, Home

_LATER: Final = pytest.mark.parametrize("status", [429, 503])
# What polling logs while the portal answers something else.
_AWAY: Final = pytest.mark.expected_log("Error fetching")


@_LATER
@pytest.mark.parametrize("retry_after", [None, "30"])
async def test_held_and_sent(home: Home, status: int, retry_after: str | None) -> None:
    """What the portal has no time for is held, and leaves once."""
    home.portal.fail("http_status", "sendsms", status=status, retry_after=retry_after)
    (outcome,) = await home.send(ANNA)
    assert outcome["status"] == "held"
    assert outcome["reason_code"] == "busy"
    assert f"HTTP {status}" in outcome["reason"]
    await home.notify("notify.family", "To all")
    assert home.totals == (0, 0, 3)
    home.portal.clear_faults()
    await home.advance(70)
    assert home.texts == ["Hello", "To all", "To all"]
    assert home.published(ANNA) == ["held", "held", "queued", "queued"]


@_LATER
async def test_patience(home: Home, status: int) -> None:
    """For as long as the portal asks, it gets nothing, old or new."""
    home.portal.fail(
        "http_status", "sendsms", status=status, retry_after="120", times=1
    )
    start = home.now
    assert await home.statuses(ANNA) == ["held"]
    await home.advance(60)
    assert await home.statuses(BORIS) == ["held"]
    await home.advance(59)
    assert len(home.requests()) == 1
    await home.advance(5)
    sent = [entry.time.timestamp() - start for entry in home.portal.ledger]
    assert [e.to for e in home.portal.ledger] == [ANNA[1:], BORIS[1:]]
    assert sent == pytest.approx([120, 120], abs=2)


async def test_patience_after_a_failed_probe(home: Home) -> None:
    """The answer to another operation asks for patience, too."""
    home.portal.fail("http_status", status=429, retry_after="300", times=1)
    home.portal.fail("http_status", "balance", status=503, retry_after="60", times=1)
    start = home.now
    assert await home.statuses(ANNA) == ["held"]
    await home.advance(359)
    assert home.portal.ledger == []
    await home.advance(5)
    (entry,) = home.portal.ledger
    assert entry.time.timestamp() - start == pytest.approx(360, abs=3)


async def test_what_may_not_be_held(home: Home) -> None:
    """What may not be held is tried all the same, and fails, or goes."""
    home.portal.fail("http_status", "sendsms", status=429, retry_after="600")
    with pytest.raises(HomeAssistantError, match="HTTP 429"):
        await home.send(ANNA, expires_in=0)
    home.portal.clear_faults()
    assert await home.statuses(ANNA, expires_in=0) == ["queued"]
    # So the portal has time again.
    assert await home.statuses(BORIS) == ["queued"]


@pytest.mark.parametrize("options", [{**NO_LIMIT, "hold_hours": 1}])
async def test_many_at_once(home: Home) -> None:
    """Of many messages at once none is lost, and each leaves once."""
    home.portal.fail("http_status", "sendsms", status=429, retry_after="20", times=3)
    numbers = [f"+120255501{index:02}" for index in range(40)]
    for number in numbers:
        assert await home.statuses(number) in (["held"], ["queued"])
    await home.advance(120)
    assert home.accepted(by=lambda entry: f"+{entry.to}") == dict.fromkeys(numbers, 1)


@pytest.mark.parametrize("text", ["Backend fetch failed", "Guru Meditation", "Timeout"])
@pytest.mark.parametrize("processed", [False, True])
async def test_handed_on(home: Home, text: str, *, processed: bool) -> None:
    """A gateway that waited in vain says 503, too: that may have been sent."""
    home.portal.fail("http_status", "sendsms", text=text, processed=processed, times=1)
    assert await home.statuses(ANNA) == ["unknown"]
    await home.advance(600)
    assert len(home.portal.ledger) == processed


async def test_busy_but_taken(home: Home) -> None:
    """What has a group was taken, whatever the status says."""
    text = '{"request":"sendsms","status":"queued","group_id":"1001"}'
    home.portal.fail("http_status", "sendsms", text=text, processed=True, times=1)
    (outcome,) = await home.send(ANNA)
    assert (outcome["status"], outcome["group_id"]) == ("unknown", "1001")
    home.portal.deliver("sent")
    await home.advance(6)
    assert home.published() == ["unknown", "sent"]
    assert len(home.portal.ledger) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 422])
async def test_turned_away(home: Home, status: int) -> None:
    """Any other error of the client's is a refusal: nothing was sent, and it fails."""
    home.portal.fail("http_status", "sendsms", status=status, times=1)
    with pytest.raises(HomeAssistantError, match=f"HTTP {status}") as raised:
        await home.send(ANNA, BORIS)
    assert raised.value.translation_key == "not_sent"
    assert len(home.requests()) == 1
    # So it may be sent again at once.
    assert await home.statuses(ANNA, BORIS) == ["queued"] * 2


# What is not an answer of this API, and what became of the one message it is met by.
_NOT_THE_PORTAL: Final[tuple[tuple[str, dict[str, Any], str], ...]] = (
    ("html_page", {}, "unknown"),
    ("not_json", {}, "unknown"),
    ("empty_body", {}, "unknown"),
    ("reset", {}, "unknown"),
    ("http_500", {}, "unknown"),
    ("redirect", {}, "unknown"),
    ("http_status", {"status": 404}, "failed"),
    ("http_status", {"status": 403}, "failed"),
    ("http_status", {"status": 503}, "held"),
)


@_AWAY
@pytest.mark.parametrize(("kind", "more", "becomes"), _NOT_THE_PORTAL)
async def test_held_messages_are_not_used_up(
    home: Home, kind: str, more: dict[str, Any], becomes: str
) -> None:
    """A page in the place of the portal meets one message, and then the balance."""
    await home.refuse()
    texts = [f"Text {index}" for index in range(6)]
    for text in texts:
        assert await home.statuses(ANNA, message=text) == ["held"]
    home.portal.fail(kind, **more)
    await home.portal.accept()
    await home.advance(1200)
    assert home.requests() == []
    # A new one finds out for itself.
    try:
        (status,) = await home.statuses(BORIS)
    except HomeAssistantError:
        status = "failed"
    assert status == becomes
    assert len(home.requests()) == 1
    await home.advance(600)
    assert len(home.requests()) == 1
    assert home.published(ANNA) == ["held"] * 6
    home.portal.clear_faults()
    await home.advance(120)
    assert [t for t in home.texts if t != "Hello"] == texts


async def test_one_is_met_where_sends_alone_are_broken(home: Home) -> None:
    """Where the balance is well and sends are not, held messages go at a slow pace."""
    await home.refuse()
    for index in range(6):
        await home.send(ANNA, message=f"Text {index}")
    home.portal.fail("html_page", "sendsms")
    await home.portal.accept()
    start = home.now
    await home.advance(60)
    sends = [r.time.timestamp() - start for r in home.requests()]
    assert sends == pytest.approx([1, 3, 7, 15, 31], abs=2)


@pytest.mark.parametrize("status", [404, 429, 503])
async def test_whatsapp(channel: Channel, home: Home, status: int) -> None:
    """What says nothing of WhatsApp is not followed by an SMS that costs, too."""
    home.portal.fail("http_status", "sendsms", status=status, times=1)
    if status == 404:
        with pytest.raises(HomeAssistantError):
            await home.send(CARLA, type="whatsapp")
        return
    assert await home.statuses(CARLA, type="whatsapp") == ["held"]
    await home.advance(70)
    assert [e.type for e in home.portal.ledger] == ["whatsapp"]
