"""Whatever a portal says, and wherever it does: no log, file, or history keeps it."""

from collections.abc import Callable
from http import HTTPStatus
import json
import logging
from typing import Any, Final

from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.components.recorder.db_schema import StateAttributes, States
from homeassistant.components.recorder.util import session_scope
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from tests.channels.home import DEVICE_STATUS, Home
from tests.conftest import CARLA
from tests.portal import Channel

TEXT: Final = "Meet Carla at the old bridge tonight"
HEARD: Final = "My Visa card is gone"
PHONE: Final = "447700900456"
SENDER: Final = "RIVERSIDE"
FORGED: Final = "2027-02-10 12:00:00.000 ERROR (MainThread) [core] All is lost"
# All that is private of what was sent, was received, and is said by the portal.
SAYS: Final = f"“{TEXT}” from {SENDER} to +{CARLA}\n{FORGED}"
PRIVATE: Final = ("carla", "bridge", "tonight", CARLA[2:], PHONE, "visa", "riverside")


def refuse(*operations: str) -> Callable[[Home, Channel], None]:
    """Return what refuses operations with such words."""

    def apply(home: Home, _: Channel) -> None:
        for operation in operations:
            home.portal.fail("refused_error", operation, text=SAYS)

    return apply


def answer(operation: str, body: dict[str, Any]) -> Callable[[Home, Channel], None]:
    """Return what answers an operation with a body of its own."""

    def apply(home: Home, office: Channel) -> None:
        whole = {"request": operation, "status": "success", **body}
        if operation == "viewchannel":
            whole = {"channel_id": office.channel_id, "gateway_id": "1", **whole}
        home.portal.fail("not_json", operation, text=json.dumps(whole))

    return apply


def page(home: Home, _: Channel) -> None:
    """Answer anything but a look at the inbox with a page."""
    for operation in ("sendsms", "balance", "listchannel", "groupstatus"):
        text = f"<html><title>{SAYS}</title></html>"
        home.portal.fail("html_page", operation, text=text)


def no_json(home: Home, _: Channel) -> None:
    """Answer with words alone."""
    for operation in ("sendsms", "balance", "listchannel", "groupstatus"):
        home.portal.fail("not_json", operation, text=SAYS)


def listed(home: Home, office: Channel) -> None:
    """List a message whose id and sender say it."""
    message = {"id": SAYS, "from": SAYS, "to": PHONE, "message": HEARD}
    body = {"inbox": [{**message, "date": "2027-02-10 12:00:00"}]}
    answer("getinbox", body)(home, office)


PLACES: Final[dict[str, Callable[[Home, Channel], None]]] = {
    "refusal of the message": refuse("sendsms"),
    "refusal of a poll": refuse("balance", "listchannel"),
    "refusal of the inbox": refuse("getinbox"),
    "refusal of a channel": refuse("viewchannel"),
    "refusal of the status": refuse("groupstatus"),
    "page": page,
    "no JSON": no_json,
    "group id": answer("sendsms", {"status": "queued", "group_id": SAYS}),
    "notice": answer("sendsms", {"status": "failed", "group_id": "7", "notice": SAYS}),
    "group status": answer(
        "groupstatus",
        {
            "group_id": SAYS,
            "group_status": SAYS,
            "recipients": [{"id": SAYS, "to": SAYS, "status": f"failed: {SAYS}"}],
        },
    ),
    "device status": answer("viewchannel", {"device_status": SAYS}),
    "device status, a status first": answer(
        "viewchannel", {"device_status": f"session active: {SAYS}"}
    ),
    "device status, short": answer("viewchannel", {"device_status": "Old Bridge"}),
    "plan": answer("viewchannel", {"plan": SAYS}),
    "version": answer("viewchannel", {"whatsapp_version": SAYS}),
    "received message": listed,
}


