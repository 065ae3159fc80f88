"""Texts of the translations in Home Assistant's language, for what it says itself.

Actions, events and issues carry them inside of other texts. Home Assistant loads the
translations of an integration when it sets it up, so that no text needs the disk.
"""

from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.translation import async_get_cached_translations

from .api import Explanation
from .const import DOMAIN
from .store import Reason


@callback
def common_text(hass: HomeAssistant, *keys: str, **placeholders: str) -> str:
    """Return the first common text that there is, English if the language has none."""
    for language in (hass.config.language, "en"):
        texts = async_get_cached_translations(hass, language, "common", DOMAIN)
        for key in keys:
            if text := texts.get(f"component.{DOMAIN}.common.{key}"):
                return text.format(**placeholders)
    return keys[-1]


@callback
def explanation_text(hass: HomeAssistant, explanation: Explanation) -> str:
    """Return why there is no usable answer; what the portal said stays in its words."""
    key, quote = f"cause_{explanation.cause}", explanation.quote
    keys = (f"{key}_quoted", key) if quote else (key,)
    return common_text(hass, *keys, quote=quote)


@callback
def reason_text(hass: HomeAssistant, reason: Reason) -> str:
    """Return why a message has its status."""
    cause = ""
    if reason.explanation is not None:
        cause = explanation_text(hass, reason.explanation)
    return common_text(hass, f"reason_{reason.code}", cause=cause)


@callback
def reason_fields(hass: HomeAssistant, reason: Reason | None) -> dict[str, Any]:
    """Return a reason as actions and dashboards get it."""
    if reason is None:
        return {"reason": None, "reason_code": None}
    return {"reason": reason_text(hass, reason), "reason_code": str(reason.code)}
