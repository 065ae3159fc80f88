"""What could not leave is held, and leaves once, in order, when the portal is back."""

from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.exceptions import HomeAssistantError
import pytest

from tests.conftest import ANNA, API_KEY, API_TOKEN, BORIS
from tests.home import OPTIONS
from tests.portal import Account, Channel

from .home import NO_LIMIT, Home

# What polling logs while the portal is away, once for each thing that is polled.
_AWAY: Final = pytest.mark.expected_log("Error fetching")


def _ledger_times(home: Home, number: str) -> list[float]:
    return [e.time.timestamp() for e in home.portal.ledger if f"+{e.to}" == number]


async def test_held_and_delivered(home: Home) -> None:
    """What cannot leave is held, which is no error, and leaves once the portal is."""
    await home.refuse()
    (outcome,) = await home.send(ANNA)
    assert outcome["status"] == "held"
    assert outcome["group_id"] is None
    assert outcome["reason"].startswith("The portal cannot be reached: ")
    await home.notify("notify.family", "To all")
    assert home.totals == (0, 0, 3)
    assert home.requests() == []
    await home.portal.accept()
    await home.advance(5)
    assert home.texts == ["Hello", "To all", "To all"]
    assert home.published(ANNA) == ["held", "held", "queued", "queued"]
    assert home.published(BORIS) == ["held", "queued"]
    assert home.totals == (0, 0, 3)
    home.portal.deliver("sent")
    await home.advance(60)
    assert home.totals == (3, 0, 0)


async def test_order_per_number(home: Home) -> None:
    """Held messages reach each number in the order of their making."""
    await home.refuse()
    for index in range(4):
        await home.send(ANNA, message=f"Anna {index}")
        await home.send(BORIS, message=f"Boris {index}")
    await home.send(BORIS, ANNA, message="Both")
    await home.portal.accept()
    await home.advance(30)
    for name, number in (("Anna", ANNA), ("Boris", BORIS)):
        texts = [e.text for e in home.portal.ledger if f"+{e.to}" == number]
        assert texts == [f"{name} {index}" for index in range(4)] + ["Both"]


@pytest.mark.parametrize("options", [NO_LIMIT])
async def test_hundred_to_one_number_are_paced(home: Home) -> None:
    """A hundred held messages to one number leave as a stream of one a second."""
    await home.refuse()
    for index in range(100):
        assert await home.statuses(ANNA, message=str(index)) == ["held"]
    assert home.totals == (0, 0, 100)
    await home.portal.accept()
    await home.advance(130)
    assert home.texts == [str(index) for index in range(100)]
    times = _ledger_times(home, ANNA)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert min(gaps) >= 1
    # Nor does the stream dry up.
    assert max(gaps) <= 2


@pytest.mark.parametrize("options", [NO_LIMIT])
async def test_held_to_many_numbers_are_no_burst(home: Home) -> None:
    """Held messages to different numbers leave four a second at most."""
    await home.refuse()
    for index in range(40):
        await home.send(f"+120255501{index:02}")
    await home.portal.accept()
    await home.advance(30)
    times = [entry.time for entry in home.portal.ledger]
    assert len(times) == 40
    second = timedelta(seconds=1)
    assert all(sum(t <= time < t + second for time in times) <= 4 for t in times)


@_AWAY
async def test_expires(home: Home) -> None:
    """A message held for an hour expires, is reported so, and never leaves."""
    await home.refuse()
    await home.send(ANNA)
    await home.advance(3599)
    assert home.published() == ["held"]
    await home.advance(2)
    assert home.published() == ["held", "expired"]
    assert home.totals == (0, 1, 0)
    await home.portal.accept()
    await home.advance(300)
    assert home.texts == []
    assert home.stored_batches() == []


@_AWAY
async def test_expires_in(home: Home) -> None:
    """A call says itself for how long its message may be held."""
    await home.refuse()
    await home.send(ANNA, message="Short", expires_in={"minutes": 5})
    await home.send(BORIS, message="Long", expires_in=timedelta(hours=3))
    await home.advance(301)
    assert home.published(ANNA) == ["held", "expired"]
    await home.advance(2 * 3600)
    assert home.published(BORIS) == ["held"]
    await home.portal.accept()
    await home.advance(70)
    assert home.texts == ["Long"]


async def test_expires_in_nothing_raises(home: Home) -> None:
    """With `expires_in` of zero a message that cannot leave fails the action."""
    await home.refuse()
    with pytest.raises(HomeAssistantError) as raised:
        await home.send(ANNA, expires_in=0)
    assert raised.value.translation_key == "not_sent"
    assert home.published() == ["failed"]
    assert home.totals == (0, 1, 0)


