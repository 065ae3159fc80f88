"""Parser for the portal's answers.

PHP portals print notices before their JSON, omit commas or add extra ones, mix numbers
and strings, and represent "nothing" in several ways. This module handles all of that,
so that other modules get clean, typed data. A truncated body is never parsed as if it
were complete.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
import json
import re
from typing import Any, Final

from . import handwritten, inferred
from .errors import InvalidAuthError, NotAPortalError, RefusedError
from .models import (
    Accepted,
    Balance,
    Channel,
    ChannelDetails,
    Connection,
    DeliveryStatus,
    GroupRecipient,
    GroupStatus,
    InboxMessage,
    NewChannel,
)
from .report_words import delivery_status
from .words import one_line, status_words, version_words

type Answer = Mapping[str, Any]

_TOKEN: Final = re.compile(
    r'\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<open>[{\[])|(?P<close>[}\]])'
    r"|(?P<comma>,)|(?P<colon>:)|(?P<word>[\w.+-]+))",
    re.DOTALL,
)
_OBJECT: Final = re.compile(r'\{\s*(?:"(?:[^"\\]|\\.)*"\s*:|"[^"]*$)', re.DOTALL)
# What a web server may add to an answer.
_REST: Final = re.compile(r"\s*+(?:<[^{}\[\]]*+)?\Z")
_MAX_OBJECT_STARTS: Final = 50
_REASONS: Final = ("message", "error", "notice")
# What a portal that sends at once answers; others accept, and send later.
_OUTCOMES: Final = frozenset({"sent", "failed"})
_COMPLETED: Final = "completed"
_LONGEST_PLAN: Final = 64
_LONGEST_LABEL: Final = 256
_DATE_FORMATS: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M")


def parse_answer(body: str) -> Answer:
    """Return the JSON object in a body, ignoring PHP output around it.

    Raises ValueError if there is no complete object, or if one has a key twice: then
    nobody can tell which of the two the portal wrote.
    """
    try:
        return _decode(body, _without_repeats)
    except ValueError:
        if (escaped := handwritten.escape(body)) is None:
            raise
        return _decode(escaped, _without_repeats)


def parse_flawed(body: str) -> Answer:
    """Return the JSON object in a body as `parse_answer`, with flaws in its records.

    Records that have a key twice are `FlawedRecord`.
    """
    return _decode(body, _with_repeats)


def parse_flawless(body: str) -> Answer | None:
    """Return the JSON object in a body if nothing in or after it is wrong."""
    decoder = json.JSONDecoder(parse_float=Decimal, object_pairs_hook=_without_repeats)
    try:
        answer, end = decoder.raw_decode(body, body.find("{"))
    except ValueError, RecursionError:
        return None
    return _lower(answer) if _REST.match(body, end) else None


class FlawedRecord(dict[str, Any]):
    """An object in which a key occurred twice; it has the first value of each."""


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("an object with a key twice")
    return result


def _with_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(reversed(pairs))
    return result if len(result) == len(pairs) else FlawedRecord(result)


def _lower(answer: Mapping[str, Any]) -> Answer:
    return {str(key).lower(): value for key, value in answer.items()}


def _decode(
    body: str, hook: Callable[[list[tuple[str, Any]]], dict[str, Any]]
) -> Answer:
    decoder = json.JSONDecoder(
        strict=False, parse_float=Decimal, object_pairs_hook=hook
    )
    for start in _object_starts(body):
        try:
            answer, end = decoder.raw_decode(body, start)
        except ValueError, RecursionError:
            try:
                repaired, end = _repair_commas(body, start)
                answer = decoder.decode(repaired)
            except ValueError, RecursionError:
                if _OBJECT.match(body, start):
                    # This is the broken answer; an object inside it is not the answer.
                    break
                continue
        # Neither an object in a notice nor an empty one is the answer.
        if isinstance(answer, dict) and answer:
            if not _REST.match(body, end):
                # A text ended the answer, and what stands behind it would be lost.
                break
            return _lower(answer)
    raise ValueError("no whole JSON object")


def _object_starts(body: str) -> Iterator[int]:
    start = -1
    for _ in range(_MAX_OBJECT_STARTS):
        start = body.find("{", start + 1)
        if start < 0:
            return
        yield start


def _repair_commas(body: str, start: int) -> tuple[str, int]:
    """Return the object at `start` with its commas as JSON requires them, and its end.

    Raises ValueError if the object is truncated.
    """
    parts: list[str] = []
    depth = 0
    # Only a token that follows a complete value needs a comma before it.
    value_ended = False
    position = start
    while match := _TOKEN.match(body, position):
        position = match.end()
        kind = match.lastgroup
        token = match[kind] if kind else ""
        if kind == "comma":
            continue
        if kind == "close":
            depth -= 1
            value_ended = True
        elif kind == "colon":
            value_ended = False
        else:
            if value_ended:
                parts.append(",")
            depth += kind == "open"
            value_ended = kind != "open"
        parts.append(token)
        if depth == 0:
            return "".join(parts), position
    raise ValueError("the object is truncated")


def raise_if_refused(answer: Answer, scrub: Callable[[str], str]) -> None:
    """Raise RefusedError if the answer is a refusal.

    InvalidAuthError if its words may be about credentials.
    """
    status, said = _status(answer)
    if status not in inferred.REFUSED_STATUS:
        return
    raw = next(filter(None, map(text, map(answer.get, _REASONS))), said)
    # Without what was sent: a message may be about credentials.
    reason = scrub(raw)
    if inferred.AUTH_REFUSAL.search(reason):
        raise InvalidAuthError(reason)
    raise RefusedError(
        reason, concerns_all=inferred.CONCERNS_ALL.search(reason) is not None
    )


def text(value: object) -> str:
    """Return a string or a number as stripped text, or "" for anything else."""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, str | int | Decimal):
        return _replace_surrogates(str(value)).strip()
    return ""


def _replace_surrogates(value: str) -> str:
    """Return a string without lone surrogates, which cannot be stored."""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _optional(value: object) -> str | None:
    return text(value) or None


def _required(answer: Answer, key: str) -> str:
    if value := text(answer.get(key)):
        return value
    raise NotAPortalError(f"an answer without {key}")


def _amount(value: object) -> Decimal:
    """Return an amount such as 12345, "1,234.50" or "1 234,50"."""
    if isinstance(value, int | Decimal):
        return Decimal(value)
    digits = re.sub(r"[^\d.,+-]", "", text(value))
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma > point and not re.fullmatch(r"[+-]?[1-9]\d{0,2}(,\d{3})+", digits):
        digits = digits.replace(".", "").replace(",", ".")
    else:
        digits = digits.replace(",", "")
    try:
        return Decimal(digits)
    except InvalidOperation:
        raise NotAPortalError("a balance that is not a number") from None


def _date(value: object) -> datetime | None:
    """Return a naive time in the portal's time zone, or None for an invalid date."""
    for format_ in _DATE_FORMATS:
        try:
            # The API does not report the portal's time zone: the caller adds it.
            return datetime.strptime(text(value), format_)  # noqa: DTZ007
        except ValueError:
            continue
    return None


