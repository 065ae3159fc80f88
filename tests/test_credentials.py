"""Credentials that the portal refuses: doubted, believed, and taken again."""

from typing import Any, Final

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
import pytest

from tests.conftest import ANNA, API_TOKEN
from tests.home import OPTIONS, Home
from tests.portal import Account

POLLS: Final = ("balance", "getinbox", "listchannel")


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options with an inbox that is read every half a minute."""
    return OPTIONS | {"inbox_interval": 30}


def asks(home: Home) -> bool:
    """Return whether the user is asked for credentials."""
    return any(home.entry.async_get_active_flows(home.hass, {SOURCE_REAUTH}))


def count(home: Home, *operations: str) -> int:
    """Return how many requests there were since the last count."""
    number = len(home.requests(*operations))
    home.portal.requests.clear()
    return number


@pytest.mark.expected_log("Error fetching")
@pytest.mark.parametrize("operation", ["balance", "getinbox", "*"])
@pytest.mark.parametrize("words", ["Invalid user", "API access disabled"])
async def test_refused_once(home: Home, operation: str, words: str) -> None:
    """A refusal that passes stops nothing and asks for nothing."""
    home.portal.fail("refused_error", operation, text=words)
    await home.advance(310)
    home.portal.clear_faults()
    if operation != "*":
        assert not asks(home)
    await home.advance(910)
    assert not asks(home)
    assert home.entry.state is ConfigEntryState.LOADED
    assert home.state("sensor.127_0_0_1_balance") == "100"
    home.portal.requests.clear()
    await home.advance(301)
    assert {r.operation for r in home.portal.requests} >= set(POLLS)


async def test_account_without_channels(home: Home) -> None:
    """An account may have no access to channels alone."""
    home.portal.fail("refused_error", "listchannel", text="Unauthorized")
    await home.advance(3600)
    assert not asks(home)


@pytest.mark.expected_log("Error fetching")
async def test_a_moment(home: Home, account: Account) -> None:
    """A portal that refuses for a moment is not believed."""
    account.api_enabled = False
    await home.advance(45)
    assert not asks(home)
    account.api_enabled = True
    await home.advance(60)
    account.api_enabled = False
    await home.advance(45)
    account.api_enabled = True
    await home.advance(3600)
    assert not asks(home)


@pytest.mark.expected_log("Error fetching")
async def test_believed(home: Home, account: Account) -> None:
    """What is refused again and again is believed, and asked for more slowly."""
    account.api_token = "another-token-of-the-tests"
    await home.advance(120)
    assert asks(home)
    assert home.entry.state is ConfigEntryState.LOADED
    assert home.state("sensor.127_0_0_1_balance") == STATE_UNAVAILABLE
    await home.advance(1000)
    home.portal.requests.clear()
    await home.advance(3600)
    assert 4 <= count(home, "getinbox") <= 5
    # It is taken again: nobody has to do anything.
    account.api_token = API_TOKEN
    home.portal.receive(account, ANNA[1:], "Hello")
    await home.advance(910)
    assert not asks(home)
    assert home.state("sensor.127_0_0_1_balance") == "100"
    assert home.state("sensor.127_0_0_1_unread_messages") == "1"
    count(home)
    await home.advance(300)
    assert count(home, "getinbox") >= 9


@pytest.mark.expected_log("Error fetching")
async def test_recipients_stay(home: Home, account: Account) -> None:
    """What is sent meanwhile is held, and leaves once the credentials are taken."""
    account.api_token = "another-token-of-the-tests"
    for _ in range(3):
        text = str(home.now)
        await home.hass.services.async_call(
            "notify",
            "send_message",
            {"entity_id": "notify.anna", "message": text},
            blocking=True,
        )
        await home.settle()
        assert home.state("sensor.127_0_0_1_messages_pending") != "0"
        assert home.state("notify.anna") != STATE_UNAVAILABLE
        await home.advance(300)
    assert asks(home)
    assert home.portal.ledger == []
    account.api_token = API_TOKEN
    await home.advance(910)
    assert len(home.portal.ledger) == 3
    texts = [float(entry.text) for entry in home.portal.ledger]
    assert texts == sorted(texts)
