"""Which of our numbers a group's recipients are."""

from collections.abc import Iterable

from . import inferred
from .models import DeliveryStatus, GroupStatus


def match_recipients(
    numbers: Iterable[str], group: GroupStatus
) -> tuple[dict[str, DeliveryStatus], set[str]]:
    """Return what a group says of numbers, and which of them the portal dropped.

    The portal writes a number as it was sent, or with another idea of its country code.
    It drops what it takes for no number, without a word: a completed group then lacks
    it. As long as anybody listed is a stranger, it may be there in another form.
    """
    said: dict[str, DeliveryStatus] = {}
    missing = {number.removeprefix("+"): number for number in numbers}
    strangers: dict[str, DeliveryStatus] = {}
    for recipient in group.recipients:
        if (number := missing.get(recipient.to)) is not None:
            said[number] = recipient.status
        else:
            strangers[recipient.to] = recipient.status
    missing = {digits: n for digits, n in missing.items() if n not in said}
    for listed in tuple(strangers):
        alike = [digits for digits in missing if _is_alike(digits, listed)]
        # Each has to be the only one that the other can be.
        if len(alike) == 1 and sum(_is_alike(alike[0], one) for one in strangers) == 1:
            said[missing.pop(alike[0])] = strangers.pop(listed)
    is_known = group.is_completed and not strangers
    return said, set(missing.values()) if is_known else set()


def _is_alike(one: str, other: str) -> bool:
    """Return whether a number is another one without its country code."""
    shorter, longer = sorted((one.lstrip("0"), other.lstrip("0")), key=len)
    return len(shorter) >= inferred.SAME_NUMBER_DIGITS and longer.endswith(shorter)
