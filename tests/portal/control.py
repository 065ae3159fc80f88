"""The control interface: what tests in another process do to the portal, over HTTP.

JSON both ways, on a port of its own, which answers while the portal refuses. It calls
the methods of Portal that tests in the same process call.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, DecimalException
import json
from typing import TYPE_CHECKING, Final, cast

from aiohttp import web

from .plain import fields, plain

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .portal import Portal
    from .state import Account, RecipientState

    type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_BAD_REQUESTS: Final = (KeyError, ValueError, TypeError, DecimalException)


class Body:
    """The JSON object of a request; every getter refuses a value of another type."""

    def __init__(self, data: dict[str, object]) -> None:
        """Wrap what was parsed."""
        self._data = data

    @classmethod
    async def read(cls, request: web.Request) -> Body:
        """Parse a request; an empty body is an empty object."""
        text = await request.text()
        data = json.loads(text) if text.strip() else {}
        if not isinstance(data, dict):
            msg = "the body has to be a JSON object"
            raise TypeError(msg)
        return cls(data)

    def text(self, name: str) -> str:
        """Return a string that has to be there."""
        value = self.optional_text(name)
        if value is None:
            msg = f"{name} is missing"
            raise ValueError(msg)
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a string, or None."""
        return self._typed(name, str)

    def number(self, name: str) -> float | None:
        """Return a number, or None."""
        value = self._data.get(name)
        return float(value) if isinstance(value, int) else self._typed(name, float)

    def whole(self, name: str) -> int | None:
        """Return a whole number, or None."""
        return self._typed(name, int)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a truth value."""
        value = self._typed(name, bool)
        return default if value is None else value

    def amount(self, name: str, default: str) -> Decimal:
        """Return an amount, given as a string or a number."""
        return Decimal(str(self._data.get(name, default)))

    def texts(self, name: str) -> set[str] | None:
        """Return a list of strings as a set, or None."""
        value = self._typed(name, list)
        return None if value is None else {str(item) for item in value}

    def _typed[T](self, name: str, kind: type[T]) -> T | None:
        value = self._data.get(name)
        if value is not None and not isinstance(value, kind):
            msg = f"{name} has to be a {kind.__name__}"
            raise TypeError(msg)
        return value


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 400 and say why, whatever was wrong with the request."""
    try:
        return await handler(request)
    except web.HTTPException as err:
        return web.json_response({"error": err.reason}, status=err.status)
    except _BAD_REQUESTS as err:
        name = type(err).__name__
        message = f"unknown: {err}" if isinstance(err, KeyError) else str(err)
        return web.json_response({"error": message or name}, status=400)


def application(portal: Portal) -> web.Application:
    """Return the application that controls this portal."""
    control = Control(portal)
    application = web.Application(middlewares=[_errors])
    application.add_routes(
        [
            web.post("/control/accounts", control.add_account),
            web.post("/control/inbound", control.inbound),
            web.post("/control/deliver", control.deliver),
            web.post("/control/next_delivery", control.next_delivery),
            web.post("/control/channels", control.add_channel),
            web.post("/control/channels/{id}/{action}", control.change_channel),
            web.get("/control/channels/{id}/qr", control.qr),
            web.delete("/control/channels/{id}", control.remove_channel),
            web.post("/control/faults", control.fail),
            web.delete("/control/faults", control.clear_faults),
            web.post("/control/refuse", control.refuse),
            web.post("/control/accept", control.accept),
            web.get("/control/ledger", control.ledger),
            web.get("/control/requests", control.requests),
            web.get("/control/state", control.state),
        ]
    )
    return application


