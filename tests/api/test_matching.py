"""Which of our numbers a group lists, and which it lacks."""

import pytest

from custom_components.smskit.api import (
    DeliveryStatus,
    GroupRecipient,
    GroupStatus,
    match_recipients,
)

ABIDJAN = "+2250700000123"
LAGOS = "+2348031234567"
US = "+12025550123"


SENT, FAILED, QUEUED = (
    DeliveryStatus.SENT,
    DeliveryStatus.FAILED,
    DeliveryStatus.QUEUED,
)


def _group(*listed: str, statuses: str = "", is_completed: bool = True) -> GroupStatus:
    words = {"s": SENT, "f": FAILED, "q": QUEUED}
    recipients = tuple(
        GroupRecipient(id=None, to=to, status=words[word])
        for to, word in zip(listed, statuses or "s" * len(listed), strict=True)
    )
    return GroupStatus(
        group_id="1",
        status="completed",
        is_completed=is_completed,
        recipients=recipients,
        date=None,
    )


@pytest.mark.parametrize(
    ("listed", "number"),
    [
        ("2250700000123", ABIDJAN),
        ("0700000123", ABIDJAN),
        ("002250700000123", ABIDJAN),
        ("225 07 00 00 01 23", ABIDJAN),
        ("tel:+225-0700000123", ABIDJAN),
        ("0000123", ABIDJAN),
        ("08031234567", LAGOS),
        ("8031234567", LAGOS),
        # The country of the account was put before it.
        ("23412025550123", US),
        ("+1 (202) 555-0123", US),
        ("whatsapp:+12025550123", US),
        ("12025550123@c.us", US),
        ("*****5550123", US),
    ],
)
def test_the_same_number(listed: str, number: str) -> None:
    """A number is found as the portal writes it, among others."""
    numbers = [ABIDJAN, LAGOS, US]
    said, dropped = match_recipients(numbers, _group(listed))
    assert said == {number: SENT}
    assert dropped == {*numbers} - {number}


def test_dropped_only_when_completed() -> None:
    """What is not listed may still come."""
    group = _group(US[1:], is_completed=False)
    assert match_recipients([US, LAGOS], group) == ({US: SENT}, set())


@pytest.mark.parametrize("listed", ["4471235433", "123", "", "550123x", "550123"])
def test_a_stranger(listed: str) -> None:
    """A stranger says nothing of our numbers, and nobody is missing for sure."""
    assert match_recipients([US, LAGOS], _group(listed)) == ({}, set())


@pytest.mark.parametrize("listed", ["4471235433", "123", "", "Anna", "120255*****"])
@pytest.mark.parametrize("status", "sfq")
def test_a_single_one(listed: str, status: str) -> None:
    """Who was sent to alone is who is listed alone, whatever is written."""
    group = _group(listed, statuses=status)
    expected = {US: group.recipients[0].status}
    assert match_recipients([US], group) == (expected, set())


def test_ambiguous() -> None:
    """A number that could be two of ours is neither."""
    twins = ["+12025550123", "+442025550123"]
    assert match_recipients(twins, _group("2025550123")) == ({}, set())
    # What is known of one leaves the other.
    said, dropped = match_recipients(twins, _group("12025550123", "2025550123"))
    assert said == dict.fromkeys(twins, SENT)
    assert dropped == set()


def test_two_that_could_be_one() -> None:
    """Two listed numbers that could both be one of ours are strangers."""
    group = _group("02025550123", "2025550123")
    assert match_recipients([US], group) == ({}, set())


@pytest.mark.parametrize(
    "listed",
    [
        ("225070****", "23480****", "1202****"),
        ("", "", ""),
        ("1", "2", "3"),
        # One of them is known, and stands in its place.
        ("x", LAGOS[1:], "x"),
        ("x", "x", "2025550123"),
    ],
)
def test_by_order(listed: tuple[str, ...]) -> None:
    """As many as were sent to are those that were sent to, in their order."""
    group = _group(*listed, statuses="sfq")
    said, dropped = match_recipients([ABIDJAN, LAGOS, US], group)
    assert said == {ABIDJAN: SENT, LAGOS: FAILED, US: QUEUED}
    assert dropped == set()


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        # Not as many, or not in order.
        (("x", "y"), {}),
        (("x", "y", "z", "a"), {}),
        ((US[1:], "x", "y"), {US: SENT}),
        # The last one that is left needs no order.
        ((US[1:], ABIDJAN[1:], "x"), {US: SENT, ABIDJAN: FAILED, LAGOS: QUEUED}),
    ],
)
def test_no_order(listed: tuple[str, ...], expected: dict[str, DeliveryStatus]) -> None:
    """Where the order is another one, or unknown, it says nothing."""
    group = _group(*listed, statuses="sfqs"[: len(listed)])
    assert match_recipients([ABIDJAN, LAGOS, US], group) == (expected, set())
