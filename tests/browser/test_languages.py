"""In French, and from right to left."""

from playwright.async_api import Page, expect
import pytest

from .chromium import take_screenshot
from .conftest import OpenPage
from .stage import Stage


async def in_language(page: Page, stage: Stage, language: str) -> None:
    """Have a page in another language, as somebody's profile does."""
    # The login goes from page to page before there is one.
    await expect(page.locator("smskit-card").first).to_be_visible()
    await page.evaluate(
        "(chosen) => localStorage.setItem('selectedLanguage', JSON.stringify(chosen))",
        language,
    )
    await page.goto(stage.path)


@pytest.mark.parametrize(
    ("language", "title"), [("fr", "Nouveau message"), ("he", "New message")]
)
async def test_language(
    stage: Stage, open_page: OpenPage, language: str, title: str
) -> None:
    """The card speaks French, and is mirrored where the page is."""
    await stage.show(stage.card(), stage.card(view="compact"))
    page = await open_page(360)
    await expect(page.locator("smskit-card .chat .row").first).to_be_visible()
    await in_language(page, stage, language)
    await expect(page.get_by_role("button", name=title)).to_be_visible()
    await page.locator("smskit-card .chat .row", has_text="Anna").first.click()
    await expect(page.locator("smskit-card .message").first).to_be_visible()
    await take_screenshot(page, f"language-{language}")
    names = page.locator("smskit-card .names")
    back = page.locator("smskit-card .back")
    name_box, back_box = await names.bounding_box(), await back.bounding_box()
    assert name_box is not None
    assert back_box is not None
    assert (back_box["x"] > name_box["x"]) == (language == "he")


async def test_reason(stage: Stage, open_page: OpenPage) -> None:
    """Why a message failed is said in the user's language, not Home Assistant's."""
    await stage.show(stage.card())
    page = await open_page(360)
    await in_language(page, stage, "fr")
    await page.locator("smskit-card .chat .row", has_text="Anna").first.click()
    await stage.portal.tell("refuse")
    try:
        box = page.locator("smskit-card textarea")
        await box.fill("Bonne nuit")
        await box.press("Enter")
        bubble = page.locator("smskit-card .message.out", has_text="Bonne nuit").last
        held = page.locator("smskit-card .held")
        await held.get_by_role("button", name="Annuler").click()
        await expect(bubble.locator(".reason")).to_have_text(
            "Échec : Il a été annulé", timeout=20_000
        )
    finally:
        await stage.portal.tell("accept")
