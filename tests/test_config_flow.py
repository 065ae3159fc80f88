"""An account is added, and changed."""

from decimal import Decimal
from typing import Any

import aiohttp
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_USER, ConfigEntryState
from homeassistant.const import CONF_API_KEY, CONF_API_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.const import CONF_SENDER, DOMAIN
from tests.conftest import API_KEY, API_TOKEN, entry_data
from tests.flow_translations import translated_flows  # noqa: F401 - a fixture
from tests.forms import said
from tests.home import settle
from tests.portal import Account, Portal
from tests.steps import assert_state, pass_time, shown

pytestmark = pytest.mark.usefixtures("translated_flows")


def form(portal: Portal, **changes: str) -> dict[str, str]:
    """Return what a user enters."""
    return {
        CONF_URL: portal.url,
        CONF_API_KEY: API_KEY,
        CONF_API_TOKEN: API_TOKEN,
        CONF_SENDER: "HOME",
        **changes,
    }


async def start(hass: HomeAssistant) -> str:
    """Start to add an account; return the flow's id."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "user"
    assert not result["errors"]
    return result["flow_id"]


async def submit(hass: HomeAssistant, flow_id: str, values: dict[str, str]) -> Any:
    """Fill in a form."""
    result = await hass.config_entries.flow.async_configure(flow_id, values)
    await settle(hass)
    return result


async def break_portal(
    error: str, portal: Portal, account: Account, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Make an error happen; return what a user enters for it."""

    async def unexpected(*args: object, **kwargs: object) -> None:
        raise RuntimeError

    match error:
        case "cannot_connect":
            await portal.refuse()
        case "not_a_portal":
            portal.fail("html_page")
        case "invalid_auth":
            account.api_enabled = False
        case "unknown":
            monkeypatch.setattr(aiohttp.ClientSession, "_request", unexpected)
        case "invalid_url":
            return {CONF_URL: "ftp://portal.example"}
        case "invalid_sender":
            return {CONF_SENDER: "much too long"}
    return {}


async def mend_portal(
    portal: Portal, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Make the portal right again."""
    monkeypatch.undo()
    portal.clear_faults()
    account.api_enabled = True
    await portal.accept()


ERRORS = [
    ("cannot_connect", "base"),
    ("not_a_portal", "base"),
    ("invalid_auth", "base"),
    pytest.param("unknown", "base", marks=pytest.mark.expected_log("Unexpected error")),
    ("invalid_url", CONF_URL),
    ("invalid_sender", CONF_SENDER),
]


async def test_user(hass: HomeAssistant, portal: Portal, account: Account) -> None:
    """An account whose credentials are proved is added and loads."""
    flow_id = await start(hass)
    assert portal.requests == []
    result = await hass.config_entries.flow.async_configure(
        flow_id, form(portal, sender=" HOME ", api_key=f" {API_KEY}")
    )
    # The form proves the credentials and marks nothing as read.
    first, second = portal.requests[:2]
    assert (first.operation, second.operation) == ("balance", "getinbox")
    assert second.parameters == {"list": "all"}
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "127.0.0.1"
    assert result["data"] == entry_data(portal)
    await settle(hass)
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert_state(entry, ConfigEntryState.LOADED)
    assert not any(request.credentials_in_url for request in portal.requests)


@pytest.mark.parametrize(("error", "field"), ERRORS)
async def test_user_errors(  # noqa: PLR0913, PLR0917 - fixtures
    hass: HomeAssistant,
    portal: Portal,
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
    error: str,
    field: str,
) -> None:
    """Each error has its name, and the same form succeeds once its cause is gone."""
    flow_id = await start(hass)
    changes = await break_portal(error, portal, account, monkeypatch)
    result = await submit(hass, flow_id, form(portal, **changes))
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {field: error}
    assert hass.config_entries.async_entries(DOMAIN) == []
    await mend_portal(portal, account, monkeypatch)
    result = await submit(hass, flow_id, form(portal))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == entry_data(portal)


@pytest.mark.parametrize("token", ["wrong", ""])
async def test_wrong_token(
    hass: HomeAssistant, portal: Portal, account: Account, token: str
) -> None:
    """A token that is not the account's is refused."""
    flow_id = await start(hass)
    result = await submit(hass, flow_id, form(portal, api_token=token))
    assert result["errors"] == {"base": "invalid_auth"}


async def test_two_errors_at_once(
    hass: HomeAssistant, portal: Portal, account: Account
) -> None:
    """All that can be told without the portal is told at once, and it is not asked."""
    flow_id = await start(hass)
    result = await submit(hass, flow_id, form(portal, url="x y", sender="!"))
    assert result["errors"] == {CONF_URL: "invalid_url", CONF_SENDER: "invalid_sender"}
    assert portal.requests == []


@pytest.mark.parametrize(
    ("suffix", "path"),
    [
        ("/", ""),
        ("/smsAPI", ""),
        ("/smsapi/?balance", ""),
        ("/portal", "/portal"),
        ("/portal/smsAPI", "/portal"),
        ("/SMSC/smsAPI?sendsms&apikey=x", "/SMSC"),
    ],
)
async def test_addresses(
    hass: HomeAssistant, portal: Portal, account: Account, suffix: str, path: str
) -> None:
    """However the address is pasted, its base is kept and asked."""
    flow_id = await start(hass)
    result = await submit(hass, flow_id, form(portal, url=f" {portal.url}{suffix}"))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_URL] == f"{portal.url}{path}"
    assert {request.path for request in portal.requests} == {f"{path}/smsAPI"}


