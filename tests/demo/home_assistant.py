"""Home Assistant as its own user interface talks to it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import count
import secrets
from typing import Any, Self

import aiohttp

from .transcript import NotSeenError

type Json = dict[str, Any]

_BOOT_TIMEOUT = 90
_CALL_TIMEOUT = 30


class ActionError(Exception):
    """An action failed; the text is what a user reads."""


class HomeAssistant:
    """A Home Assistant that runs, and its states as they change."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        """Talk to the Home Assistant at this address."""
        self.url = url
        self.states: dict[str, Json] = {}
        self._session = session
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._ids = count(1)
        self._answers: dict[int, asyncio.Future[Json]] = {}
        self._changed = asyncio.Condition()
        self._token = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.disconnect()

    # --- Start -----------------------------------------------------------------------

    async def wait_until_up(self) -> None:
        """Wait until it answers over HTTP."""
        async with asyncio.timeout(_BOOT_TIMEOUT):
            while True:
                with suppress(aiohttp.ClientError):
                    async with self._session.get(f"{self.url}/api/onboarding") as seen:
                        if seen.status == 200:
                            return
                await asyncio.sleep(0.1)

    async def onboard(self, name: str) -> None:
        """Do what the welcome pages do: an owner, no analytics, done."""
        client_id = f"{self.url}/"
        answer = await self.post(
            "/api/onboarding/users",
            {
                "client_id": client_id,
                "language": "en",
                "name": name,
                "username": "demo",
                "password": secrets.token_urlsafe(),
            },
        )
        await self._log_in(client_id, answer["auth_code"])
        await self.post("/api/onboarding/analytics", {})
        await self.post(
            "/api/onboarding/integration",
            {"client_id": client_id, "redirect_uri": client_id},
        )

    async def _log_in(self, client_id: str, code: str) -> None:
        form = {
            "client_id": client_id,
            "code": code,
            "grant_type": "authorization_code",
        }
        async with self._session.post(f"{self.url}/auth/token", data=form) as answer:
            answer.raise_for_status()
            self._token = (await answer.json())["access_token"]

    async def connect(self) -> None:
        """Open the connection that the user interface lives on; follow the states."""
        await self.disconnect()
        self._socket = await self._session.ws_connect(f"{self.url}/api/websocket")
        await self._socket.receive_json()
        await self._socket.send_json({"type": "auth", "access_token": self._token})
        welcome = await self._socket.receive_json()
        if welcome["type"] != "auth_ok":
            raise RuntimeError(f"no login: {welcome}")
        self._reader = asyncio.create_task(self._read(self._socket))
        await self.call("subscribe_events", event_type="state_changed")
        for state in await self.call("get_states"):
            self.states[state["entity_id"]] = state

    async def connect_when_up(self) -> None:
        """Connect as soon as one that was set up before answers."""
        async with asyncio.timeout(_BOOT_TIMEOUT):
            while True:
                # A connection that ends at once comes as a TypeError.
                with suppress(aiohttp.ClientError, OSError, TypeError):
                    await self.connect()
                    return
                await asyncio.sleep(0.1)

    async def wait_until_running(self) -> Json:
        """Wait until it has started everything; return its configuration."""
        async with asyncio.timeout(_BOOT_TIMEOUT):
            while True:
                config: Json = await self.call("get_config")
                if config["state"] == "RUNNING":
                    return config
                await asyncio.sleep(0.1)

    async def disconnect(self) -> None:
        """Close that connection."""
        if self._reader is not None:
            self._reader.cancel()
        if self._socket is not None:
            await self._socket.close()
        self._reader = self._socket = None

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        try:
            async for message in socket:
                answer = message.json()
                if answer["type"] == "event":
                    await self._take(answer["event"]["data"])
                elif (waiting := self._answers.pop(answer["id"], None)) is not None:
                    waiting.set_result(answer)
        finally:
            for waiting in self._answers.values():
                waiting.cancel()
            self._answers.clear()

    async def _take(self, change: Json) -> None:
        async with self._changed:
            if change["new_state"] is None:
                self.states.pop(change["entity_id"], None)
            else:
                self.states[change["entity_id"]] = change["new_state"]
            self._changed.notify_all()

    # --- Commands --------------------------------------------------------------------

    async def post(self, path: str, body: Json) -> Json:
        """Send JSON to the REST API."""
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        async with self._session.post(
            f"{self.url}{path}", json=body, headers=headers
        ) as answer:
            if answer.status >= 400:
                raise NotSeenError(
                    f"{path} answered {answer.status}: {await answer.text()}"
                )
            result: Json = await answer.json()
            return result

    async def diagnostics(self, entry_id: str) -> Json:
        """Return what a user downloads as the diagnostics of an entry."""
        headers = {"Authorization": f"Bearer {self._token}"}
        address = f"{self.url}/api/diagnostics/config_entry/{entry_id}"
        async with self._session.get(address, headers=headers) as answer:
            answer.raise_for_status()
            data: Json = (await answer.json())["data"]
            return data

    async def get_bytes(self, path: str) -> bytes:
        """Fetch what an address of Home Assistant serves, such as a picture."""
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self._session.get(f"{self.url}{path}", headers=headers) as answer:
            answer.raise_for_status()
            return await answer.read()

    async def call(self, command: str, **fields: Any) -> Any:
        """Send a command over the open connection and return its result."""
        answer = await self._answer(command, fields)
        if not answer["success"]:
            raise NotSeenError(f"{command}: {answer['error']['message']}")
        return answer["result"]

    async def action(
        self,
        name: str,
        *,
        target: Json | None = None,
        returns: bool = False,
        **data: Any,
    ) -> Json:
        """Perform an action as a dashboard does; return its response.

        Raises ActionError with the text that a user reads.
        """
        domain, _, service = name.partition(".")
        fields: Json = {"domain": domain, "service": service, "service_data": data}
        if target is not None:
            fields["target"] = target
        if returns:
            fields["return_response"] = True
        answer = await self._answer("call_service", fields)
        if not answer["success"]:
            raise ActionError(answer["error"]["message"])
        response: Json = answer["result"].get("response") or {}
        return response

    async def _answer(self, command: str, fields: Json) -> Json:
        if self._socket is None:
            raise RuntimeError("not connected")
        number = next(self._ids)
        waiting = asyncio.get_running_loop().create_future()
        self._answers[number] = waiting
        await self._socket.send_json({"id": number, "type": command, **fields})
        async with asyncio.timeout(_CALL_TIMEOUT):
            answer: Json = await waiting
            return answer

    # --- Forms -----------------------------------------------------------------------

    async def fill_in(
        self, kind: str, handler: str | Sequence[str], *pages: Mapping[str, Any]
    ) -> Json:
        """Open a form of the settings, fill in its pages and send them.

        `kind` is flow, options/flow or subentries/flow. What a page does not name keeps
        what the form shows. Returns what the last page answered.
        """
        path = f"/api/config/config_entries/{kind}"
        answer = await self.post(path, {"handler": handler})
        for page in pages:
            if answer["type"] != "form":
                break
            if unknown := page.keys() - _names(answer["data_schema"]):
                raise NotSeenError(f"the form has no {', '.join(sorted(unknown))}")
            body = _filled(answer["data_schema"], page)
            answer = await self.post(f"{path}/{answer['flow_id']}", body)
        if answer["type"] != "create_entry":
            said = answer.get("errors") or answer.get("reason") or answer["type"]
            raise NotSeenError(f"the form answered: {said}")
        return answer

    async def until_loaded(self, entry_id: str) -> None:
        """Wait until an entry of the settings is loaded, or loaded again."""
        state = ""
        with suppress(TimeoutError):
            async with asyncio.timeout(_CALL_TIMEOUT):
                while state != "loaded":
                    answer = await self.call(
                        "config_entries/get_single", entry_id=entry_id
                    )
                    state = answer["config_entry"]["state"]
                    if state in {"setup_error", "migration_error", "failed_unload"}:
                        break
                    await asyncio.sleep(0.05)
        if state != "loaded":
            raise NotSeenError(f"the account does not load: {state}")

    # --- States ----------------------------------------------------------------------

    async def until(
        self, entity_id: str, seen: Callable[[Json], bool], *, within: float = 15
    ) -> Json:
        """Wait until a state is what a step wants to see, and return it."""

        def is_there() -> bool:
            state = self.states.get(entity_id)
            return state is not None and seen(state)

        try:
            async with asyncio.timeout(within), self._changed:
                await self._changed.wait_for(is_there)
        except TimeoutError:
            last = self.states.get(entity_id, {}).get("state", "not there")
            raise NotSeenError(f"{entity_id} is {last} after {within:.0f} s") from None
        return self.states[entity_id]


def _names(schema: Sequence[Json]) -> set[str]:
    """Return the names of all fields of a form, those in sections among them."""
    names: set[str] = set()
    for field in schema:
        names |= _names(field["schema"]) if _is_section(field) else {field["name"]}
    return names


def _filled(schema: Sequence[Json], typed: Mapping[str, Any]) -> Json:
    """Return what a browser sends: what the form shows, and what was typed over it."""
    values: Json = {}
    for field in schema:
        name = field["name"]
        shown = (field.get("description") or {}).get("suggested_value")
        if _is_section(field):
            values[name] = _filled(field["schema"], typed)
        elif name in typed:
            values[name] = typed[name]
        elif shown is not None:
            values[name] = shown
        elif "default" in field:
            values[name] = field["default"]
    return values


def _is_section(field: Json) -> bool:
    return field.get("type") == "expandable"
