"""Which of our numbers a group's recipients are."""

from collections import Counter
from collections.abc import Sequence
import re

from . import inferred
from .models import DeliveryStatus, GroupRecipient, GroupStatus


def match_recipients(
    numbers: Sequence[str], group: GroupStatus
) -> tuple[dict[str, DeliveryStatus], set[str]]:
    """Return what a group says of numbers, and which of them the portal dropped.

    The numbers are in the order in which they were sent. The portal writes a number as
    it was sent, with another idea of its country code, or in a way that hides it. It
    drops what it takes for no number, without a word: a completed group then lacks it.
    As long as anybody listed is a stranger, it may be there in another form.
    """
    pairs = _match_by_digits(numbers, group.recipients)
    if len(numbers) == len(group.recipients):
        pairs |= _match_by_order(numbers, group.recipients, pairs)
    said = {number: group.recipients[i].status for number, i in pairs.items()}
    is_known = group.is_completed and len(pairs) == len(group.recipients)
    return said, set(numbers) - said.keys() if is_known else set()


def _match_by_digits(
    numbers: Sequence[str], recipients: Sequence[GroupRecipient]
) -> dict[str, int]:
    """Return where numbers are listed that can be told by their digits."""
    strangers = {i: _digits(one.to) for i, one in enumerate(recipients)}
    missing = {_digits(number): number for number in numbers}
    pairs: dict[str, int] = {}
    for index, digits in tuple(strangers.items()):
        if digits in missing:
            pairs[missing.pop(digits)] = index
            del strangers[index]
    # Numbers that are alike have their end in common: only these are compared, as a
    # portal may list any number of strangers.
    by_end: dict[str, list[str]] = {}
    for digits in missing:
        by_end.setdefault(_end(digits), []).append(digits)
    alike = {
        index: {one for one in by_end.get(_end(listed), ()) if _is_alike(one, listed)}
        for index, listed in strangers.items()
    }
    count = Counter(one for some in alike.values() for one in some)
    for index, some in alike.items():
        left = some & missing.keys()
        # Each has to be the only one that the other can be.
        if len(left) == 1 and count[one := next(iter(left))] == 1:
            pairs[missing.pop(one)] = index
            count.subtract(some)
    return pairs


def _match_by_order(
    numbers: Sequence[str],
    recipients: Sequence[GroupRecipient],
    known: dict[str, int],
) -> dict[str, int]:
    """Return where the others are in a group of as many recipients.

    Unless those that are known show another order; the last one needs none.
    """
    missing = [number for number in numbers if number not in known]
    left = sorted(set(range(len(recipients))) - set(known.values()))
    is_in_order = all(numbers[index] == number for number, index in known.items())
    return (
        dict(zip(missing, left, strict=True)) if is_in_order or len(left) == 1 else {}
    )


def _digits(written: str) -> str:
    return re.sub(r"[^0-9]", "", written)


def _end(digits: str) -> str:
    return digits[-inferred.SAME_NUMBER_DIGITS :]


def _is_alike(one: str, other: str) -> bool:
    """Return whether a number is another one without its country code."""
    return any(
        len(ending) >= inferred.SAME_NUMBER_DIGITS and whole.endswith(ending)
        for whole, written in ((one, other), (other, one))
        for ending in (written, written.lstrip("0"))
    )