@pytest.mark.parametrize(
    "url",
    ["http://account.smskit.net", "http://8.8.8.8/smsAPI", "https://me:pw@h.example"],
)
async def test_addresses_in_clear(
    hass: HomeAssistant, portal: Portal, account: Account, url: str
) -> None:
    """Credentials neither cross the internet in clear nor stand in an address."""
    flow_id = await start(hass)
    result = await submit(hass, flow_id, form(portal, url=url))
    assert result["errors"] == {CONF_URL: "invalid_url"}


async def test_wrong_path(
    hass: HomeAssistant, portal: Portal, account: Account
) -> None:
    """A web server without the API under that path is no portal."""
    flow_id = await start(hass)
    result = await submit(hass, flow_id, form(portal, url=f"{portal.url}/shop"))
    assert result["errors"] == {"base": "not_a_portal"}


@pytest.mark.parametrize("suffix", ["", "/smsAPI"])
async def test_duplicate(
    hass: HomeAssistant, entry: MockConfigEntry, portal: Portal, suffix: str
) -> None:
    """An account is added once, however its address is written."""
    flow_id = await start(hass)
    result = await submit(hass, flow_id, form(portal, url=portal.url + suffix))
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert hass.config_entries.async_entries(DOMAIN) == [entry]


async def test_second_account(
    hass: HomeAssistant, loaded: MockConfigEntry, portal: Portal
) -> None:
    """Another account of the same portal is added beside the first."""
    portal.add_account(api_key="key-2", api_token="token-2")
    flow_id = await start(hass)
    values = form(portal, api_key="key-2", api_token="token-2")
    result = await submit(hass, flow_id, values)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    states = [entry.state for entry in hass.config_entries.async_entries(DOMAIN)]
    assert states == [ConfigEntryState.LOADED] * 2


async def test_reconfigure(
    hass: HomeAssistant, loaded: MockConfigEntry, portal: Portal
) -> None:
    """All of an account can change, and it starts anew with that."""
    portal.add_account(api_key="key-2", api_token="token-2", credits=Decimal(7))
    result = await loaded.start_reconfigure_flow(hass)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "reconfigure"
    portal.requests.clear()
    values = form(
        portal,
        url=f"{portal.url}/portal/smsAPI",
        api_key="key-2",
        api_token="token-2",
        sender="+12025550123",
    )
    result = await submit(hass, result["flow_id"], values)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    assert loaded.data == entry_data(
        portal,
        url=f"{portal.url}/portal",
        api_key="key-2",
        api_token="token-2",
        sender="12025550123",
    )
    assert_state(loaded, ConfigEntryState.LOADED)
    assert {request.path for request in portal.requests} == {"/portal/smsAPI"}
    assert shown(hass, "sensor.127_0_0_1_balance").state == "7"


@pytest.mark.parametrize("empty", [{}, {CONF_API_KEY: "", CONF_API_TOKEN: " "}])
async def test_reconfigure_keeps_credentials(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    portal: Portal,
    empty: dict[str, str],
) -> None:
    """Credentials that are left empty stay as they are, and are never shown."""
    result = await loaded.start_reconfigure_flow(hass)
    suggested = {
        str(key): (key.description or {}).get("suggested_value")
        for key in result["data_schema"].schema
    }
    assert suggested == {
        CONF_URL: portal.url,
        CONF_API_KEY: None,
        CONF_API_TOKEN: None,
        CONF_SENDER: "HOME",
    }
    values = {CONF_URL: portal.url, CONF_SENDER: "OFFICE", **empty}
    result = await submit(hass, result["flow_id"], values)
    assert result["reason"] == "reconfigure_successful"
    assert loaded.data == entry_data(portal, sender="OFFICE")


# Where the account of the tests might be moved to, by what is different.
ELSEWHERE = {
    "host": "https://portal.example",
    "host, path": "https://portal.example/portal/smsAPI",
    "host, bare": "portal.example",
    "address": "http://192.168.1.20",
    "port": "http://127.0.0.1:1",
    "scheme": "https://127.0.0.1",
    "scheme, same port": "https://{host}",
    "scheme, tried first": "{host}",
    "name": "http://localhost",
}


