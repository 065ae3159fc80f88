"""Sending by the notify entities and by the action."""

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.const import DOMAIN
from tests.conftest import ANNA, BORIS
from tests.home import settle
from tests.portal import Portal


async def test_action(
    hass: HomeAssistant, loaded: MockConfigEntry, portal: Portal
) -> None:
    """A text goes to recipients and numbers, each once."""
    response = await hass.services.async_call(
        DOMAIN,
        "send_message",
        {
            "recipients": ["notify.anna"],
            "numbers": [ANNA, BORIS],
            "message": "Hello",
            "title": "Home",
        },
        blocking=True,
        return_response=True,
    )
    await settle(hass)
    group_id = portal.ledger[0].group_id
    assert response == {
        "recipients": [
            {
                "number": ANNA,
                "name": "Anna",
                "via": "sms",
                "status": "queued",
                "group_id": group_id,
                "reason": None,
            },
            {
                "number": BORIS,
                "name": None,
                "via": "sms",
                "status": "queued",
                "group_id": group_id,
                "reason": None,
            },
        ],
        "encoding": "gsm7",
        "segments": 1,
    }
    assert [(e.to, e.text, e.sender) for e in portal.ledger] == [
        ("12025550123", "Home\nHello", "HOME"),
        ("447700900123", "Home\nHello", "HOME"),
    ]
