"""Who may do what, as the README says: users who are logged in try all of it."""

from collections.abc import Awaitable, Callable
from itertools import product
import re
from typing import Any, Final

from homeassistant.auth.const import (
    GROUP_ID_ADMIN,
    GROUP_ID_READ_ONLY,
    GROUP_ID_USER,
)
from homeassistant.components.websocket_api import DOMAIN as WEBSOCKET_DOMAIN
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import UnknownUser
from homeassistant.helpers import device_registry as dr
import pytest
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    MockHAClientWebSocket,
    WebSocketGenerator,
)

from custom_components.smskit.const import DOMAIN
from tests.channels.home import CLEAR_QUEUE, PAIRING_QR, REFRESH_QR, RESET, Home
from tests.conftest import ANNA, BORIS, CARLA
from tests.home import OPTIONS, settle
from tests.readme.text import ACTIONS, section
from tests.users import NOTHING, Login, Policy, log_in

type Json = dict[str, Any]
type Connect = Callable[[Login], Awaitable[MockHAClientWebSocket]]

# --- What the README says ------------------------------------------------------------

READ: Final = "read **Unread messages**"
CONTROL: Final = "control the account"
SEE_ANNA: Final = "read the recipient"
SEND_ANNA: Final = "control the recipient"
SEE_PICTURE: Final = "read that entity"
ADMINISTER: Final = "administrator"
VOCABULARY: Final = {READ, CONTROL, SEE_ANNA, SEND_ANNA, SEE_PICTURE, ADMINISTER}


def documented() -> dict[str, set[str]]:
    """Return what each thing needs, by its name in the README's table."""
    found: dict[str, set[str]] = {}
    for what, needs in re.findall(
        r"^\| (.+?) \| (.+?) \|$", section("Who can do what"), re.MULTILINE
    )[2:]:
        for name in re.findall(r"`(.+?)`", what):
            assert name not in found
            found[name] = set(needs.split(", "))
    return found


NEEDS: Final = documented()
SEND_NEED: Final = NEEDS["send_message"]

# --- Who there is --------------------------------------------------------------------

type Role = tuple[str | Callable[[Home], Policy], set[str]]


def entities(**permissions: Any) -> Policy:
    """Return a policy for entities; a platform's first `_` stands for its dot."""
    ids = {key.replace("_", ".", 1): value for key, value in permissions.items()}
    return {"entities": {"entity_ids": ids}}


def of_account(home: Home, permission: Any, **more: Any) -> Policy:
    """Return a policy for the account's device, and for more entities."""
    device = dr.async_get(home.hass).async_get_device_by_identifier(
        (DOMAIN, home.entry.entry_id), home.entry.entry_id
    )
    assert device is not None
    policy = entities(**more)
    policy["entities"]["device_ids"] = {device.id: permission}
    return policy


CAN_READ: Final = {"read": True}
CAN_CONTROL: Final = {"control": True}
UNREAD: Final = "sensor_127_0_0_1_unread_messages"
EVERYTHING: Final = VOCABULARY - {ADMINISTER}
RESTRICTED: Final = {**OPTIONS, "restrict_numbers": True}

ROLES: Final[dict[str, Role]] = {
    "administrator": (GROUP_ID_ADMIN, VOCABULARY),
    "user": (GROUP_ID_USER, EVERYTHING),
    "read-only user": (GROUP_ID_READ_ONLY, {READ, SEE_ANNA, SEE_PICTURE}),
    "nobody": (lambda _: NOTHING, set()),
    "reader of the inbox": (lambda _: entities(**{UNREAD: CAN_READ}), {READ}),
    "reader of Anna": (
        lambda _: entities(**{UNREAD: CAN_READ, "notify_anna": CAN_READ}),
        {READ, SEE_ANNA},
    ),
    "sender to Anna": (lambda _: entities(notify_anna=CAN_CONTROL), {SEND_ANNA}),
    "friend of Anna": (lambda _: entities(notify_anna=True), {SEE_ANNA, SEND_ANNA}),
    "friend of Family": (lambda _: entities(notify_family=True), set()),
    "reader of the account": (lambda home: of_account(home, CAN_READ), {READ}),
    "sender of the account": (lambda home: of_account(home, CAN_CONTROL), {CONTROL}),
    "keeper of the account": (lambda home: of_account(home, True), {READ, CONTROL}),
    "keeper with an image": (
        lambda home: of_account(home, True, **{PAIRING_QR.replace(".", "_"): CAN_READ}),
        {READ, CONTROL, SEE_PICTURE},
    ),
    "keeper of sensors": (
        lambda _: {"entities": {"domains": {"sensor": True}}},
        {READ},
    ),
    "keeper of channels": (
        lambda _: {"entities": {"domains": {"button": True, "image": True}}},
        {SEE_PICTURE},
    ),
}


