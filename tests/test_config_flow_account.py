"""Other credentials: whether they are of the same account, and what that means."""

from typing import Any, Final

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import CONF_API_KEY, CONF_API_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smskit.const import CONF_ACCOUNT, CONF_SENDER, DOMAIN
from tests.conftest import API_KEY, API_TOKEN
from tests.flow_translations import translated_flows  # noqa: F401 - a fixture
from tests.home import World
from tests.inbox.home import PHONE, Home
from tests.portal import Account, Portal

pytestmark = pytest.mark.usefixtures("translated_flows")

NEW: Final = {CONF_API_KEY: "key-2", CONF_API_TOKEN: "token-2"}
SOURCES: Final = ["reauth", "reconfigure"]


@pytest.fixture
async def home(world: World, entry: MockConfigEntry) -> Home:
    """Return a home that has received one message."""
    home = Home(world, entry)
    await home.start()
    home.receive("before", id="1")
    await home.poll()
    return home


@pytest.fixture
def other(portal: Portal) -> Account:
    """Return another account at the portal, with messages of its own."""
    other = portal.add_account(api_key="key-2", api_token="token-2")
    for text in "old", "older":
        portal.receive(other, PHONE, text)
    return other


async def begin(home: Home, source: str) -> dict[str, Any]:
    """Start a flow of a source, and return its form."""
    result: Any
    if source == "reauth":
        home.entry.async_start_reauth(home.hass)
        await home.settle()
        (result,) = home.hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    else:
        result = await home.entry.start_reconfigure_flow(home.hass)
    assert isinstance(result, dict)
    return result


async def submit(
    home: Home, source: str, flow: dict[str, Any], **values: str
) -> dict[str, Any]:
    """Enter credentials."""
    if source == "reconfigure":
        values = {CONF_URL: home.portal.url, CONF_SENDER: "HOME", **values}
    return await configure(home, flow, values)


async def configure(
    home: Home, flow: dict[str, Any], values: dict[str, Any]
) -> dict[str, Any]:
    """Fill in a form."""
    result: Any = await home.hass.config_entries.flow.async_configure(
        flow["flow_id"], values
    )
    await home.settle()
    assert isinstance(result, dict)
    return result


def assert_done(home: Home, result: dict[str, Any], source: str, account: str) -> None:
    """Fail unless a flow ended well, with messages that belong to an account."""
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == f"{source}_successful"
    assert home.entry.state is ConfigEntryState.LOADED
    assert home.entry.data.get(CONF_ACCOUNT, home.entry.entry_id) == account
    assert not list(home.hass.config_entries.flow.async_progress())


async def texts(home: Home) -> list[str]:
    """Return the texts of the inbox, newest first."""
    return [message["text"] for message in await home.messages()]


@pytest.mark.parametrize("source", SOURCES)
async def test_same_inbox(home: Home, source: str) -> None:
    """A new key for an inbox that is known asks nothing, and nothing is news."""
    flow = await begin(home, source)
    home.account.api_key, home.account.api_token = NEW.values()
    home.receive("meanwhile", id="2")
    result = await submit(home, source, flow, **NEW)
    assert_done(home, result, source, home.entry.entry_id)
    assert home.entry.data.items() >= NEW.items()
    home.receive("after", id="3")
    await home.poll()
    assert home.texts == ["before", "meanwhile", "after"]
    assert await texts(home) == ["after", "meanwhile", "before"]


@pytest.mark.parametrize("source", SOURCES)
async def test_empty_inbox(home: Home, portal: Portal, source: str) -> None:
    """An inbox without messages asks nothing: whatever comes is news."""
    empty = portal.add_account(api_key="key-2", api_token="token-2")
    result = await submit(home, source, await begin(home, source), **NEW)
    assert_done(home, result, source, home.entry.entry_id)
    portal.receive(empty, PHONE, "new")
    await home.poll()
    assert home.texts == ["before", "new"]


@pytest.mark.parametrize("source", SOURCES)
async def test_same_key(home: Home, source: str) -> None:
    """Another token for the same key asks nothing, and reads no inbox for it."""
    flow = await begin(home, source)
    home.account.api_token = "token-2"
    home.account.inbox.clear()
    home.receive("foreign", id="77")
    result = await submit(
        home, source, flow, **{CONF_API_KEY: API_KEY, CONF_API_TOKEN: "token-2"}
    )
    assert_done(home, result, source, home.entry.entry_id)