@pytest.mark.parametrize("options", [{**OPTIONS, "hold_hours": 0}])
async def test_holding_off(home: Home) -> None:
    """With `hold_hours` of zero both ways to send raise at once, and nothing is held.

    What failed so may be sent again at once.
    """
    await home.refuse()
    with pytest.raises(HomeAssistantError, match="cannot be reached"):
        await home.send(ANNA)
    with pytest.raises(HomeAssistantError, match="cannot be reached"):
        await home.notify("notify.anna")
    assert home.totals == (0, 2, 0)
    await home.portal.accept()
    assert await home.statuses(ANNA) == ["queued"]
    await home.advance(300)
    assert home.texts == ["Hello"]


async def test_survives_reload(home: Home) -> None:
    """What is held leaves once after the account was loaded anew."""
    await home.refuse()
    await home.send(ANNA, message="One")
    await home.send(ANNA, message="Two")
    await home.portal.accept()
    await home.reload()
    assert home.total("pending") == 2
    await home.advance(10)
    assert home.texts == ["One", "Two"]
    assert home.published() == ["held", "held", "queued", "queued"]


async def test_survives_restart(home: Home) -> None:
    """What is held leaves once after everything stopped without a word."""
    await home.refuse()
    outcomes = await home.send(ANNA, BORIS)
    # Whoever was told "held" can rely on it: it is on disk by then.
    storage = home.snapshot_storage()
    assert [o["status"] for o in outcomes] == ["held", "held"]
    await home.portal.accept()
    await home.restart(storage)
    await home.advance(10)
    assert home.accepted(by=lambda e: e.to) == {ANNA[1:]: 1, BORIS[1:]: 1}
    await home.restart()
    await home.advance(60)
    assert len(home.portal.ledger) == 2


@_AWAY
async def test_restart_while_the_portal_is_away(home: Home) -> None:
    """After a restart without the portal, old and new wait together, in order."""
    await home.refuse()
    await home.send(ANNA, message="Before")
    await home.restart()
    assert home.total("pending") == 1
    assert await home.statuses(ANNA, message="After") == ["held"]
    await home.portal.accept()
    await home.advance(30)
    assert home.texts == ["Before", "After"]


async def test_expired_while_everything_stood_still(home: Home) -> None:
    """A message whose time ran out during a stop has expired, and is not sent."""
    await home.refuse()
    await home.send(ANNA)
    assert home.stored_batches()
    await home.stop()
    await home.portal.accept()
    await home.advance(3700)
    await home.start()
    assert home.published() == ["held", "expired"]
    assert home.texts == []


@pytest.mark.parametrize("processed", [False, True])
async def test_killed_while_it_left(home: Home, *, processed: bool) -> None:
    """What was on its way when everything stopped is unknown, and not sent again."""
    home.portal.fail("hang", "sendsms", processed=processed, times=1)
    task = home.hass.async_create_task(home.send(ANNA))
    await home.turn()
    storage = home.snapshot_storage()
    assert [batch["stage"] for batch in home.stored_batches()] == ["sending"]
    await home.pass_time(31)
    await task
    home.events.clear()
    await home.restart(storage)
    assert home.published() == ["unknown"]
    await home.advance(7200)
    assert len(home.portal.ledger) == int(processed)
    assert home.totals == (0, 0, 0)


async def test_backoff(home: Home) -> None:
    """After a long outage the portal is tried once a minute, and reported only once."""
    await home.refuse()
    await home.send(ANNA)
    # Tried after 1, 2, 4, 8, 16, 32 s and then every 60: at 63 s, and at 123 s.
    await home.advance(80)
    await home.portal.accept()
    await home.advance(35)
    assert home.texts == []
    await home.advance(15)
    assert home.texts == ["Hello"]
    assert home.published() == ["held", "queued"]


async def test_many_attempts_are_one_outage(home: Home) -> None:
    """However many messages cannot leave at once, the first wait is a short one."""
    await home.refuse()
    for index in range(20):
        await home.send(f"+120255501{index:02}")
    await home.portal.accept()
    await home.advance(2)
    assert home.texts


@_AWAY
async def test_backoff_ends_at_a_minute(home: Home) -> None:
    """However long the portal is away, what is held leaves within a minute."""
    await home.refuse()
    await home.send(ANNA)
    await home.advance(3000)
    await home.portal.accept()
    await home.advance(61)
    assert home.texts == ["Hello"]


