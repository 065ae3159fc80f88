"""The page of a channel's device, as Home Assistant itself shows it."""

from playwright.async_api import expect

from .chromium import take_screenshot
from .conftest import OpenPage
from .stage import OURS, Stage

_PICTURE = "image.shop_pairing_qr_code"


async def test_pairing_on_the_device_page(stage: Stage, open_page: OpenPage) -> None:
    """A picture says where the code is; it changes once the phone is paired."""
    channel = await stage.home.action(
        "smskit.create_channel", returns=True, label="Shop", plan="pro"
    )
    await stage.home.until(_PICTURE, lambda state: state is not None)
    page = await open_page(path=f"/config/devices/device/{channel['device_id']}")
    connected = page.locator("hui-simple-entity-row", has_text="Connected").first
    await expect(connected).to_contain_text("Disconnected")
    await take_screenshot(page, "device-page")
    await page.get_by_text("Pairing QR code").first.click()
    picture = page.locator("more-info-image img, ha-more-info-info img").first
    await expect(picture).to_be_visible()
    await page.wait_for_function(
        "(img) => img.naturalWidth > 0", arg=await picture.element_handle()
    )
    await take_screenshot(page, "device-code")
    before = await picture.get_attribute("src")

    await stage.portal.tell(f"channels/{channel['channel_id']}/pair", number=OURS)
    await stage.home.until(
        "binary_sensor.shop_connected", lambda state: state["state"] == "on", within=12
    )
    await expect(picture).not_to_have_attribute("src", before or "")
    await take_screenshot(page, "device-paired")
    await page.keyboard.press("Escape")
    await expect(connected).to_contain_text("Connected")
    await expect(connected).not_to_contain_text("Disconnected")
    await take_screenshot(page, "device-page-paired")
    await stage.home.action("smskit.delete_channel", device_id=[channel["device_id"]])
