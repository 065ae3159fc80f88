"""Questions that wait for an answer by message."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN
from ..store import Message


@dataclass(frozen=True, eq=False, slots=True)
class _Waiter:
    numbers: frozenset[str]
    answer: asyncio.Future[Message]


class ReplyWaiters:
    """Those who wait for a reply, in the order in which they asked."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self._open: list[_Waiter] = []

    @contextmanager
    def ask(self, numbers: frozenset[str]) -> Generator[asyncio.Future[Message]]:
        """Wait for the next message of one of these numbers, from now on."""
        waiter = _Waiter(numbers, asyncio.get_running_loop().create_future())
        self._open.append(waiter)
        try:
            yield waiter.answer
        finally:
            if waiter in self._open:
                self._open.remove(waiter)

    @callback
    def async_handle(self, message: Message, _backlog: bool) -> None:
        """Give a message to whoever has waited longest for one of its sender."""
        for waiter in self._open:
            if message.number in waiter.numbers:
                self._open.remove(waiter)
                if not waiter.answer.done():
                    waiter.answer.set_result(message)
                return

    @callback
    def async_stop(self) -> None:
        """End every question with an error: nobody listens any more."""
        for waiter in self._open:
            if not waiter.answer.done():
                waiter.answer.set_exception(
                    HomeAssistantError(
                        translation_domain=DOMAIN, translation_key="ask_interrupted"
                    )
                )
        self._open.clear()
