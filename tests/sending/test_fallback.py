"""WhatsApp, and SMS where WhatsApp was refused, never where nobody knows."""

from typing import Any, Final

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from tests.conftest import (
    ANNA,
    API_TOKEN,
    BORIS,
    CARLA,
    recipient_data,
)
from tests.portal import Account, Channel, Portal
from tests.portal.words import RecipientState

from .home import Home

DORA: Final = "+447700900145"
# Known at the portal only, unless Home Assistant looks again.
_REFUSAL = "WhatsApp channel not connected"


@pytest.fixture
def recipients() -> list[ConfigSubentryData]:
    """Return a recipient for each way."""
    return [
        recipient_data("Anna", ANNA, via="whatsapp_then_sms"),
        recipient_data("Boris", BORIS, via="whatsapp"),
        recipient_data("Carla", CARLA),
        recipient_data("Dora", DORA, via="whatsapp_then_sms"),
    ]


async def _to_anna(home: Home, **data: Any) -> tuple[str, str, str | None]:
    """Send to Anna, who has a fallback; return her outcome."""
    (outcome,) = await home.send(recipients=["notify.anna"], **data)
    return outcome["via"], outcome["status"], outcome["reason"]


def _types(home: Home) -> list[str]:
    return [entry.type for entry in home.portal.ledger]


async def test_whatsapp_is_enough(channel: Channel, home: Home) -> None:
    """Where WhatsApp takes it, no SMS is sent, also not when it is delivered late."""
    assert await _to_anna(home) == ("whatsapp", "queued", None)
    await home.advance(3600)
    home.portal.deliver("sent")
    await home.advance(3600)
    assert _types(home) == ["whatsapp"]
    assert home.published() == ["queued", "sent"]


async def test_refused_goes_by_sms(channel: Channel, home: Home) -> None:
    """Where WhatsApp is refused, an SMS goes out, and the outcome says so."""
    home.portal.fail("refused_error", "sendsms", text="Not on WhatsApp", times=1)
    via, status, _ = await _to_anna(home)
    assert (via, status) == ("sms", "queued")
    assert [r.parameters["type"] for r in home.requests()] == ["whatsapp", "sms"]
    assert _types(home) == ["sms"]
    assert home.published() == ["queued"]
    # It counts as one message, of which one is delivered.
    home.portal.deliver("sent")
    await home.advance(5)
    assert home.totals == (1, 0, 0)


async def test_one_of_several_goes_by_sms(channel: Channel, home: Home) -> None:
    """Whoever WhatsApp is refused for gets an SMS, and the others WhatsApp."""
    home.portal.fail("refused_error", "sendsms", text="Not found", times=1)
    outcomes = await home.send(recipients=["notify.anna", "notify.dora"])
    assert [(o["name"], o["via"], o["status"]) for o in outcomes] == [
        ("Anna", "sms", "queued"),
        ("Dora", "whatsapp", "queued"),
    ]
    assert sorted(_types(home)) == ["sms", "whatsapp"]
    # A channel that is closed is closed for both.
    home.portal.drop(channel)
    await home.send(recipients=["notify.anna", "notify.dora"], message="Again")
    types = [request.parameters["type"] for request in home.requests()][3:]
    assert sorted(types) == ["sms", "sms", "whatsapp", "whatsapp"]


async def test_channel_that_the_portal_lost(channel: Channel, home: Home) -> None:
    """A channel that closed since Home Assistant last looked is a refusal."""
    home.portal.drop(channel)
    via, status, _ = await _to_anna(home)
    assert (via, status) == ("sms", "queued")
    assert _types(home) == ["sms"]


async def test_no_channel_is_known(home: Home) -> None:
    """Where no channel is connected, SMS is all that is asked for."""
    via, status, _ = await _to_anna(home)
    assert (via, status) == ("sms", "queued")
    assert [r.parameters["type"] for r in home.requests()] == ["sms"]


