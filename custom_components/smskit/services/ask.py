"""The action that sends a question and waits for the reply."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Final

from homeassistant.components.notify import DOMAIN as NOTIFY_DOMAIN
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util.json import JsonObjectType
import voluptuous as vol

from ..const import DOMAIN
from ..coordinator import SmskitConfigEntry, async_loaded_entry
from ..inbox import ReplyWaiter
from ..permissions import async_caller, require
from ..recipients import entity_recipients, number_recipients
from ..sending import (
    SIGNAL_OUTCOME,
    Draft,
    Outcome,
    Recipient,
    Report,
    Sender,
    Status,
)
from ..store import Message
from . import bounds
from .errors import send_error
from .inbox import ATTR_RECIPIENT
from .sending import ATTR_MESSAGE, async_known

ATTR_NUMBER: Final = "number"
ATTR_TIMEOUT: Final = "timeout"

_DEFAULT_TIMEOUT: Final = timedelta(minutes=5)
_LEFT: Final = {Status.SCHEDULED, Status.QUEUED, Status.SENT, Status.UNKNOWN}
_TIMED_OUT: Final[JsonObjectType] = {"timed_out": True, "reply": None}

ASK_SCHEMA: Final = vol.Schema(
    {
        vol.Optional(ATTR_CONFIG_ENTRY_ID): str,
        vol.Exclusive(ATTR_RECIPIENT, "who"): cv.entity_domain(NOTIFY_DOMAIN),
        vol.Exclusive(ATTR_NUMBER, "who"): bounds.number,
        vol.Required(ATTR_MESSAGE): cv.string,
        vol.Optional(ATTR_TIMEOUT, default=_DEFAULT_TIMEOUT): cv.positive_time_period,
    }
)


async def async_ask(call: ServiceCall) -> ServiceResponse:
    """Send a text and return the next message from its recipient.

    Only what the portal did not have when the question left is a reply.
    """
    entry = await async_loaded_entry(call.hass, call.data.get(ATTR_CONFIG_ENTRY_ID))
    data = entry.runtime_data
    recipients = await _async_recipients(call, entry)
    caller = await async_caller(call.hass, call.context)
    require(caller.send_to(entry, recipients))
    timeout: timedelta = call.data[ATTR_TIMEOUT]
    draft = Draft(
        text=call.data[ATTR_MESSAGE],
        # Later, nobody waits for the reply any more.
        hold=min(timeout, data.settings.hold),
        allow_repeat=True,
    )
    # Wait before sending: a reply may arrive before the portal's answer does.
    with data.reply_waiters.ask() as waiter:
        has_looked = await data.inbox.async_look_in_time()
        waiter.raise_if_interrupted()
        # What the next listing has is from before the question if none came now.
        after = data.messages.listings + (not has_looked)
        waiter.open((recipient.number for recipient in recipients), after)
        with _leaving(call.hass, entry, waiter) as departure:
            sending = call.hass.async_create_task(
                data.sender.async_send(draft, recipients), "smskit ask"
            )
            try:
                report = await asyncio.shield(sending)
                report = await departure.async_wait(report)
                if _has_left(report):
                    if not has_looked:
                        _look_soon(call.hass, entry)
                    return await _async_reply(waiter, timeout.total_seconds())
            finally:
                # It ends with its question, however that ends.
                sending.add_done_callback(partial(_withdraw, data.sender))
    if any(outcome.status is Status.EXPIRED for outcome in report.outcomes):
        return _TIMED_OUT
    raise send_error(call.hass, report)


async def _async_recipients(
    call: ServiceCall, entry: SmskitConfigEntry
) -> list[Recipient]:
    if (entity_id := call.data.get(ATTR_RECIPIENT)) is not None:
        return entity_recipients(call.hass, entry, [entity_id])
    if (number := call.data.get(ATTR_NUMBER)) is not None:
        known = await async_known(entry, [number])
        country = entry.runtime_data.settings.country
        return number_recipients([number], country, known)
    raise ServiceValidationError(
        translation_domain=DOMAIN, translation_key="no_recipients"
    )


def _look_soon(hass: HomeAssistant, entry: SmskitConfigEntry) -> None:
    look = entry.runtime_data.inbox.async_look()
    entry.async_create_background_task(hass, look, "smskit ask")


async def _async_reply(waiter: ReplyWaiter, within: float) -> ServiceResponse:
    """Return the reply to a question that has left."""
    try:
        async with asyncio.timeout(within):
            reply = await waiter.async_reply()
    except TimeoutError:
        return _TIMED_OUT
    shown: dict[str, Any] = reply.as_attributes()
    return {
        "timed_out": False,
        "reply": {key: shown[key] for key in ("id", "from", "text", "date")},
    }


def _has_left(report: Report) -> bool:
    return any(outcome.status in _LEFT for outcome in report.outcomes)


def _withdraw(sender: Sender, sending: asyncio.Task[Report]) -> None:
    if not sending.cancelled() and sending.exception() is None:
        sender.withdraw({outcome.batch_id for outcome in sending.result().outcomes})


class _Departure:
    """Follows a question that is held: replies count from when it leaves."""

    def __init__(
        self, hass: HomeAssistant, entry: SmskitConfigEntry, waiter: ReplyWaiter
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._waiter = waiter
        self._changed = asyncio.Event()
        self._outcomes: dict[tuple[str | None, str], Outcome] = {}
        """What is known of messages that are not held any more."""
        self._held: dict[tuple[str | None, str], Outcome] = {}

    @callback
    def async_handle(self, outcome: Outcome, _: Message) -> None:
        if outcome.status is not Status.HELD:
            self._outcomes[outcome.batch_id, outcome.number] = outcome
            self._async_update()

    @callback
    def _async_update(self) -> None:
        for one in self._held.keys() & self._outcomes.keys():
            del self._held[one]
            if self._outcomes[one].status in _LEFT:
                # The next listing may have what came before.
                after = self._entry.runtime_data.messages.listings + 1
                self._waiter.open([one[1]], after)
                _look_soon(self._hass, self._entry)
            self._changed.set()

    async def async_wait(self, report: Report) -> Report:
        """Return a report once it has left for somebody, or cannot any more."""
        self._waiter.raise_if_interrupted()
        self._held = {
            (one.batch_id, one.number): one
            for one in report.outcomes
            if one.status is Status.HELD
        }
        held = set(self._held)
        self._waiter.close(number for _, number in held)
        self._waiter.reply.add_done_callback(lambda _: self._changed.set())
        self._async_update()
        while self._held and not _has_left(self._now(report, held)):
            await self._changed.wait()
            self._changed.clear()
            self._waiter.raise_if_interrupted()
        return self._now(report, held)

    def _now(self, report: Report, held: set[tuple[str | None, str]]) -> Report:
        """Return a report with what became of what was held."""
        outcomes = tuple(
            self._outcomes.get(key, one)
            if (key := (one.batch_id, one.number)) in held
            else one
            for one in report.outcomes
        )
        return replace(report, outcomes=outcomes)


@contextmanager
def _leaving(
    hass: HomeAssistant, entry: SmskitConfigEntry, waiter: ReplyWaiter
) -> Generator[_Departure]:
    departure = _Departure(hass, entry, waiter)
    signal = SIGNAL_OUTCOME.format(entry.entry_id)
    stop = async_dispatcher_connect(hass, signal, departure.async_handle)
    try:
        yield departure
    finally:
        stop()