@pytest.mark.parametrize(
    "given",
    [(), (CONF_API_KEY,), (CONF_API_TOKEN,)],
    ids=["none", "key only", "token only"],
)
@pytest.mark.parametrize("address", ELSEWHERE.values(), ids=ELSEWHERE)
async def test_credentials_stay_at_their_host(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    portal: Portal,
    address: str,
    given: tuple[str, ...],
) -> None:
    """What is stored is sent to no other host: both are asked for anew."""
    portal.requests.clear()
    result = await loaded.start_reconfigure_flow(hass)
    url = address.format(host=portal.url.removeprefix("http://"))
    values = {CONF_URL: url, CONF_SENDER: "HOME", **dict.fromkeys(given, "new")}
    result = await submit(hass, result["flow_id"], values)
    assert result["errors"] == dict.fromkeys(
        {CONF_API_KEY, CONF_API_TOKEN} - set(given), "credentials_required"
    )
    assert portal.requests == []
    assert loaded.data == entry_data(portal)


@pytest.mark.parametrize("path", ["", "/", "/portal", "/SMSC/smsAPI"])
async def test_credentials_of_the_same_host(
    hass: HomeAssistant, loaded: MockConfigEntry, portal: Portal, path: str
) -> None:
    """Another path at the same host needs nothing new."""
    result = await loaded.start_reconfigure_flow(hass)
    values = {CONF_URL: f"{portal.url}{path}", CONF_SENDER: "HOME"}
    result = await submit(hass, result["flow_id"], values)
    assert result["reason"] == "reconfigure_successful"
    assert loaded.data[CONF_API_KEY] == API_KEY


async def test_another_host_with_its_credentials(
    hass: HomeAssistant, loaded: MockConfigEntry, portal: Portal
) -> None:
    """An account moves to another host with what that host gave to it."""
    async with Portal() as other:
        other.add_account(api_key="key-2", api_token="token-2")
        result = await loaded.start_reconfigure_flow(hass)
        values = {CONF_URL: other.url, CONF_SENDER: "HOME"}
        result = await submit(hass, result["flow_id"], values)
        assert "shows under Extras → API" in said(result)
        assert other.requests == []
        values |= {CONF_API_KEY: "key-2", CONF_API_TOKEN: "token-2"}
        result = await submit(hass, result["flow_id"], values)
        assert result["reason"] == "reconfigure_successful"
        assert loaded.data == entry_data(
            portal, url=other.url, api_key="key-2", api_token="token-2"
        )
        assert await hass.config_entries.async_unload(loaded.entry_id)


@pytest.mark.parametrize(("error", "field"), ERRORS)
async def test_reconfigure_errors(  # noqa: PLR0913, PLR0917 - fixtures
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    portal: Portal,
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
    error: str,
    field: str,
) -> None:
    """An error changes nothing, and the same form succeeds once its cause is gone."""
    result = await loaded.start_reconfigure_flow(hass)
    changes = await break_portal(error, portal, account, monkeypatch)
    result = await submit(hass, result["flow_id"], form(portal, **changes))
    assert result["errors"] == {field: error}
    assert loaded.data == entry_data(portal)
    await mend_portal(portal, account, monkeypatch)
    result = await submit(hass, result["flow_id"], form(portal, sender="OFFICE"))
    assert result["reason"] == "reconfigure_successful"
    assert loaded.data == entry_data(portal, sender="OFFICE")
    assert_state(loaded, ConfigEntryState.LOADED)


async def test_reconfigure_to_another_entrys_account(
    hass: HomeAssistant, loaded: MockConfigEntry, portal: Portal
) -> None:
    """No account becomes one that is there already."""
    portal.add_account(api_key="key-2", api_token="token-2")
    data = entry_data(portal, api_key="key-2", api_token="token-2")
    MockConfigEntry(domain=DOMAIN, data=data).add_to_hass(hass)
    result = await loaded.start_reconfigure_flow(hass)
    values = form(portal, api_key="key-2", api_token="token-2")
    result = await submit(hass, result["flow_id"], values)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert loaded.data == entry_data(portal)


@pytest.mark.expected_log("Error fetching")
async def test_reconfigure_of_an_account_that_is_refused(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    portal: Portal,
    freezer: FrozenDateTimeFactory,
) -> None:
    """An account that was refused at the start works once it is reconfigured."""
    portal.fail("refused_error", text="Invalid user")
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert_state(entry, ConfigEntryState.LOADED)
    for _ in range(3):
        await pass_time(hass, freezer, minutes=1)
    assert list(entry.async_get_active_flows(hass, {SOURCE_REAUTH}))
    portal.clear_faults()
    result = await entry.start_reconfigure_flow(hass)
    result = await submit(
        hass, result["flow_id"], form(portal, url=f"{portal.url}/SMSC")
    )
    assert result["reason"] == "reconfigure_successful"
    await settle(hass)
    assert_state(entry, ConfigEntryState.LOADED)
    assert not list(hass.config_entries.flow.async_progress_by_handler(DOMAIN))


async def test_no_reauth_without_a_reason(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """An account that works asks for nothing."""
    assert not list(loaded.async_get_active_flows(hass, {SOURCE_REAUTH}))
