"""Reading and writing in the card."""

from playwright.async_api import Page, expect
import pytest

from .chromium import take_both, take_screenshot
from .conftest import WIDTHS, OpenPage
from .stage import ANNA, BEN, NEIGHBOR, Stage

SLOW = 20_000
# The portal is asked after five seconds, and then once a minute.
ASKED = 80_000


async def open_conversation(page: Page, name: str) -> None:
    """Choose one in the list."""
    await page.locator("smskit-card .chat .row", has_text=name).first.click()
    await expect(page.locator("smskit-card .thread-pane h2")).to_have_text(name)


async def write(page: Page, text: str) -> None:
    """Write a text and send it with the Enter key."""
    box = page.locator("smskit-card textarea")
    await box.fill(text)
    await box.press("Enter")


async def test_reading_and_answering(stage: Stage, open_page: OpenPage) -> None:
    """Opening marks as read; the answer's tick moves by itself, without a reload."""
    await stage.home.action("smskit.mark_messages_read", all=True)
    await stage.receive(ANNA, "Is the washing machine done?")
    await stage.show(stage.card())
    page = await open_page()
    row = page.locator("smskit-card .chat .row", has_text="Anna")
    await expect(row.locator(".badge")).to_contain_text("unread")
    await expect(row.locator(".start")).to_have_text("Is the washing machine done?")

    await open_conversation(page, "Anna")
    await expect(page.locator("smskit-card .message.in .text").last).to_have_text(
        "Is the washing machine done?"
    )
    await expect(row.locator(".badge")).to_be_hidden()
    await stage.home.until(
        stage.entities["unread_messages"], lambda state: state["state"] == "0"
    )

    box = page.locator("smskit-card textarea")
    await box.fill("Yes, and the dryer is free.")
    meter = page.locator("smskit-card .meter")
    await expect(meter).to_have_text("GSM-7 · 1 segment · 1 credit")
    await box.fill("Yes ✓ " * 20)
    await expect(meter).to_have_text("Unicode · 2 segments · 2 credits")
    await box.fill("Yes, and")
    await box.press("Shift+Enter")
    await box.type("the dryer is free.")
    await box.press("Enter")

    bubble = page.locator("smskit-card .message.out", has_text="the dryer").last
    tick = bubble.locator(".tick")
    await expect(tick).to_have_attribute("aria-label", "Queued")
    await expect(bubble.locator(".text")).to_have_text("Yes, and\nthe dryer is free.")
    await expect(box).to_have_value("")
    await stage.portal.tell("deliver", state="sent")
    await expect(tick).to_have_attribute("aria-label", "Sent", timeout=ASKED)
    ledger = await stage.portal.ledger()
    assert [one["to"] for one in ledger if "the dryer" in one["text"]] == [ANNA[1:]]

    # What comes in while the conversation is open is there at once, and read.
    await stage.receive(ANNA, "Great!")
    await expect(page.locator("smskit-card .message.in .text").last).to_have_text(
        "Great!"
    )
    await stage.home.until(
        stage.entities["unread_messages"], lambda state: state["state"] == "0"
    )


async def test_scheduled(stage: Stage, open_page: OpenPage) -> None:
    """What the portal is to send later has a tick of its own."""
    await stage.home.action(
        "smskit.send_message",
        numbers=[ANNA],
        message="Happy New Year!",
        schedule="2099-01-01 00:00:00",
    )
    await stage.show(stage.card())
    page = await open_page()
    await open_conversation(page, "Anna")
    bubble = page.locator("smskit-card .message.out", has_text="Happy New Year").last
    await expect(bubble.locator(".tick")).to_have_attribute("aria-label", "Scheduled")
    await expect(bubble.locator(".tick svg")).to_be_visible()


async def test_failures(stage: Stage, open_page: OpenPage) -> None:
    """A failed send says why and keeps the text; a failed delivery is seen later."""
    await stage.show(stage.card())
    page = await open_page(360)
    await page.get_by_role("button", name="New message").click()
    await page.locator("smskit-card .to input").fill("202 555 0145")
    await write(page, "Can you feed the cat?")
    await expect(page.locator("smskit-card .thread-pane h2")).to_have_text(
        NEIGHBOR, timeout=SLOW
    )
    bubble = page.locator("smskit-card .message.out", has_text="feed the cat").last
    await stage.portal.tell("deliver", state="failed")
    await expect(bubble.locator(".tick")).to_have_attribute(
        "aria-label", "Failed", timeout=ASKED
    )
    await expect(bubble.locator(".reason")).to_contain_text("Failed")

    await stage.portal.tell(
        "faults",
        kind="refused_error",
        operation="sendsms",
        text="Sender ID Not Allowed",
        times=1,
    )
    await write(page, "Can you feed the cat?")
    error = page.locator("smskit-card .composer .error")
    await expect(error).to_contain_text("not sent")
    box = page.locator("smskit-card textarea")
    await expect(box).to_have_value("Can you feed the cat?")
    await expect(box).to_be_editable()
    await take_screenshot(page, "failure-360-light")

    # It is still there after a look elsewhere.
    await box.press("Escape")
    await expect(page.locator("smskit-card .thread-pane")).to_be_hidden()
    await open_conversation(page, NEIGHBOR)
    await expect(box).to_have_value("Can you feed the cat?")
    await box.fill("")