async def test_fallback_in_the_alphabet_of_the_text(
    channel: Channel, home: Home
) -> None:
    """An SMS that takes over is Unicode where its text needs it."""
    home.portal.fail("refused_error", "sendsms", times=1)
    assert (await _to_anna(home, message="Приве́т 👋"))[:2] == ("sms", "queued")
    assert [(e.type, e.arrived_text) for e in home.portal.ledger] == [
        ("unicode", "Приве́т 👋")
    ]


@pytest.mark.parametrize("processed", [False, True])
@pytest.mark.parametrize("kind", ["reset", "http_500", "html_page", "empty_body"])
async def test_unknown_never_goes_by_sms(
    channel: Channel, home: Home, kind: str, *, processed: bool
) -> None:
    """Where nobody knows what became of WhatsApp, no SMS follows, then or later."""
    home.portal.fail(kind, "sendsms", processed=processed, times=1)
    via, status, _ = await _to_anna(home)
    assert (via, status) == ("whatsapp", "unknown")
    await home.advance(7200)
    assert len(home.requests()) == 1
    assert _types(home) == ["whatsapp"] * processed


async def test_held_goes_by_whatsapp(channel: Channel, home: Home) -> None:
    """What never left goes by WhatsApp once the portal is back."""
    await home.refuse()
    via, status, _ = await _to_anna(home)
    assert (via, status) == ("whatsapp", "held")
    await home.portal.accept()
    await home.restart()
    await home.advance(5)
    assert _types(home) == ["whatsapp"]


async def test_held_and_then_refused_goes_by_sms(channel: Channel, home: Home) -> None:
    """What was held has its fallback still, after a restart too."""
    await home.refuse()
    await _to_anna(home)
    await home.portal.accept()
    home.portal.drop(channel)
    await home.restart()
    await home.advance(5)
    assert _types(home) == ["sms"]
    assert home.published() == ["held", "queued"]


async def test_unknown_after_the_fallback(channel: Channel, home: Home) -> None:
    """An SMS that took over and got no answer is unknown, and not repeated."""
    home.portal.fail("refused_error", "sendsms", times=1)
    home.portal.fail("reset", "sendsms", processed=True, times=1)
    via, status, _ = await _to_anna(home)
    assert (via, status) == ("sms", "unknown")
    await home.advance(7200)
    assert _types(home) == ["sms"]


async def test_both_refused(channel: Channel, home: Home) -> None:
    """Where both are refused, the action raises with the last reason."""
    home.portal.fail("refused_error", "sendsms", text="First", times=1)
    home.portal.fail("refused_error", "sendsms", text="Second", times=1)
    with pytest.raises(
        HomeAssistantError, match="Anna: The portal refused it: “Second”"
    ):
        await _to_anna(home)
    assert home.portal.ledger == []
    assert home.published() == ["failed"]
    assert home.totals == (0, 1, 0)


@pytest.mark.parametrize("status", ["failed", "canceled"])
async def test_undelivered_goes_by_sms(
    channel: Channel, home: Home, status: RecipientState
) -> None:
    """What WhatsApp took and did not deliver goes by SMS, and that once."""
    assert (await _to_anna(home))[:2] == ("whatsapp", "queued")
    home.portal.deliver(status)
    await home.advance(10)
    assert _types(home) == ["whatsapp", "sms"]
    assert home.published() == ["queued", "held", "queued"]
    assert home.events[1].code == "whatsapp_not_delivered"
    assert home.totals == (0, 0, 1)
    home.portal.deliver("failed")
    await home.advance(7200)
    assert _types(home) == ["whatsapp", "sms"]
    assert home.published()[3:] == ["failed"]
    assert home.totals == (0, 1, 0)
    assert home.stored_batches() == []


