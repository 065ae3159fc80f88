"""Planning of drafts: recipients become batches or errors; nothing is sent here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import batched
import time
from typing import Any, Final

from homeassistant.exceptions import ServiceValidationError

from ..api import MAX_RECIPIENTS, SendType
from ..const import DOMAIN
from ..portal_clock import PortalClock, ZoneSource
from ..settings import Settings
from .batch import Batch, BatchRecipient
from .encoding import EncodedText, Encoding, keep_from_tag_removal, measure
from .limits import Original
from .models import Draft, MessageType, Priority, Recipient, Via, both_of
from .outbox import Outbox
from .reasons import FailureReason
from .speech import speech_seconds

type FindRoute = Callable[[str | None], tuple[str | None, FailureReason | None]]
"""Returns the route for WhatsApp messages of a channel, and why there is none."""

# Message types that consist of segments.
_SEGMENTED: Final = frozenset({SendType.SMS, SendType.UNICODE, SendType.FLASH})
# No message has more, however it goes; what is done with one takes time.
_MAX_TEXT: Final = 65_536
WITH_MEDIA: Final = frozenset({SendType.WHATSAPP, SendType.MMS, SendType.VOICE})


@dataclass(frozen=True, kw_only=True, slots=True)
class Routed:
    """Route of a message to one recipient, or why it cannot be sent."""

    recipient: Recipient
    type: SendType
    fallback: SendType | None
    route: str | None
    error: FailureReason | None
    original: Original | None
    """What took the same text there a moment ago, so that this is not sent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Result of planning a draft."""

    draft: Draft
    """The draft, its title made part of the text."""
    body: str
    """What the portal gets as the text."""
    routed: list[Routed]
    """One route per number, in the order of the recipients."""
    sent: list[Routed]
    """Those of them that go out."""
    measured: EncodedText
    blocked_by: str | None
    available_at: float | None
    """When the hourly limit permits it, monotonic, or None if it never does."""


class Planner:
    """Plan the messages of an account."""

    def __init__(
        self,
        settings: Settings,
        clock: PortalClock,
        outbox: Outbox,
        find_route: FindRoute,
    ) -> None:
        """Initialize the planner."""
        self._settings = settings
        self._clock = clock
        self._outbox = outbox
        self._find_route = find_route

    def plan(self, draft: Draft, recipients: Iterable[Recipient]) -> Plan:
        """Validate a draft and route it for each number.

        Raises ServiceValidationError for a draft that cannot be sent at all.
        """
        if draft.schedule is not None and self._clock.source is ZoneSource.ASSUMED:
            # Sent hours early or late, it would do harm, and is paid for.
            raise invalid("schedule_without_zone")
        merged = _merge(recipients)
        text = keep_from_tag_removal(_compose(draft))
        measured = measure(text)
        draft = replace(draft, text=text, title=None)
        body = text
        if draft.template is not None:
            body = keep_from_tag_removal(draft.template.as_text())
        types = _types(draft, merged, measured)
        _validate(draft, types, measured)
        if not types & _SEGMENTED:
            measured = replace(measured, segments=1)
        routed = [self._route(draft, one, measured, body) for one in merged]
        sent = [one for one in routed if one.error is None and one.original is None]
        count = len(sent)
        now = time.monotonic()
        limit = self._outbox.limits[draft.priority]
        available_at = limit.available_at(count, now, limit.outstanding)
        blocked_by: str | None = None
        if count and (available_at is None or available_at > now):
            blocked_by = "hourly_limit"
        elif any(routed.original is not None for routed in routed):
            blocked_by = "repeat"
        return Plan(
            draft=draft,
            body=body,
            routed=routed,
            sent=sent,
            measured=measured,
            blocked_by=blocked_by,
            available_at=available_at,
        )

    def _route(
        self, draft: Draft, recipient: Recipient, measured: EncodedText, body: str
    ) -> Routed:
        """Return the route of a draft to one recipient."""
        type_, fallback = _send_types(draft, recipient.via, measured)
        route, error = draft.route, recipient.error
        if type_ is SendType.WHATSAPP and draft.template is not None:
            # WhatsApp Cloud has no channel that is paired with a phone.
            route = None
        elif type_ is SendType.WHATSAPP and error is None:
            route, error = self._find_route(draft.channel or recipient.channel)
            if error is not None and fallback is not None:
                type_, fallback, route, error = fallback, None, draft.route, None
        original: Original | None = None
        may_repeat = draft.allow_repeat or draft.priority is not Priority.NORMAL
        if error is None and not may_repeat:
            original = self._outbox.duplicates.find(recipient.number, body)
        return Routed(
            recipient=recipient,
            type=type_,
            fallback=fallback,
            route=route,
            error=error,
            original=original,
        )

    def batches(self, plan: Plan) -> list[Batch]:
        """Return the batches of a plan, one per request.

        All recipients of a batch share type, fallback, route and sender. Numbers with
        held messages go into separate batches, which wait behind those messages. One
        with a fallback has a batch of its own: only that number may need it.
        """
        draft, now = plan.draft, time.time()
        template = draft.template
        hold = self._settings.hold if draft.hold is None else draft.hold
        groups: dict[tuple[object, ...], list[Routed]] = {}
        for routed in plan.sent:
            behind = routed.recipient.number in self._outbox.held_numbers
            sender = self._sender_id(draft, routed.recipient)
            alone = routed.recipient.number if routed.fallback else None
            group_key = (routed.type, alone, routed.route, sender, behind)
            groups.setdefault(group_key, []).append(routed)
        return [
            Batch(
                created=now,
                expires=now + hold.total_seconds(),
                deadline=time.monotonic() + hold.total_seconds(),
                type=batch[0].type,
                priority=draft.priority,
                fallback=batch[0].fallback,
                sender=self._sender_id(draft, batch[0].recipient),
                text=draft.text or (template.summary() if template else ""),
                route=batch[0].route,
                fallback_route=draft.route if batch[0].fallback else None,
                body=plan.body,
                file=draft.file if batch[0].type in WITH_MEDIA else None,
                **self._voice(draft, batch[0].type),
                schedule=draft.schedule and self._clock.to_portal(draft.schedule),
                follow_from=draft.schedule.timestamp() if draft.schedule else 0,
                recipients=[
                    BatchRecipient(
                        number=routed.recipient.number,
                        name=routed.recipient.name,
                        subentry_ids=routed.recipient.subentry_ids,
                    )
                    for routed in batch
                ],
                numbers=frozenset(routed.recipient.number for routed in batch),
            )
            for group in groups.values()
            for batch in batched(group, MAX_RECIPIENTS, strict=False)
        ]

    def _voice(self, draft: Draft, type_: SendType) -> dict[str, Any]:
        """Return what a voice call has beside its text."""
        if type_ is not SendType.VOICE:
            return {}
        # A recording is in whatever language it is in.
        language = None if draft.file else self._settings.voice_language
        return {
            "language": draft.language or language,
            "duration": draft.duration or speech_seconds(draft.text),
        }

    def _sender_id(self, draft: Draft, recipient: Recipient) -> str:
        return draft.sender or recipient.sender or self._settings.sender


def _compose(draft: Draft) -> str:
    """Return the text of a message: its title has a line of its own.

    Raises ServiceValidationError for one that has nothing to say.
    """
    text = f"{draft.title}\n{draft.text}" if draft.title else draft.text
    if len(text) > _MAX_TEXT:
        raise invalid("text_too_long", limit=f"{_MAX_TEXT:,}")
    if not text.strip():
        if draft.template is None:
            raise invalid("empty_message")
        return ""
    return text


def _types(
    draft: Draft, recipients: list[Recipient], measured: EncodedText
) -> set[SendType]:
    """Return the types that a draft may be sent as."""
    return {
        type_
        for recipient in recipients
        for type_ in _send_types(draft, recipient.via, measured)
        if type_ is not None
    }


def _validate(draft: Draft, types: set[SendType], measured: EncodedText) -> None:
    """Raise if a draft cannot be sent as these types."""
    try:
        draft.text.encode()
        if draft.template is not None:
            draft.template.as_text().encode()
    except UnicodeEncodeError:
        raise invalid("not_a_text") from None
    _validate_types(draft, types)
    if SendType.FLASH in types and measured.encoding is Encoding.UCS2:
        raise invalid("flash_not_gsm")
    if types & _SEGMENTED and measured.segments > draft.max_segments:
        raise invalid(
            "too_long", segments=str(measured.segments), limit=str(draft.max_segments)
        )


def _validate_types(draft: Draft, types: set[SendType]) -> None:
    """Raise if a draft has what no message of these types can carry."""
    is_voice, has_file = SendType.VOICE in types, draft.file is not None
    has_voice = draft.language is not None or draft.duration is not None
    has_template, has_route = draft.template is not None, draft.route is not None
    wrong = {
        "media_needs_type": has_file and not types & WITH_MEDIA,
        "template_needs_whatsapp": has_template and SendType.WHATSAPP not in types,
        "template_with_media": has_template and has_file,
        "template_with_channel": has_template and draft.channel is not None,
        "route_or_channel": has_route and draft.channel is not None,
        "route_needs_sms": has_route and types == {SendType.WHATSAPP},
        "not_voice": has_voice and not is_voice,
        "duration_missing": is_voice and has_file and draft.duration is None,
    }
    for key, is_wrong in wrong.items():
        if is_wrong:
            raise invalid(key)


def invalid(key: str, **placeholders: str) -> ServiceValidationError:
    """Return the error of a draft that cannot be sent."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
    )


