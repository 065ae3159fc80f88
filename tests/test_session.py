"""Requests of an account tell nobody of anything else."""

import asyncio
from pathlib import Path
from socket import socket
from typing import Final

from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.api import NotReachableError, PortalClient, PortalError
from custom_components.smskit.const import DOMAIN
from custom_components.smskit.session import async_create_session
from tests.conftest import API_KEY, API_TOKEN, entry_data
from tests.flow_translations import translated_flows  # noqa: F401 - a fixture
from tests.forms import SOURCES, open_form, said
from tests.home import settle
from tests.names import names  # noqa: F401 - a fixture
from tests.portal import Account, Portal
from tests.servers import hang_up, serving

# A client that keeps cookies keeps them for names, not for addresses.
pytestmark = pytest.mark.usefixtures("names")

HEADERS: Final = {
    "Host",
    "User-Agent",
    "Accept",
    "Accept-Encoding",
    "Connection",
    "Content-Length",
    "Content-Type",
}


def by_name(address: str) -> str:
    """Return an address of this machine with its name."""
    return address.replace("127.0.0.1", "localhost")


async def add(
    hass: HomeAssistant, portal: Portal, key: str, token: str
) -> PortalClient:
    """Set up an account; return its client."""
    url = by_name(portal.url)
    data = entry_data(portal, url=url, api_key=key, api_token=token)
    entry = MockConfigEntry(domain=DOMAIN, title="Account", data=data)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    client: PortalClient = entry.runtime_data.client
    return client


async def test_two_accounts(
    hass: HomeAssistant, portal: Portal, account: Account
) -> None:
    """Accounts of one portal share no cookie, and do not wait for each other."""
    portal.add_account(api_key="key-2", api_token="token-2")
    first = await add(hass, portal, API_KEY, API_TOKEN)
    second = await add(hass, portal, "key-2", "token-2")
    portal.fail("hang", "balance", times=1)
    hanging = hass.async_create_task(first.balance())
    for _ in range(1000):
        await asyncio.sleep(0)
        if portal.requests[-1].fault == "hang":
            break
    assert portal.requests[-1].fault == "hang"
    await second.balance()
    await second.inbox(unread=False)
    await first.inbox(unread=False)
    assert not hanging.done()
    hanging.cancel()
    assert len(portal.requests) > 6
    assert not any(request.has_cookie for request in portal.requests)


@pytest.mark.usefixtures("translated_flows")
@pytest.mark.parametrize("source", ["user", "reauth", "reconfigure"])
async def test_forms(
    hass: HomeAssistant, portal: Portal, account: Account, source: str
) -> None:
    """Neither a form nor the account that it makes brings what the other was given."""
    url = by_name(portal.url)
    form = await open_form(hass, source, portal, url)
    account.api_enabled = False
    await form.submit(url)
    account.api_enabled = True
    await form.submit(url)
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert entry.data[CONF_URL] == url
    assert {"balance", "getinbox", "listchannel"} <= {
        request.operation for request in portal.requests
    }
    assert not any(request.has_cookie for request in portal.requests)


@pytest.mark.usefixtures("socket_enabled")
async def test_nothing_from_the_environment(
    hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the machine has for other programs is neither used nor sent."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login someone password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in "http_proxy", "HTTP_PROXY", "all_proxy":
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    heads: list[list[str]] = []

    async def converse(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        heads.append(head.decode().split("\r\n"))
        writer.write(b"HTTP/1.1 404 No\r\nSet-Cookie: PHPSESSID=1; path=/\r\n\r\n")
        writer.close()

    async with serving(converse) as address:
        url = f"http://{by_name(address)}"
        data = {"url": url, "api_key": "key", "api_token": "token", "sender": "HOME"}
        flow = await hass.config_entries.flow.async_init(
            DOMAIN, context={"source": "user"}
        )
        for _ in range(2):
            result = await hass.config_entries.flow.async_configure(
                flow["flow_id"], data
            )
            assert result["errors"] == {"base": "not_a_portal"}
    assert len(heads) == 2
    for request, *headers in heads:
        assert request == "POST /smsAPI?balance HTTP/1.1"
        assert {header.partition(":")[0] for header in headers if header} == HEADERS


@pytest.mark.usefixtures("translated_flows")
@pytest.mark.parametrize("source", SOURCES)
async def test_a_name_that_leads_elsewhere(
    hass: HomeAssistant,
    portal: Portal,
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
) -> None:
    """Without TLS, no form sends credentials out of the own network."""
    url = by_name(portal.url)
    form = await open_form(hass, source, portal, url)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(socket, "getpeername", lambda _: ("203.0.113.7", 80))
        result = await form.submit(url)
    assert result["errors"] == {"base": "cannot_connect"}
    assert "only https is allowed" in said(result)
    assert portal.requests == []
    await form.submit(url)
    assert portal.requests


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_proxy(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """A proxy that the machine has for other programs is told nothing."""
    heads: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readline())
        writer.close()

    async with serving(proxy) as address, serving(hang_up) as portal:
        for name in "http_proxy", "https_proxy", "all_proxy":
            monkeypatch.setenv(name, f"http://{address}")
            monkeypatch.setenv(name.upper(), f"http://{address}")
        session = async_create_session(hass)
        client = PortalClient(session, f"{scheme}://{portal}", API_KEY, API_TOKEN)
        with pytest.raises(PortalError):
            await client.balance()
        session.detach()
    assert heads == []


async def test_unloaded(hass: HomeAssistant, portal: Portal, account: Account) -> None:
    """Nothing leaves for an account that is not loaded any more."""
    client = await add(hass, portal, API_KEY, API_TOKEN)
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    await client.balance()
    assert await hass.config_entries.async_unload(entry.entry_id)
    portal.requests.clear()
    with pytest.raises(NotReachableError):
        await client.balance()
    assert portal.requests == []