def _items(value: object) -> list[Answer]:
    """Return the objects of a list, which may be an object with numeric keys."""
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return []
    return [
        FlawedRecord(_lower(item)) if isinstance(item, FlawedRecord) else _lower(item)
        for item in value
        if isinstance(item, dict)
    ]


def _listed(answer: Answer, key: str, scrub: Callable[[str], str]) -> list[Answer]:
    """Return the objects of a listing; "nothing found" is an empty listing."""
    try:
        raise_if_refused(answer, scrub)
    except InvalidAuthError:
        raise
    except RefusedError as err:
        if inferred.EMPTY_LIST_REFUSAL.search(err.reason):
            return []
        raise
    if key not in answer and _status(answer)[0] != "success":
        raise NotAPortalError(f"an answer without {key}")
    return _items(answer.get(key))


def _status(answer: Answer, key: str = "status") -> tuple[str, str]:
    """Return a status as one word, and what the portal says behind it."""
    words = text(answer.get(key))
    end = inferred.STATUS_SEPARATOR.search(words)
    if end is None:
        return words.lower(), ""
    return words[: end.start()].strip().lower(), words[end.end() :].strip(" )]")


def balance(answer: Answer) -> Balance:
    """Parse the answer of `balance`."""
    value = answer.get("balance", ...)
    if (value.strip() if isinstance(value, str) else value) in inferred.NO_BALANCE:
        return Balance(amount=Decimal(0))
    _required(answer, "balance")
    return Balance(amount=_amount(answer["balance"]))


def accepted(answer: Answer, count: int, scrub: Callable[[str], str]) -> Accepted:
    """Parse the answer of `sendsms` to a submission to so many numbers.

    A group is an acceptance, whatever the word beside it: portals that send at once say
    how the last number fared, and `failed` may be true of that one alone.
    """
    status, _ = _status(answer)
    group_id = group(text(answer.get("group_id")))
    messages = [
        delivery_status(text(item.get("status")))
        for item in _items(answer.get("messages"))
    ]
    if group_id is None and DeliveryStatus.SENT not in messages:
        raise_if_refused(answer, scrub)
        if status not in inferred.ACCEPTED_STATUS:
            raise NotAPortalError("an unknown status in the answer to a send")
    # "success" and "ok" mean that it was accepted, not that it was delivered.
    outcomes = messages or [
        delivery_status(status) if status in _OUTCOMES else DeliveryStatus.QUEUED
    ]
    all_sent = len(outcomes) == count and set(outcomes) == {DeliveryStatus.SENT}
    notice = text(answer.get("notice"))
    return Accepted(
        group_id=group_id,
        all_sent=all_sent,
        is_processed=bool(messages) or status in _OUTCOMES,
        notice=scrub(notice) if notice else None,
        date=_date(answer.get("date")),
    )


