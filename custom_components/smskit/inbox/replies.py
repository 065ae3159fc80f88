"""Waiting for replies to messages."""

import asyncio
from collections.abc import Generator, Iterable
from contextlib import contextmanager

from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN
from ..phone_number import current_form
from ..store import Message
from .models import Received


class ReplyWaiter:
    """A caller that waits for a reply to a question."""

    def __init__(self) -> None:
        """Initialize for a question that has not left to anybody."""
        self._after: dict[str, int] = {}
        """The last listing that has no reply, by number; none for one not asked yet."""
        self.reply: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

    @callback
    def open(self, numbers: Iterable[str], after: int) -> None:
        """Take replies of numbers from all listings after this one."""
        self._after |= dict.fromkeys(map(current_form, numbers), after)

    @callback
    def close(self, numbers: Iterable[str]) -> None:
        """Take no replies of numbers; forget one that came."""
        for number in numbers:
            self._after.pop(current_form(number), None)
        if self.reply.done() and self.is_closed(self.reply.result().number):
            self.reply = asyncio.get_running_loop().create_future()

    def is_closed(self, number: str) -> bool:
        """Return whether a message of a number is no reply."""
        return current_form(number) not in self._after

    def takes(self, received: Received) -> bool:
        """Return whether a message is a reply.

        One is not that is late, or may be from somebody else.
        """
        after = self._after.get(current_form(received.message.number))
        return not (
            after is None
            or received.listing <= after
            or received.backlog
            or received.is_doubtful
            or self.reply.done()
        )

    def raise_if_interrupted(self) -> None:
        """Raise HomeAssistantError if no reply can come any more."""
        if self.reply.done():
            self.reply.result()

    async def async_reply(self) -> Message:
        """Return the reply. Raises HomeAssistantError if none can come any more."""
        return await asyncio.shield(self.reply)


class ReplyWaiters:
    """Callers that wait for a reply, in the order of their calls."""

    def __init__(self) -> None:
        """Initialize without waiters."""
        self._waiters: list[ReplyWaiter] = []

    @contextmanager
    def ask(self) -> Generator[ReplyWaiter]:
        """Return a waiter that takes its place now."""
        waiter = ReplyWaiter()
        self._waiters.append(waiter)
        try:
            yield waiter
        finally:
            self._waiters.remove(waiter)

    @callback
    def async_handle(self, received: Received) -> None:
        """Give a message to whoever has waited longest for one of its sender."""
        for waiter in self._waiters:
            if waiter.takes(received):
                waiter.reply.set_result(received.message)
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
