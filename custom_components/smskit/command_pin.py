"""The PIN that commands end with, and how often a sender may try one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
import hmac
import re
import time
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util.signal_type import SignalTypeFormat

from .const import DOMAIN
from .phone_number import current_form

_PIN: Final = re.compile(r"[0-9A-Za-z]{4,32}")
_MOST_TRIES: Final = 3
_SILENCE: Final = 3600
"""In seconds."""


def is_pin(text: str) -> bool:
    """Return whether a text can be a PIN: one word that every phone can write."""
    return _PIN.fullmatch(text) is not None


def split_pin(text: str) -> tuple[str, str]:
    """Return a text without its last word, and that word, which may be the PIN.

    Only that one: two places would be two tries in one message.
    """
    *words, last = text.split() or [""]
    return " ".join(words), last


@dataclass(frozen=True, slots=True)
class Command:
    """A message that is a command but for its PIN."""

    message_id: str
    number: str
    name: str | None
    trusted: bool
    word: str = field(repr=False)
    """What stands in the place of the PIN."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """A sender whose commands are ignored from now on, for an hour."""

    number: str
    name: str | None


# Carries each sender that is blocked.
SIGNAL_BLOCKED: Final[SignalTypeFormat[Blocked]] = SignalTypeFormat(
    f"{DOMAIN}_blocked_{{}}"
)


class PinCheck(StrEnum):
    """What comes of the PIN of a command, as a trace shows it."""

    RIGHT = "right_pin"
    WRONG = "wrong_pin"
    TOO_MANY = "too_many_tries"
    NOT_SET = "no_pin_set"


class PinTries:
    """The wrong PINs of an account's senders, monotonic.

    They begin when Home Assistant does, and go on while the account is reloaded.
    """

    def __init__(self) -> None:
        """Initialize without a try."""
        self._tries: dict[str | None, list[float]] = {}

    def are_used_up(self, command: Command) -> bool:
        """Return whether a sender has no try left now."""
        return len(self._recent(command)) >= _MOST_TRIES

    def note_wrong(self, command: Command) -> None:
        """Note a wrong PIN."""
        self._tries[_sender(command)] = [*self._recent(command), time.monotonic()]

    def _recent(self, command: Command) -> list[float]:
        tries = self._tries.get(_sender(command), [])
        since = time.monotonic() - _SILENCE
        # The silence lasts from the last try, and ends for all of them at once.
        if len(tries) >= _MOST_TRIES:
            return tries if tries[-1] > since else []
        return [when for when in tries if when > since]


def _sender(command: Command) -> str | None:
    """Return whose tries count together.

    Strangers share theirs: anybody can write under any number of numbers.
    """
    return current_form(command.number) if command.trusted else None


class CommandPin:
    """The PIN of an account, which commands are checked against."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry_id: str,
        pin: str | None,
        tries: PinTries,
        *,
        on_not_set: Callable[[], None],
    ) -> None:
        """Initialize with the tries of before the last reload."""
        self._hass = hass
        self._entry_id = entry_id
        self._pin = pin
        self._tries = tries
        self._on_not_set = on_not_set
        self._last: tuple[str, PinCheck] | None = None

    @callback
    def async_check(self, command: Command) -> PinCheck:
        """Return what comes of a command, once for all triggers that it concerns.

        They all look at a message before the next one is published.
        """
        if self._last is None or self._last[0] != command.message_id:
            self._last = (command.message_id, self._check(command))
        return self._last[1]

    def _check(self, command: Command) -> PinCheck:
        if self._pin is None:
            self._on_not_set()
            return PinCheck.NOT_SET
        # Not even the right one: what a sender tries then tells nothing.
        if self._tries.are_used_up(command):
            return PinCheck.TOO_MANY
        word = command.word.encode(errors="replace")
        if hmac.compare_digest(self._pin.encode(), word):
            return PinCheck.RIGHT
        self._tries.note_wrong(command)
        if self._tries.are_used_up(command):
            # Once every entity has told of the message itself.
            self._hass.loop.call_soon(
                async_dispatcher_send,
                self._hass,
                SIGNAL_BLOCKED.format(self._entry_id),
                Blocked(command.number, command.name),
            )
        return PinCheck.WRONG
