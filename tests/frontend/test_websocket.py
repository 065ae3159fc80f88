"""What dashboards get over the websocket."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import (
    MockHAClientWebSocket,
    WebSocketGenerator,
)

from tests.conftest import ANNA, BORIS, CARLA
from tests.home import settle
from tests.portal import Account, Portal
from tests.steps import pass_time

type Json = dict[str, Any]
type Ask = Callable[..., Awaitable[Any]]

_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
async def socket(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> MockHAClientWebSocket:
    """Return a connection to Home Assistant with the account loaded."""
    return await hass_ws_client(hass)


@pytest.fixture
def ask(socket: MockHAClientWebSocket) -> Ask:
    """Return what sends a command and returns its result."""

    async def ask(command: str, **fields: Any) -> Any:
        answer = await command_result(socket, command, **fields)
        assert answer["success"], answer
        return answer["result"]

    return ask


async def command_result(
    socket: MockHAClientWebSocket, command: str, **fields: Any
) -> Json:
    """Send a command and return its answer."""
    await socket.send_json_auto_id({"type": f"smskit/{command}", **fields})
    answer: Json = await socket.receive_json()
    return answer


async def event(socket: MockHAClientWebSocket) -> Json:
    """Return the next change that a subscription reports."""
    message = await socket.receive_json()
    assert message["type"] == "event"
    change: Json = message["event"]
    return change


async def look(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let Home Assistant look at the inbox, and what has become of what went out."""
    # Not longer than a connection may be silent.
    await pass_time(hass, freezer, minutes=0.55)


async def send(hass: HomeAssistant, number: str, text: str) -> None:
    """Send a text as the composer does."""
    await hass.services.async_call(
        "smskit",
        "send_message",
        {"numbers": [number], "message": text},
        blocking=True,
        return_response=True,
    )
    await settle(hass)


def fill(portal: Portal, account: Account, *messages: tuple[str, str]) -> None:
    """Put messages into the portal's inbox, a minute apart."""
    for minute, (number, text) in enumerate(messages):
        portal.receive(
            account,
            number.removeprefix("+"),
            text,
            date=_NOON + timedelta(minutes=minute),
        )


async def test_accounts(hass: HomeAssistant, ask: Ask, loaded: MockConfigEntry) -> None:
    """An account comes with its entities by key, its recipients and its channels."""
    (found,) = (await ask("accounts"))["accounts"]

    assert found["config_entry_id"] == loaded.entry_id
    assert found["title"] == loaded.title
    assert found["unit"] == "credits"
    assert found["channels"] == []
    for key in ("balance", "unread_messages", "last_message", "low_balance"):
        assert hass.states.get(found["entities"][key]) is not None
    assert found["recipients"] == [
        {"name": "Anna", "numbers": [ANNA], "entity_id": "notify.anna"},
        {"name": "Family", "numbers": [ANNA, BORIS], "entity_id": "notify.family"},
    ]


