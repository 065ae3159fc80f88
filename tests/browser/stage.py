"""Home Assistant with an account and a dashboard, and a portal behind it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
import os
from pathlib import Path
import secrets
import shutil
import sys
import time
from typing import Any, Final

import aiohttp

from tests.demo import stand_ins
from tests.demo.home_assistant import HomeAssistant, Json
from tests.demo.installation import ROOT, listen_on, skip_weather
from tests.demo.portal_control import DemoPortal
from tests.demo.processes import Program, free_port

# From the ranges set aside for fiction.
ANNA: Final = "+12025550123"
BEN: Final = "+447700900123"
NEIGHBOR: Final = "+12025550145"
OURS: Final = "12025550100"
CARD: Final = "custom:smskit-card"

_KEY: Final = "key-of-the-browser-tests"
_TOKEN: Final = "token-of-the-browser-tests"
_DASHBOARD: Final = "browser-test"


class Home(HomeAssistant):
    """Home Assistant, and what is done to it for a test only."""

    async def remove_entry(self, entry_id: str) -> None:
        """Remove an account."""
        path = f"/api/config/config_entries/entry/{entry_id}"
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self._session.delete(f"{self.url}{path}", headers=headers) as answer:
            answer.raise_for_status()

    async def add_user(self, name: str, group_id: str) -> tuple[str, Json]:
        """Add a user; return the id and what the browser keeps of the login."""
        created = await self.call("config/auth/create", name=name, group_ids=[group_id])
        user_id: str = created["user"]["id"]
        login = {"username": name.lower(), "password": secrets.token_urlsafe()}
        await self.call(
            "config/auth_provider/homeassistant/create", user_id=user_id, **login
        )
        client = {"client_id": f"{self.url}/"}
        handler = {"handler": ["homeassistant", None], "redirect_uri": f"{self.url}/"}
        flow = await self.post("/auth/login_flow", {**client, **handler})
        step = f"/auth/login_flow/{flow['flow_id']}"
        code = (await self.post(step, {**client, **login}))["result"]
        form = {**client, "grant_type": "authorization_code", "code": code}
        async with self._session.post(f"{self.url}/auth/token", data=form) as answer:
            answer.raise_for_status()
            tokens: Json = await answer.json()
        expires = (time.time() + tokens["expires_in"]) * 1000
        more = {"hassUrl": self.url, "clientId": f"{self.url}/", "expires": expires}
        return user_id, {**tokens, **more}

    async def reload_entry(self, entry_id: str) -> None:
        """Load an account anew."""
        await self.post(f"/api/config/config_entries/entry/{entry_id}/reload", {})

    async def enable_entry(self, entry_id: str, *, enable: bool) -> None:
        """Enable or disable an account."""
        await self.call(
            "config_entries/disable",
            entry_id=entry_id,
            disabled_by=None if enable else "user",
        )


@dataclass(kw_only=True)
class Stage:
    """What the tests share."""

    home: Home
    portal: DemoPortal
    config: Path
    entry_id: str = ""
    entities: dict[str, str] = field(default_factory=dict)
    """Entity ids of the account by their key: `balance`, `unread_messages`, …"""

    @property
    def path(self) -> str:
        """The address of the dashboard."""
        return f"{self.home.url}/{_DASHBOARD}/0"

    async def show(self, *cards: Json, **view: Any) -> None:
        """Make a dashboard of these cards, in one section as wide as it gets."""
        section = {"type": "grid", "column_span": 4, "cards": list(cards)}
        views = [
            {
                "title": "Test",
                "type": "sections",
                "max_columns": 4,
                "sections": [section],
                **view,
            }
        ]
        await self.save({"views": views})

    async def save(self, config: Json) -> None:
        """Make this the configuration of the dashboard."""
        await self.home.call("lovelace/config/save", url_path=_DASHBOARD, config=config)

    async def until_saved(self, seen: Callable[[Json], bool]) -> Json:
        """Wait until the dashboard has such a card, and return its configuration."""
        async with asyncio.timeout(15):
            while True:
                config = await self.home.call("lovelace/config", url_path=_DASHBOARD)
                for section in config["views"][0]["sections"]:
                    for card in section["cards"]:
                        if seen(card):
                            found: Json = card
                            return found
                await asyncio.sleep(0.1)

    def card(self, **config: Any) -> Json:
        """Return the configuration of a card of the account."""
        return {
            "type": CARD,
            "config_entry_id": self.entry_id,
            "grid_options": {"columns": "full"},
            **config,
        }

    async def receive(self, sender: str, text: str) -> None:
        """Let a text come in, and wait until it is there."""
        await self.portal.tell(
            "inbound", **{"from": sender.removeprefix("+"), "to": OURS, "text": text}
        )
        last = self.entities["last_message"]
        # Sooner than it would look by itself.
        await self.home.action("homeassistant.update_entity", entity_id=[last])
        await self.home.until(
            last,
            lambda state: state["attributes"].get("text") == text,
            within=25,
        )

    async def add_account(self, key: str, token: str, **options: Any) -> str:
        """Add an account of the portal; return its entry's id."""
        answer = await self.home.fill_in(
            "flow",
            "smskit",
            {
                "url": self.portal.url,
                "api_key": key,
                "api_token": token,
                "sender": "HOME",
            },
        )
        entry_id: str = answer["result"]["entry_id"]
        await self.home.until_loaded(entry_id)
        await self.home.fill_in(
            "options/flow",
            entry_id,
            {"inbox_interval": 10, "time_zone": "Africa/Lagos", **options},
        )
        await self.home.until_loaded(entry_id)
        return entry_id

    async def add_recipient(self, name: str, *numbers: str) -> None:
        """Add a recipient to the account."""
        await self.home.fill_in(
            "subentries/flow",
            [self.entry_id, "recipient"],
            {"name": name, "numbers": list(numbers)},
        )
        await self.home.until_loaded(self.entry_id)


