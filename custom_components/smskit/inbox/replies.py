"""Waiting for replies to messages."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN
from ..phone_number import current_form
from ..store import Message
from .models import Received


@dataclass(frozen=True, eq=False, slots=True)
class _Waiter:
    numbers: frozenset[str]
    reply: asyncio.Future[Message]


class ReplyWaiters:
    """Callers that wait for a reply, in the order of their calls."""

    def __init__(self) -> None:
        """Initialize without waiters."""
        self._waiters: list[_Waiter] = []

    @contextmanager
    def ask(self, numbers: frozenset[str]) -> Generator[asyncio.Future[Message]]:
        """Wait for the next message of one of these numbers, from now on."""
        forms = frozenset(current_form(number) for number in numbers)
        waiter = _Waiter(forms, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        try:
            yield waiter.reply
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    @callback
    def async_handle(self, received: Received) -> None:
        """Give a message to whoever has waited longest for one of its sender.

        One that may be from somebody else is no reply.
        """
        message = received.message
        if received.is_doubtful:
            return
        for waiter in self._waiters:
            if current_form(message.number) in waiter.numbers:
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
