"""What somebody sees who may only read."""

import json

from homeassistant.auth.const import GROUP_ID_READ_ONLY
from playwright.async_api import expect

from .chromium import take_screenshot
from .conftest import OpenPage
from .stage import Stage


async def test_read_only_user(stage: Stage, open_page: OpenPage) -> None:
    """They read, and are offered nothing that would be refused."""
    await stage.show(stage.card(), stage.card(view="pairing"))
    user_id, tokens = await stage.home.add_user("Guest", GROUP_ID_READ_ONLY)
    try:
        kept = json.dumps(json.dumps(tokens))
        page = await open_page(script=f"localStorage.setItem('hassTokens', {kept})")
        pairing = page.locator("smskit-card[data-view=pairing]")
        await expect(pairing).to_contain_text("Only administrators can connect")
        await expect(pairing.locator(".qr")).to_be_hidden()
        await expect(pairing.get_by_role("button")).to_have_count(0)
        chat = page.locator("smskit-card[data-view=conversations]")
        anna = chat.locator(".row", has_text="Anna")
        await expect(anna).to_be_visible()
        unread = await chat.locator(".row .badge").all_text_contents()
        assert unread
        await anna.click()
        await expect(chat.locator(".bubble").first).to_contain_text("key of the shed")
        await expect(chat.locator(".no-reply")).to_contain_text("write to Anna")
        await expect(chat.locator(".composer")).to_be_hidden()
        await expect(chat.get_by_role("button", name="New message")).to_be_hidden()
        await expect(chat.locator(".row .badge")).to_have_text(unread)
        await take_screenshot(page, "read-only-user")
    finally:
        # The browsers of other tests log in as the only user.
        await stage.home.call("config/auth/delete", user_id=user_id)
