"""A listing that cannot be read at all is the user's to know of."""

from homeassistant.helpers import issue_registry as ir
import pytest

from .home import Home

pytestmark = pytest.mark.expected_log("Error fetching 127.0.0.1 inbox")

_BROKEN = '{ "request": "getinbox", "status": "success", "inbox": [ { "id": "1" '


def _issues(home: Home) -> list[str | None]:
    issues = ir.async_get(home.hass).issues.values()
    return [issue.translation_key for issue in issues if issue.domain == "smskit"]


async def test_issue(home: Home) -> None:
    """It is an issue while it lasts, and nothing is lost."""
    home.receive("Hello")
    home.portal.fail("not_json", "getinbox", times=1, text=_BROKEN, processed=True)
    await home.poll()
    assert _issues(home) == ["inbox_unreadable"]
    await home.poll()
    assert _issues(home) == []
    assert home.texts == ["Hello"]


async def test_page_is_no_issue(home: Home) -> None:
    """A page in place of the API is the portal's trouble, and passes."""
    home.portal.fail("html_page", "getinbox", times=1)
    await home.poll()
    assert _issues(home) == []


async def test_unload(home: Home) -> None:
    """Nothing is left of it when the account is gone."""
    home.portal.fail("not_json", "getinbox", text=_BROKEN)
    await home.poll()
    assert _issues(home) == ["inbox_unreadable"]
    await home.hass.config_entries.async_remove(home.entry.entry_id)
    assert _issues(home) == []
