"""The clock of a test: it stands still unless the test moves it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from math import ceil
from typing import Final
from unittest.mock import patch

from freezegun import api as freezegun_api
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util.async_ import get_scheduled_timer_handles

type Span = float | timedelta

_MICROSECOND: Final = timedelta(microseconds=1)


class Clock:
    """The time of day, the monotonic time and the event loop's time, in step.

    Monotonic time is another number than the time of day, as it is outside of tests:
    code that mixes them up gets nonsense.
    """

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
        """Take over from a freezer that has just stopped the time."""
        self._loop = hass.loop
        self._freezer = freezer
        # Monotonic time goes on from where it was.
        up = timedelta(seconds=int(freezegun_api.real_monotonic()))
        self._zero = freezer() - up

    @contextmanager
    def running(self) -> Iterator[None]:
        """Be the clock that everybody looks at."""
        with patch.object(freezegun_api, "_get_fake_monotonic", self._monotonic):
            yield

    def _monotonic(self) -> float:
        return (self._freezer() - self._zero).total_seconds()

    @property
    def now(self) -> float:
        """The time of day, in epoch seconds."""
        return self._freezer().timestamp()

    def set(self, time: str | datetime) -> None:
        """Set the time of day, as somebody sets a clock; no time passes."""
        before = self._freezer()
        self._freezer.move_to(time)
        self._zero += self._freezer() - before

    def tick(self, span: Span) -> None:
        """Let time pass in one go; what is due begins with the loop's next turn."""
        self._freezer.tick(_delta(span))

    def steps(self, span: Span) -> Iterator[None]:
        """Let time pass from one timer of the event loop to the next.

        What is due is for the caller to let happen, after each step.
        """
        end = self._freezer() + _delta(span)
        while (left := end - self._freezer()) > timedelta():
            wait = self._until_next_timer()
            self.tick(left if wait is None else min(wait, left))
            yield

    def _until_next_timer(self) -> timedelta | None:
        due = [
            handle.when()
            for handle in get_scheduled_timer_handles(self._loop)
            if not handle.cancelled()
        ]
        if not due:
            return None
        # Rounded up, or it would not be due yet. What should have run goes with the
        # next step.
        microseconds = ceil((min(due) - self._loop.time()) * 1e6)
        return max(microseconds * _MICROSECOND, _MICROSECOND)


def _delta(span: Span) -> timedelta:
    return span if isinstance(span, timedelta) else timedelta(seconds=span)