def group(value: str) -> str | None:
    """Return the ID of a group: zero is none, as for what the portal sends later."""
    return value if value.strip("0") else None


def group_status(answer: Answer) -> GroupStatus:
    """Parse the answer of `groupstatus`."""
    status = text(answer.get("group_status")).lower()
    recipients = tuple(
        GroupRecipient(
            id=_optional(item.get("id")),
            to=text(item.get("to")).lstrip("+"),
            status=delivery_status(text(item.get("status"))),
        )
        for item in _items(answer.get("recipients"))
    )
    return GroupStatus(
        group_id=_required(answer, "group_id"),
        status=status,
        is_completed=_status(answer, "group_status")[0] == _COMPLETED
        and bool(recipients),
        recipients=recipients,
        date=_date(answer.get("date")),
    )


def inbox(answer: Answer, scrub: Callable[[str], str]) -> tuple[InboxMessage, ...]:
    """Parse the answer of `getinbox`, in the portal's order."""
    return tuple(
        InboxMessage(
            id=_optional(item.get("id")),
            sender=text(item.get("from")).lstrip("+"),
            recipient=text(item.get("to")).lstrip("+") or None,
            text=_message_text(item.get("message")),
            date=_date(item.get("date")),
            is_ambiguous=isinstance(item, FlawedRecord)
            or not text(item.get("from"))
            or '"' in text(item.get("from")),
        )
        for item in _listed(answer, "inbox", scrub)
    )


def _message_text(value: object) -> str:
    """Return a message text unchanged, including its whitespace."""
    return _replace_surrogates(value) if isinstance(value, str) else text(value)


def channels(answer: Answer, scrub: Callable[[str], str]) -> tuple[Channel, ...]:
    """Parse the answer of `listchannel`."""
    return tuple(
        Channel(**_channel(item)) for item in _listed(answer, "channels", scrub)
    )


def channel_details(answer: Answer, scrub: Callable[[str], str]) -> ChannelDetails:
    """Parse the answer of `viewchannel`."""
    return ChannelDetails(
        **_channel(answer),
        plan=one_line(scrub(text(answer.get("plan"))), _LONGEST_PLAN) or None,
        version=version_words(text(answer.get("whatsapp_version"))),
        device_status=status_words(text(answer.get("device_status")), scrub),
        connection=_connection(answer.get("device_status")),
        up_time=_duration(answer.get("up_time")),
        subscription_end=_date(answer.get("subscription_end")),
    )


def _channel(item: Answer) -> dict[str, Any]:
    return {
        "channel_id": _required(item, "channel_id"),
        "gateway_id": _optional(item.get("gateway_id")),
        "number": text(item.get("whatsapp_number")).lstrip("+") or None,
        "label": one_line(text(item.get("label")), _LONGEST_LABEL) or None,
        "last_sync": _date(item.get("last_sync")),
    }


def _connection(value: object) -> Connection:
    status = " ".join(re.findall(r"[^\W_]+", text(value).lower()))
    if status in inferred.CONNECTED:
        return Connection.CONNECTED
    if status in inferred.EXPIRED:
        return Connection.EXPIRED
    if status in inferred.NOT_CONNECTED:
        return Connection.NOT_CONNECTED
    return Connection.UNKNOWN


def _duration(value: object) -> timedelta | None:
    """Return a duration from hours, minutes and seconds; hours may exceed 24."""
    match = re.fullmatch(r"(\d{1,6}):([0-5]?\d):([0-5]?\d)", text(value))
    if match is None:
        return None
    hours, minutes, seconds = map(int, match.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def new_channel(answer: Answer) -> NewChannel:
    """Parse the answer of `createchannel`."""
    return NewChannel(
        channel_id=_required(answer, "channel_id"),
        gateway_id=_optional(answer.get("gateway_id")),
        subscription_end=_date(answer.get("subscription_end")),
    )


def is_success(answer: Answer) -> bool:
    """Return whether an answer reports success."""
    return _status(answer)[0] in inferred.ACCEPTED_STATUS


def done(answer: Answer) -> None:
    """Raise NotAPortalError unless the answer reports success."""
    if not is_success(answer):
        raise NotAPortalError("an answer with an unknown status")


def queue_count(answer: Answer) -> int | None:
    """Parse the answer of `clearqueue`: the count, if the portal reports one."""
    done(answer)
    count = text(answer.get("queue_count"))
    return int(count) if count.isdecimal() else None
