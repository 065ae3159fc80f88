"""Credentials that the portal refuses are asked for again."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import CONF_API_KEY, CONF_API_TOKEN, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.const import DOMAIN
from tests.conftest import API_KEY, API_TOKEN, entry_data
from tests.flow_translations import translated_flows  # noqa: F401 - a fixture
from tests.home import settle
from tests.portal import Account, Portal
from tests.steps import assert_state, pass_time, shown

pytestmark = pytest.mark.usefixtures("translated_flows")

BALANCE = "sensor.127_0_0_1_balance"
OLD = {CONF_API_KEY: API_KEY, CONF_API_TOKEN: API_TOKEN}
NEW = {CONF_API_KEY: "key-2", CONF_API_TOKEN: "token-2"}


async def believe(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let the portal refuse for as long as it takes to be believed."""
    for _ in range(3):
        await pass_time(hass, freezer, minutes=1)


def reauth(hass: HomeAssistant) -> Any:
    """Return the only flow that is open: the one that asks for credentials."""
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["source"] == SOURCE_REAUTH
    assert flow["step_id"] == "reauth_confirm"
    return flow


async def submit(hass: HomeAssistant, flow: Any, values: dict[str, str]) -> Any:
    """Enter credentials."""
    result = await hass.config_entries.flow.async_configure(flow["flow_id"], values)
    await settle(hass)
    return result


async def assert_polls(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, portal: Portal
) -> None:
    """Fail unless the balance and the inbox are asked for again."""
    portal.requests.clear()
    await pass_time(hass, freezer, minutes=6)
    assert {"balance", "getinbox"} <= {r.operation for r in portal.requests}
    assert shown(hass, BALANCE).state == "100"


@pytest.mark.parametrize(("disabled", "values"), [(False, NEW), (True, OLD)])
@pytest.mark.expected_log("Error fetching")
async def test_at_startup(  # noqa: PLR0913, PLR0917 - fixtures
    hass: HomeAssistant,
    entry: MockConfigEntry,
    portal: Portal,
    account: Account,
    freezer: FrozenDateTimeFactory,
    disabled: bool,
    values: dict[str, str],
) -> None:
    """An account that was refused at its start works with right credentials."""
    if disabled:
        account.api_enabled = False
    else:
        account.api_key, account.api_token = NEW.values()
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert_state(entry, ConfigEntryState.LOADED)
    assert not list(hass.config_entries.flow.async_progress())
    await believe(hass, freezer)
    flow = reauth(hass)
    account.api_enabled = True
    result = await submit(hass, flow, values)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    assert entry.data == entry_data(portal, **values)
    assert_state(entry, ConfigEntryState.LOADED)
    await assert_polls(hass, freezer, portal)


@pytest.mark.expected_log("Error fetching")
@pytest.mark.parametrize(("disabled", "values"), [(False, NEW), (True, OLD)])
async def test_at_run_time(  # noqa: PLR0913, PLR0917 - fixtures
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    portal: Portal,
    account: Account,
    freezer: FrozenDateTimeFactory,
    disabled: bool,
    values: dict[str, str],
) -> None:
    """An account that worked asks once and polls again afterwards."""
    if disabled:
        account.api_enabled = False
    else:
        account.api_key, account.api_token = NEW.values()
    await pass_time(hass, freezer, minutes=6)
    await believe(hass, freezer)
    flow = reauth(hass)
    assert shown(hass, BALANCE).state == STATE_UNAVAILABLE
    account.api_enabled = True
    result = await submit(hass, flow, values)
    assert result["reason"] == "reauth_successful"
    assert loaded.data == entry_data(portal, **values)
    assert_state(loaded, ConfigEntryState.LOADED)
    await assert_polls(hass, freezer, portal)
    assert not list(hass.config_entries.flow.async_progress())


@pytest.mark.expected_log("Error fetching")
async def test_errors(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    portal: Portal,
    account: Account,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Each error has its name, and the same form succeeds once its cause is gone."""
    account.api_key, account.api_token = NEW.values()
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    await believe(hass, freezer)
    flow = reauth(hass)
    result = await submit(hass, flow, OLD)
    assert result["errors"] == {"base": "invalid_auth"}
    portal.fail("html_page")
    result = await submit(hass, flow, NEW)
    assert result["errors"] == {"base": "not_a_portal"}
    await portal.refuse()
    result = await submit(hass, flow, NEW)
    assert result["errors"] == {"base": "cannot_connect"}
    await portal.accept()
    portal.clear_faults()
    assert entry.data == entry_data(portal)
    result = await submit(hass, flow, NEW)
    assert result["reason"] == "reauth_successful"
    assert_state(entry, ConfigEntryState.LOADED)


@pytest.mark.expected_log("Error fetching")
async def test_another_entrys_account(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    portal: Portal,
    account: Account,
    freezer: FrozenDateTimeFactory,
) -> None:
    """No account becomes one that is there already."""
    portal.add_account(api_key="key-2", api_token="token-2")
    MockConfigEntry(domain=DOMAIN, data=entry_data(portal, **NEW)).add_to_hass(hass)
    account.api_token = "changed"
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    await believe(hass, freezer)
    result = await submit(hass, reauth(hass), NEW)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert entry.data == entry_data(portal)
