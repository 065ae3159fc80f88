"""A portal that misbehaves at random for a while."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Final

from tests.demo.portal_control import DemoPortal

_KINDS: Final = {
    "fine": 8,
    "slow": 14,
    "refused": 4,
    "cut": 3,
    "reset": 2,
    "http_500": 2,
}


@asynccontextmanager
async def bad_weather(
    portal: DemoPortal, chance: Random, operation: str
) -> AsyncGenerator[None]:
    """Let the portal misbehave until the block ends; it is well from then on.

    It refuses connections of every kind; the rest befalls one operation, `*` is all.
    """
    task = asyncio.create_task(_change(portal, chance, operation))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await portal.untell("faults")
        await portal.tell("accept")


async def _change(portal: DemoPortal, chance: Random, operation: str) -> None:
    while True:
        (kind,) = chance.choices(list(_KINDS), weights=list(_KINDS.values()))
        lasts = chance.uniform(0.3, 2.5)
        if kind == "refused":
            await portal.tell("refuse")
        elif kind == "slow":
            seconds = chance.uniform(0.05, 0.8)
            await portal.tell("faults", kind=kind, operation=operation, seconds=seconds)
        elif kind != "fine":
            await portal.tell(
                "faults",
                kind=kind,
                operation=operation,
                times=chance.randint(1, 3),
                processed=chance.random() < 0.5,
            )
        await asyncio.sleep(lasts)
        await portal.untell("faults")
        await portal.tell("accept")
