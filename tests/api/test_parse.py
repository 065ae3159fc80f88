"""From bodies to typed answers: the vendor's own, broken ones and odd ones."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
import json
from typing import Any, Final

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.smskit.api import (
    Balance,
    Connection,
    DeliveryStatus,
    InboxMessage,
    InvalidAuthError,
    NotAPortalError,
    RefusedError,
    parse,
)
from custom_components.smskit.api.parse import Answer, parse_answer
from tests.portal import php, samples

from .vendor import EXPECTED

READERS: Final[dict[str, Callable[[Answer], object]]] = {
    "sendsms": lambda answer: parse.accepted(answer, str, 1),
    "groupstatus": parse.group_status,
    "balance": parse.balance,
    "createchannel": parse.new_channel,
    "listchannel": lambda answer: parse.channels(answer, str),
    "viewchannel": lambda answer: parse.channel_details(answer, str),
    "clearqueue": parse.queue_count,
    "resetchannel": lambda _: None,
    "deletechannel": lambda _: None,
}
BODIES: Final = [
    body
    for body in (*samples.SUCCESS.values(), *samples.ERROR.values())
    # One is a picture.
    if body.startswith("{")
]
NOTICES: Final = (
    "",
    "\ufeff",
    php.NOTICE,
    "Notice: Undefined index: {channel} in api.php on line 12\n",
    "Warning: unexpected '{' in api.php on line 12\n{",
    "\n\n",
)


@pytest.mark.parametrize("operation", READERS)
def test_vendors_success(operation: str) -> None:
    """Each sample on the vendor's page is read, valid JSON or not."""
    answer = parse_answer(samples.SUCCESS[operation])
    parse.raise_if_refused(answer, str)
    assert READERS[operation](answer) == EXPECTED[operation]


@pytest.mark.parametrize("operation", samples.ERROR)
def test_vendors_error(operation: str) -> None:
    """Each error on the vendor's page is a refusal with its message."""
    answer = parse_answer(samples.ERROR[operation])
    kind = InvalidAuthError if operation == "balance" else RefusedError
    with pytest.raises(RefusedError) as error:
        parse.raise_if_refused(answer, str)
    assert type(error.value) is kind
    assert error.value.reason == answer["message"]


@pytest.mark.parametrize("notice", NOTICES)
@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_what_breaks_off_is_no_answer(body: str, notice: str) -> None:
    """No beginning of an answer is read, neither as a whole nor for a part of it."""
    for end in range(len(body)):
        with pytest.raises(ValueError, match="no whole JSON object"):
            parse_answer(notice + body[:end])
    whole = parse_answer(body)
    assert parse_answer(notice + body) == whole
    assert parse_answer(f"{notice}{body}\n{php.NOTICE}") == whole


@pytest.mark.parametrize(
    "body",
    [
        "",
        "OK",
        "null",
        "[]",
        '"text"',
        "{}",
        "{",
        "}",
        '{"a"}',
        '{"a": }',
        '{"a": "b"]',
        "{'balance': '1'}",
        "[{}]",
        php.MAINTENANCE_PAGE,
        php.NOTICE,
        "{" * 100_000,
        '{"a":' * 100_000,
    ],
    ids=lambda body: body[:20],
)
def test_no_answer(body: str) -> None:
    """What is no JSON object is no answer, and nothing worse."""
    with pytest.raises(ValueError, match="no whole JSON object"):
        parse_answer(body)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("12345", "12345"),
        (12345, "12345"),
        ("0", "0"),
        ("0.00", "0"),
        ("1234", "1234"),
        ("1234.5067", "1234.5067"),
        ("1,234.50", "1234.50"),
        ("1,234", "1234"),
        ("1,234,567", "1234567"),
        ("1,234,567.89", "1234567.89"),
        ("1.234,50", "1234.50"),
        ("1.234.567,89", "1234567.89"),
        ("1 234,50", "1234.50"),
        ("1\u00a0234,50", "1234.50"),
        ("12,5", "12.5"),
        ("0,123", "0.123"),
        ("-5", "-5"),
        ("-1,234.50", "-1234.50"),
        ("+5", "5"),
        ("USD 12.50", "12.50"),
        ("€ 12,50", "12.50"),
        (" 7 ", "7"),
    ],
)
def test_amounts(amount: object, expected: str) -> None:
    """An amount is read however the portal groups its digits."""
    answer = parse_answer(json.dumps({"balance": amount}))
    assert parse.balance(answer).amount == Decimal(expected)


def test_amount_as_a_number() -> None:
    """A JSON number keeps every digit, whatever its notation."""
    read = [
        parse.balance(parse_answer(f'{{"balance": {amount}}}')).amount
        for amount in ("12345.10", "0.1", "1e3", "-0.5E-1")
    ]
    assert read == [Decimal(text) for text in ("12345.10", "0.1", "1000", "-0.05")]


@pytest.mark.parametrize(
    "amount",
    ["none", True, [], {}, "1-2", "1.2.3", "--5", "NaN", float("inf")],
)
def test_no_amount(amount: object) -> None:
    """A balance that is no number is no answer of a portal."""
    answer = parse_answer(json.dumps({"balance": amount}))
    with pytest.raises(NotAPortalError):
        parse.balance(answer)


