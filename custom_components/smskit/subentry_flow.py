"""Config subentry flow of a recipient."""

from typing import Any, Final

from homeassistant.config_entries import ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_COUNTRY, CONF_NAME, Platform
from homeassistant.helpers.selector import (
    DeviceSelector,
    DeviceSelectorConfig,
    EntityFilterSelectorConfig,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from .const import CONF_CHANNEL, CONF_NUMBERS, CONF_SENDER, CONF_VIA, DOMAIN
from .phone_number import InvalidNumberError, Reading, read_number, split_numbers
from .sender_id import sender_id
from .sending import Via

_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_NAME): TextSelector(),
        vol.Required(CONF_NUMBERS): TextSelector(
            TextSelectorConfig(type=TextSelectorType.TEL, multiple=True)
        ),
        vol.Required(CONF_VIA, default=Via.SMS.value): SelectSelector(
            SelectSelectorConfig(
                options=[via.value for via in Via], translation_key="via"
            )
        ),
        vol.Optional(CONF_SENDER): TextSelector(),
        vol.Optional(CONF_CHANNEL): DeviceSelector(
            DeviceSelectorConfig(
                integration=DOMAIN,
                entity=[EntityFilterSelectorConfig(domain=[Platform.IMAGE])],
            )
        ),
    }
)


class RecipientFlow(ConfigSubentryFlow):
    """Handle the subentry flow of a recipient."""

    def __init__(self) -> None:
        """Initialize without a number to ask about."""
        self._doubtful: dict[str, str] = {}
        """Numbers that the user was asked about, and how they were shown."""

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Add a recipient."""
        errors: dict[str, str] = {}
        if user_input is not None:
            data, errors = self._validate(user_input)
            if not errors:
                return self.async_create_entry(title=data[CONF_NAME], data=data)
        return self._show_form("user", user_input, errors)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Reconfigure a recipient."""
        subentry = self._get_reconfigure_subentry()
        errors: dict[str, str] = {}
        if user_input is not None:
            data, errors = self._validate(user_input)
            if not errors:
                return self.async_update_and_abort(
                    self._get_entry(), subentry, data=data, title=data[CONF_NAME]
                )
        return self._show_form("reconfigure", user_input or dict(subentry.data), errors)

    def _show_form(
        self, step_id: str, values: dict[str, Any] | None, errors: dict[str, str]
    ) -> SubentryFlowResult:
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(_SCHEMA, values),
            errors=errors,
            description_placeholders={"numbers": ", ".join(self._doubtful.values())},
        )

    def _validate(
        self, values: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the recipient's data and the errors of the user input."""
        errors: dict[str, str] = {}
        data = {CONF_NAME: values[CONF_NAME].strip(), CONF_VIA: values[CONF_VIA]}
        if not data[CONF_NAME]:
            errors[CONF_NAME] = "no_name"
        country = self._get_entry().options.get(CONF_COUNTRY)
        country = country or self.hass.config.country
        try:
            readings = [
                read_number(number, country)
                for number in split_numbers(values[CONF_NUMBERS])
            ]
        except InvalidNumberError as err:
            errors[CONF_NUMBERS] = err.problem.form_error
        else:
            data[CONF_NUMBERS] = list(dict.fromkeys(one.number for one in readings))
            if not readings:
                errors[CONF_NUMBERS] = "no_numbers"
            elif self._ask_about(readings):
                errors[CONF_NUMBERS] = "number_not_in_use"
        if values.get(CONF_SENDER, "").strip():
            try:
                data[CONF_SENDER] = sender_id(values[CONF_SENDER])
            except vol.Invalid:
                errors[CONF_SENDER] = "invalid_sender"
        if channel := values.get(CONF_CHANNEL):
            data[CONF_CHANNEL] = channel
        return data, errors

    def _ask_about(self, readings: list[Reading]) -> bool:
        """Return whether to ask about any of these numbers, once each."""
        doubtful = {one.number: one.shown for one in readings if one.is_doubtful}
        is_new = bool(doubtful.keys() - self._doubtful.keys())
        self._doubtful = doubtful
        return is_new
