"""What the forms of an account say of an error of its portal."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_load_integrations

from .api import NotAPortalError, PortalError, RefusedError, TryLaterError
from .const import DOMAIN
from .texts import explanation_text


def error_name(err: PortalError) -> str:
    """Return the name of an error of a request that contains only the credentials."""
    match err:
        case RefusedError():
            return "invalid_auth"
        case NotAPortalError() | TryLaterError():
            return "not_a_portal"
    return "cannot_connect"


async def async_quote(hass: HomeAssistant, err: PortalError) -> str:
    """Return what the network or the portal said, in the language of Home Assistant.

    The name of an error decides which text of the form is shown, in the language of the
    user. Why there is no connection is too much for a name; it is quoted by that text.
    What the portal said in words stays in its own language.
    """
    # The first account is not set up yet.
    await async_load_integrations(hass, {DOMAIN})
    return explanation_text(hass, err.explanation)
