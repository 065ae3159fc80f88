"""No line of the log can be forged, and no exception says in it what it was about."""

import logging
import os
from typing import Any, Final

import aiohttp
import pytest

from custom_components.smskit.const import LOGGER
from tests.conftest import API_KEY, API_TOKEN, CARLA
from tests.flow_translations import translated_flows  # noqa: F401 - a fixture
from tests.forms import open_form
from tests.home import Home
from tests.portal import Account, Portal

TEXT: Final = "Meet me at the old bridge"
LINE: Final = "2027-02-10 12:00:00.000 ERROR (MainThread) [core] All is lost"
WORDS: Final = f"no number: +{CARLA} {TEXT} {API_KEY}\n{LINE}\r\n\x1b[2K{API_TOKEN}"
FORMATTER: Final = logging.Formatter("%(asctime)s %(levelname)s [%(name)s] %(message)s")


def _fail(*_: object, **__: object) -> Any:
    """Fail as nobody has foreseen, with a cause that says as much."""
    try:
        return os.environ[WORDS]
    except KeyError as err:
        raise ValueError(WORDS) from err


def written(caplog: pytest.LogCaptureFixture) -> str:
    """Return what a handler writes of the records of the integration."""
    return "\n".join(
        FORMATTER.format(record)
        for record in caplog.get_records("call")
        if record.name == LOGGER.name
    )


def assert_private(log: str) -> None:
    """Fail if a log has what an exception was about, or a line of somebody else."""
    for words in (TEXT, CARLA[1:], API_KEY, API_TOKEN, LINE, "\x1b", "\r"):
        assert words not in log
    # What is to be mended is there: where it happened, and what it was.
    assert "ValueError" in log
    assert "KeyError" in log
    assert "in _fail" in log


@pytest.mark.expected_log("Unexpected error while validating")
@pytest.mark.usefixtures("translated_flows")
async def test_form(
    hass: Any,
    portal: Portal,
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An account that is added."""
    form = await open_form(hass, "user", portal)
    monkeypatch.setattr(aiohttp.ClientSession, "_request", _fail)
    result = await form.submit(portal.url)
    assert result["errors"] == {"base": "unknown"}
    assert_private(written(caplog))


@pytest.mark.expected_log("Unexpected error fetching")
async def test_poll(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A poll, of which Home Assistant logs what went wrong."""
    monkeypatch.setattr(aiohttp.ClientSession, "_request", _fail)
    await home.advance(61)
    assert_private(written(caplog))


@pytest.mark.expected_log("Unexpected error while a message was sent", "Unexpected")
async def test_send(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A message."""
    monkeypatch.setattr(aiohttp.ClientSession, "_request", _fail)
    await home.until_done(home.call("send_message", numbers=[CARLA], message=TEXT))
    assert_private(written(caplog))


@pytest.mark.parametrize(
    "words",
    [
        f"x{separator}{LINE}"
        for separator in ("\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029", "\x1b[1A")
    ],
)
def test_lines(caplog: pytest.LogCaptureFixture, words: str) -> None:
    """A record is a line, with or without arguments, at every level."""
    caplog.set_level(logging.DEBUG)
    for level in (logging.DEBUG, logging.INFO):
        LOGGER.log(level, words.replace("%", ""))
        LOGGER.log(level, "It says: %s, %r", words, words)
        LOGGER.log(level, "Of a mapping: %(words)s", {"words": words})
    lines = [FORMATTER.format(record) for record in caplog.records]
    assert len(lines) == 6
    assert all(line.isprintable() for line in lines)


def test_long(caplog: pytest.LogCaptureFixture) -> None:
    """A record is no longer than somebody reads."""
    LOGGER.error("Too long: %s", "x" * 100_000)
    (record,) = caplog.records
    assert len(record.getMessage()) == 500
    caplog.clear()
