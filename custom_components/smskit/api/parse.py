"""Parser for the portal's answers.

PHP portals print notices before their JSON, omit commas or add extra ones, mix numbers
and strings, and represent "nothing" in several ways. This module handles all of that,
so that other modules get clean, typed data, of a length that somebody may mean. A
truncated body is never parsed as if it were complete. Whatever the body is, the work on
it is linear: nobody knows who wrote it.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
import json
import re
from typing import Any, Final

from . import bounds, handwritten, inferred
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
from .page import page_start
from .report_words import delivery_status
from .words import one_line, status_words, version_words

type Answer = Mapping[str, Any]
type Scrub = Callable[[str], str]
"""Removes from words of the portal what the request was about."""
type _Pairs = list[tuple[str, Any]]

# Possessive, and without a choice to remember for each character.
_STRING: Final = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TOKEN: Final = re.compile(
    rf"\s*+(?:(?P<string>{_STRING})|(?P<open>[{{\[])|(?P<close>[}}\]])"
    r"|(?P<comma>,)|(?P<colon>:)|(?P<word>[\w.+-]++))",
    re.DOTALL,
)
_OBJECT: Final = re.compile(rf'\{{\s*+(?:{_STRING}\s*+:|"[^"]*+\Z)', re.DOTALL)
# What a web server may add to an answer.
_REST: Final = re.compile(r"\s*+(?:<[^{}\[\]]*+)?\Z")
# Before an answer, there are notices; few of them have a brace.
_MAX_OBJECT_STARTS: Final = 10
# In all attempts to repair one body.
_MAX_TOKENS: Final = 100_000
_REASONS: Final = ("message", "error", "notice")
# What a portal that sends at once answers; others accept, and send later.
_OUTCOMES: Final = frozenset({"sent", "failed"})
_SEND: Final = "sendsms"
_COMPLETED: Final = "completed"
_LONGEST_PLAN: Final = 64
_EXPONENT: Final = re.compile(r"\de[+-]?\d", re.IGNORECASE)
# A date of another year cannot be converted, or is none.
_YEARS: Final = range(1970, 9999)
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
    if (start := next(_object_starts(body), None)) is None:
        return None
    try:
        answer, end = decoder(_without_repeats).raw_decode(body, start)
    except ValueError, RecursionError:
        return None
    return lower(answer) if _REST.match(body, end) else None


def decoder(
    hook: Callable[[_Pairs], dict[str, Any]], *, strict: bool = True
) -> json.JSONDecoder:
    """Return a decoder that takes any number, however large it is."""
    return json.JSONDecoder(
        strict=strict,
        parse_int=_integer,
        parse_float=_decimal,
        parse_constant=str,
        object_pairs_hook=hook,
    )


def _integer(word: str) -> int | str:
    return int(word) if len(word) <= bounds.ID else word


def _decimal(word: str) -> Decimal | str:
    """Return a number; what nobody can calculate with stays the word that it is."""
    try:
        number = Decimal(word)
    except InvalidOperation:
        return word
    is_sensible = len(word) <= bounds.ID and abs(number.adjusted()) < bounds.DIGITS
    return number if is_sensible else word


class FlawedRecord(dict[str, Any]):
    """An object in which a key occurred twice; it has the first value of each."""


def _without_repeats(pairs: _Pairs) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("an object with a key twice")
    return result


def _with_repeats(pairs: _Pairs) -> dict[str, Any]:
    result = dict(reversed(pairs))
    return result if len(result) == len(pairs) else FlawedRecord(result)


def lower(answer: Mapping[str, Any]) -> Answer:
    """Return an object with its keys in lower case."""
    return {str(key).lower(): value for key, value in answer.items()}


def _decode(body: str, hook: Callable[[_Pairs], dict[str, Any]]) -> Answer:
    decode = decoder(hook, strict=False)
    tokens = _MAX_TOKENS
    for start in _object_starts(body):
        try:
            answer, end = decode.raw_decode(body, start)
        except ValueError, RecursionError:
            repair = _Repair(tokens)
            try:
                repaired, end = repair.commas(body, start)
                answer = decode.decode(repaired)
            except ValueError, RecursionError:
                tokens = repair.left
                if tokens <= 0 or _OBJECT.match(body, start):
                    # This is the broken answer; an object inside it is not the answer.
                    break
                continue
        # Neither an object in a notice nor an empty one is the answer.
        if isinstance(answer, dict) and answer:
            if not _REST.match(body, end):
                # A text ended the answer, and what stands behind it would be lost.
                break
            return lower(answer)
    raise ValueError("no whole JSON object")


def _object_starts(body: str) -> Iterator[int]:
    """Yield where the answer may begin: not in a page."""
    start = body.find("{")
    if start < 0:
        return
    if not body[:start].strip():
        yield start
    else:
        start = -1
    end = page_start(body)
    for _ in range(_MAX_OBJECT_STARTS):
        start = body.find("{", start + 1, end)
        if start < 0:
            return
        yield start


class _Repair:
    """Repairs commas, within a budget of tokens."""

    def __init__(self, tokens: int) -> None:
        """Initialize the repair with how many tokens it may read."""
        self.left = tokens

    def commas(self, body: str, start: int) -> tuple[str, int]:
        """Return the object at `start` with commas as JSON requires them, and its end.

        Raises ValueError if the object is truncated, or too long.
        """
        parts: list[str] = []
        depth = 0
        # Only a token that follows a complete value needs a comma before it.
        value_ended = False
        position = start
        while self.left > 0 and (match := _TOKEN.match(body, position)):
            self.left -= 1
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


def raise_if_refused(answer: Answer, scrub: Scrub) -> None:
    """Raise RefusedError if the answer is a refusal.

    InvalidAuthError if its words may be about credentials.
    """
    status, said = _status(answer)
    if status not in inferred.REFUSED_STATUS:
        return
    # The scrubber cuts them: it has to know whether something was cut off.
    reasons = (text(answer.get(key), 2 * bounds.WORDS) for key in _REASONS)
    raw = next(filter(None, reasons), said)
    # Without what was sent: a message may be about credentials.
    reason = scrub(raw)
    if inferred.AUTH_REFUSAL.search(reason):
        raise InvalidAuthError(reason)
    raise RefusedError(
        reason, concerns_all=inferred.CONCERNS_ALL.search(reason) is not None
    )


def text(value: object, most: int = bounds.NAME) -> str:
    """Return a string or a number as stripped text, or "" for anything else.

    It is cut to `most` characters.
    """
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, str | int | Decimal):
        return _replace_surrogates(str(value).strip()[:most]).strip()
    return ""


def _replace_surrogates(value: str) -> str:
    """Return a string without lone surrogates, which cannot be stored."""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _optional(value: object) -> str | None:
    return text(value) or None


def _id(value: object) -> str | None:
    written = text(value, bounds.ID + 1)
    return written if 0 < len(written) <= bounds.ID else None


def _required_id(answer: Answer, key: str) -> str:
    if value := _id(answer.get(key)):
        return value
    raise NotAPortalError(f"an answer without {key}")


def _amount(value: object) -> Decimal:
    """Return an amount such as 12345, "1,234.50" or "1 234,50"."""
    if not (written := text(value)):
        raise NotAPortalError("an answer without balance")
    if isinstance(value, int | Decimal):
        return _sensible(Decimal(value))
    if _EXPONENT.search(written):
        raise NotAPortalError("a balance that is not a number")
    digits = re.sub(r"[^\d.,+-]", "", written)
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma > point and not re.fullmatch(r"[+-]?[1-9]\d{0,2}(,\d{3})+", digits):
        digits = digits.replace(".", "").replace(",", ".")
    else:
        digits = digits.replace(",", "")
    try:
        return _sensible(Decimal(digits))
    except InvalidOperation:
        raise NotAPortalError("a balance that is not a number") from None


def _sensible(amount: Decimal) -> Decimal:
    if abs(amount.adjusted()) >= bounds.DIGITS:
        raise NotAPortalError("a balance that is not a number")
    return amount


def _date(value: object) -> datetime | None:
    """Return a naive time in the portal's time zone, or None for an invalid date."""
    for format_ in _DATE_FORMATS:
        try:
            # The API does not report the portal's time zone: the caller adds it.
            date = datetime.strptime(text(value), format_)  # noqa: DTZ007 - no portal says its zone
        except ValueError:
            continue
        return date if date.year in _YEARS else None
    return None


