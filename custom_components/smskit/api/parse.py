"""From the body of an answer to typed data.

PHP portals print notices before their JSON, leave commas out or put one too many,
mix numbers and strings and have several ways to say "nothing". All of that is
read here; past this file there is none of it. A body that breaks off is never read
as if it were whole.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
import json
import re
from typing import Any, Final

from . import inferred
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

type Answer = Mapping[str, Any]

_TOKEN: Final = re.compile(
    r'\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<open>[{\[])|(?P<close>[}\]])'
    r"|(?P<comma>,)|(?P<colon>:)|(?P<word>[\w.+-]+))",
    re.DOTALL,
)
_OBJECT: Final = re.compile(r'\{\s*(?:"(?:[^"\\]|\\.)*"\s*:|"[^"]*$)', re.DOTALL)
_MAX_STARTS: Final = 50
_DATE_FORMATS: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M")


def parse_answer(body: str) -> Answer:
    """Return the JSON object in a body, whatever PHP printed around it.

    Raises ValueError when there is no whole object.
    """
    decoder = json.JSONDecoder(strict=False, parse_float=Decimal)
    for start in _starts(body):
        try:
            answer, _ = decoder.raw_decode(body, start)
        except ValueError, RecursionError:
            try:
                answer = decoder.decode(_mend_commas(body, start))
            except ValueError, RecursionError:
                if _OBJECT.match(body, start):
                    # It is the answer and broken: what it contains is none.
                    break
                continue
        # An object in a notice is not an answer, and an empty one says nothing.
        if isinstance(answer, dict) and answer:
            return {str(key).lower(): value for key, value in answer.items()}
    raise ValueError("no whole JSON object")


def _starts(body: str) -> Iterator[int]:
    start = -1
    for _ in range(_MAX_STARTS):
        start = body.find("{", start + 1)
        if start < 0:
            return
        yield start


def _mend_commas(body: str, start: int) -> str:
    """Return the object at `start` with each comma where JSON wants it.

    Raises ValueError when the object does not end.
    """
    parts: list[str] = []
    depth = 0
    # What came before decides: a value is followed by a comma or the end.
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
            return "".join(parts)
    raise ValueError("the object does not end")


def raise_if_refused(answer: Answer, scrub: Callable[[str], str]) -> None:
    """Raise the portal's refusal, if the answer is one."""
    if text(answer.get("status")).lower() not in {"error", "failed", "fail"}:
        return
    raw = text(answer.get("message")) or text(answer.get("error")) or "no reason given"
    reason = scrub(raw)
    if inferred.AUTH_REFUSAL.search(raw):
        raise InvalidAuthError(reason)
    raise RefusedError(reason)


def text(value: object) -> str:
    """Return a string or a number as stripped text; anything else as nothing."""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, str | int | Decimal):
        return _whole(str(value)).strip()
    return ""


def _whole(value: str) -> str:
    """Return a string without half a surrogate pair, which nothing could store."""
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
    """Return a naive time in the portal's zone; zero dates and the like are none."""
    for format_ in _DATE_FORMATS:
        try:
            # The portal does not tell its zone: who knows it adds it.
            return datetime.strptime(text(value), format_)  # noqa: DTZ007
        except ValueError:
            continue
    return None


def _items(value: object) -> list[Answer]:
    """Return a list of objects, also as an object with numeric keys, or empty."""
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return []
    return [
        {str(key).lower(): part for key, part in item.items()}
        for item in value
        if isinstance(item, dict)
    ]


def _listed(answer: Answer, key: str, scrub: Callable[[str], str]) -> list[Answer]:
    """Return the objects of a listing; "nothing found" is an empty one."""
    try:
        raise_if_refused(answer, scrub)
    except InvalidAuthError:
        raise
    except RefusedError as err:
        if inferred.EMPTY_LIST_REFUSAL.search(err.reason):
            return []
        raise
    if key not in answer and text(answer.get("status")).lower() != "success":
        raise NotAPortalError(f"an answer without {key}")
    return _items(answer.get(key))


def _delivery(value: object) -> DeliveryStatus:
    word = text(value).lower()
    if word in inferred.FINAL_SENT:
        return DeliveryStatus.SENT
    if word in inferred.FINAL_FAILED:
        return DeliveryStatus.FAILED
    return DeliveryStatus.QUEUED


