"""Waiting for replies to messages."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN
from .models import ReceivedMessage


@dataclass(frozen=True, eq=False, slots=True)
class _Waiter:
    numbers: frozenset[str]
    reply: asyncio.Future[ReceivedMessage]


class ReplyWaiters:
    """Callers that wait for a reply, in the order of their calls."""

    def __init__(self) -> None:
        """Initialize without waiters."""
        self._waiters: list[_Waiter] = []

    @contextmanager
    def ask(
        self, numbers: frozenset[str]
    ) -> Generator[asyncio.Future[ReceivedMessage]]:
        """Provide a future of the next message from one of the numbers."""
        waiter = _Waiter(numbers, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        try:
            yield waiter.reply
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    @callback
    def async_handle(self, message: ReceivedMessage, _backlog: bool) -> None:
        """Hand a message to the caller that has waited longest for its sender."""
        for waiter in self._waiters:
            if message.sender in waiter.numbers:
                self._waiters.remove(waiter)
                if not waiter.reply.done():
                    waiter.reply.set_result(message)
                return

    @callback
    def async_stop(self) -> None:
        """Fail all waiters, because no more messages will arrive."""
        for waiter in self._waiters:
            if not waiter.reply.done():
                waiter.reply.set_exception(
                    HomeAssistantError(
                        translation_domain=DOMAIN, translation_key="ask_interrupted"
                    )
                )
        self._waiters.clear()
