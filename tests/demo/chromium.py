"""Chromium: where it is, and how it is started."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
import shutil
from typing import Final

from playwright.async_api import Browser, async_playwright

_NAMES: Final = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
_ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str | None:
    """Return the program, where there is one."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


@asynccontextmanager
async def running_chromium(program: str) -> AsyncGenerator[Browser]:
    """Start it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, args=_ARGUMENTS
        )
        yield browser
        await browser.close()
