"""Thousands of messages at once: whoever watches gets them all, and is not dropped."""

from typing import Any, Final

import pytest
from pytest_homeassistant_custom_component.typing import (
    MockHAClientWebSocket,
    WebSocketGenerator,
)

from custom_components.smskit.store.publisher import BURST, PER_SECOND

from .home import POLL, Home

_MANY: Final = 5_000
_PUBLISHING: Final = (_MANY - BURST) / PER_SECOND + 5


class Screen:
    """A client of the websocket that reads now and then."""

    def __init__(self, home: Home, client: MockHAClientWebSocket) -> None:
        """Take over a client that is logged in."""
        self._home = home
        self._client = client
        self.events: list[dict[str, Any]] = []
        """What it has read."""

    async def watch(self) -> None:
        """Subscribe to what the dashboard and the card of a page subscribe to."""
        card = {"config_entry_id": self._home.entry.entry_id}
        for id_, command in enumerate(
            (
                {"type": "subscribe_events", "event_type": "state_changed"},
                {"type": "subscribe_entities"},
                {"type": "smskit/messages/subscribe", **card},
            ),
            start=1,
        ):
            await self._client.send_json({"id": id_, **command})
            while (answer := await self._client.receive_json())["id"] != id_:
                pass
            assert answer["success"], answer

    async def read(self, count: int) -> None:
        """Read so many texts, and what comes between them."""
        while count:
            message = await self._client.receive_json()
            change = message["event"]
            if change.get("kind") == "message":
                self.events.append(change["message"])
                count -= 1


@pytest.mark.parametrize("away", [1, 25], ids=["busy", "away for 25 s"])
async def test_slow_screen(
    home: Home, hass_ws_client: WebSocketGenerator, away: int
) -> None:
    """A screen that reads slowly gets five thousand messages, once and in order."""
    screen = Screen(home, await hass_ws_client(home.hass))
    await screen.watch()
    for number in range(_MANY):
        home.receive(f"message {number}: {'the door is open ' * 5}")
    await home.poll()
    published = 0
    for _ in range(0, int(_PUBLISHING), away):
        await home.pass_time(away)
        published, before = len(home.events), published
        await screen.read(published - before)
    expected = [f"message {number}" for number in range(_MANY)]
    assert [one.text.partition(":")[0] for one in home.events] == expected
    assert [one["text"].partition(":")[0] for one in screen.events] == expected


async def test_few_are_immediate(home: Home) -> None:
    """What is not too many is published at once."""
    for number in range(BURST):
        home.receive(f"message {number}")
    await home.poll()
    assert len(home.events) == BURST
    home.receive("one more")
    await home.poll(POLL)
    assert home.texts[-1] == "one more"


async def test_rest_after_a_reload(home: Home) -> None:
    """A reload does not wait for the pace, and what is left is published after it."""
    for number in range(BURST * 3):
        home.receive(f"message {number}")
    await home.poll()
    assert BURST <= len(home.events) < BURST * 2
    await home.reload()
    await home.advance(BURST * 3 / PER_SECOND)
    assert home.texts == [f"message {number}" for number in range(BURST * 3)]