async def test_nothing_is_asked_while_nothing_waits(home: Home) -> None:
    """Once all is delivered, nothing but the balance and the inbox is asked for."""
    await home.refuse()
    await home.send(ANNA)
    await home.portal.accept()
    await home.advance(2)
    home.portal.deliver("sent")
    await home.advance(10)
    assert home.totals == (1, 0, 0)
    before = len(home.requests()), len(home.requests("groupstatus"))
    assert before[0] == 1
    await home.advance(7200)
    assert (len(home.requests()), len(home.requests("groupstatus"))) == before


async def test_fresh_waits_behind_held(home: Home) -> None:
    """A message to a number goes behind what is held for it, and others pass it."""
    await home.refuse()
    await home.send(ANNA, message="First")
    await home.portal.accept()
    assert await home.statuses(ANNA, message="Second") == ["held"]
    assert home.texts == []
    outcomes = await home.send(ANNA, BORIS, message="Third")
    assert [(o["number"], o["status"]) for o in outcomes] == [
        (ANNA, "held"),
        (BORIS, "queued"),
    ]
    await home.advance(10)
    texts = [entry.text for entry in home.portal.ledger if entry.to == ANNA[1:]]
    assert texts == ["First", "Second", "Third"]


async def test_success_ends_the_backoff(home: Home) -> None:
    """A message that gets through brings what is held after it, without a wait."""
    await home.refuse()
    await home.send(ANNA, message="Held")
    await home.advance(40)
    await home.portal.accept()
    assert await home.statuses(BORIS, message="Fresh") == ["queued"]
    await home.settle()
    assert home.texts == ["Fresh", "Held"]


@pytest.mark.expected_log("Error fetching")
async def test_refused_credentials_keep_what_is_held(
    home: Home, account: Account
) -> None:
    """Held messages wait for the right credentials, which the user is asked for."""
    await home.refuse()
    await home.send(ANNA, message="One")
    await home.send(BORIS, message="Two")
    account.api_token = "another-token-of-the-tests"
    await home.portal.accept()
    await home.advance(600)
    flows = home.hass.config_entries.flow.async_progress()
    assert [flow["context"]["source"] for flow in flows] == [SOURCE_REAUTH]
    # The balance says so: no message is risked for it.
    assert home.requests() == []
    assert home.published() == ["held", "held"]
    assert home.totals == (0, 0, 2)
    account.api_token = "third-token-of-the-tests"
    await home.hass.config_entries.flow.async_configure(
        flows[0]["flow_id"],
        {"api_key": API_KEY, "api_token": "third-token-of-the-tests"},
    )
    await home.advance(5)
    assert home.texts == ["One", "Two"]


@pytest.mark.expected_log("Error fetching 127.0.0.1 balance data")
async def test_refused_credentials_hold_what_is_fresh(
    home: Home, account: Account
) -> None:
    """A message that meets a refusal of the credentials leaves once that is over."""
    account.api_token = "another-token-of-the-tests"
    (outcome,) = await home.send(ANNA, message="One")
    assert (outcome["status"], outcome["reason_code"]) == (
        "held",
        "credentials_refused",
    )
    with pytest.raises(HomeAssistantError, match="Invalid user"):
        await home.send(BORIS, message="Two", expires_in=0)
    account.api_token = API_TOKEN
    await home.advance(40)
    assert home.texts == ["One"]
    assert home.published(ANNA) == ["held", "queued"]
    assert not list(home.hass.config_entries.flow.async_progress())


async def test_refusal_of_what_was_held(home: Home, account: Account) -> None:
    """A held message that the portal then refuses has failed, and is not repeated."""
    await home.refuse()
    await home.send(ANNA, BORIS)
    account.senders = {"OTHER"}
    await home.portal.accept()
    await home.advance(120)
    assert len(home.requests()) == 1
    assert home.published() == ["held", "held", "failed", "failed"]
    assert [e.code for e in home.events] == [
        *["not_reachable"] * 2,
        *["refused"] * 2,
    ]
    assert home.totals == (0, 2, 0)


async def test_public_media_are_kept(channel: Channel, home: Home) -> None:
    """The address of a medium is held with its message, across a restart too."""
    await home.refuse()
    medium: dict[str, Any] = {"media": "https://example.com/door.jpg"}
    assert await home.statuses(ANNA, type="whatsapp", **medium) == ["held"]
    await home.portal.accept()
    await home.restart()
    await home.advance(5)
    assert [(e.type, e.file) for e in home.portal.ledger] == [
        ("whatsapp", "https://example.com/door.jpg")
    ]
