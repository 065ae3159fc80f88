"""Whatever a stranger writes is only ever text."""

from playwright.async_api import Page, expect

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
    "x" * 5000,
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
