"""Whatever a stranger writes is only ever text."""

import asyncio
from collections.abc import Awaitable, Callable
import re
from typing import Final

from playwright.async_api import Error, Page, Request, Route, expect
import pytest
from yarl import URL

from .chromium import take_screenshot
from .conftest import OpenPage
from .stage import Stage

TRIPWIRE = """
  window.tripped = [];
  window.trip = (what) => window.tripped.push(String(what));
  for (const name of ["alert", "confirm", "prompt", "open"]) {
    window[name] = () => window.trip(name);
  }
"""
TEXTS = (
    "<img src=x onerror=\"trip('img')\">",
    "<script>trip('script')</script><svg onload=\"trip('svg')\"></svg>",
    "</p></li><iframe srcdoc=\"<script>parent.trip('frame')</script>\"></iframe>",
    "javascript:trip('address') https://example.com/?q=<b>",
    "[link](javascript:trip('markdown')) ![x](x) <a href=\"javascript:trip()\">x</a>",
    "{{ 1+1 }} {% raw %} ${trip('template')} `${trip('literal')}`",
    "&lt;b&gt; &#60;img&#62; \\u003cimg\\u003e",
    "\u202etxt.exe\u2066 \u0000\u0007 end",
    "<img src=x onerror=\"trip('long')\">" * 150,
)
SENDER = "<IMG SRC=X>"
# How a sender who is no number calls itself, and how that is shown.
IMPOSTORS = {
    "Anna": "“Anna”",
    "ANNA": "“ANNA”",
    "\u0410nna": "“\u0410nna”",
    "An\u200bna\u2060": "“Anna”",
    "\u202eannA": "“annA”",
    "Anna” +12025550123 “": "“Anna' +12025550123 '”",
}
_FAIL_ONCE = """() => {
  const { connection } = document.querySelector("home-assistant").hass;
  const send = connection.sendMessagePromise;
  connection.sendMessagePromise = function (message) {
    if (message.type !== "smskit/messages/text") {
      return send.call(this, message);
    }
    connection.sendMessagePromise = send;
    return Promise.reject({ code: "unknown_error" });
  };
}"""
_FOREIGN = """(element) => {
  const root = element.getRootNode();
  const foreign = "a, iframe, script, object, embed, link, video, [onerror], [onload]";
  return [...root.querySelectorAll(foreign), ...root.querySelectorAll("img")].length;
}"""


async def harmless(page: Page) -> None:
    """Fail if anything but text came into the card, or anything ran."""
    assert await page.locator("smskit-card ha-card").first.evaluate(_FOREIGN) == 0
    assert await page.evaluate("window.tripped") == []


async def test_text_stays_text(stage: Stage, open_page: OpenPage) -> None:
    """In the list, in a conversation, in the compact card: as it was written."""
    for text in TEXTS:
        await stage.portal.tell("inbound", **{"from": SENDER, "text": text})
    await stage.receive(SENDER, "The end")
    await stage.show(stage.card(), stage.card(view="compact"))
    page = await open_page(script=TRIPWIRE)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.type))
    page.on("popup", lambda _: dialogs.append("popup"))

    row = page.locator("smskit-card .chat .row", has_text=SENDER)
    await expect(row).to_be_visible()
    await harmless(page)
    await row.click()
    bubbles = page.locator("smskit-card .message.in .text")
    await expect(bubbles).to_have_count(len(TEXTS) + 1)
    # Only the beginning of a long text is there until somebody wants all of it.
    fold = page.locator("smskit-card .unfold")
    await expect(fold).to_have_attribute("aria-expanded", "false")
    await expect(bubbles.nth(len(TEXTS) - 1)).to_have_text(re.compile("…$"))
    # It stays folded when the rest does not come.
    await page.evaluate(_FAIL_ONCE)
    await fold.press("Enter")
    await expect(fold).to_have_text("It could not be loaded. Try again")
    await expect(fold).to_have_attribute("aria-expanded", "false")
    await fold.press("Enter")
    await expect(fold).to_have_attribute("aria-expanded", "true")
    await expect(fold).to_have_text("Show less")
    shown = await bubbles.evaluate_all("(all) => all.map((one) => one.textContent)")
    assert sorted(shown) == sorted([*TEXTS, "The end"])
    assert await page.locator("smskit-card h2", has_text=SENDER).count() == 1
    await harmless(page)

    for text in (TEXTS[0], TEXTS[4]):
        await stage.receive(SENDER, text + " once more")
        await expect(bubbles.last).to_have_text(text + " once more")
    await page.locator("smskit-card .thread").focus()
    await page.keyboard.press("Home")
    await page.wait_for_timeout(300)
    await harmless(page)
    assert not dialogs
    assert page.url.startswith(stage.home.url)
    await take_screenshot(page, "strangers-1280-light")


