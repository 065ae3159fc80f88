"""The card picker, the editor, the strategies, and the pairing of a channel."""

from playwright.async_api import expect
import pytest

from .chromium import Scheme, take_both, take_screenshot
from .conftest import WIDTHS, OpenPage
from .stage import CARD, Stage

SLOW = 30_000


async def test_suggestion_and_editor(stage: Stage, open_page: OpenPage) -> None:
    """The picker suggests the card for an entity; its editor needs no YAML."""
    await stage.show({"type": "markdown", "content": "Nothing yet"})
    page = await open_page()
    await expect(page.get_by_text("Nothing yet")).to_be_visible()
    await page.goto(f"{stage.path}?edit=1")
    await page.get_by_role("button", name="Add card").first.click()
    await page.get_by_placeholder("Search entities").fill("unread")
    await page.get_by_text("Unread messages", exact=True).first.click()
    await expect(page.get_by_text("SMSKit - Conversations")).to_be_visible()
    await take_screenshot(page, "picker")
    await page.get_by_text("SMSKit - Compact").click()

    config = await _edited(stage, view="compact")
    assert config["config_entry_id"] == stage.entry_id

    # Its editor.
    await page.locator("hui-card-edit-mode").last.click()
    editor = page.locator("hui-dialog-edit-card")
    await expect(editor.get_by_text("Shows").first).to_be_visible()
    await take_screenshot(page, "editor")
    await editor.locator("ha-selector-select").first.click()
    await page.get_by_text("Conversations", exact=True).last.click()
    await expect(editor.locator("smskit-card[data-view=conversations]")).to_be_visible()
    await page.get_by_role("button", name="Save").click()
    await _edited(stage, view="conversations")


async def _edited(stage: Stage, view: str) -> dict[str, str]:
    """Return the configuration of the card as it is stored, once it is that."""
    return await stage.until_saved(
        lambda card: card["type"] == CARD and card.get("view") == view
    )


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
async def test_strategy(
    stage: Stage, open_page: OpenPage, width: int, scheme: Scheme
) -> None:
    """One line makes a dashboard of everything."""
    await stage.save({"strategy": {"type": "custom:smskit"}})
    page = await open_page(
        width, scheme, path=f"/browser-test/{stage.entry_id.lower()}"
    )
    for view in ("conversations", "compact", "pairing"):
        await expect(page.locator(f"smskit-card[data-view={view}]")).to_be_visible()
    for text in ("Recipients", "Anna", "Family", "Channels", "Sent", "Pending"):
        await expect(page.get_by_text(text, exact=True).first).to_be_visible()
    await expect(page.locator("smskit-card .chat .row").first).to_be_visible()
    await page.wait_for_timeout(1000)
    await take_screenshot(page, f"strategy-{width}-{scheme}")


async def test_view_strategy(stage: Stage, open_page: OpenPage) -> None:
    """One line makes a view of a dashboard."""
    await stage.save({"views": [{"strategy": {"type": "custom:smskit"}}]})
    page = await open_page()
    await expect(page.locator("smskit-card[data-view=compact]")).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS)
async def test_looks_of_pairing(stage: Stage, open_page: OpenPage, width: int) -> None:
    """The code and three steps are there at any size."""
    await stage.show(stage.card(view="pairing"))
    page = await open_page(width)
    await expect(page.locator("smskit-card .qr")).to_be_visible()
    await expect(page.locator("smskit-card .steps li")).to_have_count(3)
    await page.wait_for_function(
        "(card) => card.naturalWidth > 0",
        arg=await page.locator("smskit-card .qr").element_handle(),
    )
    await take_both(page, f"pairing-{width}")


async def test_pairing(stage: Stage, open_page: OpenPage) -> None:
    """Another code is asked for; the moment of success is seen and told."""
    await stage.show(stage.card(view="pairing"))
    page = await open_page(360)
    code = page.locator("smskit-card .qr")
    await expect(code).to_be_visible()
    (channel,) = (await stage.portal.get("state"))["channels"].values()
    await stage.portal.tell(f"channels/{channel['channel_id']}/pair")
    # The button looks at once.
    await page.get_by_role("button", name="Refresh QR code").click()
    await expect(page.locator("smskit-card .done")).to_be_visible(timeout=SLOW)
    await expect(page.locator("smskit-card [role=status]")).to_contain_text(
        "is connected"
    )
    await expect(code).to_be_hidden()
    await take_screenshot(page, "paired-360-light")
    await stage.portal.tell(f"channels/{channel['channel_id']}/drop")