@pytest.mark.parametrize(
    "body", ['{ "balance": "" }', '{"balance":" "}', '{"balance":null}']
)
def test_empty_amount(body: str) -> None:
    """A fresh account has no balance yet, which is a balance of zero."""
    assert parse.balance(parse_answer(body)) == Balance(amount=Decimal(0))


def test_missing_amount() -> None:
    """An answer without a balance is none of `balance`."""
    with pytest.raises(NotAPortalError):
        parse.balance({"request": "balance"})


@pytest.mark.parametrize(
    ("status", "recipients", "expected"),
    [
        ("completed", [{"to": "1", "status": "sent"}], True),
        ("COMPLETED", {"0": {"to": "1", "status": "sent"}}, True),
        ("Completed (1/1)", [{"to": "1", "status": "sent"}], True),
        ("completed", [], False),
        ("processing", [{"to": "1", "status": "sent"}], False),
        ("sent", [{"to": "1", "status": "sent"}], False),
    ],
)
def test_completed(status: str, recipients: object, expected: bool) -> None:
    """A group is complete by its own word, and lists somebody."""
    answer = {"group_id": "1", "group_status": status, "recipients": recipients}
    assert parse.group_status(answer).is_completed is expected


@pytest.mark.parametrize("answer", [{}, {"status": ""}, {"status": "pending"}])
def test_not_accepted(answer: dict[str, Any]) -> None:
    """A send is not taken for accepted without a word that says so."""
    with pytest.raises(NotAPortalError):
        parse.accepted(answer, str, 1)
    with pytest.raises(NotAPortalError):
        parse.queue_count(answer)
    with pytest.raises(NotAPortalError):
        parse.done(answer)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        *dict.fromkeys(
            [
                "DELIVERED",
                "Sent",
                "DELIVRD",
                "DELIVRD:000",
                "delivered to handset",
                "DELIVERED_TO_OPERATOR",
                "DeliveredToTerminal",
                "SENT, 1 part",
                "Message sent successfully",
                "delivery success",
                "status: sent",
                "read",
                "id:17 sub:001 dlvrd:001 done date:1804241225 stat:DELIVRD err:000",
            ],
            DeliveryStatus.SENT,
        ).items(),
        *dict.fromkeys(
            [
                "Undelivered",
                "rejected",
                "FAILED",
                "Failed: Absent subscriber",
                "failed - not sent",
                "UNDELIV",
                "UNDELIV err:001",
                "undeliverable",
                "UNDELIVERABLE_REJECTED_OPERATOR",
                "REJECTD",
                "Rejected by the operator",
                "EXPIRED|2",
                "DELETED",
                "CANCELED",
                "delivery failed",
                "DeliveryFailed",
                "Sending failed (barred)",
                "Message delivery failure",
                "permanently failed",
                "not delivered",
                "MESSAGE_NOT_SENT",
                "SMS was not delivered",
                "cannot be delivered",
                "stat:REJECTD err:045 text:sent",
            ],
            DeliveryStatus.FAILED,
        ).items(),
        *dict.fromkeys(
            [
                "submitted",
                "ENROUTE",
                "ACCEPTD",
                "UNKNOWN",
                "scheduled",
                "not yet sent",
                "failed, will be retried",
                "Delivery failed; retrying",
                "temporarily failed",
                "delivery pending",
                "sent: failed",
                "sent (not delivered)",
                "not failed",
                "2 of 3 sent",
                "sending",
                "undelivered yet",
                "",
                ":",
                "-",
                None,
                3,
            ],
            DeliveryStatus.QUEUED,
        ).items(),
    ],
)
def test_delivery_words(word: object, expected: DeliveryStatus) -> None:
    """A status is read by its word; one that nobody knows is not final."""
    group = {"group_id": "1", "recipients": [{"to": "+12025550123", "status": word}]}
    (recipient,) = parse.group_status(group).recipients
    assert (recipient.to, recipient.status) == ("12025550123", expected)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("session active", Connection.CONNECTED),
        ("SESSION ACTIVE", Connection.CONNECTED),
        ("session closed", Connection.NOT_CONNECTED),
        ("awaiting scan", Connection.NOT_CONNECTED),
        ("subscription expired", Connection.EXPIRED),
        ("session inactive?", Connection.UNKNOWN),
        ("", Connection.UNKNOWN),
        (None, Connection.UNKNOWN),
    ],
)
def test_connection(words: str | None, expected: Connection) -> None:
    """A channel is connected only when the portal says so in words that are known."""
    answer = {"channel_id": "1", "device_status": words}
    assert parse.channel_details(answer, str).connection is expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2:04:44", timedelta(hours=2, minutes=4, seconds=44)),
        ("0:00:00", timedelta()),
        ("100:59:59", timedelta(hours=100, minutes=59, seconds=59)),
        ("1:60:00", None),
        ("2:04", None),
        ("-1:00:00", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_up_time(written: object, expected: timedelta | None) -> None:
    """The hours of a duration go on past a day; what is no duration is none."""
    answer = {"channel_id": "1", "up_time": written}
    assert parse.channel_details(answer, str).up_time == expected


@pytest.mark.parametrize(
    "message",
    [
        "Invalid user",
        "Invalid API key",
        "invalid apikey or token",
        "API access disabled",
        "API access is not enabled for this account",
        "Authentication failed",
        "Unauthorized",
        "API token is required",
        "User not found",
        "The API key does not exist",
        "WhatsApp not logged in",
    ],
)
def test_refused_credentials(message: str) -> None:
    """The message alone tells that credentials may be refused."""
    with pytest.raises(InvalidAuthError):
        parse.raise_if_refused({"status": "error", "message": message}, str)
    with pytest.raises(InvalidAuthError):
        parse.inbox({"status": "ERROR", "message": message}, str)


@pytest.mark.parametrize(
    "message",
    [
        "Sender ID not allowed",
        "Insufficient credits",
        "Invalid recipient number",
        "Invalid channel",
        "Invalid group ID",
        "Message is empty",
        "No recipient",
        "Unauthorized Sender ID",
        "No account balance left",
        "Unknown user number",
        "Invalid user id",
    ],
)
def test_other_refusals(message: str) -> None:
    """No other refusal is about credentials."""
    with pytest.raises(RefusedError) as error:
        parse.raise_if_refused({"status": "error", "message": message}, str)
    assert type(error.value) is RefusedError


@pytest.mark.parametrize(
    "message",
    ["No message found", "No new messages", "Inbox is empty", "No channel found"],
)
def test_nothing_to_list(message: str) -> None:
    """An error that says that there is nothing is an empty list."""
    answer = {"status": "error", "message": message}
    assert parse.inbox(answer, str) == ()
    assert parse.channels(answer, str) == ()


@pytest.mark.parametrize("value", [None, "", {}, [], "none"])
def test_empty_lists(value: object) -> None:
    """All that PHP makes of an empty list is one."""
    assert parse.inbox({"inbox": value}, str) == ()


def test_no_list() -> None:
    """An answer that has no list and does not say that it worked is none."""
    with pytest.raises(NotAPortalError):
        parse.inbox({"balance": "1"}, str)


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\x1b[0m", "\t\r\n", "\x7f\x85"])
@pytest.mark.parametrize("escaped", [True, False])
def test_control_characters(text: str, escaped: bool) -> None:
    """Control characters of a text are kept, whether the JSON escapes them or not."""
    quoted = json.dumps(text) if escaped else f'"{text}"'
    body = f'{{"inbox": [{{"id": "1", "message": {quoted},}},]}}'
    (message,) = parse.inbox(parse_answer(body), str)
    assert message.text == text


def _encode(value: object, comma: str, trailing: str, *, ascii_only: bool) -> str:
    """Return JSON as a hand-written PHP page prints it."""
    match value:
        case dict():
            items = [
                f"{json.dumps(k)}: {_encode(v, comma, trailing, ascii_only=ascii_only)}"
                for k, v in value.items()
            ]
            return "{" + comma.join(items) + trailing + "}"
        case list():
            items = [
                _encode(item, comma, trailing, ascii_only=ascii_only) for item in value
            ]
            return "[" + comma.join(items) + (trailing if items else "") + "]"
    return json.dumps(value, ensure_ascii=ascii_only)


NUMBERS: Final = st.text("0123456789", min_size=1, max_size=15)
MESSAGES: Final = st.builds(
    InboxMessage,
    id=NUMBERS,
    sender=NUMBERS,
    recipient=NUMBERS,
    text=st.text(max_size=50),
    date=st.datetimes(
        min_value=datetime.fromisoformat("1970-01-01"),
        max_value=datetime.fromisoformat("9998-12-31"),
    ).map(lambda date: date.replace(microsecond=0)),
)


@settings(deadline=None)
@given(
    messages=st.lists(MESSAGES, max_size=5),
    notice=st.sampled_from(NOTICES),
    comma=st.sampled_from([",", " ", " , ", ",,"]),
    trailing=st.sampled_from(["", ",", " ,\n"]),
    ascii_only=st.booleans(),
    numeric=st.booleans(),
)
def test_any_inbox(  # noqa: PLR0913, PLR0917 - what can differ
    messages: list[InboxMessage],
    notice: str,
    comma: str,
    trailing: str,
    ascii_only: bool,
    numeric: bool,
) -> None:
    """Every text comes out as it went in, however the page around it is printed."""
    items = [
        {
            "id": m.id,
            "from": m.sender,
            "to": m.recipient,
            "message": m.text,
            "date": m.date.isoformat(" ") if m.date else None,
        }
        for m in messages
    ]
    numbered = {str(index): item for index, item in enumerate(items)}
    answer = {"status": "success", "inbox": numbered if numeric and items else items}
    body = notice + _encode(answer, comma, trailing, ascii_only=ascii_only)
    assert parse.inbox(parse_answer(body), str) == tuple(messages)
