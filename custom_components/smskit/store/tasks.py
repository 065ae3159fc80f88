"""Tasks that outlive the stages of a stop of Home Assistant."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from homeassistant.core import HomeAssistant


def create_lasting_task(
    hass: HomeAssistant, work: Coroutine[Any, Any, None], name: str
) -> asyncio.Task[None]:
    """Start work that nobody cancels, from the next turn of the event loop on.

    Home Assistant waits for its own tasks when it stops, and cancels them in the end.
    It waits for this, too, but canceling the wait does not cancel the work: an answer
    or a write that is on its way has to be noted.
    """
    task = hass.loop.create_task(work, name=name)
    hass.async_create_task(_async_wait(task), name)
    return task


async def _async_wait(task: asyncio.Task[None]) -> None:
    await asyncio.shield(task)
