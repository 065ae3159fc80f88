"""The runner: takes the steps of alerts when they are due, and ends them."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
import time
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.dispatcher import (
    async_dispatcher_connect,
    async_dispatcher_send,
)
from homeassistant.helpers.event import async_call_later

from ..const import LOGGER
from ..phone_number import current_form
from ..sending import (
    NOWHERE,
    SIGNAL_OUTCOME,
    Draft,
    MessageType,
    Outcome,
    Priority,
    Recipient,
    Sender,
    Status,
)
from ..store import Body, Message, Publisher, Statement, StoreError
from . import rows
from .chain import (
    answered,
    asked,
    hurry,
    next_step,
    note_outcome,
    step_and_round,
    take_step,
    texted,
    time_left,
)
from .models import (
    SIGNAL_ALERT,
    SIGNAL_OPEN_ALERTS,
    Alert,
    AlertEvent,
    AlertEventType,
    OpenAlert,
    Question,
    Step,
)

ALERT: Final = "alert"
"""The kind of event that `publish` takes."""
# How long a question may be held beyond the end of its alert, as far as that is known.
# The end itself withdraws it; a restart in between makes the end later.
_MARGIN: Final = timedelta(hours=1)


class AlertRunner:
    """The open alerts of an account.

    What a step sends and that it was taken are one transaction, and so are an answer
    and what follows from it: a kill comes before or after.
    """

    def __init__(  # noqa: PLR0913 - what it reads, and what it works with
        self,
        hass: HomeAssistant,
        entry_id: str,
        publisher: Publisher,
        sender: Sender,
        *,
        resolve: Callable[[Step], list[Recipient]],
        look: Callable[[], Coroutine[Any, Any, bool]],
        listings: Callable[[], int],
        report: Callable[[AlertEvent], None],
    ) -> None:
        """Write to the open database of a publisher.

        `resolve` returns the recipients of a step, `look` reads the inbox and returns
        whether that worked in time, `listings` says how often that was in this run.
        `report` raises and clears issues.
        """
        self._hass = hass
        self._database = publisher.database
        self._publisher = publisher
        self._sender = sender
        self._resolve = resolve
        self._look = look
        self._listings = listings
        self._report = report
        self._outcome_signal = SIGNAL_OUTCOME.format(entry_id)
        self._stop_following: CALLBACK_TYPE | None = None
        self._signal = SIGNAL_ALERT.format(entry_id)
        self._open_signal = SIGNAL_OPEN_ALERTS.format(entry_id)
        self._open: dict[str, Alert] = {}
        self._is_restored = False
        self._is_started = False
        self._task: asyncio.Task[None] | None = None
        self._cancel_timer: CALLBACK_TYPE | None = None

    # --- Life ------------------------------------------------------------------------

    async def async_load(self, *, is_restored: bool) -> None:
        """Restore the open alerts; those `is_restored` from a backup do not go on."""
        fetch = self._database.async_fetch
        stored = await fetch(rows.SELECT_ALERTS)
        questions = await fetch(rows.SELECT_QUESTIONS)
        now = time.monotonic()
        self._open = {
            alert.id: hurry(alert, now) for alert in rows.read_alerts(stored, questions)
        }
        self._is_restored = is_restored

    @callback
    def async_start(self) -> None:
        """Take steps from now on, late ones at once."""
        if self._is_restored:
            # Nobody knows how far it has come since, or whether it is over.
            for alert in tuple(self._open.values()):
                self._end(alert, AlertEventType.ENDED)
        self._is_started = True
        self._changed()

    @callback
    def async_stop(self) -> None:
        """Take no more steps; what is answered meanwhile still counts."""
        self._is_started = False
        self._clear_timer()
        self._follow_outcomes()
        if self._task is not None:
            self._task.cancel()

    # --- What callers do -------------------------------------------------------------

    def get(self, alert_id: str) -> Alert | None:
        """Return an open alert."""
        return self._open.get(alert_id)

    @property
    def view(self) -> tuple[OpenAlert, ...]:
        """Return the open alerts as they are shown."""
        return tuple(map(self._shown, self._open.values()))

    def validate(self, alert: Alert) -> None:
        """Raise ServiceValidationError if the messages of an alert cannot be sent."""
        for step in alert.steps:
            recipients = self._resolve(step)
            self._sender.preview(_draft(alert, alert.message, step.type), recipients)
            if alert.announcement is not None:
                self._sender.preview(_draft(alert, alert.announcement), recipients)

    async def async_begin(self, alert: Alert) -> None:
        """Open an alert whose ID no other one has, and ask the first ones at once.

        It goes on without a disk that refuses it, but not after a restart.
        """
        self._open[alert.id] = alert
        stored = self._publish(alert, AlertEventType.STARTED, rows.insert(alert))
        self._changed()
        with suppress(StoreError):
            await stored

    @callback
    def async_end(self, alert_ids: Collection[str] | None, text: str) -> int:
        """End alerts, all of them for None; tell everybody who was texted, if anything.

        Return how many there were.
        """
        alerts = [
            alert
            for alert in self._open.values()
            if alert_ids is None or alert.id in alert_ids
        ]
        for alert in alerts:
            self._end(alert, AlertEventType.ENDED, text)
        return len(alerts)

    # --- What comes back -------------------------------------------------------------

    @callback
    def async_take(self, message: Message, listing: int) -> None:
        """Take a message that is being stored: the alert it answers is at its end."""
        for alert in self._open.values():
            question = answered(alert, message.number, message.text, listing=listing)
            if question is not None:
                text = alert.announcement or ""
                text = text.replace("{name}", question.who)
                self._end(alert, AlertEventType.ACKNOWLEDGED, text, by=question)
                return

    def _follow_outcomes(self) -> None:
        """Follow what becomes of messages while any may be one of an alert.

        What comes after a stop is in the history when the account is loaded again.
        """
        if self._stop_following is not None:
            self._stop_following()
            self._stop_following = None
        if self._open and self._is_started:
            self._stop_following = async_dispatcher_connect(
                self._hass, self._outcome_signal, self._async_note
            )

    @callback
    def _async_note(self, outcome: Outcome, message: Message) -> None:
        """Note what became of a message, which may be one of an alert."""
        for alert in self._open.values():
            question = _question(alert, message.id)
            if question is not None:
                self._note(alert, question, outcome.status)
                return

    def _note(self, alert: Alert, question: Question, status: Status) -> None:
        noted = note_outcome(
            alert,
            question.message_id,
            status,
            listings=self._listings(),
            now=time.monotonic(),
        )
        self._open[alert.id] = noted
        if status is Status.HELD:
            self._database.write(rows.leave_later(question))
        elif question.after is None and status not in NOWHERE:
            # The next listing has what was there before: that is to be soon.
            self._hass.async_create_background_task(self._look(), "smskit alert")
        self._changed()

    # --- Steps -----------------------------------------------------------------------

    def _changed(self) -> None:
        async_dispatcher_send(self._hass, self._open_signal, self.view)
        self._follow_outcomes()
        self._schedule()

    def _clear_timer(self) -> None:
        if self._cancel_timer is not None:
            self._cancel_timer()
            self._cancel_timer = None

    def _schedule(self) -> None:
        """Take the steps that are due, or come back when one is."""
        self._clear_timer()
        if not self._open or not self._is_started or self._task is not None:
            return
        delay = min(a.deadline for a in self._open.values()) - time.monotonic()
        if delay > 0:
            self._cancel_timer = async_call_later(self._hass, delay, self._on_timer)
        else:
            self._task = self._hass.async_create_background_task(
                self._async_run(), "smskit alerts", eager_start=False
            )

    @callback
    def _on_timer(self, _: object) -> None:
        self._cancel_timer = None
        self._schedule()

    async def _async_run(self) -> None:
        """Take the steps that are due, after a look at what is there before."""
        try:
            has_looked = await self._async_look()
            if self._is_started:
                now = time.monotonic()
                for alert in tuple(self._open.values()):
                    if alert.deadline <= now:
                        self._advance(alert, has_looked=has_looked)
        finally:
            self._task = None
            self._schedule()

    async def _async_look(self) -> bool:
        try:
            return await self._look()
        except Exception:  # noqa: BLE001 - an alarm waits for no fault of the inbox
            LOGGER.exception("Unexpected error while the inbox was read")
            return False

    def _advance(self, alert: Alert, *, has_looked: bool) -> None:
        step = next_step(alert)
        if step is None:
            self._end(alert, AlertEventType.EXHAUSTED)
            return
        with self._database.as_one():
            questions = self._ask(alert, step, has_looked=has_looked)
            alert = take_step(alert, questions, time.monotonic())
            self._open[alert.id] = alert
            self._publish(
                alert,
                AlertEventType.STEP,
                rows.update(alert),
                rows.insert_questions(alert, questions, has_looked=has_looked),
            )
        self._changed()

    def _ask(self, alert: Alert, step: Step, *, has_looked: bool) -> list[Question]:
        """Submit the message of a step; return whom it is for."""
        hold = timedelta(seconds=time_left(alert)) + _MARGIN
        draft = replace(_draft(alert, alert.message, step.type), hold=hold)
        after = self._listings() + (not has_looked)
        return [
            Question(
                batch_id=outcome.batch_id,
                number=outcome.number,
                name=outcome.name,
                position=alert.position,
                status=outcome.status,
                after=None if outcome.status is Status.HELD else after,
            )
            for outcome in self._submit(draft, self._resolve(step))
            if outcome.batch_id is not None
        ]

    def _submit(self, draft: Draft, recipients: list[Recipient]) -> Iterable[Outcome]:
        try:
            return self._sender.submit(draft, recipients).outcomes
        except ServiceValidationError:
            # Something was changed since it was validated: nobody can get it now.
            return ()

    # --- Ends ------------------------------------------------------------------------

    def _end(
        self,
        alert: Alert,
        type_: AlertEventType,
        text: str = "",
        *,
        by: Question | None = None,
    ) -> None:
        """End an alert; tell those who were texted, but not who acknowledged it."""
        others = [
            question
            for question in texted(alert)
            if by is None or current_form(question.number) != current_form(by.number)
        ]
        with self._database.as_one():
            del self._open[alert.id]
            self._sender.withdraw({one.batch_id for one in alert.questions})
            if text and others:
                self._submit(_draft(alert, text), self._recipients(alert, others))
            self._publish(alert, type_, rows.delete(alert), by=by)
        self._changed()

    def _recipients(self, alert: Alert, questions: list[Question]) -> list[Recipient]:
        """Return whom questions went to, as they are reached now."""
        known = {
            recipient.number: recipient
            for step in alert.steps
            for recipient in self._resolve(step)
        }
        return [
            known.get(one.number, Recipient(number=one.number, name=one.name))
            for one in questions
        ]

    # --- What is reported ------------------------------------------------------------

    def _publish(
        self,
        alert: Alert,
        type_: AlertEventType,
        *statements: Statement,
        by: Question | None = None,
    ) -> asyncio.Future[None]:
        step, round_ = step_and_round(alert)
        event = AlertEvent(
            type=type_,
            alert_id=alert.id,
            message=alert.message,
            step=step,
            round=round_,
            asked=asked(alert, is_last_step=True),
            by=by.number if by else None,
            name=by.name if by else None,
        )
        return self._publisher.write(ALERT, [rows.event_body(event)], *statements)

    @callback
    def publish(self, body: Body) -> None:
        """Publish an event of the kind `ALERT`."""
        event = rows.read_event(body)
        self._report(event)
        async_dispatcher_send(self._hass, self._signal, event)

    def _shown(self, alert: Alert) -> OpenAlert:
        step, round_ = step_and_round(alert)
        following = next_step(alert)
        recipients = self._resolve(following) if following else []
        return OpenAlert(
            alert_id=alert.id,
            message=alert.message,
            step=step,
            round=round_,
            asked=asked(alert),
            next=tuple(dict.fromkeys(r.name or r.number for r in recipients)),
        )


def _draft(alert: Alert, text: str, type_: MessageType = MessageType.AUTO) -> Draft:
    return Draft(
        text=text,
        type=type_,
        priority=Priority.CRITICAL if alert.is_critical else Priority.URGENT,
    )


def _question(alert: Alert, message_id: str) -> Question | None:
    found = (one for one in alert.questions if one.message_id == message_id)
    return next(found, None)
