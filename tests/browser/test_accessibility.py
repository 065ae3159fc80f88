"""axe-core finds nothing wrong with the card."""

import asyncio
import os
from pathlib import Path
import shutil
import tarfile
from typing import Final

from playwright.async_api import Page, expect
import pytest

from tests.demo.installation import ROOT

from .chromium import Scheme
from .conftest import OpenPage
from .stage import Stage

VERSION: Final = "4.14.1"
FOLDER: Final = ROOT / ".toolchain" / "node"
_MISSING: Final = "axe-core cannot be had: it takes npm and its registry"
_RUN: Final = """async () => {
  const cards = [];
  const find = (root, path) => {
    for (const one of root.querySelectorAll("*")) {
      if (one.localName === "smskit-card") cards.push(one);
      if (one.shadowRoot) find(one.shadowRoot);
    }
  };
  find(document);
  const found = [];
  for (const card of cards) {
    const result = await axe.run(card, { resultTypes: ["violations"] });
    for (const one of result.violations) {
      found.push(...one.nodes.map((node) =>
        `${one.id}: ${node.html.slice(0, 160)} ${node.failureSummary}`));
    }
  }
  return { cards: cards.length, found };
}"""


@pytest.fixture(scope="session")
def axe() -> str:
    """Return the source of axe-core, fetched once."""
    path = FOLDER / f"axe-core-{VERSION}" / "axe.min.js"
    if not path.exists():
        _fetch(path)
    return path.read_text(encoding="utf-8")


def _fetch(path: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        _give_up()
    FOLDER.mkdir(parents=True, exist_ok=True)
    archive = FOLDER / f"axe-core-{VERSION}.tgz"
    asyncio.run(_pack(str(npm)))
    if not archive.exists():
        _give_up()
    with tarfile.open(archive) as packed:
        source = packed.extractfile("package/axe.min.js")
        if source is None:
            _give_up()
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(source.read())


async def _pack(npm: str) -> None:
    process = await asyncio.create_subprocess_exec(
        npm, "pack", "--silent", f"axe-core@{VERSION}", cwd=FOLDER
    )
    await process.wait()


def _give_up() -> None:
    if os.environ.get("CI"):
        pytest.fail(_MISSING)
    pytest.skip(_MISSING)


async def examine(page: Page, source: str, cards: int) -> None:
    """Let axe-core look at the cards of a page."""
    if not await page.evaluate("typeof axe === 'object'"):
        await page.evaluate(source)
    result = await page.evaluate(_RUN)
    assert result["cards"] == cards
    assert not result["found"], "\n".join(result["found"])


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
async def test_no_violation(
    stage: Stage, open_page: OpenPage, axe: str, width: int, scheme: Scheme
) -> None:
    """In no view of the card, in no state of it, in neither theme."""
    await stage.show(
        stage.card(), stage.card(view="compact"), stage.card(view="pairing")
    )
    page = await open_page(width, scheme)
    await expect(page.locator("smskit-card .chat .row").first).to_be_visible()
    await expect(page.locator("smskit-card .steps")).to_be_visible()
    await examine(page, axe, 3)
    await page.locator("smskit-card .chat .row", has_text="Anna").first.click()
    await expect(page.locator("smskit-card .message").first).to_be_visible()
    await page.locator("smskit-card textarea").fill("Do we need milk?")
    await expect(page.locator("smskit-card .meter")).to_contain_text("1 segment")
    await examine(page, axe, 3)
    await page.locator("smskit-card textarea").fill("")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="New message").click()
    await expect(page.locator("smskit-card .chip").first).to_be_visible()
    await examine(page, axe, 3)
