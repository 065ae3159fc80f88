"""The HTTP session of an account."""

from typing import Any

import aiohttp
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_create_clientsession

from .api import PortalRequest


@callback
def async_create_session(hass: HomeAssistant, **more: Any) -> aiohttp.ClientSession:
    """Return a session that shares nothing with other accounts, and keeps no cookies.

    Every request starts a session at the portal. Were its cookie sent along, the portal
    would answer the next requests one after the other, those of other accounts, too,
    and could mistake one account for another. The session takes neither credentials
    nor a proxy from the environment, which is aiohttp's default.
    """
    return async_create_clientsession(
        hass,
        cookie_jar=aiohttp.DummyCookieJar(),
        request_class=PortalRequest,
        **more,
    )