async def log_in_as(home: Home, role: str) -> Login:
    """Log in a user with a role."""
    group, _ = ROLES[role]
    if isinstance(group, str):
        return await log_in(home.hass, group)
    return await log_in(home.hass, policy=group(home))


# --- What there is to do -------------------------------------------------------------


def call(action: str, **data: Any) -> Json:
    """Return the message that calls an action."""
    domain, _, service = f"{DOMAIN}.{action}".rpartition(".")
    return {
        "type": "call_service",
        "domain": domain.rpartition(".")[2],
        "service": service,
        "service_data": data,
        "return_response": domain == DOMAIN,
    }


def press(button: str) -> Json:
    """Return the message that presses a button."""
    return call("button.press", entity_id=button)


def sends(**data: Any) -> list[Json]:
    """Return the messages that send something and preview it."""
    return [call("send_message", **data), call("preview_message", **data)]


def to_others() -> list[Json]:
    """Return the messages that send to the number of nobody who is known."""
    return [
        *sends(numbers=[CARLA], message="To a number"),
        *sends(recipients=["notify.anna"], numbers=[CARLA], message="To both"),
        call("ask", number=CARLA, message="Who?", timeout=0),
    ]


class Desk(Home):
    """A home with a channel that waits to be paired, and with messages."""

    group_id = ""

    async def fill(self) -> None:
        """Create the channel, and let messages come and go."""
        await self.create()
        self.portal.receive(self.account, ANNA[1:], "Hello")
        sent = await self.call("send_message", numbers=[ANNA], message="Good day")
        self.group_id = sent["recipients"][0]["group_id"]
        await self.call("send_message", recipients=["notify.anna"], message="Hi")
        await self.settle()


def deeds(home: Desk) -> dict[str, list[Json]]:
    """Return the messages that do something, by its name in the README's table."""
    device = [home.device_id()]
    anna = {"recipients": ["notify.anna"]}
    options = {"numbers": [CARLA], "message": "With more"}
    return {
        "smskit/accounts": [{"type": "smskit/accounts"}],
        "smskit/messages/list": [
            {"type": "smskit/messages/list"},
            {"type": "smskit/messages/list", "number": ANNA},
        ],
        "smskit/messages/text": [{"type": "smskit/messages/text", "message_id": "1"}],
        "smskit/messages/subscribe": [{"type": "smskit/messages/subscribe"}],
        "get_messages": [call("get_messages"), call("get_messages", **{"from": ANNA})],
        "get_message_status": [call("get_message_status", group_id=home.group_id)],
        "recipient": [call("get_messages", recipient="notify.anna")],
        "notify.send_message": [
            call("notify.send_message", entity_id="notify.anna", message="By core")
        ],
        "send_message": [call("send_message", **anna, message="To Anna")],
        "preview_message": [call("preview_message", **anna, message="To Anna")],
        "ask": [call("ask", recipient="notify.anna", message="Anna?", timeout=0)],
        "numbers": to_others()[:2],
        "number": to_others()[-1:],
        "sender": sends(**options, sender="OTHER"),
        "allow_repeat": sends(**options, allow_repeat=True),
        "media": sends(**options, type="mms", media="https://example.com/a.png"),
        "media-source://image/…": [
            call(
                "preview_message",
                **options,
                type="mms",
                media=f"media-source://image/{PAIRING_QR}",
            )
        ],
        "mark_messages_read": [call("mark_messages_read", all=True)],
        "cancel_held_messages": [
            call("cancel_held_messages", all=True),
            call("cancel_held_messages", **anna),
        ],
        "alert": [
            call("alert", message="Smoke!", steps=[{"numbers": [CARLA]}]),
            call(
                "alert", message="Smoke!", alert_id="smoke", steps=[anna | {"wait": 9}]
            ),
        ],
        "end_alert": [call("end_alert", all=True)],
        "export_messages": [
            call("export_messages"),
            call("export_messages", path="all.jsonl"),
        ],
        "delete_messages": [call("delete_messages", all=True)],
        "check_portal": [call("check_portal")],
        "refresh_qr": [press(REFRESH_QR)],
        "create_channel": [call("create_channel", label="Shop")],
        "clear_queue": [press(CLEAR_QUEUE)],
        "clear_channel_queue": [call("clear_channel_queue", device_id=device)],
        "reset": [press(RESET)],
        "reset_channel": [call("reset_channel", device_id=device)],
        "delete_channel": [call("delete_channel", device_id=device)],
    }


