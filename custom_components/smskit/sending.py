"""From a draft and its recipients to what became of it.

A draft is checked as a whole, made into parcels, handed to the dispatcher, and its
outcomes are read off the parcels once each has something to tell.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import batched
import time
from typing import Final

from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util

from .api import MAX_RECIPIENTS, SendType
from .const import DOMAIN
from .dispatcher import Dispatcher
from .encoding import EncodedText, Encoding, measure
from .limit_issue import LimitIssue
from .outbox import Outbox
from .outgoing import Draft, MessageType, Outcome, Recipient, Report, Status, Way
from .parcel import Addressee, Parcel, Stage
from .settings import Settings

# Longer than a request may take: a call ends with what is known by then.
_CALL_TIMEOUT: Final = 45.0

# The kinds of message that are counted in segments.
_IN_SEGMENTS: Final = frozenset({SendType.SMS, SendType.UNICODE, SendType.FLASH})
_WITH_MEDIA: Final = frozenset({SendType.WHATSAPP, SendType.MMS, SendType.VOICE})

_REPEATED: Final = "the same text went there less than a minute ago"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    """A draft that was checked."""

    recipients: list[Recipient]
    """Each number once; one that is not sent to carries its error."""
    measured: EncodedText
    blocked_by: str | None
    room_at: float | None
    """When the spend guard lets it go, if it ever does."""


class Sender:
    """Sends the messages of one account."""

    def __init__(
        self,
        settings: Settings,
        outbox: Outbox,
        dispatcher: Dispatcher,
        limit_issue: LimitIssue,
    ) -> None:
        """Send by way of an outbox and its dispatcher."""
        self._settings = settings
        self._limit_issue = limit_issue
        self._outbox = outbox
        self._dispatcher = dispatcher

    async def async_send(self, draft: Draft, recipients: Iterable[Recipient]) -> Report:
        """Send a draft, and return once there is something to tell of everybody.

        What goes wrong for a recipient is its outcome. Raises ServiceValidationError,
        before anything is sent, for a draft that cannot go out at all. What was
        begun is seen through to its end, also when the caller is cancelled.
        """
        plan = self._plan(draft, recipients)
        if plan.blocked_by == "hourly_limit":
            self._limit_issue.async_raise(self._outbox.guard.limit, plan.room_at)
            raise self._limit_error(plan.room_at)
        self._limit_issue.async_clear()
        now = time.time()
        parcels = self._parcels(draft, plan, now)
        for parcel in parcels:
            self._outbox.guard.remember(parcel.numbers, draft.text, now)
        waits = [self._dispatcher.async_submit(parcel) for parcel in parcels]
        if waits:
            await asyncio.wait(waits, timeout=_CALL_TIMEOUT)
            await self._dispatcher.async_give_up(parcels)
        outcomes = {
            addressee.number: _outcome_now(parcel, addressee)
            for parcel in parcels
            for addressee in parcel.addressees
        }
        return self._report(plan, outcomes)

    def preview(self, draft: Draft, recipients: Iterable[Recipient]) -> Report:
        """Return what would become of a draft; nothing is sent."""
        plan = self._plan(draft, recipients)
        return self._report(plan, {})

    def _plan(self, draft: Draft, recipients: Iterable[Recipient]) -> _Plan:
        merged = _merge(recipients)
        measured = _check(draft, merged)
        now = time.time()
        guard = self._outbox.guard
        planned = [
            replace(recipient, error=_REPEATED)
            if recipient.error is None
            and not draft.allow_repeat
            and guard.is_repeat(recipient.number, draft.text, now)
            else recipient
            for recipient in merged
        ]
        repeated = any(recipient.error is _REPEATED for recipient in planned)
        blocked_by = "repeat" if repeated else None
        count = sum(recipient.error is None for recipient in planned)
        room_at = guard.room_at(count, self._outbox.outstanding, now)
        if count and (room_at is None or room_at > now):
            blocked_by = "hourly_limit"
        return _Plan(
            recipients=planned,
            measured=measured,
            blocked_by=blocked_by,
            room_at=room_at,
        )

    def _parcels(self, draft: Draft, plan: _Plan, now: float) -> list[Parcel]:
        """Return what each request carries: one kind, one sender, so many numbers.

        A number that something is held for goes into a parcel of its own kind, which
        waits behind that.
        """
        groups: dict[tuple[SendType, SendType | None, str, bool], list[Recipient]] = {}
        for recipient in plan.recipients:
            if recipient.error is None:
                type_, fallback = _send_types(draft.type, recipient.way, plan.measured)
                sender = draft.sender or recipient.sender or self._settings.sender
                behind = self._outbox.is_held(recipient.number)
                groups.setdefault((type_, fallback, sender, behind), []).append(
                    recipient
                )
        hold = self._settings.hold if draft.hold is None else draft.hold
        schedule = draft.schedule and self._settings.to_portal(draft.schedule)
        return [
            Parcel(
                created=now,
                expires=now + hold.total_seconds(),
                type=type_,
                fallback=fallback,
                sender=sender,
                text=draft.text,
                route=draft.channel if type_ is SendType.WHATSAPP else None,
                file=draft.file,
                schedule=schedule,
                follow_from=draft.schedule.timestamp() if draft.schedule else 0,
                addressees=[
                    Addressee(number=recipient.number, name=recipient.name)
                    for recipient in batch
                ],
            )
            for (type_, fallback, sender, _), group in groups.items()
            for batch in batched(group, MAX_RECIPIENTS, strict=False)
        ]

    def _report(self, plan: _Plan, outcomes: dict[str, Outcome]) -> Report:
        return Report(
            outcomes=tuple(
                outcomes.get(recipient.number)
                or Outcome(
                    number=recipient.number,
                    name=recipient.name,
                    way=recipient.way,
                    status=Status.FAILED if recipient.error else Status.READY,
                    reason=recipient.error,
                )
                for recipient in plan.recipients
            ),
            measured=plan.measured,
            blocked_by=plan.blocked_by,
        )

    def _limit_error(self, room_at: float | None) -> ServiceValidationError:
        limit = str(self._outbox.guard.limit)
        if room_at is None:
            return _invalid("over_hourly_limit", limit=limit)
        when = dt_util.as_local(dt_util.utc_from_timestamp(room_at))
        return _invalid("hourly_limit", limit=limit, next=when.strftime("%H:%M:%S"))


def _check(draft: Draft, recipients: list[Recipient]) -> EncodedText:
    """Measure a text, or raise for a draft that cannot go out as it is."""
    try:
        draft.text.encode()
    except UnicodeEncodeError:
        raise _invalid("not_a_text") from None
    measured = measure(draft.text)
    types = {
        type_
        for recipient in recipients
        for type_ in _send_types(draft.type, recipient.way, measured)
        if type_ is not None
    }
    if draft.file is not None and not types & _WITH_MEDIA:
        raise _invalid("media_needs_type")
    if SendType.FLASH in types and measured.encoding is Encoding.UCS2:
        raise _invalid("flash_not_gsm")
    if not types & _IN_SEGMENTS:
        return replace(measured, segments=1)
    if measured.segments > draft.max_segments:
        raise _invalid(
            "too_long", segments=str(measured.segments), limit=str(draft.max_segments)
        )
    return measured


def _invalid(key: str, **placeholders: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
    )


def _send_types(
    type_: MessageType, way: Way, measured: EncodedText
) -> tuple[SendType, SendType | None]:
    """Return the portal's kind of message for a recipient, and its fallback.

    Text that GSM 7-bit cannot carry would arrive as question marks as `sms`.
    """
    sms = SendType.UNICODE if measured.encoding is Encoding.UCS2 else SendType.SMS
    if type_ is MessageType.AUTO and way is Way.WHATSAPP_THEN_SMS:
        return SendType.WHATSAPP, sms
    if type_ is MessageType.AUTO and way is Way.WHATSAPP:
        return SendType.WHATSAPP, None
    if type_ in {MessageType.AUTO, MessageType.SMS}:
        return sms, None
    return SendType(type_.value), None


def _outcome_now(parcel: Parcel, addressee: Addressee) -> Outcome:
    """Return what can be told of a recipient when the caller's time is up."""
    outcome = parcel.outcome(addressee)
    if parcel.stage is Stage.LEAVING and outcome.status in {Status.READY, Status.HELD}:
        return replace(outcome, status=Status.UNKNOWN, reason="no answer in time")
    return outcome


def _merge(recipients: Iterable[Recipient]) -> list[Recipient]:
    """Return the recipients with each number once, as it was first named."""
    merged: dict[str, Recipient] = {}
    for recipient in recipients:
        merged.setdefault(recipient.number, recipient)
    return list(merged.values())
