"""Media of messages, served at URLs from which the portal can fetch them."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
import mimetypes
from pathlib import Path
import time
from typing import Final

from homeassistant.components import image
from homeassistant.components.media_source import (
    async_resolve_media,
    is_media_source_id,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from .media_copies import MAX_BYTES, MediaTooLargeError, async_media_copies
from .media_types import suffix_of
from .media_view import MEDIA_PATH
from .models import Draft

_CAMERA: Final = "media-source://camera/"
_IMAGE: Final = "media-source://image/"
_SPEECH: Final = "media-source://tts/"

# A medium is there for as long as its message may be held, and for the portal's own
# queue after that. From the time that the message is scheduled for, if it is.
_MARGIN: Final = timedelta(hours=1)
_MAX_VALID: Final = timedelta(hours=48)


@dataclass(frozen=True, kw_only=True, slots=True)
class Medium:
    """A medium of the house, as it is right now."""

    content: bytes = field(repr=False)
    content_type: str | None


class MediaServer:
    """Serves the media of an account's messages to the portal."""

    def __init__(self, hass: HomeAssistant, entry_id: str, hold: timedelta) -> None:
        """Initialize the server."""
        self._hass = hass
        self._entry_id = entry_id
        self._hold = hold
        self._copies = async_media_copies(hass)

    async def async_load(self) -> None:
        """Serve what was served before a restart."""
        await self._copies.async_load(self._entry_id)

    async def async_purge(self) -> None:
        """Remove what has expired."""
        await self._copies.async_purge()

    def is_lost(self, url: str) -> bool:
        """Return whether a URL is one of a copy that is not there any more."""
        _, is_served, name = url.partition(MEDIA_PATH)
        return bool(is_served) and self._copies.find(name) is None

    async def async_attach(self, draft: Draft) -> Draft:
        """Return a draft whose medium is at a URL that the portal can fetch.

        A medium is an HTTPS URL, which stays as it is, or a media source ID. What that
        is right now is copied, and served at Home Assistant's external URL. The message
        is not held for longer than that. Raises ServiceValidationError if the medium
        cannot be served.
        """
        if draft.file is None or not is_media_source_id(draft.file):
            return draft
        try:
            base = get_url(self._hass, allow_internal=False, prefer_external=True)
        except NoURLAvailableError:
            raise _error("no_external_url") from None
        medium = await _async_read(self._hass, draft.file)
        if isinstance(medium, str):
            return replace(draft, file=medium)
        hold = min(
            self._hold if draft.hold is None else draft.hold, _MAX_VALID - _MARGIN
        )
        valid = hold + _MARGIN
        if draft.schedule is not None:
            valid += max(draft.schedule - dt_util.utcnow(), timedelta())
        try:
            name = await self._copies.async_add(
                self._entry_id,
                medium.content,
                suffix_of(medium.content_type),
                time.monotonic() + valid.total_seconds(),
            )
        except MediaTooLargeError:
            raise _too_large() from None
        except OSError as err:
            raise _error("media_not_kept", error=err.strerror or "") from err
        return replace(draft, file=base + MEDIA_PATH + name, hold=hold)


async def async_remove_media(hass: HomeAssistant, entry_id: str) -> None:
    """Remove the media of an account, which nobody can fetch from now on."""
    await async_media_copies(hass).async_remove(entry_id)


def media_entity_id(media: str) -> str | None:
    """Return the camera or image entity whose picture a media source ID is."""
    for prefix in (_CAMERA, _IMAGE):
        if media.startswith(prefix):
            return media.removeprefix(prefix)
    return None


async def _async_read(hass: HomeAssistant, media: str) -> Medium | str:
    """Return what a media source ID names, or where it is on the internet."""
    try:
        if media.startswith(_CAMERA):
            # The integration is loaded if there is a camera. Otherwise, its
            # requirements may be missing.
            from homeassistant.components import camera  # noqa: PLC0415 - see above

            picture = await camera.async_get_image(hass, media.removeprefix(_CAMERA))
            return Medium(content=picture.content, content_type=picture.content_type)
        if media.startswith(_IMAGE):
            shot = await image.async_get_image(hass, media.removeprefix(_IMAGE))
            return Medium(content=shot.content, content_type=shot.content_type)
        if media.startswith(_SPEECH):
            from homeassistant.components import tts  # noqa: PLC0415 - as for cameras

            suffix, sound = await tts.async_get_media_source_audio(hass, media)
            sound_type, _ = mimetypes.guess_type(f"speech.{suffix}")
            return Medium(content=sound, content_type=sound_type)
        item = await async_resolve_media(hass, media, None)
    except HomeAssistantError as err:
        raise _error("media_not_found", media=media) from err
    if item.path is None and item.url.startswith("https://"):
        return item.url
    if item.path is None:
        # Others are streams, or pages of another integration that nothing makes safe.
        raise _error("media_not_supported")
    try:
        content = await hass.async_add_executor_job(_read_file, item.path)
    except OSError as err:
        raise _error("media_not_found", media=media) from err
    content_type = item.mime_type or mimetypes.guess_type(item.path)[0]
    return Medium(content=content, content_type=content_type)


def _read_file(path: Path) -> bytes:
    """Return the content of a file, without reading more than may be served."""
    if not path.is_file():
        # A media source also resolves names of files that do not exist.
        raise FileNotFoundError
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise _too_large()
    return content


def _too_large() -> ServiceValidationError:
    return _error("media_too_large", limit=str(MAX_BYTES // 1024**2))


def _error(key: str, **placeholders: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
    )