def _items(value: object) -> list[Answer]:
    """Return the objects of a list, which may be an object with numeric keys."""
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return []
    return [
        FlawedRecord(lower(item)) if isinstance(item, FlawedRecord) else lower(item)
        for item in value[: bounds.ITEMS]
        if isinstance(item, dict)
    ]


def _listed(answer: Answer, key: str, scrub: Scrub) -> list[Answer]:
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
    words = text(answer.get(key), 2 * bounds.WORDS)
    end = inferred.STATUS_SEPARATOR.search(words)
    if end is None:
        return words.lower(), ""
    return words[: end.start()].strip().lower(), words[end.end() :].strip(" )]")


def balance(answer: Answer) -> Balance:
    """Parse the answer of `balance`."""
    value = answer.get("balance", ...)
    if (value.strip() if isinstance(value, str) else value) in inferred.NO_BALANCE:
        return Balance(amount=Decimal(0))
    return Balance(amount=_amount(value))


def accepted(answer: Answer, scrub: Scrub, count: int) -> Accepted:
    """Parse the answer of `sendsms` to a submission to so many numbers.

    A group is an acceptance, whatever the word beside it: portals that send at once say
    how the last number fared, and `failed` may be true of that one alone.
    """
    status, _ = _status(answer)
    group_id = group(_id(answer.get("group_id")) or "")
    messages = [
        delivery_status(text(item.get("status")))
        for item in _items(answer.get("messages"))
    ]
    if group_id is None and DeliveryStatus.SENT not in messages:
        raise_if_refused(answer, scrub)
        if status not in inferred.ACCEPTED_STATUS:
            raise NotAPortalError("an unknown status in the answer to a send")
    if group_id is None and text(answer.get("request")).lower() != _SEND:
        # Whoever answers like this may know nothing of messages.
        raise NotAPortalError("an acceptance without a group or the request's name")
    # "success" and "ok" mean that it was accepted, not that it was delivered.
    outcomes = messages or [
        delivery_status(status) if status in _OUTCOMES else DeliveryStatus.QUEUED
    ]
    all_sent = len(outcomes) == count and set(outcomes) == {DeliveryStatus.SENT}
    notice = text(answer.get("notice"), 2 * bounds.WORDS)
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
            id=_id(item.get("id")),
            to=text(item.get("to")).lstrip("+"),
            status=delivery_status(text(item.get("status"))),
        )
        for item in _items(answer.get("recipients"))
    )
    is_whole = 0 < len(recipients) < bounds.ITEMS
    return GroupStatus(
        group_id=_required_id(answer, "group_id"),
        status=status,
        is_completed=is_whole and _status(answer, "group_status")[0] == _COMPLETED,
        recipients=recipients,
        date=_date(answer.get("date")),
    )


