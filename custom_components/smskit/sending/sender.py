"""Sending of drafts, up to the outcome for each recipient."""

import asyncio
from collections.abc import Container, Iterable
from dataclasses import replace
from typing import Final

from homeassistant.core import callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util

from ..api import Cause, Explanation
from ..store import Reason
from .batch import Batch, Stage
from .clock import epoch
from .dispatcher import Dispatcher
from .limits import Original
from .media import MediaServer
from .models import (
    VIA_OF_TYPE,
    Draft,
    LimitReporter,
    Outcome,
    Priority,
    Recipient,
    Report,
    Status,
)
from .outbox import Outbox
from .planner import WITH_MEDIA, Plan, Planner, Routed, invalid
from .reasons import FailureReason

# Longer than the timeout of a request; a call then returns the outcomes so far.
_CALL_TIMEOUT: Final = 45.0
_NO_ANSWER: Final = Reason(FailureReason.NO_ANSWER, Explanation(Cause.TIMEOUT))


class Sender:
    """Sends the messages of one account."""

    def __init__(
        self,
        planner: Planner,
        outbox: Outbox,
        dispatcher: Dispatcher,
        media: MediaServer,
        report_limit: LimitReporter,
    ) -> None:
        """Initialize the sender."""
        self._planner = planner
        self._outbox = outbox
        self._dispatcher = dispatcher
        self._media = media
        self._report_limit = report_limit
        self._is_limited = False

    async def async_send(self, draft: Draft, recipients: Iterable[Recipient]) -> Report:
        """Send a draft and return once there is an outcome for every recipient.

        Errors of a recipient are part of its outcome. Raises ServiceValidationError
        before anything is sent if the draft cannot be sent at all. Submitted batches
        are completed even if the caller is cancelled.
        """
        recipients = list(recipients)
        plan = self._plan(draft, recipients)
        if draft.file is not None and any(one.type in WITH_MEDIA for one in plan.sent):
            # Nothing of the house is looked at, or copied, for what is not sent. Other
            # messages may have been sent meanwhile, so this one is planned anew.
            draft = await self._media.async_attach(draft)
            plan = self._plan(draft, recipients)
        batches = self._planner.batches(plan)
        waits = [self._dispatcher.async_submit(batch) for batch in batches]
        if copies := [one for one in plan.routed if one.original is not None]:
            waits += self._follow_originals(copies)
        if waits:
            await asyncio.wait(waits, timeout=_CALL_TIMEOUT)
        pending = self._outbox.pending
        if late := [p for b in batches for p in _parts(b) if p.id in pending]:
            reason = FailureReason.NOT_IN_TIME
            await asyncio.wait(self._dispatcher.async_hold_pending(late, reason))
        outcomes: dict[str, Outcome] = {}
        for batch in batches:
            for part in _parts(batch):
                outcomes.update(_outcomes(part))
        for routed in plan.routed:
            if routed.original is not None:
                copy = _outcome_of_copy(routed, routed.original)
                outcomes[routed.recipient.number] = copy
        return _report(plan, outcomes)

    def _plan(self, draft: Draft, recipients: Iterable[Recipient]) -> Plan:
        """Return the plan of a draft that the limits let through; raise otherwise."""
        plan = self._planner.plan(draft, recipients)
        is_limited = plan.blocked_by == "hourly_limit"
        if is_limited or self._is_limited:
            self._show_limit(plan)
        if is_limited:
            raise self._limit_error(plan)
        return plan

    def _follow_originals(self, copies: Iterable[Routed]) -> list[asyncio.Future[None]]:
        """Return what tells that a copy has an outcome: that of the first message.

        The first message is for whom the copy was for, too.
        """
        waits: list[asyncio.Future[None]] = []
        for routed in copies:
            if (original := routed.original) is not None:
                self._outbox.share(original, routed.recipient.subentry_ids)
                if original.batch and original.batch.done:
                    waits.append(original.batch.done)
        return waits

    @callback
    def submit(self, draft: Draft, recipients: Iterable[Recipient]) -> Report:
        """Send a draft for which nobody waits; return what is known now.

        What the hourly limit stops is held until the limit permits it. Raises as
        `async_send` does.
        """
        plan = self._planner.plan(draft, recipients)
        self._show_limit(plan)
        is_limited = plan.blocked_by == "hourly_limit"
        outcomes: dict[str, Outcome] = {}
        for batch in self._planner.batches(plan):
            self._dispatcher.async_submit(batch, is_limited=is_limited)
            outcomes.update(_outcomes(batch))
        return _report(plan, outcomes)

    def _show_limit(self, plan: Plan) -> None:
        """Report whether the hourly limit that the options set stops a plan."""
        if plan.draft.priority is Priority.CRITICAL:
            return
        was_limited = self._is_limited
        self._is_limited = plan.blocked_by == "hourly_limit"
        if self._is_limited:
            limit = self._outbox.limits[plan.draft.priority].limit
            self._report_limit(limit, plan.available_at)
        elif was_limited:
            self._report_limit(None, None)

    def preview(self, draft: Draft, recipients: Iterable[Recipient]) -> Report:
        """Return the outcomes that a draft would have, without sending anything."""
        return _report(self._planner.plan(draft, recipients), {})

    @callback
    def withdraw(self, origins: Container[str | None]) -> None:
        """Let what has not left of messages end now: nobody wants them any more."""
        for batch in self._outbox.cancelable():
            if batch.origin in origins:
                self._outbox.recall(batch)

    def _limit_error(self, plan: Plan) -> ServiceValidationError:
        available_at = plan.available_at
        hourly = self._outbox.limits[plan.draft.priority]
        limit = str(hourly.limit)
        if available_at is None:
            if waiting := hourly.outstanding:
                key = "over_hourly_limit_waiting"
                return invalid(key, limit=limit, waiting=str(waiting))
            return invalid("over_hourly_limit", limit=limit)
        when = dt_util.as_local(dt_util.utc_from_timestamp(epoch(available_at)))
        return invalid("hourly_limit", limit=limit, next=when.strftime("%H:%M:%S"))


