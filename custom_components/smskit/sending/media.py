"""Media of messages, served at URLs from which the portal can fetch them."""

from dataclasses import dataclass
from datetime import timedelta
import mimetypes
from pathlib import Path
import secrets
import time
from typing import Final

from aiohttp import web
from homeassistant.components import image
from homeassistant.components.http import KEY_HASS, HomeAssistantView
from homeassistant.components.http.auth import async_sign_path
from homeassistant.components.media_source import (
    async_resolve_media,
    is_media_source_id,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN

MEDIA_PATH: Final = "/api/smskit/media/"

_CAMERA: Final = "media-source://camera/"
_IMAGE: Final = "media-source://image/"


@dataclass(frozen=True, kw_only=True, slots=True)
class _ServedMedium:
    """A medium that is served until `expires`, in epoch seconds."""

    body: bytes | Path
    content_type: str
    expires: float


_SERVED: HassKey[dict[str, _ServedMedium]] = HassKey(f"{DOMAIN}_media")


@callback
def async_setup_media(hass: HomeAssistant) -> None:
    """Set up the view that serves media to portals."""
    hass.data[_SERVED] = {}
    hass.http.register_view(MediaView)


async def async_media_url(hass: HomeAssistant, media: str, valid: timedelta) -> str:
    """Return a URL from which the portal can fetch a medium.

    `media` is an HTTPS URL or a media source ID. A media source item is served at a
    signed path of Home Assistant's external URL for the duration of `valid`. Raises
    ServiceValidationError for anything else, and if there is no external URL.
    """
    if media.startswith("https://"):
        return media
    if not is_media_source_id(media):
        raise _error("media_not_supported")
    try:
        base = get_url(hass, allow_internal=False, prefer_external=True)
    except NoURLAvailableError:
        raise _error("no_external_url") from None
    path = await _async_serve(hass, media, valid)
    if path.startswith("https://"):
        return path
    return base + async_sign_path(hass, path, valid, use_content_user=True)


def media_entity_id(media: str) -> str | None:
    """Return the camera or image entity whose picture a media source ID is."""
    for prefix in (_CAMERA, _IMAGE):
        if media.startswith(prefix):
            return media.removeprefix(prefix)
    return None


async def _async_serve(hass: HomeAssistant, media: str, valid: timedelta) -> str:
    """Return the path at which a medium is served, or its public URL."""
    try:
        if media.startswith(_CAMERA):
            # The camera integration is loaded if there is a camera. Otherwise, its
            # requirements may be missing.
            from homeassistant.components import camera  # noqa: PLC0415 - see above

            picture = await camera.async_get_image(hass, media.removeprefix(_CAMERA))
            return _register(hass, picture.content, picture.content_type, valid)
        if media.startswith(_IMAGE):
            shot = await image.async_get_image(hass, media.removeprefix(_IMAGE))
            return _register(hass, shot.content, shot.content_type, valid)
        item = await async_resolve_media(hass, media, None)
    except HomeAssistantError as err:
        raise _error("media_not_found", error=str(err)) from err
    if item.path is not None:
        # A media source also resolves names of files that do not exist.
        if not await hass.async_add_executor_job(item.path.is_file):
            raise _error("media_not_found", error="there is no such file")
        content_type = item.mime_type or mimetypes.guess_type(item.path)[0]
        return _register(
            hass, item.path, content_type or "application/octet-stream", valid
        )
    if item.url.startswith(("/", "https://")):
        return item.url
    raise _error("media_not_supported")


def _register(
    hass: HomeAssistant, body: bytes | Path, content_type: str, valid: timedelta
) -> str:
    served = hass.data[_SERVED]
    now = time.time()
    for token in [token for token, one in served.items() if one.expires <= now]:
        del served[token]
    token = secrets.token_urlsafe(16)
    served[token] = _ServedMedium(
        body=body, content_type=content_type, expires=now + valid.total_seconds()
    )
    return MEDIA_PATH + token


def _error(key: str, **placeholders: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
    )


class MediaView(HomeAssistantView):
    """View that serves media at signed URLs."""

    url = MEDIA_PATH + "{token}"
    name = "api:smskit:media"

    async def get(self, request: web.Request, token: str) -> web.StreamResponse:
        """Return a medium, or 404 after it has expired."""
        served = request.app[KEY_HASS].data[_SERVED].get(token)
        if served is None or served.expires <= time.time():
            return web.Response(status=404)
        headers = {
            "Content-Type": served.content_type,
            "X-Content-Type-Options": "nosniff",
        }
        if isinstance(served.body, Path):
            return web.FileResponse(served.body, headers=headers)
        return web.Response(body=served.body, headers=headers)