async def test_held_messages_are_canceled(stage: Stage, open_page: OpenPage) -> None:
    """What is held for a conversation can be taken back there."""
    await stage.show(stage.card())
    page = await open_page(360)
    await open_conversation(page, "Anna")
    held = page.locator("smskit-card .held")
    await expect(held).to_be_hidden()
    await stage.portal.tell("refuse")
    try:
        await write(page, "I am on my way.")
        bubble = page.locator("smskit-card .message.out", has_text="on my way").last
        await expect(bubble.locator(".tick")).to_have_attribute(
            "aria-label", "Held until the portal can be reached"
        )
        await expect(held).to_contain_text("1 message is held")
        await take_screenshot(page, "held-360-light")
        await held.get_by_role("button", name="Cancel").click()
        await expect(bubble.locator(".tick")).to_have_attribute("aria-label", "Failed")
        await expect(bubble.locator(".reason")).to_have_text("Failed: It was canceled")
        await expect(held).to_be_hidden()
        # Whoever uses the keyboard is not lost.
        await expect(page.locator("smskit-card .thread-pane h2")).to_be_focused()
    finally:
        await stage.portal.tell("accept")
    assert "on my way" not in str(await stage.portal.ledger())


async def test_keyboard(stage: Stage, open_page: OpenPage) -> None:
    """The list is one stop of the Tab key; the arrows go through it."""
    await stage.receive(BEN, "Landed early.")
    await stage.show(stage.card())
    page = await open_page()
    rows = page.locator("smskit-card .chat .row")
    await expect(rows.nth(1)).to_be_visible()
    await rows.first.focus()
    await page.keyboard.press("ArrowDown")
    await expect(rows.nth(1)).to_be_focused()
    await page.keyboard.press("Home")
    await expect(rows.first).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("smskit-card textarea")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(rows.first).to_be_focused()


async def test_connection_comes_back(stage: Stage, open_page: OpenPage) -> None:
    """After a lost connection and a reload of the account the card is up to date."""
    await stage.show(stage.card())
    page = await open_page()
    await open_conversation(page, "Anna")
    await page.evaluate(
        "document.querySelector('home-assistant').hass.connection.socket.close()"
    )
    await stage.receive(ANNA, "Still there?")
    texts = page.locator("smskit-card .message.in .text")
    await expect(texts.last).to_have_text("Still there?", timeout=SLOW)

    await stage.home.reload_entry(stage.entry_id)
    await stage.home.until_loaded(stage.entry_id)
    await stage.receive(ANNA, "Hello?")
    await expect(texts.last).to_have_text("Hello?", timeout=SLOW)


@pytest.mark.parametrize("width", WIDTHS)
async def test_looks(stage: Stage, open_page: OpenPage, width: int) -> None:
    """Nothing sticks out, at any size and in either theme."""
    await stage.show(stage.card(), stage.card(view="compact"))
    page = await open_page(width)
    await expect(page.locator("smskit-card .chat .row").first).to_be_visible()
    await take_both(page, f"list-{width}")
    await open_conversation(page, "Anna")
    await page.locator("smskit-card textarea").fill("Do we need milk?")
    await expect(page.locator("smskit-card .meter")).to_contain_text("1 segment")
    await take_both(page, f"conversation-{width}")
    sticking_out = await page.evaluate(
        """() => [...document.querySelector("home-assistant").shadowRoot
          .querySelectorAll("*")].length && [...deep(document)].filter((card) =>
            card.getBoundingClientRect().right > innerWidth + 1
            || card.scrollWidth > card.clientWidth + 1).length
        function* deep(root) {
          for (const one of root.querySelectorAll("*")) {
            if (one.localName === "smskit-card") yield one;
            if (one.shadowRoot) yield* deep(one.shadowRoot);
          }
        }"""
    )
    assert sticking_out == 0
    await page.locator("smskit-card textarea").fill("")
