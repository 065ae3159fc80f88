"""What the words of a report on a recipient mean."""

import re
from typing import Final

from . import inferred
from .models import DeliveryStatus

# Also of what is written as "NOT_DELIVERED" or "NotDelivered".
_WORD: Final = re.compile(r"[A-Z]?[^\W_A-Z]+|[A-Z]+")


def delivery_status(words: str) -> DeliveryStatus:
    """Return what a status says of a recipient, with whatever stands beside its word.

    A final status ends all questions, and a failure may be followed by an SMS. So what
    is not understood, or contradicts itself, is not final.
    """
    if receipt := inferred.SMPP_RECEIPT.search(words):
        words = receipt[1]
    said = " ".join(_WORD.findall(words)).lower()
    if inferred.NOT_FINAL.search(said):
        return DeliveryStatus.QUEUED
    if subject := inferred.STATUS_SUBJECT.match(said):
        said = said[subject.end() :]
    if negation := inferred.STATUS_NEGATION.match(said):
        said = said[negation.end() :]
    word, _, reason = said.partition(" ")
    if word in inferred.FINAL_FAILED and not negation:
        return DeliveryStatus.FAILED
    if word in inferred.FINAL_SENT and negation:
        return DeliveryStatus.FAILED
    if word in inferred.FINAL_SENT and not _contradicts(reason):
        return DeliveryStatus.SENT
    return DeliveryStatus.QUEUED


def _contradicts(reason: str) -> bool:
    """Return whether the words behind a success deny it."""
    is_failure = not inferred.FINAL_FAILED.isdisjoint(reason.split())
    return is_failure or inferred.STATUS_NEGATION.search(reason) is not None