def balance(answer: Answer) -> Balance:
    """Read the answer of `balance`."""
    _required(answer, "balance")
    return Balance(amount=_amount(answer["balance"]))


def accepted(answer: Answer) -> Accepted:
    """Read the answer of `sendsms`."""
    status = text(answer.get("status")).lower()
    if status not in inferred.ACCEPTED_STATUS:
        raise NotAPortalError("a send was answered with an unknown status")
    return Accepted(
        group_id=_optional(answer.get("group_id")),
        # "success" and "ok" tell that it was taken, not that it arrived.
        status=DeliveryStatus.SENT if status == "sent" else DeliveryStatus.QUEUED,
        date=_date(answer.get("date")),
    )


def group_status(answer: Answer) -> GroupStatus:
    """Read the answer of `groupstatus`."""
    return GroupStatus(
        group_id=_required(answer, "group_id"),
        status=text(answer.get("group_status")).lower(),
        recipients=tuple(
            GroupRecipient(
                id=_optional(item.get("id")),
                to=text(item.get("to")).lstrip("+"),
                status=_delivery(item.get("status")),
            )
            for item in _items(answer.get("recipients"))
        ),
        date=_date(answer.get("date")),
    )


def inbox(answer: Answer, scrub: Callable[[str], str]) -> tuple[InboxMessage, ...]:
    """Read the answer of `getinbox`, in the portal's order."""
    return tuple(
        InboxMessage(
            id=_optional(item.get("id")),
            sender=text(item.get("from")).lstrip("+"),
            recipient=text(item.get("to")).lstrip("+") or None,
            text=_message_text(item.get("message")),
            date=_date(item.get("date")),
        )
        for item in _listed(answer, "inbox", scrub)
    )


def _message_text(value: object) -> str:
    """Return a text as it came: its white space is part of it."""
    return _whole(value) if isinstance(value, str) else text(value)


def channels(answer: Answer, scrub: Callable[[str], str]) -> tuple[Channel, ...]:
    """Read the answer of `listchannel`."""
    return tuple(
        Channel(**_channel(item)) for item in _listed(answer, "channels", scrub)
    )


def channel_details(answer: Answer) -> ChannelDetails:
    """Read the answer of `viewchannel`."""
    return ChannelDetails(
        **_channel(answer),
        plan=_optional(answer.get("plan")),
        version=_optional(answer.get("whatsapp_version")),
        device_status=_optional(answer.get("device_status")),
        connection=_connection(answer.get("device_status")),
        up_time=_duration(answer.get("up_time")),
        subscription_end=_date(answer.get("subscription_end")),
    )


def _channel(item: Answer) -> dict[str, Any]:
    return {
        "channel_id": _required(item, "channel_id"),
        "gateway_id": _optional(item.get("gateway_id")),
        "number": text(item.get("whatsapp_number")).lstrip("+") or None,
        "label": _optional(item.get("label")),
        "last_sync": _date(item.get("last_sync")),
    }


def _connection(value: object) -> Connection:
    word = text(value).lower()
    if word in inferred.CONNECTED:
        return Connection.CONNECTED
    if word in inferred.EXPIRED:
        return Connection.EXPIRED
    if word in inferred.NOT_CONNECTED:
        return Connection.NOT_CONNECTED
    return Connection.UNKNOWN


def _duration(value: object) -> timedelta | None:
    """Return hours, minutes and seconds; the hours go on past a day."""
    match = re.fullmatch(r"(\d{1,6}):([0-5]?\d):([0-5]?\d)", text(value))
    if match is None:
        return None
    hours, minutes, seconds = map(int, match.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def new_channel(answer: Answer) -> NewChannel:
    """Read the answer of `createchannel`."""
    return NewChannel(
        channel_id=_required(answer, "channel_id"),
        gateway_id=_optional(answer.get("gateway_id")),
        subscription_end=_date(answer.get("subscription_end")),
    )


def done(answer: Answer) -> None:
    """Make sure that an answer says that something was done."""
    if text(answer.get("status")).lower() not in inferred.ACCEPTED_STATUS:
        raise NotAPortalError("an answer with an unknown status")


def queue_count(answer: Answer) -> int | None:
    """Read the answer of `clearqueue`: how many the portal counted, if it told."""
    done(answer)
    count = text(answer.get("queue_count"))
    return int(count) if count.isdecimal() else None