def inbox(answer: Answer, scrub: Scrub) -> tuple[InboxMessage, ...]:
    """Parse the answer of `getinbox`, in the portal's order."""
    return tuple(
        InboxMessage(
            id=_id(item.get("id")),
            sender=text(item.get("from")).lstrip("+"),
            recipient=text(item.get("to")).lstrip("+") or None,
            text=message_text(item.get("message")),
            date=_date(item.get("date")),
            is_ambiguous=isinstance(item, FlawedRecord)
            or not text(item.get("from"))
            or '"' in text(item.get("from")),
        )
        for item in _listed(answer, "inbox", scrub)
    )


def message_text(value: object) -> str:
    """Return a message text unchanged, including its whitespace."""
    if isinstance(value, str):
        return _replace_surrogates(value[: bounds.TEXT])
    return text(value)


def channels(answer: Answer, scrub: Scrub) -> tuple[Channel, ...]:
    """Parse the answer of `listchannel`."""
    listed = _listed(answer, "channels", scrub)[: bounds.CHANNELS]
    return tuple(Channel(**_channel(item)) for item in listed)


def channel_details(answer: Answer, scrub: Scrub) -> ChannelDetails:
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
        "channel_id": _required_id(item, "channel_id"),
        "gateway_id": _id(item.get("gateway_id")),
        "number": text(item.get("whatsapp_number")).lstrip("+") or None,
        "label": one_line(text(item.get("label")), bounds.NAME) or None,
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
        channel_id=_required_id(answer, "channel_id"),
        gateway_id=_id(answer.get("gateway_id")),
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
    is_number = count.isdecimal() and len(count) <= bounds.DIGITS
    return int(count) if is_number else None
