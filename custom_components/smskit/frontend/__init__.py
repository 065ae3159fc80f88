"""Frontend: the module of the dashboard card and its WebSocket commands."""

from hashlib import sha256
from pathlib import Path
from typing import Final

from homeassistant.components.frontend import add_extra_js_url
from homeassistant.components.http import StaticPathConfig
from homeassistant.core import HomeAssistant

from ..const import DOMAIN
from .websocket import async_setup_websocket

CARD_PATH: Final = f"/{DOMAIN}/smskit-card.js"

_FILE: Final = Path(__file__).parent / "smskit-card.js"
_DIGEST_LENGTH: Final = 12


async def async_setup_frontend(hass: HomeAssistant) -> None:
    """Serve the module, load it on every page, and register the commands."""
    async_setup_websocket(hass)
    version = await hass.async_add_executor_job(_version)
    await hass.http.async_register_static_paths(
        [StaticPathConfig(CARD_PATH, str(_FILE), cache_headers=True)]
    )
    add_extra_js_url(hass, f"{CARD_PATH}?v={version}")


def _version() -> str:
    """Return a hash of the module, so that its URL changes with it."""
    return sha256(_FILE.read_bytes()).hexdigest()[:_DIGEST_LENGTH]
