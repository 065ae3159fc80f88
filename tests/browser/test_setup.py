"""Setting up by hand: the account's dialog, and a recipient's."""

from playwright.async_api import Page, expect

from .chromium import take_screenshot
from .conftest import OpenPage
from .stage import NEIGHBOR, Stage


async def fill(page: Page, field: str, value: str) -> None:
    """Type into a field of the open dialog."""
    await page.locator(f"input[name={field}]").fill(value)


async def test_account(stage: Stage, open_page: OpenPage) -> None:
    """A wrong key is told in the dialog; the right one makes an account."""
    await stage.portal.tell("accounts", api_key="key-2", api_token="token-2")
    page = await open_page(path="/config/integrations/dashboard/add?domain=smskit")
    await page.get_by_role("button", name="OK", exact=True).click()
    await expect(page.get_by_text("API token").first).to_be_visible()
    await take_screenshot(page, "setup-dialog")
    await fill(page, "url", stage.portal.url)
    await fill(page, "api_key", "key-2")
    await fill(page, "api_token", "wrong")
    await fill(page, "sender", "HOME")
    await page.get_by_role("button", name="Submit").click()
    refusal = "Invalid authentication. 127.0.0.1 answered: “Invalid user”."
    await expect(page.get_by_text(refusal)).to_be_visible()
    await fill(page, "api_token", "token-2")
    await page.get_by_role("button", name="Submit").click()
    await expect(page.get_by_text("Device name").first).to_be_visible()

    entries = await stage.home.call("config_entries/get", domain="smskit")
    (new,) = (one for one in entries if one["entry_id"] != stage.entry_id)
    assert new["state"] == "loaded"
    await stage.home.remove_entry(new["entry_id"])


async def test_recipient(stage: Stage, open_page: OpenPage) -> None:
    """A recipient is added in a dialog, and has an entity then."""
    page = await open_page(path="/config/integrations/integration/smskit")
    await page.get_by_role("button", name="Add recipient").first.click()
    await fill(page, "name", "Neighbor")
    await page.get_by_role("button", name="Add Phone number").click()
    await page.locator("input[type=tel]").last.fill("202 555 0145")
    await page.get_by_role("button", name="Submit").click()
    await stage.home.until("notify.neighbor", lambda state: state is not None)
    await stage.home.until_loaded(stage.entry_id)
    (account,) = (await stage.home.call("smskit/accounts"))["accounts"]
    added = account["recipients"][-1]
    assert (added["name"], added["numbers"]) == ("Neighbor", [NEIGHBOR])