def _send_types(
    draft: Draft, via: Via, measured: EncodedText
) -> tuple[SendType, SendType | None]:
    """Return the portal's message type for a recipient, and its fallback.

    As `sms`, characters outside GSM 7-bit would arrive as question marks. A template
    goes by WhatsApp only: without a text, there is nothing to fall back to.
    """
    type_ = draft.type
    sms = SendType.UNICODE if measured.encoding is Encoding.UCS2 else SendType.SMS
    if type_ is MessageType.AUTO and via is Via.WHATSAPP_THEN_SMS:
        return SendType.WHATSAPP, sms if draft.text else None
    if type_ is MessageType.AUTO and draft.template is not None:
        return SendType.WHATSAPP, None
    if type_ is MessageType.AUTO and via is Via.WHATSAPP:
        return SendType.WHATSAPP, None
    if type_ in {MessageType.AUTO, MessageType.SMS}:
        return sms, None
    return SendType(type_.value), None


def _merge(recipients: Iterable[Recipient]) -> list[Recipient]:
    """Return the recipients without duplicate numbers; the first one is kept."""
    merged: dict[str, Recipient] = {}
    for recipient in recipients:
        first = merged.setdefault(recipient.number, recipient)
        if first is not recipient:
            ids = both_of(first.subentry_ids, recipient.subentry_ids)
            merged[recipient.number] = replace(first, subentry_ids=ids)
    return list(merged.values())
