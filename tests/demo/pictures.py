"""Screenshots of the demo, taken with Chromium."""

import asyncio
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path
from typing import Final, Literal

from PIL import Image
from playwright.async_api import Browser, Page, expect

from .chromium import find_chromium, running_chromium
from .stage import BEN, OURS, Stage, is_number
from .strange_texts import is_odd
from .transcript import NotSeenError

_COLORS: Final = 256

type Scheme = Literal["light", "dark"]
type Scene = Callable[[Page, Stage], Awaitable[None]]


async def take_pictures(stage: Stage, folder: Path) -> str:
    """Take all pictures; return where they are."""
    program = find_chromium()
    if program is None:
        raise NotSeenError("there is no Chromium on this machine")
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    await _fill(stage)
    async with running_chromium(program) as browser:
        for name, scene, scheme in _PICTURES:
            await _take(browser, stage, scene, scheme, folder / f"{name}.png")
    return f"{', '.join(name for name, _, _ in _PICTURES)} in {folder}"


async def _fill(stage: Stage) -> None:
    """Have more to show, and nothing that hardly any home receives."""
    messages = (await stage.home.action("smskit.get_messages", returns=True))[
        "messages"
    ]
    odd = [message["id"] for message in messages if is_odd(message)]
    left = stage.number("unread_messages") - len(odd)
    await stage.home.action("smskit.delete_messages", message_ids=odd)
    await stage.home.until(
        stage.entities["unread_messages"], lambda s: is_number(s, left)
    )
    wanted = left + 2
    await stage.home.action(
        "notify.send_message",
        target={"entity_id": "notify.family"},
        message="The alarm is armed.",
    )
    for sender, text in (
        (BEN, "Landed early. Can someone pick me up at 6?"),
        ("PARCEL", "Your parcel is at the door."),
    ):
        await stage.portal.tell(
            "inbound", **{"from": sender.removeprefix("+"), "to": OURS, "text": text}
        )
    await stage.home.until(
        stage.entities["unread_messages"], lambda s: is_number(s, wanted)
    )


async def _take(
    browser: Browser, stage: Stage, scene: Scene, scheme: Scheme, path: Path
) -> None:
    context = await browser.new_context(
        viewport={"width": 1280, "height": 900},
        color_scheme=scheme,
        locale="en-US",
        timezone_id="America/New_York",
        reduced_motion="reduce",
    )
    page = await context.new_page()
    await scene(page, stage)
    # Fonts and icons come after the elements.
    await page.mouse.move(0, 0)
    await page.wait_for_load_state("networkidle")
    await page.wait_for_timeout(1500)
    _save(await page.screenshot(), path)
    await context.close()


def _save(png: bytes, path: Path) -> None:
    """Write a picture in few colors: a user interface has no more."""
    picture = Image.open(BytesIO(png)).convert("RGB")
    few = picture.quantize(_COLORS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


async def _dashboard(page: Page, stage: Stage) -> None:
    # The address alone: Home Assistant logs the browser in, and opens this dashboard.
    await page.goto(stage.home.url)
    await expect(page.get_by_text("On my way")).to_be_visible()


async def _device(page: Page, stage: Stage) -> None:
    await page.goto(f"{stage.home.url}/config/devices/device/{stage.device_id}")
    await expect(page.get_by_text("Unread messages").first).to_be_visible()


async def _setup(page: Page, stage: Stage) -> None:
    address = "/config/integrations/dashboard/add?domain=smskit"
    await page.goto(f"{stage.home.url}{address}")
    await page.get_by_role("button", name="OK", exact=True).click()
    await expect(page.get_by_text("API token").first).to_be_visible()


async def _recipient(page: Page, stage: Stage) -> None:
    await page.goto(f"{stage.home.url}/config/integrations/integration/smskit")
    await page.get_by_role("button", name="Add recipient").first.click()
    await expect(page.get_by_text("Phone number").first).to_be_visible()


_PICTURES: Final[tuple[tuple[str, Scene, Scheme], ...]] = (
    ("dashboard", _dashboard, "light"),
    ("dashboard-dark", _dashboard, "dark"),
    ("device", _device, "light"),
    ("setup", _setup, "light"),
    ("recipient", _recipient, "light"),
)
