"""The module of the card is served, and every page loads it once."""

import gzip
from pathlib import Path

from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smskit import frontend

MODULE = Path(frontend.__file__).parent / "smskit-card.js"
LARGEST = 40_000


def addresses(hass: HomeAssistant) -> list[str]:
    """Return the addresses of the module that pages load."""
    return [url for url in hass.data[DATA_EXTRA_MODULE_URL].urls if "smskit" in url]


async def test_pages_load_it_once(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """Its address shows its version, and it may be kept for as long as that."""
    (address,) = addresses(hass)
    path, _, version = address.partition("?v=")
    assert path == frontend.CARD_PATH
    assert len(version) == 12

    client = await hass_client_no_auth()
    response = await client.get(address)
    assert response.status == 200
    assert response.content_type in {"text/javascript", "application/javascript"}
    assert "max-age" in response.headers["Cache-Control"]
    assert await response.text() == MODULE.read_text(encoding="utf-8")

    assert await hass.config_entries.async_reload(loaded.entry_id)
    assert addresses(hass) == [address]


def test_it_is_small() -> None:
    """It weighs less than 40 KB on its way to a phone."""
    assert len(gzip.compress(MODULE.read_bytes())) < LARGEST