# Asserted by tests of their own.
ELSEWHERE: Final = {"pairing_qr", "restrict_numbers", "media-source://camera/…"}


@pytest.fixture
def options() -> Json:
    """Return options with an inbox that is out of the way."""
    return OPTIONS


@pytest.fixture
def home_type() -> type[Desk]:
    """Return a home with a channel."""
    return Desk


@pytest.fixture
async def desk(home: Desk) -> Desk:
    """Return a home that is in use."""
    await home.fill()
    return home


@pytest.fixture
def connect(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> Connect:
    """Return what opens a connection of a user."""

    async def connect(login: Login) -> MockHAClientWebSocket:
        return await hass_ws_client(hass, login.token)

    return connect


async def answer_to(socket: MockHAClientWebSocket, message: Json) -> Json:
    """Send a message and return its answer."""
    await socket.send_json_auto_id(message)
    while (answer := await socket.receive_json())["type"] != "result":
        pass
    found: Json = answer
    return found


async def is_allowed(home: Home, socket: MockHAClientWebSocket, message: Json) -> bool:
    """Do something; return whether that was allowed, and then it has to succeed."""
    home.forget_requests()
    answer = await answer_to(socket, message)
    await home.settle()
    if answer["success"]:
        # An account that is not for the user is not there.
        return bool(answer["result"] != {"accounts": []})
    assert answer["error"]["message"] == "Unauthorized", (message, answer)
    assert home.portal.requests == []
    return False


# --- The table -----------------------------------------------------------------------


def test_table_is_whole() -> None:
    """It has every action, and only needs that are known here."""
    assert ACTIONS.keys() <= NEEDS.keys()
    assert set().union(*NEEDS.values()) == VOCABULARY


def needs(name: str, message: Json) -> set[str]:
    """Return what a message needs: also for the recipients that are beside numbers."""
    data = message.get("service_data", {})
    recipients = [s for s in [data, *data.get("steps", ())] if s.get("recipients")]
    is_more = name in {"numbers", "sender", "media", "allow_repeat", "alert"}
    return NEEDS[name] | (SEND_NEED if recipients and is_more else set())


@pytest.mark.parametrize("role", ROLES)
async def test_roles(desk: Desk, connect: Connect, role: str) -> None:
    """Each user may do exactly what the README says."""
    has = ROLES[role][1]
    socket = await connect(await log_in_as(desk, role))
    done = deeds(desk)
    assert done.keys() | ELSEWHERE == NEEDS.keys()
    wrong = [
        (name, message)
        for name, messages in done.items()
        for message in messages
        if await is_allowed(desk, socket, message) is not (needs(name, message) <= has)
    ]
    assert wrong == []


async def test_commands(desk: Desk) -> None:
    """The table has every command of the websocket."""
    commands = {
        command
        for command in desk.hass.data[WEBSOCKET_DOMAIN]
        if command.startswith(f"{DOMAIN}/")
    }
    assert commands == {name for name in NEEDS if name.startswith(f"{DOMAIN}/")}


# --- Pictures ------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
async def test_pairing_code(desk: Desk, connect: Connect, role: str) -> None:
    """The code is for administrators, however its picture is fetched."""
    (channel,) = desk.portal.channels.values()
    payload = desk.portal.qr_payload(channel)
    login = await log_in_as(desk, role)
    may = NEEDS["pairing_qr"] <= ROLES[role][1]
    socket = await connect(login)
    path = f"/api/image_proxy/{PAIRING_QR}?state=x"
    signed = await answer_to(socket, {"type": "auth/sign_path", "path": path})
    for served in (
        await desk.look(login),
        await desk.fetch(signed["result"]["path"]),
    ):
        if may:
            assert served.code == payload
        else:
            assert "Only for administrators" in served.text
    assert "Only for administrators" in (await desk.look_by_token()).text


async def test_looking_asks_for_no_code(home: Desk) -> None:
    """A code is not fetched because somebody else looks."""
    home.portal.add_channel(home.account)
    await home.advance(301)
    home.forget_requests()
    for role in ("user", "read-only user"):
        login = await log_in_as(home, role)
        assert "No code yet" in (await home.look(login)).text
    assert "No code yet" in (await home.look_by_token()).text
    await home.advance(20)
    assert home.requests("scanqr") == []
    await home.look()
    assert len(home.requests("scanqr")) == 1


@pytest.mark.parametrize("role", ["administrator", "user"])
async def test_code_by_a_copy(
    desk: Desk, connect: Connect, tmp_path: Any, role: str
) -> None:
    """No action copies the code for somebody, nor for an automation."""
    desk.hass.config.allowlist_external_dirs = {str(tmp_path)}
    socket = await connect(await log_in_as(desk, role))
    file = tmp_path / "copy"
    data = {"entity_id": PAIRING_QR, "filename": str(file)}
    await answer_to(socket, call("image.snapshot", **data))
    await desk.hass.services.async_call("image", "snapshot", data, blocking=True)
    assert b"Only for administrators" in file.read_bytes()


# --- Numbers -------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("options", [RESTRICTED])
async def test_restricted_numbers(desk: Desk, connect: Connect, role: str) -> None:
    """With the option, numbers of strangers are for administrators."""
    may = NEEDS["restrict_numbers"] <= ROLES[role][1]
    socket = await connect(await log_in_as(desk, role))
    for message in to_others():
        assert await is_allowed(desk, socket, message) is may
    message = call("send_message", recipients=["notify.anna"], message="To Anna")
    assert await is_allowed(desk, socket, message) is (ROLES[role][1] >= SEND_NEED)


@pytest.mark.parametrize("options", [OPTIONS, RESTRICTED])
@pytest.mark.parametrize(
    ("role", "number", "may"),
    [
        ("sender to Anna", ANNA, True),
        ("sender to Anna", "(202) 555-0123", True),
        ("sender to Anna", BORIS, False),
        ("friend of Family", ANNA, True),
        ("friend of Family", BORIS, True),
        ("friend of Family", CARLA, False),
        ("reader of Anna", ANNA, False),
    ],
)
async def test_number_of_a_recipient(
    home: Desk, connect: Connect, role: str, number: str, *, may: bool
) -> None:
    """It may be sent to by who may send to the recipient, option or not."""
    socket = await connect(await log_in_as(home, role))
    for message in sends(numbers=[number], message="Hello"):
        assert await is_allowed(home, socket, message) is may
    question = call("ask", number=number, message="You?", timeout=0)
    assert await is_allowed(home, socket, question) is may


async def test_group_of_recipients(desk: Desk, connect: Connect) -> None:
    """Each member of a group counts, not the group."""
    desk.hass.states.async_set(
        "notify.all", "unknown", {"entity_id": ["notify.anna", "notify.family"]}
    )
    message = call("send_message", recipients=["notify.all"], message="All")
    for policy, may in (
        (entities(notify_all=True, notify_anna=True), False),
        (entities(notify_anna=True, notify_family=True), True),
    ):
        socket = await connect(await log_in(desk.hass, policy=policy))
        assert await is_allowed(desk, socket, message) is may


@pytest.mark.parametrize("source", ["camera/camera.door", "image/image.door"])
async def test_media_of_others(desk: Desk, connect: Connect, source: str) -> None:
    """Who may not see a camera or an image does not get to send its picture."""
    media = f"media-source://{source}"
    data = {"numbers": [CARLA], "message": "Look", "type": "mms", "media": media}
    message = call("preview_message", **data)
    entity = source.partition("/")[2].replace(".", "_")
    for more, may in (({}, False), ({entity: CAN_READ}, True)):
        policy = of_account(desk, True, **more)
        socket = await connect(await log_in(desk.hass, policy=policy))
        assert await is_allowed(desk, socket, message) is may


# --- What is shown -------------------------------------------------------------------


async def test_names(desk: Desk, connect: Connect) -> None:
    """Whose a number is, is shown to who may see the recipient."""
    for role, name, recipients in (
        ("user", "Anna", ["Anna", "Family"]),
        ("reader of Anna", "Anna", ["Anna"]),
        ("reader of the inbox", None, []),
    ):
        socket = await connect(await log_in_as(desk, role))
        answer = await answer_to(socket, {"type": "smskit/accounts"})
        (account,) = answer["result"]["accounts"]
        assert [one["name"] for one in account["recipients"]] == recipients
        answer = await answer_to(socket, {"type": "smskit/messages/list"})
        shown = {one["number"]: one for one in answer["result"]["conversations"]}
        assert shown[ANNA]["name"] == name
        answer = await answer_to(socket, call("get_messages", direction="out"))
        sent = answer["result"]["response"]["messages"]
        assert [one["name"] for one in sent if one["text"] == "Hi"] == [name]


@pytest.mark.parametrize("role", ROLES)
async def test_what_is_offered(desk: Desk, connect: Connect, role: str) -> None:
    """The card is told what the user may see and do."""
    has = ROLES[role][1]
    socket = await connect(await log_in_as(desk, role))
    answer = await answer_to(socket, {"type": "smskit/accounts"})
    for account in answer["result"]["accounts"]:
        may = account["may"]
        assert may["control"] is may["text_others"] is (CONTROL in has)
        assert may["administer"] is (ADMINISTER in has)
        assert ("notify.anna" in may["send"]) is ({SEND_ANNA, SEE_ANNA} <= has)
        shown = {one["entity_id"] for one in account["recipients"]}
        assert ("notify.anna" in shown) is (SEE_ANNA in has)
        pictures = [
            one for one in account["channels"] if "pairing_qr" in one["entities"]
        ]
        assert bool(pictures) is (SEE_PICTURE in has)
    assert bool(answer["result"]["accounts"]) is (READ in has)


async def test_subscription_ends_with_its_permission(
    desk: Desk, connect: Connect
) -> None:
    """Nothing comes any more once the permission was taken away."""
    login = await log_in(desk.hass, GROUP_ID_USER)
    socket = await connect(login)
    await answer_to(socket, {"type": "smskit/messages/subscribe"})
    await desk.call("send_message", numbers=[CARLA], message="Before")
    assert (await socket.receive_json())["event"]["message"]["text"] == "Before"
    nobody = await log_in(desk.hass, policy=NOTHING)
    (group,) = nobody.user.groups
    await desk.hass.auth.async_update_user(login.user, group_ids=[group.id])
    await desk.call("send_message", numbers=[CARLA], message="After")
    await desk.settle()
    # The events of the first message end before the answer.
    await socket.send_json_auto_id({"type": "smskit/accounts"})
    events: list[Json] = []
    while (message := await socket.receive_json())["type"] == "event":
        events.append(message["event"])
    assert all(event["message"]["text"] == "Before" for event in events)
    assert message["result"] == {"accounts": []}


# --- Callers -------------------------------------------------------------------------


async def test_account_of_somebody_else(
    desk: Desk, second: Desk, connect: Connect
) -> None:
    """The permissions for one account are none for another."""
    socket = await connect(await log_in_as(desk, "keeper of the account"))
    for home, may in ((desk, True), (second, False)):
        account = {"config_entry_id": home.entry.entry_id}
        for message in (
            {"type": "smskit/messages/list", **account},
            {"type": "smskit/messages/subscribe", **account},
            call("get_messages", **account),
            call("delete_messages", all=True, **account),
            call("send_message", numbers=[CARLA], message="Hello", **account),
        ):
            assert await is_allowed(home, socket, message) is may
    answer = await answer_to(socket, {"type": "smskit/accounts"})
    (shown,) = answer["result"]["accounts"]
    assert shown["config_entry_id"] == desk.entry.entry_id


async def test_by_http(desk: Desk, hass_client: ClientSessionGenerator) -> None:
    """Home Assistant's REST API refuses the same."""
    client = await hass_client()
    url = f"/api/services/{DOMAIN}/send_message?return_response"
    data = {"numbers": [CARLA], "message": "Hello"}
    for role, status in (("read-only user", 401), ("keeper of the account", 200)):
        login = await log_in_as(desk, role)
        answer = await client.post(url, json=data, headers=login.headers)
        assert answer.status == status


async def test_automations_may_do_all(desk: Desk) -> None:
    """Without a user, everything is as it was."""
    actions = [
        message
        for messages in deeds(desk).values()
        for message in messages
        if message["type"] == "call_service"
    ]
    for message in actions:
        await desk.hass.services.async_call(
            message["domain"],
            message["service"],
            message["service_data"],
            blocking=True,
            context=Context(parent_id="the state that changed"),
            return_response=message["return_response"],
        )
        await desk.settle()


async def test_unknown_user(desk: Desk) -> None:
    """A caller who does not exist may do nothing."""
    context = Context(user_id="no such user")
    desk.forget_requests()
    for messages in deeds(desk).values():
        for message in messages:
            if message["type"] != "call_service":
                continue
            with pytest.raises(UnknownUser):
                await desk.hass.services.async_call(
                    message["domain"],
                    message["service"],
                    message["service_data"],
                    blocking=True,
                    context=context,
                    return_response=message["return_response"],
                )
    assert desk.portal.requests == []


@pytest.mark.parametrize(
    ("role", "what"), product(("read-only user", "user"), (RESET, REFRESH_QR))
)
async def test_buttons_without_a_look_at_the_portal(
    desk: Desk, connect: Connect, role: str, what: str
) -> None:
    """A refused press leaves the channel as it is."""
    before = desk.state(PAIRING_QR)
    socket = await connect(await log_in_as(desk, role))
    assert not await is_allowed(desk, socket, press(what))
    await settle(desk.hass)
    assert desk.state(PAIRING_QR) == before