@asynccontextmanager
async def running_stage(folder: Path) -> AsyncGenerator[Stage]:
    """Start everything; leave nothing running."""
    config = folder / "config"
    shutil.copytree(Path(__file__).parent / "config", config)
    # A copy: whoever edits the sources meanwhile does no harm.
    shutil.copytree(
        ROOT / "custom_components",
        config / "custom_components",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    port = free_port(0)
    listen_on(config, port)
    skip_weather(config)
    async with AsyncExitStack() as stack:
        portal = await DemoPortal.start(folder, api_key=_KEY, api_token=_TOKEN)
        stack.push_async_callback(portal.program.stop)
        hass = await Program.start(
            str(Path(sys.executable).with_name("hass")),
            *("--config", str(config)),
            *("--log-file", str(folder / "home-assistant.log")),
            "--log-no-color",
            "--skip-pip",
            log=folder / "console.log",
            environment={
                **os.environ,
                "PYTHONPATH": str(Path(next(iter(stand_ins.__path__)))),
            },
        )
        stack.push_async_callback(hass.stop)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        home = await stack.enter_async_context(
            Home(session, f"http://127.0.0.1:{port}")
        )
        stage = Stage(home=home, portal=portal, config=config)
        await _set_up(stage)
        yield stage


async def _set_up(stage: Stage) -> None:
    home = stage.home
    await home.wait_until_up()
    await home.onboard("Sam")
    await home.connect()
    await home.wait_until_running()
    await home.call(
        "lovelace/dashboards/create",
        url_path=_DASHBOARD,
        title="Browser test",
        mode="storage",
    )
    await stage.portal.tell("next_delivery", state="sent", after=None)
    await stage.portal.tell("channels", label="Reception")
    stage.entry_id = await stage.add_account(_KEY, _TOKEN)
    await stage.add_recipient("Anna", ANNA)
    await stage.add_recipient("Family", ANNA, BEN)
    answer = await home.call("smskit/accounts")
    (account,) = answer["accounts"]
    stage.entities = account["entities"]
    await stage.receive(BEN, "Landed early. Can someone pick me up at 6?")
    await stage.receive(ANNA, "Where is the key of the shed?")
