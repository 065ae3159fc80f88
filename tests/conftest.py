"""Fixtures: a portal over loopback and Home Assistant set up against it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from decimal import Decimal
import logging
import os
from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.const import CONF_API_KEY, CONF_API_TOKEN, CONF_NAME, CONF_URL
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from syrupy.assertion import SnapshotAssertion

from custom_components.smskit.const import (
    CONF_GET_OPERATIONS,
    CONF_NUMBERS,
    CONF_SENDER,
    CONF_VIA,
    DOMAIN,
    SUBENTRY_RECIPIENT,
)
from tests.clock import Clock
from tests.home import Home, World, settle
from tests.portal import Account, Channel, Portal

type Report = Callable[[str, str], None]

_REPORTED = "reported: "
API_KEY = "key-of-the-tests"
API_TOKEN = "token-of-the-tests"
# From the ranges set aside for fiction.
ANNA = "+12025550123"
BORIS = "+447700900123"
CARLA = "+12025550145"


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Report:
    """Return what prints a line below a heading when all tests are done."""

    def add(heading: str, line: str) -> None:
        # Goes with the report of the test, also from another process.
        request.node.user_properties.append((_REPORTED + heading, line))

    return add


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests reported."""
    reported: dict[str, set[str]] = {}
    for outcomes in terminalreporter.stats.values():
        for outcome in outcomes:
            for name, value in getattr(outcome, "user_properties", ()):
                if name.startswith(_REPORTED):
                    reported.setdefault(name.removeprefix(_REPORTED), set()).add(value)
    for heading, lines in reported.items():
        terminalreporter.section(heading)
        for line in sorted(lines):
            terminalreporter.write_line(line)


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Return a snapshot that knows Home Assistant's objects."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture(autouse=True)
async def enable_event_loop_debug(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the event loop check its callers, without a stack trace of each future.

    The traces show where a future, a task or a timer was made. They take two thirds of
    the time of the tests; `PYTHONASYNCIODEBUG=1` brings them back.
    """
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    if not os.environ.get("PYTHONASYNCIODEBUG"):
        monkeypatch.setattr(loop, "get_debug", lambda: False)


# It logs each statement, and its thread goes on for a moment after a test.
logging.getLogger("aiosqlite").setLevel(logging.INFO)


@pytest.fixture(autouse=True)
def _custom_integrations(enable_custom_integrations: None) -> None:
    """Let Home Assistant find the integration of this repository."""


@pytest.fixture(autouse=True)
def _config_folder(
    _custom_integrations: None, hass: HomeAssistant, tmp_path: Path
) -> None:
    """Give each test a configuration folder of its own: databases are real files."""
    hass.config.config_dir = str(tmp_path)


@pytest.fixture(autouse=True)
def _quiet(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Generator[None]:
    """Fail a test in which the integration warns, unless it says that it will.

    `@pytest.mark.expected_log("part of the line")` names what is expected; what is
    expected has to come.
    """
    expected: list[str] = [
        text for mark in request.node.iter_markers("expected_log") for text in mark.args
    ]
    yield
    lines = [
        record.getMessage()
        for when in ("setup", "call")
        for record in caplog.get_records(when)
        if record.levelno >= logging.WARNING
        and record.name.startswith("custom_components.smskit")
    ]
    unexpected = [line for line in lines if not any(text in line for text in expected)]
    assert not unexpected
    for text in expected:
        assert any(text in line for line in lines), f"not logged: {text}"


@pytest.fixture(autouse=True)
def _no_secret_in_the_log(caplog: pytest.LogCaptureFixture) -> Generator[None]:
    """Fail a test in which a credential is logged, at whatever level."""
    yield
    for when in ("setup", "call"):
        for record in caplog.get_records(when):
            line = record.getMessage()
            assert API_KEY not in line
            assert API_TOKEN not in line


@pytest.fixture
def clock(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Generator[Clock]:
    """Return the clock of the test, which starts on a quiet noon."""
    clock = Clock(hass, freezer)
    clock.set("2027-02-10T12:00:00+00:00")
    with clock.running():
        yield clock


@pytest.fixture
async def portal(clock: Clock, socket_enabled: None) -> AsyncGenerator[Portal]:
    """Return a portal that runs on the clock of the test."""
    async with Portal() as portal:
        yield portal


@pytest.fixture
def account(portal: Portal) -> Account:
    """Return the portal's account that Home Assistant uses."""
    return portal.add_account(
        api_key=API_KEY, api_token=API_TOKEN, credits=Decimal(100)
    )


def recipient_data(
    name: str, *numbers: str, via: str = "sms", **more: str
) -> ConfigSubentryData:
    """Return a recipient as its flow makes it."""
    return ConfigSubentryData(
        data={CONF_NAME: name, CONF_NUMBERS: list(numbers), CONF_VIA: via, **more},
        subentry_type=SUBENTRY_RECIPIENT,
        title=name,
        unique_id=None,
    )


def entry_data(portal: Portal, **changes: Any) -> dict[str, Any]:
    """Return the data of an entry as the flow makes it."""
    return {
        CONF_URL: portal.url,
        CONF_API_KEY: API_KEY,
        CONF_API_TOKEN: API_TOKEN,
        CONF_SENDER: "HOME",
        CONF_GET_OPERATIONS: [],
        **changes,
    }


@pytest.fixture
def options() -> dict[str, Any]:
    """Return the account's options; a test that needs others overrides this."""
    return {"country": "US", "time_zone": "Africa/Lagos"}


@pytest.fixture
def recipients() -> list[ConfigSubentryData]:
    """Return the account's recipients; a test that needs others overrides this."""
    return [recipient_data("Anna", ANNA), recipient_data("Family", ANNA, BORIS)]


@pytest.fixture
def entry(
    hass: HomeAssistant,
    portal: Portal,
    account: Account,
    options: dict[str, Any],
    recipients: list[ConfigSubentryData],
) -> MockConfigEntry:
    """Return an account with its recipients, not set up yet."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        entry_id="01K0ACCOUNT0F0THE0TESTS000",
        title="127.0.0.1",
        data=entry_data(portal),
        options=options,
        subentries_data=recipients,
    )
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
async def loaded(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Return the account, set up."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    return entry


# --- Homes ---------------------------------------------------------------------------


@pytest.fixture
def world(
    hass: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    portal: Portal,
    clock: Clock,
) -> World:
    """Return what a test home stands on."""
    return World(
        hass=hass,
        client=hass_client_no_auth,
        portal=portal,
        clock=clock,
    )


@pytest.fixture
def home_type() -> type[Home]:
    """Return the kind of home that tests are about; each package has its own."""
    return Home


@pytest.fixture
def new_home(home_type: type[Home], world: World, entry: MockConfigEntry) -> Home:
    """Return a home whose account is not set up yet."""
    return home_type(world, entry)


@pytest.fixture
async def home(new_home: Home) -> Home:
    """Return a home whose account is set up."""
    await new_home.start()
    return new_home


@pytest.fixture
async def second(home: Home, world: World) -> AsyncGenerator[Home]:
    """Return a home with another account at the same portal, set up."""
    key, token = "key-of-the-second", "token-of-the-second"
    world.portal.add_account(api_key=key, api_token=token, name="second")
    data = entry_data(world.portal, api_key=key, api_token=token)
    entry = MockConfigEntry(domain=DOMAIN, title="second", data=data)
    entry.add_to_hass(world.hass)
    other = type(home)(world, entry)
    await other.start()
    yield other
    await other.stop()


@pytest.fixture
async def office(new_home: Home) -> Channel:
    """Return the one channel of the account, which is set up and paired."""
    channel = new_home.portal.add_channel(new_home.account)
    new_home.portal.pair(channel)
    await new_home.start()
    return channel