@pytest.fixture(autouse=True)
def _custom_integrations(
    recorder_mock: Recorder, enable_custom_integrations: None
) -> None:
    """Have the recorder there before anything else."""


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home with channels."""
    return Home


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """Allow warnings: what they say is tested here."""


async def errors_of_actions(home: Home) -> list[str]:
    """Send, ask what became of it, and look at all; return what fails and how."""
    errors: list[str] = []
    calls: tuple[tuple[str, dict[str, Any]], ...] = (
        ("send_message", {"numbers": [CARLA], "message": TEXT, "sender": SENDER}),
        ("get_message_status", {"group_id": "7"}),
        ("check_portal", {}),
    )
    for action, data in calls:
        try:
            await home.until_done(home.call(action, **data))
        except HomeAssistantError as err:
            # Who typed a number is told which one it is about.
            errors.append(str(err).replace(f"{CARLA}: ", ""))
    return errors


async def recorded(home: Home) -> str:
    """Return all that the recorder keeps of states."""
    await async_wait_recording_done(home.hass)

    def read() -> str:
        with session_scope(hass=home.hass, read_only=True) as session:
            states = [row.state or "" for row in session.query(States)]
            attributes = [
                row.shared_attrs or "" for row in session.query(StateAttributes)
            ]
        return "\n".join(states + attributes)

    return await get_instance(home.hass).async_add_executor_job(read)


async def diagnostics(home: Home, hass_client: ClientSessionGenerator) -> str:
    """Return the integration's part of the file that a user downloads."""
    assert await async_setup_component(home.hass, "diagnostics", {})
    client = await hass_client()
    path = f"/api/diagnostics/config_entry/{home.entry.entry_id}"
    response = await client.get(path)
    assert response.status == HTTPStatus.OK
    file = await response.json()
    return json.dumps([file["data"], file["issues"]], ensure_ascii=False)


@pytest.mark.parametrize("speak", PLACES.values(), ids=PLACES)
async def test_nothing_is_kept(
    office: Channel,
    new_home: Home,
    hass_client: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
    speak: Callable[[Home, Channel], None],
) -> None:
    """Neither log, diagnostics, errors, nor the recorder has what a portal quotes."""
    home = new_home
    caplog.set_level(logging.DEBUG)
    await home.call("send_message", numbers=[CARLA], message=TEXT, sender=SENDER)
    home.portal.receive(home.account, PHONE, HEARD)
    await home.advance(60)
    speak(home, office)
    errors = await errors_of_actions(home)
    await home.pass_time(700)
    kept = {
        "error": "\n".join(errors),
        "diagnostics": await diagnostics(home, hass_client),
        "recorder": await recorded(home),
        "log": "\n".join(
            record.getMessage()
            for record in caplog.records
            if record.name.startswith(("custom_components", "aiosqlite"))
        ),
    }
    found = {
        surface: [word for word in PRIVATE if word in said.casefold()]
        for surface, said in kept.items()
    }
    assert not any(found.values()), found
    lines = [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("custom_components.smskit")
    ]
    assert lines
    assert all(line.isprintable() for line in lines)
    assert all(line.isprintable() for line in errors)


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("session active", "session active"),
        ("Session Active", "Session Active"),
        ("awaiting scan", "awaiting scan"),
        ("syncing", "syncing"),
        ("WORKING", "WORKING"),
        ("re-connecting", "re-connecting"),
        ("not_yet_paired", "not_yet_paired"),
        ("session\nactive", "session active"),
        ("1", "unknown"),
        ("active since 12:04", "unknown"),
        ("active for 447700900456", "unknown"),
        ("please scan the code now", "unknown"),
        ("\u202eevitca", "evitca"),
        ("x" * 300, "unknown"),
        ("", "unknown"),
    ],
)
async def test_device_status(
    office: Channel, new_home: Home, words: str, state: str
) -> None:
    """A status is a few words: what is more may quote anything, and is not shown."""
    answer("viewchannel", {"device_status": words})(new_home, office)
    await new_home.advance(601)
    assert new_home.state(DEVICE_STATUS) == state
