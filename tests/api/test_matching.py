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


def _group(*listed: str, is_completed: bool = True) -> GroupStatus:
    recipients = tuple(
        GroupRecipient(id=None, to=to, status=DeliveryStatus.SENT) for to in listed
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
        ("08031234567", LAGOS),
        ("8031234567", LAGOS),
        # The country of the account was put before it.
        ("23412025550123", US),
    ],
)
def test_the_same_number(listed: str, number: str) -> None:
    """A number is found as the portal writes it, among others."""
    others = {ABIDJAN, LAGOS, US} - {number}
    said, dropped = match_recipients({number, *others}, _group(listed))
    assert said == {number: DeliveryStatus.SENT}
    assert dropped == others


def test_dropped_only_when_completed() -> None:
    """What is not listed may still come."""
    group = _group(US[1:], is_completed=False)
    assert match_recipients({US, LAGOS}, group) == ({US: DeliveryStatus.SENT}, set())


@pytest.mark.parametrize("listed", ["4471235433", "123", "", "5550123x", "550123"])
def test_a_stranger(listed: str) -> None:
    """A stranger says nothing of our numbers, and nobody is missing for sure."""
    assert match_recipients({US}, _group(listed)) == ({}, set())


def test_ambiguous() -> None:
    """A number that could be two of ours is neither."""
    twins = {"+12025550123", "+442025550123"}
    assert match_recipients(twins, _group("2025550123")) == ({}, set())
    # What is known of one leaves the other.
    said, dropped = match_recipients(twins, _group("12025550123", "2025550123"))
    assert said == dict.fromkeys(twins, DeliveryStatus.SENT)
    assert dropped == set()


def test_two_that_could_be_one() -> None:
    """Two listed numbers that could both be one of ours are strangers."""
    group = _group("02025550123", "2025550123")
    assert match_recipients({US}, group) == ({}, set())
