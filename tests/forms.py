"""The forms of the config flow, from whichever source they are opened."""

from dataclasses import dataclass
from typing import Any, Final

from homeassistant.config_entries import SOURCE_USER
from homeassistant.const import CONF_API_KEY, CONF_API_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.const import CONF_SENDER, DOMAIN
from tests.conftest import API_KEY, API_TOKEN, entry_data
from tests.flow_translations import flat, translation
from tests.home import settle
from tests.portal import Portal

SOURCES: Final = ("user", "reauth", "reconfigure")
CREDENTIALS: Final = {CONF_API_KEY: API_KEY, CONF_API_TOKEN: API_TOKEN}


@dataclass(frozen=True)
class Form:
    """The open form of a source."""

    hass: HomeAssistant
    source: str
    flow_id: str
    first: Any

    async def submit(self, url: str, **values: str) -> Any:
        """Fill in the form; reauthentication does not ask for the address."""
        values = {**CREDENTIALS, **values}
        if self.source != "reauth":
            values |= {CONF_URL: url, CONF_SENDER: "HOME"}
        result = await self.hass.config_entries.flow.async_configure(
            self.flow_id, values
        )
        await settle(self.hass)
        return result


async def open_form(
    hass: HomeAssistant,
    source: str,
    portal: Portal,
    url: str | None = None,
    **more: Any,
) -> Form:
    """Open the form of a source, for an account at an address if there is one."""
    if source == "user":
        result: Any = await hass.config_entries.flow.async_init(
            DOMAIN, context={"source": SOURCE_USER}
        )
        return Form(hass, source, result["flow_id"], result)
    data = entry_data(portal, url=url or portal.url, api_token="old", **more)
    entry = MockConfigEntry(domain=DOMAIN, title="Portal", data=data)
    entry.add_to_hass(hass)
    if source == "reauth":
        result = await entry.start_reauth_flow(hass)
    else:
        result = await entry.start_reconfigure_flow(hass)
    return Form(hass, source, result["flow_id"], result)


def said(result: Any, language: str = "en") -> str:
    """Return the error that a form shows, as the frontend puts it together."""
    assert result["type"] is FlowResultType.FORM
    (name,) = set(result["errors"].values())
    words = flat(translation(language))[f"config.error.{name}"]
    return words.format(**result["description_placeholders"])


def described(result: Any, language: str = "en") -> str:
    """Return the description of a form, as the frontend puts it together."""
    words = flat(translation(language))[f"config.step.{result['step_id']}.description"]
    return words.format(**result["description_placeholders"])