@pytest.mark.parametrize("when", ["before", "after"])
async def test_undelivered_across_a_restart(
    channel: Channel, home: Home, when: str
) -> None:
    """An SMS takes over after a restart, too, whatever the portal does meanwhile."""
    await _to_anna(home)
    if when == "before":
        await home.restart()
    home.portal.deliver("failed")
    if when == "after":
        await home.settle()
        await home.restart()
    await home.advance(70)
    assert _types(home) == ["whatsapp", "sms"]
    home.portal.deliver("sent")
    await home.advance(120)
    assert home.totals == (1, 0, 0)


async def test_each_is_delivered_or_not(channel: Channel, home: Home) -> None:
    """Only who was not reached by WhatsApp gets an SMS."""
    await home.send(recipients=["notify.anna", "notify.dora"])
    home.portal.deliver("sent", to=ANNA[1:])
    home.portal.deliver("failed", to=DORA[1:])
    await home.advance(10)
    sms = [entry.to for entry in home.portal.ledger if entry.type != "whatsapp"]
    assert sms == [DORA[1:]]


async def test_undelivered_too_late(channel: Channel, home: Home) -> None:
    """Hours later, an SMS would be of no use: it is a failure."""
    await _to_anna(home)
    await home.advance(3 * 3600)
    home.portal.deliver("failed")
    await home.advance(2 * 3600)
    assert _types(home) == ["whatsapp"]
    assert home.published() == ["queued", "failed"]
    assert home.totals == (0, 1, 0)


async def test_undelivered_without_a_fallback(channel: Channel, home: Home) -> None:
    """A recipient that is reached by WhatsApp alone has not been reached."""
    await home.notify("notify.boris")
    home.portal.deliver("failed")
    await home.advance(120)
    assert _types(home) == ["whatsapp"]
    assert home.published() == ["queued", "failed"]


async def test_undelivered_though_it_must_not_be_held(
    channel: Channel, home: Home
) -> None:
    """That WhatsApp took its time is no reason not to send an SMS."""
    await _to_anna(home, expires_in=0)
    home.portal.deliver("failed")
    await home.advance(10)
    assert _types(home) == ["whatsapp", "sms"]


async def test_unknown_that_was_not_delivered(channel: Channel, home: Home) -> None:
    """A report that it failed tells more than the answer that broke off."""
    text = '{"request":"sendsms","status":"queued","group_id":"1001","da'
    home.portal.fail("not_json", "sendsms", processed=True, text=text, times=1)
    assert (await _to_anna(home))[:2] == ("whatsapp", "unknown")
    home.portal.deliver("failed")
    await home.advance(10)
    assert _types(home) == ["whatsapp", "sms"]


@pytest.mark.parametrize(
    "words",
    [
        "WhatsApp not logged in",
        "Unauthorized",
        "Unauthorized Sender ID",
        "No account balance left",
        "Unknown user number",
        "Authentication failed for this channel",
    ],
)
async def test_words_about_credentials(
    channel: Channel, home: Home, words: str
) -> None:
    """Such words are about WhatsApp as long as the portal takes the credentials."""
    home.portal.fail("refused_error", "sendsms", text=words, times=1)
    assert (await _to_anna(home))[:2] == ("sms", "queued")
    assert _types(home) == ["sms"]
    assert not list(home.hass.config_entries.flow.async_progress())


@pytest.mark.expected_log("Error fetching 127.0.0.1 balance data")
@pytest.mark.parametrize("fault", ["html_page", "http_500", "reset", "refused_error"])
async def test_nobody_knows_of_the_credentials(
    channel: Channel, home: Home, fault: str
) -> None:
    """Where the balance does not tell, a refusal is one of the message."""
    home.portal.fail("refused_error", "sendsms", text="Unauthorized", times=1)
    home.portal.fail(fault, "balance")
    assert (await _to_anna(home))[:2] == ("sms", "queued")
    await home.settle()
    assert not list(home.hass.config_entries.flow.async_progress())


