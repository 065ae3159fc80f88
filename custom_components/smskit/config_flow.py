"""Config flow of the SMSKit integration."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final, override
from zoneinfo import available_timezones

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
    OptionsFlow,
)
from homeassistant.const import (
    CONF_API_KEY,
    CONF_API_TOKEN,
    CONF_COUNTRY,
    CONF_TIME_ZONE,
    CONF_URL,
)
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow, section
from homeassistant.generated.currencies import ACTIVE_CURRENCIES
from homeassistant.helpers.selector import (
    BooleanSelector,
    CountrySelector,
    LanguageSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from homeassistant.util.ulid import ulid_now
import voluptuous as vol
from yarl import URL

from .alerts import split_words
from .api import (
    NO_TLS,
    NotReachableError,
    PortalClient,
    PortalError,
    Traits,
    candidate_urls,
)
from .command_pin import is_pin
from .const import (
    CONF_ACCOUNT,
    CONF_ACKNOWLEDGE_WORDS,
    CONF_ALLOWED_SENDERS,
    CONF_BALANCE_UNIT,
    CONF_COMMAND_PIN,
    CONF_GET_OPERATIONS,
    CONF_HOLD_HOURS,
    CONF_HOURLY_LIMIT,
    CONF_INBOX_INTERVAL,
    CONF_KEEP_DAYS,
    CONF_KEEP_MESSAGES,
    CONF_LOW_BALANCE,
    CONF_RESTRICT_NUMBERS,
    CONF_SENDER,
    CONF_VOICE_LANGUAGE,
    DEFAULT_ACKNOWLEDGE_WORDS,
    DEFAULT_HOLD_HOURS,
    DEFAULT_HOURLY_LIMIT,
    DEFAULT_INBOX_INTERVAL,
    DEFAULT_KEEP_DAYS,
    DEFAULT_KEEP_MESSAGES,
    DEFAULT_LOW_BALANCE,
    DEFAULT_URL,
    DOMAIN,
    LOGGER,
    SUBENTRY_RECIPIENT,
    UNIT_CREDITS,
)
from .coordinator import SmskitConfigEntry
from .phone_number import InvalidNumberError, normalize_number
from .sender_id import sender_id
from .session import async_create_session
from .setup_errors import async_quote, error_name
from .store import StoreError
from .subentry_flow import RecipientFlow

_SECRET: Final = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
)
_ADDRESS: Final = TextSelector(
    TextSelectorConfig(type=TextSelectorType.URL, autocomplete="url")
)
_CREDENTIALS: Final = {
    vol.Required(CONF_API_KEY): _SECRET,
    vol.Required(CONF_API_TOKEN): _SECRET,
}
_USER_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_URL, default=DEFAULT_URL): _ADDRESS,
        **_CREDENTIALS,
        vol.Required(CONF_SENDER): TextSelector(),
    }
)
_REAUTH_SCHEMA: Final = vol.Schema(_CREDENTIALS)
_SAME_ACCOUNT: Final = "same_account"
_CONFIRM_SCHEMA: Final = vol.Schema(
    {vol.Required(_SAME_ACCOUNT, default=True): BooleanSelector()}
)
_RECONFIGURE_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_URL): _ADDRESS,
        vol.Optional(CONF_API_KEY): _SECRET,
        vol.Optional(CONF_API_TOKEN): _SECRET,
        vol.Required(CONF_SENDER): TextSelector(),
    }
)


class SmskitConfigFlow(ConfigFlow, domain=DOMAIN):
    """Handle the config flow of an account."""

    VERSION = 1

    _data: dict[str, Any]
    """What is saved once the account is confirmed."""

    _quote = ""
    """What the network or the portal said to the last input."""

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        return SmskitOptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        return {SUBENTRY_RECIPIENT: RecipientFlow}

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Handle a flow initiated by the user."""
        errors: dict[str, str] = {}
        url = DEFAULT_URL
        if user_input is not None:
            data, errors = await self._async_validate(user_input)
            url = data.get(CONF_URL, url)
            if not errors:
                return self.async_create_entry(title=self._title(data), data=data)
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(_USER_SCHEMA, user_input),
            errors=errors,
            description_placeholders=self._placeholders(url),
        )

    def _placeholders(self, url: str) -> dict[str, str]:
        """Return what the texts and the errors of every form may refer to."""
        return {"portal": url, "host": _host(url), "error": self._quote}

    def _title(self, data: Mapping[str, Any]) -> str:
        """Return the portal's host, with the sender if that title is taken."""
        host = _host(data[CONF_URL])
        titles = {entry.title for entry in self._async_current_entries()}
        return host if host not in titles else f"{host} ({data[CONF_SENDER]})"

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Start reauthentication after the portal refused the credentials."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for new credentials."""
        entry = self._get_reauth_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            data, errors = await self._async_validate(
                {**entry.data, **user_input}, entry
            )
            if not errors:
                return await self._async_finish(entry, data)
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=_REAUTH_SCHEMA,
            errors=errors,
            description_placeholders={
                "account": entry.title,
                **self._placeholders(entry.data[CONF_URL]),
            },
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Reconfigure an account; empty credentials stay unchanged at the same host."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        url = entry.data[CONF_URL]
        if user_input is not None:
            given = {key: value for key, value in user_input.items() if value.strip()}
            values = {**entry.data, **given}
            if elsewhere := _find_elsewhere(values[CONF_URL], url):
                # What is stored was given to that host, and is sent to no other one.
                missing = {CONF_API_KEY, CONF_API_TOKEN} - given.keys()
                errors = dict.fromkeys(missing, "credentials_required")
                url = elsewhere
            if not errors:
                data, errors = await self._async_validate(values, entry)
                url = data.get(CONF_URL, url)
            if not errors:
                return await self._async_finish(entry, data)
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                _RECONFIGURE_SCHEMA,
                user_input or {key: entry.data[key] for key in (CONF_URL, CONF_SENDER)},
            ),
            errors=errors,
            description_placeholders=self._placeholders(url),
        )

    async def _async_finish(
        self, entry: SmskitConfigEntry, data: dict[str, Any]
    ) -> ConfigFlowResult:
        """Save changed data, once it is clear whose messages the inbox has.

        Another key may belong to the same account, whose messages stay what they are,
        or to another one, whose messages are imported as read.
        """
        if CONF_ACCOUNT in entry.data:
            data[CONF_ACCOUNT] = entry.data[CONF_ACCOUNT]
        same = all(data[key] == entry.data[key] for key in (CONF_URL, CONF_API_KEY))
        if same or await self._async_knows_inbox(entry, data):
            return self._async_update(entry, data)
        self._data = data
        return await self.async_step_confirm_account()

    async def _async_knows_inbox(
        self, entry: SmskitConfigEntry, data: Mapping[str, Any]
    ) -> bool:
        """Return whether the inbox is empty, or has messages that are known."""
        if entry.state is not ConfigEntryState.LOADED:
            return False
        try:
            with self._client(data) as client:
                listing = await client.inbox(unread=False)
            return not listing or await entry.runtime_data.messages.async_knows(listing)
        except PortalError, StoreError:
            return False

    async def async_step_confirm_account(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask whether other credentials belong to the same account."""
        entry = (
            self._get_reauth_entry()
            if self.source == SOURCE_REAUTH
            else self._get_reconfigure_entry()
        )
        if user_input is not None:
            if not user_input[_SAME_ACCOUNT]:
                self._data[CONF_ACCOUNT] = ulid_now()
            return self._async_update(entry, self._data)
        return self.async_show_form(
            step_id="confirm_account",
            data_schema=_CONFIRM_SCHEMA,
            description_placeholders={"account": entry.title},
        )

    async def _async_validate(
        self, values: Mapping[str, Any], entry: ConfigEntry | None = None
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the entry data and the errors of the user input.

        Aborts the flow if another entry already has the account.
        """
        data, errors = _normalize(values)
        if errors:
            return data, errors
        urls = candidate_urls(values[CONF_URL])
        for other in self._async_current_entries(include_ignore=False):
            if (
                other is not entry
                and other.data[CONF_URL] in urls
                and other.data[CONF_API_KEY] == data[CONF_API_KEY]
            ):
                raise AbortFlow("already_configured")
        try:
            await self._async_probe(data, *urls)
        except PortalError as err:
            errors["base"] = error_name(err)
            self._quote = await async_quote(self.hass, err)
        except Exception as err:  # noqa: BLE001 - the form reports it as unknown
            LOGGER.exception("Unexpected error while validating an account")
            errors["base"] = "unknown"
            self._quote = type(err).__name__
        return data, errors

    @contextmanager
    def _client(self, data: Mapping[str, Any]) -> Generator[PortalClient]:
        """Return a client for as long as it is needed."""
        session = async_create_session(self.hass, auto_cleanup=False)
        try:
            yield PortalClient(
                session,
                data[CONF_URL],
                data[CONF_API_KEY],
                data[CONF_API_TOKEN],
                traits=Traits(
                    get_operations=frozenset(data.get(CONF_GET_OPERATIONS, ()))
                ),
            )
        finally:
            session.detach()

    async def _async_probe(self, data: dict[str, Any], url: str, *others: str) -> None:
        """Verify the credentials; add the URL and the operations that need GET.

        Another URL, which is one without TLS, is tried if nothing speaks TLS at the
        first one. Then nothing was sent.
        """
        data[CONF_URL] = url
        try:
            with self._client(data) as client:
                await client.probe()
                data[CONF_GET_OPERATIONS] = sorted(client.traits.get_operations)
        except NotReachableError as err:
            if not others or err.cause not in NO_TLS:
                raise
            await self._async_probe(data, *others)
            return
        if data[CONF_GET_OPERATIONS]:
            LOGGER.warning(
                "%s accepts %s by GET only, so the credentials become part of the URL",
                _host(url),
                " and ".join(data[CONF_GET_OPERATIONS]),
            )

    def _async_update(
        self, entry: ConfigEntry, data: dict[str, Any]
    ) -> ConfigFlowResult:
        """Save the data and reload the entry.

        The entry's update listener reloads it, unless nothing changed or the set-up
        failed and there is no listener.
        """
        if entry.update_listeners and data != entry.data:
            return self.async_update_and_abort(entry, data=data)
        if entry.update_listeners:
            self.hass.config_entries.async_schedule_reload(entry.entry_id)
            return self.async_update_and_abort(entry)
        return self.async_update_reload_and_abort(entry, data=data)


def _host(url: str) -> str:
    return URL(url).host or url


def _find_elsewhere(address: str, known: str) -> str | None:
    """Return which URL of an entered address is not at the host of a known URL.

    Another port or scheme is another host: something else may answer there.
    """
    with suppress(ValueError):
        for url in candidate_urls(address):
            if URL(url).origin() != URL(known).origin():
                return url
    return None


def _normalize(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the normalized user input and its errors."""
    data: dict[str, Any] = {
        key: values[key].strip() for key in (CONF_API_KEY, CONF_API_TOKEN)
    }
    errors: dict[str, str] = {}
    try:
        data[CONF_URL] = candidate_urls(values[CONF_URL])[0]
    except ValueError:
        errors[CONF_URL] = "invalid_url"
    try:
        data[CONF_SENDER] = sender_id(values[CONF_SENDER])
    except vol.Invalid:
        errors[CONF_SENDER] = "invalid_sender"
    return data, errors


class SmskitOptionsFlow(OptionsFlow):
    """Handle the options flow of an account."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Manage the options, which are stored without their sections."""
        errors: dict[str, str] = {}
        options: dict[str, Any] = {}
        if user_input is not None:
            for section_options in user_input.values():
                options.update(section_options)
            country = options.get(CONF_COUNTRY) or self.hass.config.country
            if not split_words(options[CONF_ACKNOWLEDGE_WORDS]):
                options[CONF_ACKNOWLEDGE_WORDS] = DEFAULT_ACKNOWLEDGE_WORDS
            try:
                options[CONF_ALLOWED_SENDERS] = [
                    normalize_number(number, country)
                    for number in options.get(CONF_ALLOWED_SENDERS, ())
                    if number.strip()
                ]
            except InvalidNumberError as err:
                errors["base"] = err.problem.form_error
            pin = options.pop(CONF_COMMAND_PIN, "").strip()
            if pin:
                options[CONF_COMMAND_PIN] = pin
            if pin and not is_pin(pin):
                errors["base"] = "invalid_pin"
            if not errors:
                return self.async_create_entry(data=options)
        zones = await self.hass.async_add_executor_job(available_timezones)
        schema = _options_schema(sorted(zones))
        current = {
            CONF_COUNTRY: self.hass.config.country,
            CONF_VOICE_LANGUAGE: self.hass.config.language,
            **self.config_entry.options,
            **options,
        }
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                schema, dict.fromkeys(map(str, schema.schema), current)
            ),
            errors=errors,
        )


