"""The notify entities: they have no response, so they raise unless all is well."""

from collections.abc import Generator
from typing import Any

from homeassistant.exceptions import HomeAssistantError
import pytest

from tests.conftest import ANNA, BORIS
from tests.home import OPTIONS
from tests.sending.errors import TEXT, assert_nothing_private, assert_reported
from tests.sending.home import Home


@pytest.fixture(autouse=True)
def _nothing_private_in_the_log(caplog: pytest.LogCaptureFixture) -> Generator[None]:
    """Fail a test in which the integration logs a number or a text, at any level."""
    yield
    for when in ("setup", "call"):
        for record in caplog.get_records(when):
            if record.name.startswith("custom_components.smskit"):
                assert_nothing_private(record.getMessage())


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options with an inbox that is out of the way."""
    return OPTIONS


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home that sends."""
    return Home


async def test_refused(home: Home) -> None:
    """A notify entity raises with the reason of the portal."""
    home.portal.fail("refused_error", "sendsms", text="Sender ID not allowed")
    with pytest.raises(HomeAssistantError) as raised:
        await home.notify("notify.anna", TEXT)
    assert "Anna: failed, Sender ID not allowed" in assert_reported(
        raised.value, "not_sent"
    )


@pytest.mark.parametrize("fault", ["reset", "html_page", "hang"])
async def test_unknown(home: Home, fault: str) -> None:
    """A notify entity has no response: it raises where nobody knows, and says that."""
    home.portal.fail(fault, "sendsms", seconds=1, processed=True)
    with pytest.raises(HomeAssistantError) as raised:
        await home.until_done(home.notify("notify.anna", TEXT))
    assert "Anna: unknown, " in assert_reported(raised.value, "not_confirmed")


async def test_in_part(home: Home) -> None:
    """A notify entity whose message went to some says to whom, and why not to all."""
    await home.send(ANNA, message=TEXT)
    with pytest.raises(HomeAssistantError) as raised:
        await home.notify("notify.family", TEXT)
    assert_reported(raised.value, "sent_in_part")
    assert [e.to for e in home.portal.ledger] == [ANNA[1:], BORIS[1:]]