@pytest.mark.usefixtures("other")
@pytest.mark.parametrize("source", SOURCES)
async def test_foreign_inbox_asks(home: Home, source: str) -> None:
    """An inbox without a known message asks whose it is, and changes nothing yet."""
    before = dict(home.entry.data)
    result = await submit(home, source, await begin(home, source), **NEW)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "confirm_account"
    assert result["description_placeholders"]["account"] == home.entry.title
    assert home.entry.data == before
    assert home.texts == ["before"]


@pytest.mark.parametrize("source", SOURCES)
async def test_it_is_the_same(home: Home, other: Account, source: str) -> None:
    """Of the same account, messages are new ones, and the history goes on."""
    form = await submit(home, source, await begin(home, source), **NEW)
    result = await configure(home, form, {"same_account": True})
    assert_done(home, result, source, home.entry.entry_id)
    assert sorted(home.texts) == ["before", "old", "older"]
    home.portal.receive(other, PHONE, "new")
    await home.poll()
    assert home.texts[-1] == "new"
    assert len(home.texts) == 4
    assert home.unread == 4


@pytest.mark.parametrize("source", SOURCES)
async def test_it_is_another_one(home: Home, other: Account, source: str) -> None:
    """Messages of another account are imported as read, and nothing is published."""
    form = await submit(home, source, await begin(home, source), **NEW)
    result = await configure(home, form, {"same_account": False})
    account = home.entry.data.get(CONF_ACCOUNT, home.entry.entry_id)
    assert account != home.entry.entry_id
    assert_done(home, result, source, account)
    assert home.texts == ["before"]
    assert sorted(await texts(home)) == ["before", "old", "older"]
    assert home.unread == 1
    home.portal.receive(other, PHONE, "new")
    await home.poll()
    assert home.texts == ["before", "new"]
    # And it is that account from then on.
    await home.restart()
    await home.poll()
    assert home.texts == ["before", "new"]
    assert home.entry.data.get(CONF_ACCOUNT, home.entry.entry_id) == account


@pytest.mark.parametrize("source", SOURCES)
async def test_back_again(home: Home, other: Account, source: str) -> None:
    """Back at the first account nothing comes again, and what came since is no news.

    Its messages are known, so that nothing is asked: it stays one with the other.
    """
    form = await submit(home, source, await begin(home, source), **NEW)
    await configure(home, form, {"same_account": False})
    account = home.entry.data.get(CONF_ACCOUNT, home.entry.entry_id)
    old = {CONF_API_KEY: API_KEY, CONF_API_TOKEN: API_TOKEN}
    result = await submit(home, source, await begin(home, source), **old)
    assert_done(home, result, source, account)
    assert home.texts == ["before"]
    home.receive("new", id="9")
    await home.poll()
    assert home.texts == ["before", "new"]


@pytest.mark.usefixtures("other")
async def test_another_address(home: Home) -> None:
    """The same key at another address with a foreign inbox asks, too."""
    home.account.inbox.clear()
    home.receive("foreign", id="77")
    flow = await home.entry.start_reconfigure_flow(home.hass)
    values = {CONF_URL: f"{home.portal.url}/SMSC", CONF_SENDER: "HOME"}
    result = await configure(home, flow, values)
    assert result["step_id"] == "confirm_account"
    result = await configure(home, result, {"same_account": True})
    assert_done(home, result, "reconfigure", home.entry.entry_id)


async def test_account_that_is_not_loaded(
    hass: HomeAssistant, home: Home, other: Account
) -> None:
    """An account that does not run cannot say what it knows: it asks."""
    await home.stop()
    flow = await home.entry.start_reconfigure_flow(hass)
    values = {CONF_URL: home.portal.url, CONF_SENDER: "HOME", **NEW}
    result = await configure(home, flow, values)
    assert result["step_id"] == "confirm_account"
    result = await configure(home, result, {"same_account": False})
    assert result["reason"] == "reconfigure_successful"
    assert home.entry.data.get(CONF_ACCOUNT, home.entry.entry_id) != home.entry.entry_id
    assert home.texts == ["before"]
    assert not list(home.entry.async_get_active_flows(hass, {SOURCE_REAUTH}))