async def test_a_name_is_no_recipient(stage: Stage, open_page: OpenPage) -> None:
    """A sender that calls itself Anna is quoted, and looks like nobody who is known."""
    texts: list[str] = []
    for number, sender in enumerate(IMPOSTORS):
        texts.append(f"It is me, {number}")
        await stage.receive(sender, texts[-1])
    await stage.show(stage.card(), stage.card(view="compact"))
    page = await open_page(script=TRIPWIRE)
    from_ = page.locator("smskit-card .compact .name").first
    await expect(from_).to_have_text(list(IMPOSTORS.values())[-1])
    for text, shown in zip(texts, IMPOSTORS.values(), strict=True):
        row = page.locator("smskit-card .chat .row", has_text=text)
        await expect(row.locator(".name")).to_have_text(shown)
        await expect(row.locator(".avatar")).to_have_text("")
        await expect(row.locator(".avatar")).to_have_attribute("data-color", "none")
        await row.click()
        await expect(page.locator("smskit-card .thread-pane h2")).to_have_text(shown)
        await expect(page.locator("smskit-card .names .number")).to_have_text("")
        await expect(page.locator("smskit-card .thread-pane .avatar")).to_have_text("")
    await harmless(page)


# --- Media -------------------------------------------------------------------------


# Sends the login of whoever opens it to where nobody may hear of it.
THEFT: Final = """
  fetch("/stolen?" + encodeURIComponent(localStorage.getItem("hassTokens")));
  new Image().src = "/stolen?too";
"""
PAGE: Final = f"<!DOCTYPE html><html><body><script>{THEFT}</script></body></html>"
DRAWING: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
    f"<script><![CDATA[{THEFT}]]></script></svg>"
)
MEDIA: Final = {"page.html": PAGE, "drawing.svg": DRAWING, "door.jpg": PAGE}
# Everything in which a page shows another, on Home Assistant's own origin.
_EMBED: Final = """(address) => {
  const shown = ["iframe", "embed", "object", "img", "video", "script"];
  return Promise.all(shown.map((tag) => new Promise((done) => {
    const element = document.createElement(tag);
    element[tag === "object" ? "data" : "src"] = address;
    element.onload = element.onerror = done;
    document.body.append(element);
    setTimeout(done, 1500);
  })));
}"""


async def served(stage: Stage, name: str) -> str:
    """Send a file of the house, and return the path at which the portal gets it."""
    folder = stage.config / "media"
    await asyncio.to_thread((folder / name).write_text, MEDIA[name], encoding="utf-8")
    await stage.home.action(
        "smskit.send_message",
        recipients=["notify.anna"],
        message=f"Look at {name}",
        type="mms",
        media=f"media-source://media_source/local/{name}",
    )
    return URL((await stage.portal.ledger())[-1]["file"]).path


def thefts(page: Page) -> list[str]:
    """Return a list of what a browser sends to where nobody may hear of it."""
    found: list[str] = []

    def note(request: Request) -> None:
        if URL(request.url).path == "/stolen":
            found.append(request.url)

    page.context.on("request", note)
    return found


@pytest.mark.parametrize("name", MEDIA)
async def test_media_steal_nothing(
    stage: Stage, open_page: OpenPage, name: str
) -> None:
    """Whoever is logged in and opens what the portal gets keeps the login."""
    path = await served(stage, name)
    await stage.show(stage.card())
    page = await open_page()
    await expect(page.locator("smskit-card ha-card")).to_be_visible()
    assert await page.evaluate("localStorage.getItem('hassTokens')")
    found = thefts(page)
    await page.evaluate(_EMBED, path)
    try:
        await page.goto(f"{stage.home.url}{path}")
    except Error as err:
        assert "Download is starting" in str(err), err  # noqa: PT017 - or it is shown
    await page.wait_for_timeout(500)
    assert found == []


def unsafe(content: str, kind: str) -> Callable[[Route], Awaitable[None]]:
    """Return what serves a medium as what it is, as nothing here does."""

    async def serve(route: Route) -> None:
        await route.fulfill(body=content, content_type=kind)

    return serve


async def test_media_would_steal(stage: Stage, open_page: OpenPage) -> None:
    """The same page does steal the login where nothing stops it."""
    await stage.show(stage.card())
    page = await open_page()
    await expect(page.locator("smskit-card ha-card")).to_be_visible()
    found = thefts(page)
    for content, kind in ((PAGE, "text/html"), (DRAWING, "image/svg+xml")):
        await page.route("**/unsafe", unsafe(content, kind))
        found.clear()
        await page.goto(f"{stage.home.url}/unsafe", wait_until="commit")
        await page.wait_for_timeout(500)
        await page.unroute("**/unsafe")
        assert any("access_token" in one for one in found)
