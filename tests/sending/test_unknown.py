"""What nobody knows of a message is counted, and shown."""

import pytest

from tests.conftest import ANNA, BORIS

from .home import Home

_GROUP = '{"request":"sendsms","status":"queued","group_id":"4711"'


# What may be answered to a send that nobody can read as an acceptance or a refusal.
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("cut", None),
        ("http_500", None),
        ("empty_body", None),
        ("not_json", '{"status": "success"}'),
        ("not_json", '{"status": "ok", "group_id": "0"}'),
        ("not_json", '{"request": "balance", "status": "success"}'),
        ("not_json", f"<!DOCTYPE html><script>{_GROUP}}}</script>"),
        ("not_json", f"<!-- cached -->{_GROUP}}}"),
    ],
)
async def test_no_acceptance(home: Home, kind: str, text: str | None) -> None:
    """It is neither sent nor failed, is not repeated, and is counted for ever."""
    home.portal.fail(kind, "sendsms", text=text, times=1)
    assert await home.statuses(ANNA, BORIS) == ["unknown", "unknown"]
    assert home.totals == (0, 0, 0)
    assert home.total("unknown") == 2
    await home.pass_time(120)
    assert home.published() == ["unknown", "unknown"]
    assert len(home.requests()) == 1
    await home.reload()
    assert home.total("unknown") == 2


async def test_without_an_outcome(home: Home) -> None:
    """What has a group waits for its outcome, and is unknown after a day."""
    home.portal.fail("not_json", "sendsms", text=_GROUP, times=1)
    assert await home.statuses(ANNA) == ["unknown"]
    assert await home.statuses(BORIS) == ["queued"]
    assert (home.totals, home.total("unknown")) == ((0, 0, 2), 0)
    home.portal.fail("http_500", "groupstatus")
    for _ in range(25):
        await home.advance(3600)
    assert (home.totals, home.total("unknown")) == ((0, 0, 0), 2)
    await home.reload()
    assert home.total("unknown") == 2
