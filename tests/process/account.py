"""A portal's account that Home Assistant uses."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from tests.demo.home_assistant import Json
from tests.demo.portal_control import DemoPortal

from .home import Home
from .instance import Instance

_KEY: Final = "key-of-the-process-test"
_TOKEN: Final = "token-of-the-process-test"
_PAGE: Final = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """An account as Home Assistant knows it."""

    entry_id: str
    entities: dict[str, str]
    """Entity ids by their key: `message_status`, `messages_pending`, …"""


class HasUrl(Protocol):
    """A portal, of whatever kind."""

    url: str


@asynccontextmanager
async def running_portal(folder: Path) -> AsyncGenerator[DemoPortal]:
    """Run a portal with an account that lacks nothing; messages arrive in a second."""
    portal = await DemoPortal.start(
        folder, api_key="key-of-nobody", api_token="token-of-nobody"
    )
    try:
        await portal.tell("accounts", api_key=_KEY, api_token=_TOKEN, credits="100000")
        await portal.tell("next_delivery", state="sent", after=1)
        yield portal
    finally:
        await portal.program.stop()


async def receive(portal: DemoPortal, sender: str, text: str, **fields: str) -> None:
    """Have a message come in for the account."""
    await portal.tell("inbound", account=_KEY, **{"from": sender}, text=text, **fields)


async def read_inbox(home: Home) -> list[Json]:
    """Return all messages of the inbox."""
    inbox: list[Json] = []
    page: Json = {}
    while True:
        response = await home.action(
            "smskit.get_messages", returns=True, limit=_PAGE, **page
        )
        inbox += response["messages"]
        if len(response["messages"]) < _PAGE:
            return inbox
        page = {"before": inbox[-1]["id"]}


async def add_account(
    instance: Instance,
    home: Home,
    portal: HasUrl,
    *,
    watched: str = "message_status",
    **options: Any,
) -> Account:
    """Start Home Assistant anew, add the account as a user does, and stop again."""
    await instance.start()
    await home.wait_until_up()
    await home.onboard("Sam")
    await home.connect()
    await home.wait_until_running()
    await home.stay_known()
    answer = await home.fill_in(
        "flow",
        "smskit",
        {"url": portal.url, "api_key": _KEY, "api_token": _TOKEN, "sender": "HOME"},
    )
    entry_id: str = answer["result"]["entry_id"]
    await home.fill_in("options/flow", entry_id, options)
    entities = {
        entity["translation_key"]: entity["entity_id"]
        for entity in await home.call("config/entity_registry/list")
        if entity["platform"] == "smskit"
    }
    home.watched = entities[watched]
    await home.wait_until_ready()
    await home.disconnect()
    # What it keeps is on disk from here on.
    await instance.stop()
    return Account(entry_id=entry_id, entities=entities)
