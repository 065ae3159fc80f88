"""5,000 messages in 200 conversations."""

import asyncio
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
import sqlite3
from typing import Any, Final

from playwright.async_api import Page, expect

from .conftest import OpenPage
from .stage import Stage

CONVERSATIONS: Final = 200
MESSAGES: Final = 5000

_KEY: Final = "key-of-the-big-account"
_TOKEN: Final = "token-of-the-big-account"
# From a page's beginning: when the dashboard, and when the card, is painted first.
_OBSERVE: Final = """
  window.longTasks = [];
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) longTasks.push([one.startTime, one.duration]);
  }).observe({ type: "longtask", buffered: true });
  window.painted = {};
  const look = () => {
    const find = (root, name) => {
      const one = root.querySelector(name);
      if (one) return one;
      for (const each of root.querySelectorAll("*")) {
        const inside = each.shadowRoot && find(each.shadowRoot, name);
        if (inside) return inside;
      }
    };
    const view = painted.view ? true : find(document, "hui-sections-view");
    if (view && !painted.view) painted.view = performance.now();
    if (view && !painted.card) {
      const card = find(document, "smskit-card");
      if (card?.shadowRoot?.querySelector(".row")) painted.card = performance.now();
    }
    if (!painted.card) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
"""
_SCROLL: Final = """async ([selector, step, ends]) => {
  const find = (root) => {
    const one = root.querySelector(selector);
    if (one) return one;
    for (const each of root.querySelectorAll("*")) {
      const inside = each.shadowRoot && find(each.shadowRoot);
      if (inside) return inside;
    }
  };
  const scroll = find(document);
  const begin = performance.now();
  let still = 0;
  while (still < 30 && performance.now() - begin < 20000) {
    const before = scroll.scrollTop;
    scroll.scrollTop += step;
    await new Promise(requestAnimationFrame);
    still = scroll.scrollTop === before ? still + 1 : 0;
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
  const tasks = longTasks.filter(([start]) => start >= begin).map(([, time]) => time);
  const items = scroll.querySelectorAll(ends).length;
  const seconds = (performance.now() - begin) / 1000;
  return { longest: Math.max(0, ...tasks), items, seconds };
}"""


_YARDSTICK: Final = """() => {
  const begin = performance.now();
  const box = document.body.appendChild(document.createElement("div"));
  for (let i = 0; i < 1000; i++) {
    box.appendChild(document.createElement("p")).textContent = `Row ${i} of plain text`;
  }
  box.getBoundingClientRect();
  box.remove();
  return performance.now() - begin;
}"""


async def test_many_messages(
    stage: Stage, open_page: OpenPage, figures: list[str]
) -> None:
    """The card shows all of them as one scrolls; how fast is among the figures."""
    async with AsyncExitStack() as stack:
        await _measure(stage, open_page, figures, stack)


async def _measure(
    stage: Stage, open_page: OpenPage, figures: list[str], stack: AsyncExitStack
) -> None:
    entry_id = await _big_account(stage)
    stack.push_async_callback(stage.home.remove_entry, entry_id)
    await stage.show(stage.card(config_entry_id=entry_id))
    # Once before, so that Home Assistant has read from disk what it serves.
    await (await open_page()).wait_for_selector("smskit-card .chat .row")
    page = await open_page(script=_OBSERVE)
    rows = page.locator("smskit-card .chat .row")
    await expect(rows.first).to_be_visible()
    painted = await page.evaluate("painted")
    after = painted["card"] - painted["view"]
    figures.append(f"card's rows after the dashboard: {after:.0f} ms")

    listed = await _scroll(page, ".list-pane .scroll", 120, ".row")
    figures.append(f"list of {listed['items']}: {_told(listed)}")
    assert listed["items"] == CONVERSATIONS

    await rows.first.click()
    await expect(page.locator("smskit-card .message").first).to_be_visible()
    thread = await _scroll(page, ".thread", -300, ".message")
    figures.append(f"conversation of {thread['items']}: {_told(thread)}")
    assert thread["items"] == MESSAGES - CONVERSATIONS * 20 + 20

    # What this machine makes of it at the moment: times alone tell nothing.
    yardstick = await page.evaluate(_YARDSTICK)
    longest = max(listed["longest"], thread["longest"])
    figures.append(
        f"compared with {yardstick:.0f} ms for a thousand rows of plain text: "
        f"first rows {after / yardstick:.1f}, longest task {longest / yardstick:.1f}"
    )


async def _scroll(page: Page, selector: str, step: int, ends: str) -> dict[str, Any]:
    result: dict[str, Any] = await page.evaluate(_SCROLL, [selector, step, ends])
    return result


def _told(scroll: dict[str, Any]) -> str:
    return (
        f"scrolled through in {scroll['seconds']:.1f} s, "
        f"longest task {scroll['longest']:.0f} ms (0: none over 50)"
    )


async def _big_account(stage: Stage) -> str:
    """Return an account that has all of that."""
    await stage.portal.tell("accounts", api_key=_KEY, api_token=_TOKEN)
    entry_id = await stage.add_account(_KEY, _TOKEN, keep_messages=10_000)
    await stage.home.enable_entry(entry_id, enable=False)
    await asyncio.to_thread(_fill, stage.config / ".storage", entry_id)
    await stage.home.enable_entry(entry_id, enable=True)
    await stage.home.until_loaded(entry_id)
    return entry_id


def _fill(storage: Path, entry_id: str) -> None:
    """Put the messages where the account finds them when it starts.

    Most conversations have 20, the newest has all the others.
    """
    rows: list[tuple[str | int | float | None, ...]] = []
    begin = datetime.now(UTC) - timedelta(days=20)
    minutes = count()
    for conversation in range(CONVERSATIONS):
        number = f"+1202555{conversation:04}"
        is_last = conversation == CONVERSATIONS - 1
        size = MESSAGES - (CONVERSATIONS - 1) * 20 if is_last else 20
        for index in range(size):
            date = (begin + timedelta(minutes=next(minutes))).timestamp()
            text = f"Message {index} of {size}. " + "Some more words. " * (index % 7)
            if index % 3:
                rows.append((f"{len(rows)}", "in", number, text, date, None))
            else:
                rows.append((f"p{len(rows)}", "out", number, text, date, "sent"))
    with closing(sqlite3.connect(storage / f"smskit.{entry_id}.db")) as connection:
        connection.executemany(
            "INSERT INTO messages (id, direction, number, peer, text, date, status) "
            "VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6)",
            rows,
        )
        connection.commit()
