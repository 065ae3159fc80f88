"""From a draft and its recipients to what became of it.

A draft is checked as a whole, made into parcels, handed to the dispatcher, and its
outcomes are read off the parcels once each has something to tell.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import batched
import time
from typing import TYPE_CHECKING, Final

from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util

from ..api import MAX_RECIPIENTS, SendType
from ..const import DOMAIN
from ..limit_issue import LimitIssue
from ..settings import Settings
from .batch import Addressee, Parcel, Stage
from .dispatcher import Dispatcher
from .encoding import EncodedText, Encoding, measure
from .models import Draft, MessageType, Outcome, Recipient, Report, Status, Way
from .outbox import Outbox

if TYPE_CHECKING:
    from ..channels.poller import ChannelCoordinator

# Longer than a request may take: a call ends with what is known by then.
_CALL_TIMEOUT: Final = 45.0

# The kinds of message that are counted in segments.
_IN_SEGMENTS: Final = frozenset({SendType.SMS, SendType.UNICODE, SendType.FLASH})
_WITH_MEDIA: Final = frozenset({SendType.WHATSAPP, SendType.MMS, SendType.VOICE})

_REPEATED: Final = "the same text went there less than a minute ago"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Leg:
    """How a message goes to one number, or why it does not."""

    recipient: Recipient
    type: SendType
    fallback: SendType | None
    route: str | None
    error: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    """A draft that was checked."""

    legs: list[_Leg]
    """One for each number, in the order of the recipients."""
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
        channels: ChannelCoordinator,
        limit_issue: LimitIssue,
    ) -> None:
        """Send by way of an outbox and its dispatcher."""
        self._settings = settings
        self._channels = channels
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
        legs = [self._leg(draft, recipient, measured, now) for recipient in merged]
        count = sum(leg.error is None for leg in legs)
        room_at = self._outbox.guard.room_at(count, self._outbox.outstanding, now)
        blocked_by: str | None = None
        if count and (room_at is None or room_at > now):
            blocked_by = "hourly_limit"
        elif any(leg.error is _REPEATED for leg in legs):
            blocked_by = "repeat"
        return _Plan(
            legs=legs, measured=measured, blocked_by=blocked_by, room_at=room_at
        )

    def _leg(
        self, draft: Draft, recipient: Recipient, measured: EncodedText, now: float
    ) -> _Leg:
        """Decide how a message goes to a number."""
        type_, fallback = _send_types(draft.type, recipient.way, measured)
        route, error = None, recipient.error
        if type_ is SendType.WHATSAPP and error is None:
            route, error = self._channels.route(draft.channel or recipient.channel)
            if error is not None and fallback is not None:
                type_, fallback, error = fallback, None, None
        if (
            error is None
            and not draft.allow_repeat
            and self._outbox.guard.is_repeat(recipient.number, draft.text, now)
        ):
            error = _REPEATED
        return _Leg(
            recipient=recipient,
            type=type_,
            fallback=fallback,
            route=route,
            error=error,
        )

    def _parcels(self, draft: Draft, plan: _Plan, now: float) -> list[Parcel]:
        """Return what each request carries: one kind, one sender, so many numbers.

        A number that something is held for goes into a parcel of its own kind, which
        waits behind that.
        """
        hold = self._settings.hold if draft.hold is None else draft.hold
        groups: dict[tuple[object, ...], list[_Leg]] = {}
        for leg in plan.legs:
            if leg.error is None:
                behind = self._outbox.is_held(leg.recipient.number)
                sender = self._sender_id(draft, leg.recipient)
                kind = (leg.type, leg.fallback, leg.route, sender, behind)
                groups.setdefault(kind, []).append(leg)
        return [
            Parcel(
                created=now,
                expires=now + hold.total_seconds(),
                type=batch[0].type,
                fallback=batch[0].fallback,
                sender=self._sender_id(draft, batch[0].recipient),
                text=draft.text,
                route=batch[0].route,
                file=draft.file if batch[0].type in _WITH_MEDIA else None,
                schedule=draft.schedule and self._settings.to_portal(draft.schedule),
                follow_from=draft.schedule.timestamp() if draft.schedule else 0,
                addressees=[
                    Addressee(number=leg.recipient.number, name=leg.recipient.name)
                    for leg in batch
                ],
            )
            for group in groups.values()
            for batch in batched(group, MAX_RECIPIENTS, strict=False)
        ]

    def _sender_id(self, draft: Draft, recipient: Recipient) -> str:
        return draft.sender or recipient.sender or self._settings.sender

    def _report(self, plan: _Plan, outcomes: dict[str, Outcome]) -> Report:
        return Report(
            outcomes=tuple(
                outcomes.get(leg.recipient.number)
                or Outcome(
                    number=leg.recipient.number,
                    name=leg.recipient.name,
                    way=leg.recipient.way,
                    status=Status.FAILED if leg.error else Status.READY,
                    reason=leg.error,
                )
                for leg in plan.legs
            ),
            measured=plan.measured,
            blocked_by=plan.blocked_by,
        )

    def _limit_error(self, room_at: float | None) -> ServiceValidationError:
        limit = str(self._outbox.guard.limit)
        if room_at is None:
            if waiting := self._outbox.outstanding:
                key = "over_hourly_limit_waiting"
                return _invalid(key, limit=limit, waiting=str(waiting))
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
