"""The view from which portals fetch media."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web
from homeassistant.components.http import KEY_HASS, HomeAssistantView
from homeassistant.core import HomeAssistant, callback

from .media_copies import async_media_copies
from .media_types import SHOWN_TYPES

MEDIA_PATH: Final = "/api/smskit/media/"

# What is opened here is on Home Assistant's own origin, where whoever opens it may be
# logged in: nothing in it may run, and nothing that can run is shown.
_HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_SHOWN: Final[Mapping[str, str]] = {"Content-Disposition": "inline"}
_SAVED: Final[Mapping[str, str]] = {
    "Content-Disposition": "attachment",
    "Content-Type": "application/octet-stream",
}


@callback
def async_setup_media(hass: HomeAssistant) -> None:
    """Set up the view that serves media to portals."""
    hass.http.register_view(MediaView)


class MediaView(HomeAssistantView):
    """View that serves the copies of media."""

    url = MEDIA_PATH + "{name}"
    name = "api:smskit:media"
    # The portal cannot log in. The name is the secret, and outlives a restart, which a
    # signature of Home Assistant's does not; nor is a portal banned that comes late.
    requires_auth = False

    async def get(self, request: web.Request, name: str) -> web.StreamResponse:
        """Return a copy or a range of it, or 404 once it has expired."""
        path = async_media_copies(request.app[KEY_HASS]).find(name)
        if path is None:
            return web.Response(status=404, headers=_HEADERS)
        shown = SHOWN_TYPES.get(path.suffix)
        kind = _SAVED if shown is None else {**_SHOWN, "Content-Type": shown}
        return web.FileResponse(path, headers={**_HEADERS, **kind})

    head = get
