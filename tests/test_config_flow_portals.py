"""The forms find out how a portal is to be talked to: with TLS, and by which method."""

from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.smskit.const import CONF_GET_OPERATIONS, DOMAIN
from tests.flow_translations import translated_flows  # noqa: F401 - a fixture
from tests.forms import SOURCES, open_form, said
from tests.home import settle
from tests.names import PUBLIC, names  # noqa: F401 - a fixture
from tests.portal import Account, Portal, PostAnswer
from tests.portal.state import POST_ANSWERS
from tests.servers import untrusted_tls

pytestmark = pytest.mark.usefixtures("translated_flows")

# Reauthentication does not ask for the address.
WITH_ADDRESS = ("user", "reconfigure")


def the_entry(hass: HomeAssistant, result: Any) -> ConfigEntry:
    """Return the account that a flow has added or changed."""
    assert result["type"] is not FlowResultType.FORM
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    return entry


def bare(portal: Portal) -> str:
    """Return a portal's address without a scheme."""
    return portal.url.removeprefix("http://")


@pytest.mark.parametrize("source", WITH_ADDRESS)
async def test_bare_private_host(
    hass: HomeAssistant, portal: Portal, account: Account, source: str
) -> None:
    """In the own network, an address without a scheme may be one without TLS."""
    form = await open_form(hass, source, portal)
    result = await form.submit(f" {bare(portal)}/smsAPI")
    assert the_entry(hass, result).data[CONF_URL] == portal.url


@pytest.mark.usefixtures("names")
async def test_bare_localhost(
    hass: HomeAssistant, portal: Portal, account: Account
) -> None:
    """The name of this machine is as good as its address."""
    form = await open_form(hass, "user", portal)
    address = bare(portal).replace("127.0.0.1", "LocalHost")
    entry = the_entry(hass, await form.submit(address))
    assert entry.data[CONF_URL] == portal.url.replace("127.0.0.1", "localhost")


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize("source", WITH_ADDRESS)
async def test_bare_public_host(
    hass: HomeAssistant, portal: Portal, account: Account, source: str
) -> None:
    """Elsewhere nothing is sent without TLS, wherever the name leads to."""
    form = await open_form(hass, source, portal)
    result = await form.submit(bare(portal).replace("127.0.0.1", PUBLIC))
    assert result["errors"] == {"base": "cannot_connect"}
    assert "no encrypted connection" in said(result)
    assert portal.requests == []


@pytest.mark.parametrize("source", WITH_ADDRESS)
async def test_scheme_is_taken_at_its_word(
    hass: HomeAssistant, portal: Portal, account: Account, source: str
) -> None:
    """Who asks for TLS gets it or nothing."""
    form = await open_form(hass, source, portal)
    result = await form.submit(f"https://{bare(portal)}")
    assert result["errors"] == {"base": "cannot_connect"}
    assert portal.requests == []


@pytest.mark.parametrize("source", WITH_ADDRESS)
async def test_untrusted_tls_is_tls(
    hass: HomeAssistant, portal: Portal, account: Account, source: str
) -> None:
    """A certificate that is not trusted is no reason to go without TLS."""
    received = bytearray()
    with untrusted_tls(received) as address:
        form = await open_form(hass, source, portal)
        result = await form.submit(address)
        assert result["errors"] == {"base": "cannot_connect"}
        assert "certificate is not trusted" in said(result)
    assert not received


async def test_bare_private_host_that_is_away(
    hass: HomeAssistant, portal: Portal, account: Account
) -> None:
    """Where nothing answers either way, the form says so."""
    await portal.refuse()
    form = await open_form(hass, "user", portal)
    result = await form.submit(bare(portal))
    assert result["errors"] == {"base": "cannot_connect"}
    assert "the connection was refused" in said(result)


@pytest.mark.usefixtures("entry")
async def test_duplicate_without_a_scheme(hass: HomeAssistant, portal: Portal) -> None:
    """An account is added once, also by an address that may stand for it."""
    form = await open_form(hass, "user", portal)
    result = await form.submit(bare(portal))
    assert result["reason"] == "already_configured"
    assert portal.requests == []


@pytest.mark.expected_log("127.0.0.1 accepts balance and getinbox by GET only")
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("answer", POST_ANSWERS)
async def test_get_only(  # noqa: PLR0913, PLR0917 - fixtures
    hass: HomeAssistant,
    portal: Portal,
    account: Account,
    caplog: pytest.LogCaptureFixture,
    source: str,
    answer: PostAnswer,
) -> None:
    """What needs GET is found out and said once, and used from then on."""
    account.post_answer = answer
    form = await open_form(hass, source, portal)
    entry = the_entry(hass, await form.submit(portal.url))
    assert entry.data[CONF_GET_OPERATIONS] == ["balance", "getinbox"]
    portal.requests.clear()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    by_get = {r.operation for r in portal.requests if r.method == "GET"}
    by_post = {r.operation for r in portal.requests if r.method == "POST"}
    assert by_get == {"balance", "getinbox"}
    assert not by_get & by_post
    assert caplog.text.count("by GET only") == 1


@pytest.mark.parametrize("source", ["reauth", "reconfigure"])
async def test_get_is_not_for_ever(
    hass: HomeAssistant, portal: Portal, account: Account, source: str
) -> None:
    """A portal that learned to take a POST gets no credentials in an address again."""
    form = await open_form(hass, source, portal, get_operations=["balance"])
    entry = the_entry(hass, await form.submit(portal.url))
    assert entry.data[CONF_GET_OPERATIONS] == []
    assert not any(request.credentials_in_url for request in portal.requests)


@pytest.mark.parametrize("source", SOURCES)
async def test_white_list(
    hass: HomeAssistant, portal: Portal, account: Account, source: str
) -> None:
    """A home that its portal's list lacks is let in once the list has it."""
    account.white_list = {"203.0.113.7"}
    form = await open_form(hass, source, portal)
    result = await form.submit(portal.url)
    assert result["errors"] == {"base": "invalid_auth"}
    assert "white-listed IP addresses" in said(result)
    account.white_list.add("127.0.0.1")
    the_entry(hass, await form.submit(portal.url))


@pytest.mark.parametrize("body", ['{ "balance": "" }', '{"balance":null}'])
async def test_fresh_account(
    hass: HomeAssistant, portal: Portal, account: Account, body: str
) -> None:
    """An account without a balance yet is added, and has none."""
    portal.fail("not_json", "balance", text=body)
    form = await open_form(hass, "user", portal)
    entry = the_entry(hass, await form.submit(portal.url))
    state = hass.states.get("sensor.127_0_0_1_balance")
    assert state is not None
    assert state.state == "0"
    assert entry.data[CONF_GET_OPERATIONS] == []