class Control:
    """One handler a route; each answers what the portal's method returned."""

    def __init__(self, portal: Portal) -> None:
        """Control this portal."""
        self._portal = portal

    def _account(self, body: Body) -> Account:
        """Return the account by its name or API key; the first one by default."""
        wanted = body.optional_text("account")
        for account in self._portal.accounts:
            if wanted in {None, account.name, account.api_key}:
                return account
        raise KeyError(wanted or "no account")

    async def add_account(self, request: web.Request) -> web.Response:
        """POST {api_key, api_token, credits?, senders?, api_enabled?, get_only?}."""
        body = await Body.read(request)
        account = self._portal.add_account(
            api_key=body.text("api_key"),
            api_token=body.text("api_token"),
            credits=body.amount("credits", "100"),
            senders=body.texts("senders"),
            api_enabled=body.flag("api_enabled", default=True),
            get_only=body.flag("get_only"),
            name=body.optional_text("name"),
        )
        return web.json_response(fields(account))

    async def inbound(self, request: web.Request) -> web.Response:
        """POST {from, text, account?, to?, date? (ISO 8601), id?}."""
        body = await Body.read(request)
        date = body.optional_text("date")
        message = self._portal.receive(
            self._account(body),
            body.text("from"),
            body.text("text"),
            to=body.optional_text("to"),
            date=None if date is None else datetime.fromisoformat(date),
            id=body.optional_text("id"),
        )
        return web.json_response(plain(message))

    async def deliver(self, request: web.Request) -> web.Response:
        """POST {state, group_id?, to?, count?}."""
        body = await Body.read(request)
        changed = self._portal.deliver(
            # The portal itself refuses any other text.
            cast("RecipientState", body.text("state")),
            group_id=body.optional_text("group_id"),
            to=body.optional_text("to"),
            count=body.whole("count"),
        )
        return web.json_response({"recipients": plain(changed)})

    async def next_delivery(self, request: web.Request) -> web.Response:
        """POST {state, after? (seconds; null or nothing: until told)}."""
        body = await Body.read(request)
        after = body.number("after")
        self._portal.next_delivery = cast("RecipientState", body.text("state"))
        self._portal.deliver_after = after
        return web.json_response({"state": self._portal.next_delivery, "after": after})

    async def add_channel(self, request: web.Request) -> web.Response:
        """POST {label, plan?, account?}."""
        body = await Body.read(request)
        channel = self._portal.add_channel(
            self._account(body),
            body.text("label"),
            body.optional_text("plan") or "pro",
        )
        return web.json_response(plain(channel))

    async def change_channel(self, request: web.Request) -> web.Response:
        """POST …/pair {number?}, …/drop, …/expire, …/rename {label}."""
        body = await Body.read(request)
        channel = self._portal.channel(request.match_info["id"])
        match request.match_info["action"]:
            case "pair":
                number = body.optional_text("number") or "447700900123"
                self._portal.pair(channel, number)
            case "drop":
                self._portal.drop(channel)
            case "expire":
                self._portal.expire(channel)
            case "rename":
                self._portal.rename(channel, body.text("label"))
            case action:
                raise KeyError(action)
        return web.json_response(plain(channel))

    async def remove_channel(self, request: web.Request) -> web.Response:
        """DELETE …/{id}."""
        channel = self._portal.channel(request.match_info["id"])
        self._portal.remove_channel(channel)
        return web.json_response(plain(channel))

    async def qr(self, request: web.Request) -> web.Response:
        """GET …/{id}/qr: what the QR code says now."""
        payload = self._portal.qr_payload(request.match_info["id"])
        return web.json_response({"payload": payload})

    async def fail(self, request: web.Request) -> web.Response:
        """POST {kind, operation?, times?, seconds?, processed?, text?, status?}."""
        body = await Body.read(request)
        fault = self._portal.fail(
            body.text("kind"),
            body.optional_text("operation") or "*",
            times=body.whole("times"),
            seconds=body.number("seconds"),
            processed=body.flag("processed"),
            text=body.optional_text("text"),
            status=body.whole("status"),
        )
        return web.json_response(plain(fault))

    async def clear_faults(self, request: web.Request) -> web.Response:
        """DELETE: behave from now on."""
        del request
        self._portal.clear_faults()
        return web.json_response({})

    async def refuse(self, request: web.Request) -> web.Response:
        """POST: refuse connections."""
        del request
        await self._portal.refuse()
        return web.json_response({})

    async def accept(self, request: web.Request) -> web.Response:
        """POST: accept connections again."""
        del request
        await self._portal.accept()
        return web.json_response({"url": self._portal.url})

    async def ledger(self, request: web.Request) -> web.Response:
        """GET {ledger: [entry]}."""
        del request
        return web.json_response({"ledger": plain(self._portal.ledger)})

    async def requests(self, request: web.Request) -> web.Response:
        """GET {requests: [request], max_in_flight: {operation or *: number}}."""
        del request
        return web.json_response(
            {
                "requests": plain(self._portal.requests),
                "max_in_flight": plain(self._portal.max_in_flight),
            }
        )

    async def state(self, request: web.Request) -> web.Response:
        """GET accounts (with inboxes, without tokens), groups, channels, faults."""
        del request
        portal = self._portal
        accounts = [
            fields(account) | {"inbox": plain(account.inbox)}
            for account in portal.accounts
        ]
        return web.json_response(
            {
                "accounts": accounts,
                "groups": plain(portal.groups),
                "channels": plain(portal.channels),
                "faults": plain(portal.faults),
                "next_delivery": portal.next_delivery,
                "deliver_after": portal.deliver_after,
            }
        )
