"""What an answer to a send says: taken, sent, refused, or nothing."""

from typing import Any

import pytest

from custom_components.smskit.api import (
    Accepted,
    NotAPortalError,
    Operation,
    RefusedError,
    parse,
)
from custom_components.smskit.api.transport import find_group_id


def _accepted(count: int = 1, **answer: Any) -> Accepted:
    return parse.accepted(answer, lambda words: f"<{words}>", count)


@pytest.mark.parametrize(
    "status",
    [
        "queued",
        "success",
        "OK",
        "okey",
        "Sent",
        " success ",
        "Queued: 1 message",
        "OK (1)",
    ],
)
@pytest.mark.parametrize("group_id", [7, "7", "0", "", None, "00"])
def test_accepted(status: str, group_id: object) -> None:
    """All that portals answer to a send they took is read; only one means sent."""
    accepted = _accepted(
        request="sendsms", status=status, group_id=group_id, date="0000-00-00"
    )
    is_sent = status == "Sent"
    assert accepted == Accepted(
        group_id="7" if str(group_id) == "7" else None,
        all_sent=is_sent,
        is_processed=is_sent,
        date=None,
    )


@pytest.mark.parametrize("status", ["failed", "error", "pending", "", None])
def test_group_is_an_acceptance(status: str | None) -> None:
    """What has a group was taken, whatever the word beside it."""
    accepted = _accepted(status=status, group_id="7", notice="No route", message="No")
    assert accepted == Accepted(
        group_id="7",
        is_processed=status == "failed",
        notice="<No route>",
        date=None,
    )


@pytest.mark.parametrize("group_id", ["0", "", None, 0])
@pytest.mark.parametrize("status", ["failed", "error"])
@pytest.mark.parametrize("key", ["message", "error", "notice"])
def test_refused_without_a_group(status: str, group_id: object, key: str) -> None:
    """Without a group it is a refusal, and says why under whatever name."""
    reason: dict[str, Any] = {key: "Insufficient Balance"}
    with pytest.raises(RefusedError) as raised:
        _accepted(status=status, group_id=group_id, **reason)
    assert raised.value.reason == "<Insufficient Balance>"


@pytest.mark.parametrize(
    "status",
    [
        "error: Insufficient Balance",
        "FAILED - Insufficient Balance",
        "Rejected (Insufficient Balance)",
    ],
)
def test_refused_in_its_status(status: str) -> None:
    """A status may have its reason behind it."""
    with pytest.raises(RefusedError) as raised:
        _accepted(status=status)
    assert raised.value.reason == "<Insufficient Balance>"


@pytest.mark.parametrize(
    ("count", "status", "messages", "expected"),
    [
        # The status is that of the last number.
        (2, "sent", None, False),
        (2, "sent", ["sent", "sent"], True),
        (2, "failed", ["sent", "sent"], True),
        (2, "sent", ["failed", "sent"], False),
        # Nobody knows whose it is.
        (2, "sent", ["sent"], False),
        (1, "sent", ["failed"], False),
        (1, "sent", ["submitted"], False),
    ],
)
def test_several_numbers(
    count: int, status: str, messages: list[str] | None, *, expected: bool
) -> None:
    """Several numbers are sent only where the answer says so of each of them."""
    listed = [{"message_id": "1", "status": one} for one in messages or ()]
    accepted = _accepted(count, status=status, group_id="7", messages=listed)
    assert accepted.all_sent is expected
    assert accepted.is_processed


def test_sent_in_part_without_a_group() -> None:
    """What one number has must not be sent again, though nothing is left to ask for."""
    messages = [{"status": "sent"}, {"status": "failed"}]
    answer = {"request": "sendsms", "status": "failed", "group_id": "0"}
    accepted = _accepted(2, **answer, messages=messages)
    assert (accepted.group_id, accepted.all_sent) == (None, False)
    with pytest.raises(RefusedError):
        _accepted(2, **answer, messages=messages[1:])


@pytest.mark.parametrize("request_", [None, "", "balance", "getinbox", 1, ["sendsms"]])
@pytest.mark.parametrize("group_id", ["0", "", None, "7" * 129])
@pytest.mark.parametrize("messages", [None, [{"status": "sent"}]])
def test_acceptance_of_nothing(
    request_: object, group_id: object, messages: object
) -> None:
    """Whoever names neither a group nor the request may not have taken it."""
    answer = {"status": "success", "group_id": group_id, "messages": messages}
    with pytest.raises(NotAPortalError):
        _accepted(1, request=request_, **answer)
    assert _accepted(1, request=" SendSMS ", **answer).group_id is None
    assert _accepted(1, request=request_, **answer | {"group_id": "7"}).group_id == "7"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"status":"queued","group_id":"1234","da', "1234"),
        ('{"status":"queued", "group_id" : 1234, "da', "1234"),
        ('{"group_id":1234\n} <b>Notice</b>', "1234"),
        # More digits may have followed.
        ('{"status":"queued","group_id":12', None),
        ('{"status":"queued","group_id":"12', None),
        ('{"status":"queued","group_id":"0","da', None),
        ('{"status":"queued","group_id":0,"da', None),
        ('{"status":"queued","group_id":"","da', None),
        ('{"status":"queued","group_id":null,"da', None),
    ],
)
def test_group_of_a_broken_answer(body: str, expected: str | None) -> None:
    """The group of a broken answer is known if it is there as a whole."""
    assert find_group_id(Operation.SEND, body) == expected
    assert find_group_id(Operation.GROUP_STATUS, body) is None