async def test_channels_of_an_account(
    hass: HomeAssistant,
    portal: Portal,
    account: Account,
    entry: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """A channel comes with its device's name, the user's where there is one."""
    portal.add_channel(account, "Reception")
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    socket = await hass_ws_client(hass)

    (found,) = (await command_result(socket, "accounts"))["result"]["accounts"]
    (channel,) = found["channels"]
    assert "Reception" in channel["name"]
    assert {"connected", "pairing_qr", "refresh_qr"} <= channel["entities"].keys()
    assert not {"connected", "pairing_qr"} & found["entities"].keys()

    dr.async_get(hass).async_update_device(channel["device_id"], name_by_user="Desk")
    (found,) = (await command_result(socket, "accounts"))["result"]["accounts"]
    assert found["channels"][0]["name"] == "Desk"


async def test_conversations_by_number(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    portal: Portal,
    account: Account,
    ask: Ask,
) -> None:
    """What came in and what went out is one conversation; the newest is first."""
    fill(portal, account, (CARLA, "One"), (ANNA, "Two"), ("PARCEL", "Three"))
    await look(hass, freezer)
    await send(hass, ANNA, "Four")

    page = await ask("messages/list")

    assert page["total"] == 3
    rows = [
        (one["number"], one["name"], one["count"], one["unread"], one["last"]["text"])
        for one in page["conversations"]
    ]
    assert rows == [
        (ANNA, "Anna", 2, 1, "Four"),
        ("PARCEL", None, 1, 1, "Three"),
        (CARLA, None, 1, 1, "One"),
    ]
    first = page["conversations"][0]["last"]
    assert (first["direction"], first["status"]) == ("out", "queued")


async def test_pages(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    portal: Portal,
    account: Account,
    ask: Ask,
) -> None:
    """Conversations and messages come page by page, and each of them once."""
    numbers = [f"+120255501{index:02}" for index in range(10)]
    fill(
        portal,
        account,
        *((number, f"From {number}") for number in numbers),
        *((CARLA, f"Text {index}") for index in range(7)),
    )
    await look(hass, freezer)

    pages = [
        await ask("messages/list", offset=offset, limit=4) for offset in range(0, 12, 4)
    ]
    listed = [one["number"] for page in pages for one in page["conversations"]]
    assert listed == [CARLA, *reversed(numbers)]
    assert {page["total"] for page in pages} == {11}

    first = await ask("messages/list", number=CARLA, limit=5)
    assert [one["text"] for one in first["messages"]] == [
        f"Text {index}" for index in (6, 5, 4, 3, 2)
    ]
    assert first["more"]
    oldest = first["messages"][-1]["id"]
    second = await ask("messages/list", number=CARLA, limit=5, before=oldest)
    assert [one["text"] for one in second["messages"]] == ["Text 1", "Text 0"]
    assert not second["more"]
    last = await ask("messages/list", number=CARLA, before="gone meanwhile")
    assert (last["messages"], last["more"]) == ([], False)


@pytest.mark.parametrize("length", [2048, 2049, 65_000])
async def test_long_text(  # noqa: PLR0913, PLR0917 - fixtures
    hass: HomeAssistant,
    ask: Ask,
    account: Account,
    portal: Portal,
    freezer: FrozenDateTimeFactory,
    length: int,
) -> None:
    """A page has the beginning of a long text; all of it is there for the asking."""
    text = "a" * length
    portal.receive(account, ANNA[1:], text)
    await look(hass, freezer)
    page = await ask("messages/list", number=ANNA)
    (message,) = page["messages"]
    assert message["is_cut"] is (length > 2048)
    assert len(message["text"]) == min(length, 2048)
    whole = await ask("messages/text", message_id=message["id"])
    assert whole == {"text": text}
    assert await ask("messages/text", message_id="another") == {"text": None}


@pytest.mark.parametrize("limit", [0, 201])
async def test_page_size_has_bounds(socket: MockHAClientWebSocket, limit: int) -> None:
    """Nobody asks for everything at once."""
    answer = await command_result(socket, "messages/list", limit=limit)
    assert answer["error"]["code"] == "invalid_format"


async def test_subscription(  # noqa: PLR0913, PLR0917 - fixtures
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    portal: Portal,
    account: Account,
    socket: MockHAClientWebSocket,
    ask: Ask,
) -> None:
    """It reports what comes in, what goes out, and how far that comes."""
    await ask("messages/subscribe")

    await send(hass, CARLA, "Hello")
    out = await event(socket)
    assert out["kind"] == "message"
    assert (out["message"]["number"], out["message"]["status"]) == (CARLA, "ready")
    queued = await event(socket)
    assert (queued["kind"], queued["message"]["status"]) == ("status", "queued")

    portal.deliver("sent")
    await look(hass, freezer)
    sent = await event(socket)
    assert sent == {
        "kind": "status",
        "message": {**out["message"], "status": "sent", "reason": None},
    }

    portal.receive(account, CARLA[1:], "Hello yourself")
    await look(hass, freezer)
    received = await event(socket)
    assert received["kind"] == "message"
    message = received["message"]
    assert (message["direction"], message["text"]) == ("in", "Hello yourself")
    assert message["read"] is False

    await hass.services.async_call(
        "smskit", "mark_messages_read", {"message_ids": [message["id"]]}, blocking=True
    )
    assert await event(socket) == {"kind": "changed"}
    page = await ask("messages/list", number=CARLA)
    assert page["messages"][0]["read"] is True


async def test_failure_in_the_stream(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    portal: Portal,
    socket: MockHAClientWebSocket,
    ask: Ask,
) -> None:
    """A message that could not be delivered says so."""
    await ask("messages/subscribe")
    await send(hass, CARLA, "Hello")
    portal.deliver("failed")
    await look(hass, freezer)
    changes = [await event(socket) for _ in range(3)]
    assert [change["message"]["status"] for change in changes] == [
        "ready",
        "queued",
        "failed",
    ]


async def test_recipients_in_the_stream(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    ask: Ask,
    socket: MockHAClientWebSocket,
) -> None:
    """A page that shows names hears of a recipient that changed."""
    await ask("messages/subscribe")
    anna = next(iter(loaded.subentries.values()))
    data = {**anna.data, "numbers": [CARLA]}
    hass.config_entries.async_update_subentry(loaded, anna, data=data)
    assert await event(socket) == {"kind": "recipients"}
    (found,) = (await ask("accounts"))["accounts"]
    assert found["recipients"][0]["numbers"] == [CARLA]


async def test_end_of_a_subscription(
    hass: HomeAssistant, socket: MockHAClientWebSocket
) -> None:
    """Nothing comes after it."""
    subscribed = await command_result(socket, "messages/subscribe")
    await socket.send_json_auto_id(
        {"type": "unsubscribe_events", "subscription": subscribed["id"]}
    )
    assert (await socket.receive_json())["success"]
    await send(hass, CARLA, "Hello")
    answer = await command_result(socket, "accounts")
    assert answer["success"]


async def test_subscription_outlives_a_reload(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    socket: MockHAClientWebSocket,
    ask: Ask,
) -> None:
    """An open page gets news when the account is loaded anew."""
    await ask("messages/subscribe", config_entry_id=loaded.entry_id)
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await settle(hass)
    await send(hass, CARLA, "Hello")
    assert (await event(socket))["message"]["text"] == "Hello"


@pytest.mark.parametrize("command", ["messages/list", "messages/subscribe"])
async def test_unknown_account(socket: MockHAClientWebSocket, command: str) -> None:
    """An account that is not there is reported as such."""
    answer = await command_result(socket, command, config_entry_id="no-such-account")
    assert answer["error"]["code"] == "not_found"


@pytest.mark.parametrize("command", ["messages/list", "messages/subscribe"])
async def test_account_that_is_not_loaded(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    socket: MockHAClientWebSocket,
    command: str,
) -> None:
    """One that is not loaded has nothing to show, and is not among the accounts."""
    assert await hass.config_entries.async_unload(loaded.entry_id)
    answer = await command_result(socket, command, config_entry_id=loaded.entry_id)
    assert answer["error"]["code"] == "not_found"
    assert (await command_result(socket, "accounts"))["result"] == {"accounts": []}