@pytest.mark.expected_log("Error fetching 127.0.0.1 balance data")
async def test_refused_credentials_are_no_reason(
    channel: Channel, home: Home, account: Account
) -> None:
    """Refused credentials say nothing of WhatsApp: no SMS is tried."""
    account.api_token = "another-token-of-the-tests"
    assert await _to_anna(home) == (
        "whatsapp",
        "held",
        "The portal refused the credentials: “Invalid user”",
    )
    account.api_token = API_TOKEN
    await home.advance(60)
    assert [r.parameters["type"] for r in home.requests()] == ["whatsapp"] * 2
    assert _types(home) == ["whatsapp"]


async def test_whatsapp_alone_has_no_fallback(channel: Channel, home: Home) -> None:
    """A recipient that is reached by WhatsApp alone gets no SMS."""
    home.portal.drop(channel)
    with pytest.raises(HomeAssistantError, match=_REFUSAL):
        await home.notify("notify.boris")
    assert home.portal.ledger == []
    assert len(home.requests()) == 1


async def test_each_in_its_way(channel: Channel, home: Home) -> None:
    """One action reaches each recipient in the way that is theirs."""
    home.portal.fail("refused_error", "sendsms", text="Not on WhatsApp", times=1)
    outcomes = await home.send(
        recipients=["notify.anna", "notify.boris", "notify.carla"]
    )
    vias = {o["name"]: (o["via"], o["status"]) for o in outcomes}
    # The one refusal met whichever WhatsApp request came first.
    by_whatsapp = [e.to for e in home.portal.ledger if e.type == "whatsapp"]
    by_sms = {e.to for e in home.portal.ledger if e.type == "sms"}
    assert vias["Carla"] == ("sms", "queued")
    for name, number in (("Anna", ANNA), ("Boris", BORIS)):
        via, status = vias[name]
        if status == "failed":
            assert name == "Boris"
            assert number[1:] not in by_whatsapp
            assert number[1:] not in by_sms
        else:
            assert (number[1:] in by_whatsapp) == (via == "whatsapp")
            assert (number[1:] in by_sms) == (via == "sms")


async def test_type_of_the_call_wins(channel: Channel, home: Home) -> None:
    """A call that names a type is sent in that, whatever the recipient's way."""
    everybody = ["notify.anna", "notify.boris", "notify.carla"]
    await home.send(recipients=everybody, type="sms")
    assert _types(home) == ["sms"] * 3
    await home.send(recipients=everybody, type="whatsapp", message="Again")
    assert _types(home)[3:] == ["whatsapp"] * 3


async def test_channel_by_its_gateway(
    channel: Channel, portal: Portal, account: Account, home: Home
) -> None:
    """A channel that a call names is the route; without one the portal decides."""
    other = portal.add_channel(account, "Garage")
    portal.pair(other)
    await home.reload()
    (outcome,) = await home.send(CARLA, type="whatsapp", channel=other.gateway_id)
    assert outcome["via"] == "whatsapp"
    await home.send(CARLA, type="whatsapp", message="Any")
    await _to_anna(home, channel=channel.gateway_id)
    assert [e.route for e in portal.ledger] == [
        other.gateway_id,
        "0",
        channel.gateway_id,
    ]


async def test_channel_of_the_call_that_closed(
    channel: Channel, portal: Portal, account: Account, home: Home
) -> None:
    """A named channel that is closed is a refusal, whatever others there are."""
    other = portal.add_channel(account, "Garage")
    portal.pair(other)
    await home.reload()
    portal.drop(other)
    assert (await _to_anna(home, channel=other.gateway_id))[:2] == ("sms", "queued")
    # An SMS does not go through a channel.
    assert [(e.type, e.route) for e in portal.ledger] == [("sms", "0")]
    with pytest.raises(HomeAssistantError):
        await home.send(CARLA, type="whatsapp", channel=other.gateway_id)


async def test_unknown_channel(channel: Channel, home: Home) -> None:
    """A channel that the account does not have is an error before anything is sent."""
    with pytest.raises(ServiceValidationError) as raised:
        await home.send(CARLA, type="whatsapp", channel="999999")
    assert raised.value.translation_key == "not_a_channel"
    assert home.requests() == []
