"""Routes of an account that has several."""

from typing import Any

from homeassistant.exceptions import ServiceValidationError
import pytest

from tests.conftest import ANNA, BORIS
from tests.portal import Channel

from .home import Home


@pytest.mark.parametrize("type_", ["auto", "sms", "unicode", "flash", "voice", "mms"])
@pytest.mark.parametrize("route", ["30", 30])
async def test_route(home: Home, type_: str, route: object) -> None:
    """Whatever is no WhatsApp goes through the route of the call."""
    assert await home.statuses(ANNA, type=type_, route=route) == ["queued"]
    assert home.requests()[0].parameters["route"] == "30"


async def test_no_route(home: Home) -> None:
    """Without one, the portal decides."""
    await home.send(ANNA)
    assert "route" not in home.requests()[0].parameters


@pytest.mark.parametrize(
    ("key", "data"),
    [
        ("route_needs_sms", {"type": "whatsapp"}),
        ("route_or_channel", {"channel": True}),
        ("route_or_channel", {"channel": True, "type": "whatsapp"}),
    ],
)
async def test_refused(
    channel: Channel, home: Home, key: str, data: dict[str, Any]
) -> None:
    """WhatsApp goes through a channel, anything else through a route."""
    if "channel" in data:
        data = {**data, "channel": channel.gateway_id}
    with pytest.raises(ServiceValidationError) as raised:
        await home.send(ANNA, route="30", **data)
    assert raised.value.translation_key == key
    assert home.requests() == []


async def test_held(home: Home) -> None:
    """What is held goes through its route after a restart, too."""
    await home.refuse()
    await home.send(BORIS, route="30")
    await home.portal.accept()
    await home.restart()
    await home.advance(5)
    assert [e.route for e in home.portal.ledger] == ["30"]