def _parts(batch: Batch) -> list[Batch]:
    """Return what goes on in the place of a batch, or the batch itself."""
    return [p for part in batch.parts for p in _parts(part)] or [batch]


def _outcomes(batch: Batch) -> dict[str, Outcome]:
    """Return what is known of each number when a caller's time is up."""
    outcomes = {
        recipient.number: Outcome(
            number=recipient.number,
            name=recipient.name,
            via=VIA_OF_TYPE[batch.type],
            status=recipient.status,
            group_id=batch.group_id,
            reason=recipient.reason,
            batch_id=batch.origin,
        )
        for recipient in (*batch.recipients, *batch.canceled)
    }
    if batch.stage is not Stage.SENDING:
        return outcomes
    return {
        number: replace(one, status=Status.UNKNOWN, reason=_NO_ANSWER)
        if one.status in {Status.READY, Status.HELD}
        else one
        for number, one in outcomes.items()
    }


def _outcome_of_copy(routed: Routed, original: Original) -> Outcome:
    """Return the outcome of what was not sent: that of the first one."""
    first = original.recipient
    if original.batch is None:
        # The history has neither its group nor how it went.
        return Outcome(
            number=routed.recipient.number,
            name=routed.recipient.name,
            via=VIA_OF_TYPE[routed.type],
            status=first.status,
            reason=first.reason,
            duplicate=True,
        )
    outcomes: dict[str, Outcome] = {}
    for part in _parts(original.batch):
        outcomes.update(_outcomes(part))
    return replace(outcomes[first.number], name=routed.recipient.name, duplicate=True)


def _report(plan: Plan, outcomes: dict[str, Outcome]) -> Report:
    return Report(
        outcomes=tuple(
            outcomes.get(routed.recipient.number)
            or Outcome(
                number=routed.recipient.number,
                name=routed.recipient.name,
                via=routed.recipient.via,
                status=Status.FAILED if routed.error else Status.READY,
                reason=Reason(routed.error) if routed.error else None,
                duplicate=routed.original is not None,
            )
            for routed in plan.routed
        ),
        measured=plan.measured,
        text=plan.body,
        blocked_by=plan.blocked_by,
    )
