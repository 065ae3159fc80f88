"""Pages: whatever JSON stands in them, it is not the API's."""

from typing import Final

import pytest

from custom_components.smskit.api import Cause, NotAPortalError, PortalClient, parse
from custom_components.smskit.api.shape import BodyKind, shape_of
from custom_components.smskit.api.transport import Operation, find_group_id
from tests.portal import Portal, php, samples

from .operations import submission

GROUP: Final = '{"request": "sendsms", "status": "queued", "group_id": "77"}'
BALANCE: Final = '{"balance": "12345"}'

# What a page begins with.
PAGES: Final = (
    "<!DOCTYPE html>\n<html><head><script>var state = {}</script></head></html>",
    "\ufeff<!doctype html><script>{}</script>",
    " \r\n\t<HTML><body>{}</body></HTML>",
    "<!-- cached -->{}",
    "<!-- cached -->\n<html>{}</html>",
    "<head><script type='application/json'>{}</script></head>",
    '<?xml version="1.0"?><html>{}</html>',
    "<title>Log in</title>{}",
    "<body>{}</body>",
    "<script>window.x = {};</script>",
    php.NOTICE + "<!DOCTYPE html><script>{}</script>",
    php.NOTICE + "<html><script>{}</script>",
    "Loading\n<html>{}",
)
# What PHP and web servers write around an answer.
AROUND: Final = (
    ("", ""),
    ("\ufeff", ""),
    (php.NOTICE, ""),
    ("<br />\n<b>Warning</b>: Undefined {x}<br />\n", ""),
    ("<pre>Notice</pre>", ""),
    ("", "<!-- 0.1 s -->"),
    ("", "<script src='x'></script></html>"),
)


def _page(page: str, body: str) -> str:
    return page.replace("{}", body)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "body", [GROUP, BALANCE, *samples.SUCCESS.values(), *samples.ERROR.values()]
)
def test_no_answer_in_a_page(page: str, body: str) -> None:
    """No JSON in a page is read, and no group of another message."""
    whole = _page(page, body)
    with pytest.raises(ValueError, match="no whole JSON object"):
        parse.parse_answer(whole)
    assert parse.parse_flawless(whole) is None
    assert find_group_id(Operation.SEND, whole) is None
    assert shape_of(whole).kind in {
        BodyKind.HTML,
        BodyKind.PHP_MESSAGE,
        BodyKind.TEXT,
    }


@pytest.mark.parametrize(("before", "after"), AROUND)
@pytest.mark.parametrize("text", ["One", "<html><script>{}", "<!DOCTYPE html>"])
def test_answer_beside_markup(before: str, after: str, text: str) -> None:
    """A notice before an answer, and markup in its texts, are no page."""
    body = f'{before}{{"status": "queued", "message": "{text}"}}{after}'
    assert parse.parse_answer(body.lstrip("\ufeff"))["message"] == text


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("status", [200, 400, 404, 500, 503])
async def test_page_for_a_send(
    page: str, status: int, client: PortalClient, portal: Portal
) -> None:
    """What a page says of a group says nothing of the message: its outcome is open."""
    portal.fail("http_status", status=status, text=_page(page, GROUP))
    with pytest.raises(NotAPortalError) as error:
        await client.send(submission())
    assert error.value.group_id is None
    if status == 200:
        assert error.value.cause in {Cause.PAGE, Cause.UNREADABLE}