def _options_schema(zones: list[str]) -> vol.Schema:
    return vol.Schema(
        {
            vol.Required("region"): section(
                vol.Schema(
                    {
                        vol.Optional(CONF_COUNTRY): CountrySelector(),
                        vol.Optional(CONF_TIME_ZONE): SelectSelector(
                            SelectSelectorConfig(
                                options=zones, mode=SelectSelectorMode.DROPDOWN
                            )
                        ),
                    }
                )
            ),
            vol.Required("balance"): section(
                vol.Schema(
                    {
                        vol.Required(
                            CONF_BALANCE_UNIT, default=UNIT_CREDITS
                        ): SelectSelector(
                            SelectSelectorConfig(
                                options=[UNIT_CREDITS, *sorted(ACTIVE_CURRENCIES)],
                                mode=SelectSelectorMode.DROPDOWN,
                            )
                        ),
                        vol.Required(
                            CONF_LOW_BALANCE, default=DEFAULT_LOW_BALANCE
                        ): _number_selector(0, 1_000_000, step="any"),
                    }
                )
            ),
            vol.Required("sending"): section(
                vol.Schema(
                    {
                        vol.Required(
                            CONF_HOURLY_LIMIT, default=DEFAULT_HOURLY_LIMIT
                        ): _number_selector(0, 100_000),
                        vol.Required(
                            CONF_HOLD_HOURS, default=DEFAULT_HOLD_HOURS
                        ): _number_selector(0, 168, step="any", unit="h"),
                        vol.Optional(CONF_VOICE_LANGUAGE): LanguageSelector(),
                        vol.Required(
                            CONF_RESTRICT_NUMBERS, default=False
                        ): BooleanSelector(),
                    }
                )
            ),
            vol.Required("inbox"): section(
                vol.Schema(
                    {
                        vol.Required(
                            CONF_INBOX_INTERVAL, default=DEFAULT_INBOX_INTERVAL
                        ): _number_selector(10, 3600, unit="s"),
                        vol.Optional(CONF_ALLOWED_SENDERS): TextSelector(
                            TextSelectorConfig(type=TextSelectorType.TEL, multiple=True)
                        ),
                        vol.Optional(CONF_COMMAND_PIN): _SECRET,
                        vol.Required(
                            CONF_ACKNOWLEDGE_WORDS, default=DEFAULT_ACKNOWLEDGE_WORDS
                        ): TextSelector(),
                        vol.Required(
                            CONF_KEEP_MESSAGES, default=DEFAULT_KEEP_MESSAGES
                        ): _number_selector(0, 1_000_000),
                        vol.Required(
                            CONF_KEEP_DAYS, default=DEFAULT_KEEP_DAYS
                        ): _number_selector(0, 36_500, unit="d"),
                    }
                )
            ),
        }
    )


def _number_selector(
    least: float, most: float, *, step: Any = 1, unit: str | None = None
) -> NumberSelector:
    config = NumberSelectorConfig(
        min=least, max=most, step=step, mode=NumberSelectorMode.BOX
    )
    if unit is not None:
        config["unit_of_measurement"] = unit
    return NumberSelector(config)
