"""Pages of Chromium, and what they look like."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Literal

from playwright.async_api import Browser, Page

from tests.demo.installation import ROOT

SCREENSHOTS: Final = ROOT / ".demo" / "screenshots"
SIZES: Final = {360: 740, 768: 1024, 1280: 900}

type Scheme = Literal["light", "dark"]


@asynccontextmanager
async def new_page(
    browser: Browser,
    *,
    width: int = 1280,
    scheme: Scheme = "light",
    script: str | None = None,
) -> AsyncGenerator[Page]:
    """Open a page of somebody who was never here before.

    `script` runs before everything else in it.
    """
    context = await browser.new_context(
        viewport={"width": width, "height": SIZES[width]},
        color_scheme=scheme,
        locale="en-US",
        timezone_id="America/New_York",
        reduced_motion="reduce",
    )
    page = await context.new_page()
    page.set_default_timeout(15_000)
    if script is not None:
        await page.add_init_script(script)
    yield page
    await context.close()


async def take_screenshot(page: Page, name: str) -> Path:
    """Keep what a page looks like when its fonts and pictures are there."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    await page.mouse.move(0, 0)
    await page.wait_for_timeout(400)
    path = SCREENSHOTS / f"{name}.png"
    await page.screenshot(path=path)
    return path


async def take_both(page: Page, name: str) -> None:
    """Keep what a page looks like in the light theme, and in the dark one."""
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await take_screenshot(page, f"{name}-{scheme}")
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
