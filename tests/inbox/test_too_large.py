"""An inbox that exceeds all bounds blinds nothing: the unread are read."""

from datetime import timedelta

from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.smskit.api import Operation, bounds, client

from .home import DAY, Home

_MOST = 40
_PIECE = 2048


@pytest.fixture(autouse=True)
def _small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a few dozen messages too many, and a few of them more than a piece."""
    monkeypatch.setitem(client._LIMITS, Operation.INBOX, _PIECE)  # noqa: SLF001 - bounds as they are would take minutes
    monkeypatch.setattr(bounds, "MESSAGES", _MOST)


def _issues(home: Home) -> list[str | None]:
    issues = ir.async_get(home.hass).issues.values()
    return [issue.translation_key for issue in issues if issue.domain == "smskit"]


def _fill(home: Home, count: int, begin: str) -> list[str]:
    texts = [f"{begin} {number}" for number in range(count)]
    for text in texts:
        home.receive(text)
    return texts


async def test_larger_than_a_piece(home: Home) -> None:
    """Whatever is within the bounds is read, however many pieces it comes in."""
    texts = _fill(home, _MOST - 5, "One")
    await home.poll()
    assert home.texts == texts
    await home.restart()
    await home.poll(DAY)
    assert home.texts == texts
    assert _issues(home) == []


async def test_too_large(home: Home) -> None:
    """News come in at each poll, also after a restart, and an issue says the rest."""
    old = _fill(home, _MOST - 5, "Old")
    await home.poll()
    old += _fill(home, _MOST - 5, "Older")
    await home.poll()
    assert home.texts == old
    await home.poll(DAY)
    assert _issues(home) == ["inbox_too_large"]
    home.receive("New")
    await home.poll()
    assert home.texts == [*old, "New"]
    assert not home.events[-1].backlog

    await home.stop()
    home.receive("While it was off")
    await home.skip(timedelta(hours=1))
    await home.start()
    await home.poll()
    assert home.texts == [*old, "New", "While it was off"]
    assert home.events[-1].backlog
    assert _issues(home) == ["inbox_too_large"]

    home.account.inbox.clear()
    await home.poll(DAY)
    assert _issues(home) == []


@pytest.mark.expected_log("Error fetching 127.0.0.1 inbox")
async def test_unread_that_break_off(home: Home) -> None:
    """What was read before a listing broke off is kept, and published once."""
    texts = _fill(home, _MOST - 5, "One")
    home.portal.fail("cut", "getinbox", processed=True, times=1)
    await home.poll()
    before = list(home.texts)
    assert before == texts[: len(before)]
    await home.poll()
    assert home.texts == texts
