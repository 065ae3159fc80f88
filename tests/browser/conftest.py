"""Fixtures: one Home Assistant, one portal and one Chromium for all tests here."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
import os
from pathlib import Path

from playwright.async_api import Browser, Page, expect
import pytest
import pytest_asyncio
import pytest_socket

from tests.demo.chromium import find_chromium, running_chromium

from .chromium import SIZES, Scheme, new_page
from .stage import Stage, running_stage

type OpenPage = Callable[..., Awaitable[Page]]

_HERE = Path(__file__).parent
_MISSING = (
    "The browser tests were left out: there is no Chromium, and none could be "
    "installed. `scripts/chromium` tells why."
)
_LEFT_OUT: pytest.StashKey[bool] = pytest.StashKey()
_FIGURES: pytest.StashKey[list[str]] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known; be patient on a machine that does much else."""
    expect.set_options(timeout=15_000)
    config.addinivalue_line("markers", "browser: needs Chromium")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all tests of this folder on one loop."""
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say loudly what was not tested, and print what was measured."""
    if config.stash.get(_LEFT_OUT, False):
        terminalreporter.section("NO BROWSER", sep="!", red=True, bold=True)
        terminalreporter.write_line(_MISSING)
    if figures := config.stash.get(_FIGURES, []):
        terminalreporter.section("Measured in the browser")
        for line in figures:
            terminalreporter.write_line(line)


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> list[str]:
    """Return the lines that are printed when all tests are done."""
    return request.config.stash.setdefault(_FIGURES, [])


# What the plugin does for a Home Assistant inside of the test is not for one outside.


@pytest.fixture
def enable_custom_integrations() -> None:
    """Need no Home Assistant in this process."""


@pytest.fixture(autouse=True)
def enable_event_loop_debug() -> None:
    """Stay quick."""


@pytest.fixture(autouse=True)
def verify_cleanup(socket_enabled: None) -> None:
    """Let what is shared run on after a test, with its connections."""


# --- What is shared ------------------------------------------------------------------


@pytest.fixture(scope="session")
def chromium(request: pytest.FixtureRequest) -> str:
    """Return the path of a Chromium; skip without one, but never in CI."""
    program = find_chromium()
    if program is None:
        if os.environ.get("CI"):
            pytest.fail(_MISSING)
        request.config.stash[_LEFT_OUT] = True
        pytest.skip(_MISSING)
    return program


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncGenerator[Browser]:
    """Return a Chromium that runs."""
    pytest_socket.enable_socket()
    async with running_chromium(chromium) as browser:
        yield browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage(
    chromium: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Stage]:
    """Return a Home Assistant with an account, and its portal."""
    pytest_socket.enable_socket()
    async with running_stage(tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser, stage: Stage) -> AsyncGenerator[OpenPage]:
    """Return what opens the dashboard as it is now, or another address."""
    async with AsyncExitStack() as stack:

        async def open_page(
            width: int = 1280,
            scheme: Scheme = "light",
            *,
            path: str | None = None,
            script: str | None = None,
        ) -> Page:
            page = await stack.enter_async_context(
                new_page(browser, width=width, scheme=scheme, script=script)
            )
            errors: list[str] = []
            page.on("pageerror", lambda error: errors.append(str(error)))
            stack.callback(_assert_none, errors)
            await page.goto(stage.path if path is None else f"{stage.home.url}{path}")
            return page

        yield open_page


def _assert_none(errors: list[str]) -> None:
    ours = [error for error in errors if "smskit" in error]
    assert not ours, ours


WIDTHS = tuple(SIZES)
