"""Questions that wait for an answer by message."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN
from .models import ReceivedMessage


@dataclass(frozen=True, eq=False, slots=True)
class _Question:
    numbers: frozenset[str]
    answer: asyncio.Future[ReceivedMessage]


class Questions:
    """Those who wait for a reply, in the order in which they asked."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self._open: list[_Question] = []

    @contextmanager
    def ask(
        self, numbers: frozenset[str]
    ) -> Generator[asyncio.Future[ReceivedMessage]]:
        """Wait for the next message of one of these numbers, from now on."""
        question = _Question(numbers, asyncio.get_running_loop().create_future())
        self._open.append(question)
        try:
            yield question.answer
        finally:
            if question in self._open:
                self._open.remove(question)

    @callback
    def async_hear(self, message: ReceivedMessage, _backlog: bool) -> None:
        """Give a message to whoever has waited longest for one of its sender."""
        for question in self._open:
            if message.sender in question.numbers:
                self._open.remove(question)
                if not question.answer.done():
                    question.answer.set_result(message)
                return

    @callback
    def async_stop(self) -> None:
        """End every question with an error: nobody listens any more."""
        for question in self._open:
            if not question.answer.done():
                question.answer.set_exception(
                    HomeAssistantError(
                        translation_domain=DOMAIN, translation_key="ask_interrupted"
                    )
                )
        self._open.clear()
