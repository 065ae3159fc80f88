"""Portals that may not take a channel as the route of a message."""

from typing import Any

from homeassistant.exceptions import HomeAssistantError
import pytest

from tests.conftest import CARLA
from tests.portal import Channel, FaultKind

from .home import Home


async def send(home: Home, text: str = "Hello", label: str = "Office") -> str:
    """Send a text through a channel and return its status."""
    response = await home.call(
        "send_message",
        numbers=[CARLA],
        message=text,
        type="whatsapp",
        channel=home.device_id(label),
    )
    (outcome,) = response["recipients"]
    status: str = outcome["status"]
    return status


def routes(home: Home) -> list[str | None]:
    """Return the route of every send, accepted or not."""
    return [r.parameters.get("route") for r in home.requests("sendsms")]


def refuse_route(home: Home, words: str = "Invalid route", times: int = 1) -> None:
    """Refuse what comes next for its route."""
    home.portal.fail(FaultKind.REFUSED_ERROR, "sendsms", times=times, text=words)


@pytest.mark.parametrize("words", ["Invalid route", "Unknown Gateway ID"])
async def test_only_channel(office: Channel, new_home: Home, words: str) -> None:
    """With one channel, a refused route is left out, from then on at once."""
    home = new_home
    refuse_route(home, words)
    assert await send(home) == "queued"
    assert routes(home) == [office.gateway_id, None]
    assert len(home.portal.ledger) == 1
    await home.restart()
    assert await send(home, "Hello again") == "queued"
    assert routes(home) == [office.gateway_id, None, None]
    assert [entry.type for entry in home.portal.ledger] == ["whatsapp"] * 2


async def test_several_channels(office: Channel, new_home: Home) -> None:
    """With several channels it would go out by any of them: it is not sent."""
    home = new_home
    home.portal.pair(home.portal.add_channel(home.account, "Shop"))
    await home.advance(300.5)
    refuse_route(home)
    with pytest.raises(HomeAssistantError):
        await send(home)
    assert routes(home) == [office.gateway_id]
    assert home.portal.ledger == []


async def test_second_channel_later(office: Channel, new_home: Home) -> None:
    """Once there is a second channel, the route is named again."""
    home = new_home
    refuse_route(home)
    await send(home)
    shop = home.portal.add_channel(home.account, "Shop")
    home.portal.pair(shop)
    await home.advance(300.5)
    assert await send(home, label="Shop") == "queued"
    assert routes(home)[-1] == shop.gateway_id


async def test_other_refusals(office: Channel, new_home: Home) -> None:
    """What is refused for another reason is sent once."""
    home = new_home
    refuse_route(home, "Insufficient Balance")
    with pytest.raises(HomeAssistantError):
        await send(home)
    assert routes(home) == [office.gateway_id]


async def test_refused_either_way(office: Channel, new_home: Home) -> None:
    """A message that is refused without its route, too, teaches nothing."""
    home = new_home
    refuse_route(home, times=2)
    with pytest.raises(HomeAssistantError):
        await send(home)
    assert await send(home, "Hello again") == "queued"
    assert routes(home) == [office.gateway_id, None, office.gateway_id]


async def test_route_that_was_accepted(office: Channel, new_home: Home) -> None:
    """Where the route was taken before, its refusal is a refusal."""
    home = new_home
    await send(home)
    refuse_route(home)
    with pytest.raises(HomeAssistantError):
        await send(home, "Hello again")
    assert routes(home) == [office.gateway_id] * 2


@pytest.mark.parametrize("kind", [FaultKind.HTTP_500, FaultKind.CUT, FaultKind.RESET])
async def test_unknown_without_route(
    office: Channel, new_home: Home, kind: FaultKind
) -> None:
    """A message without an answer is not repeated a third time."""
    home = new_home
    refuse_route(home)
    home.portal.fail(kind, "sendsms", times=1, processed=True)
    assert await send(home) == "unknown"
    await home.advance(600)
    assert routes(home) == [office.gateway_id, None]
    assert len(home.portal.ledger) == 1


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options with an inbox that is out of the way."""
    return {"country": "US", "time_zone": "Africa/Lagos", "inbox_interval": 3600}
