"""The control interface: what tests in another process do to the portal, over HTTP.

JSON both ways, on a port of its own, which answers while the portal refuses. It calls
the methods of Portal that tests in the same process call.
"""

from __future__ import annotations

from datetime import datetime
from decimal import DecimalException
from typing import TYPE_CHECKING, Final, cast

from aiohttp import web

from . import switches
from .body import Body
from .plain import fields, plain

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .portal import Portal
    from .state import Account
    from .words import RecipientState

    type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_BAD_REQUESTS: Final = (KeyError, ValueError, TypeError, DecimalException)


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
            web.post("/control/portal", control.change_portal),
            web.post("/control/accounts", control.add_account),
            web.post("/control/account", control.change_account),
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
        """POST {api_key, api_token, credits?, senders?, api_enabled?, name?}."""
        body = await Body.read(request)
        account = self._portal.add_account(
            api_key=body.text("api_key"),
            api_token=body.text("api_token"),
            credits=body.amount("credits", "100"),
            senders=body.texts("senders"),
            api_enabled=body.flag("api_enabled", default=True),
            name=body.optional_text("name"),
        )
        return web.json_response(fields(account))

    async def change_portal(self, request: web.Request) -> web.Response:
        """POST any switch of the portal; answers them all."""
        body = await Body.read(request)
        values = body.without()
        switched = switches.change(self._portal, switches.OF_PORTAL, values)
        return web.json_response(switched)

    async def change_account(self, request: web.Request) -> web.Response:
        """POST {account?} and any switch of the account; answers them all."""
        body = await Body.read(request)
        account = self._account(body)
        values = body.without("account")
        switched = switches.change(account, switches.OF_ACCOUNT, values)
        return web.json_response(switched)

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
        """POST {kind, operation?, times?, seconds?, …}: the fields of `Fault`."""
        body = await Body.read(request)
        fault = self._portal.fail(
            body.text("kind"),
            body.optional_text("operation") or "*",
            times=body.whole("times"),
            seconds=body.number("seconds"),
            processed=body.flag("processed"),
            text=body.optional_text("text"),
            status=body.whole("status"),
            retry_after=body.optional_text("retry_after"),
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
