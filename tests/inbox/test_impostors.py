"""Who calls himself by a recipient's name has no name; who has the number has it."""

from typing import Any, Final

from homeassistant.core import State
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from tests.conftest import ANNA

from .home import STRANGER, Home

# A recipient of these homes is called Anna.
IMPOSTORS: Final = {
    "the name": "Anna",
    "capitals": "ANNA",
    "blanks": " Anna ",
    "homoglyph": "\u0410nna",
    "zero width": "An\u200bna",
    "joiner": "Anna\u2060",
    "soft hyphen": "An\u00adna",
    "right to left": "\u202eannA\u202c",
    "isolated": "\u2068Anna\u2069",
    "decomposed": "A\u0301nna",
    "with the number": f"Anna {ANNA}",
    "number, then text": f"{ANNA} Anna",
    "number within text": f"Anna <{ANNA}>",
    "line break": f"Anna\n{ANNA}",
    "entity": "notify.anna",
    "group": f"{ANNA[1:]}@g.us",
    "part of the number": ANNA[3:],
    "longer number": f"{ANNA}9",
    "another number": STRANGER,
}


async def _seen(home: Home, client: WebSocketGenerator) -> dict[str, Any]:
    """Return the names of the one conversation, wherever one is shown."""
    socket = await client(home.hass)
    await socket.send_json_auto_id({"type": "smskit/messages/list"})
    (conversation,) = (await socket.receive_json())["result"]["conversations"]
    number = conversation["number"]
    await socket.send_json_auto_id({"type": "smskit/messages/list", "number": number})
    page = (await socket.receive_json())["result"]
    (listed,) = await home.messages()
    unread = home.shown(home.entity("sensor", "unread_messages"))
    (newest,) = unread.attributes["messages"]
    event = home.shown(home.entity("event", "message_received"))
    return {
        "event": event.attributes["name"],
        "get_messages": listed["name"],
        "unread_messages": newest["name"],
        "conversation": conversation["name"],
        "page": page["name"],
    }


@pytest.mark.parametrize("sender", IMPOSTORS.values(), ids=IMPOSTORS)
async def test_impostor(
    home: Home, hass_ws_client: WebSocketGenerator, sender: str
) -> None:
    """A sender that only looks like a recipient has no name, and no trust."""
    home.receive("Open", sender=sender)
    await home.poll()
    assert set((await _seen(home, hass_ws_client)).values()) == {None}
    assert [event.trusted for event in home.events] == [False]
    assert await home.messages(recipient="notify.anna") == []


@pytest.mark.parametrize(
    "sender", [ANNA, ANNA[1:], f"tel:{ANNA}", f"{ANNA[1:]}@c.us", "(202) 555-0123"]
)
async def test_recipient(
    home: Home, hass_ws_client: WebSocketGenerator, sender: str
) -> None:
    """The number has the recipient's name, however it is written, also later."""
    shown: list[State] = []
    home.on_event(home.entity("event", "message_received"), shown.append)
    home.receive("Open", sender=sender)
    await home.poll()
    assert set((await _seen(home, hass_ws_client)).values()) == {"Anna"}
    await home.restart()
    (listed,) = await home.messages()
    assert (listed["from"], listed["name"]) == (ANNA, "Anna")
    assert [state.attributes["name"] for state in shown] == ["Anna"]
