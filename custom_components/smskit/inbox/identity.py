"""What identifies a received message: nothing that a portal may display otherwise."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

from ..api import InboxMessage

KEY_LENGTH: Final = 20
"""Of a fingerprint: messages that differ in their date only have the same key."""
# Time zones differ by whole quarters of an hour, and by no more than this.
_ZONE_STEP: Final = timedelta(minutes=15)
_ZONES_APART: Final = timedelta(hours=26)

type KnownMessages = Mapping[str, Sequence[Known]]
"""Messages by their key."""


@dataclass(frozen=True, slots=True)
class Known:
    """A message that was listed before."""

    fingerprint: str
    date: datetime | None
    """As the portal wrote it when the message was new."""
    is_doubtful: bool
    """Whether it may be from somebody else than it says."""


def key_of(message: InboxMessage) -> str:
    """Return what a message has in common with others that differ in their date."""
    parts = (message.id, message.sender, message.text)
    digest = blake2b("\0".join(map(str, parts)).encode(), digest_size=KEY_LENGTH // 2)
    return digest.hexdigest()


def by_fingerprint(
    messages: Iterable[InboxMessage],
    known: KnownMessages,
    *,
    may_have_moved: Callable[[Known], bool],
) -> dict[str, InboxMessage]:
    """Return the messages of a listing by what identifies them, in its order.

    The ID alone is not enough: a portal may reuse IDs, or have none. The date is no
    part of it, as all dates move when somebody sets another zone. It only tells apart
    what is the same otherwise: of the messages of a key, each is the known one with its
    date, else one whose date may have moved to it, else a new one. One without an ID
    has little else: it moves only if `may_have_moved` agrees.

    Identical messages without an ID are distinguished by counting them; identical
    messages with an ID are one message that is listed more than once.
    """
    groups: dict[str, list[int]] = {}
    listing = list(messages)
    for position, message in enumerate(listing):
        groups.setdefault(key_of(message), []).append(position)
    fingerprints = [""] * len(listing)
    for key, positions in groups.items():
        group = [listing[position] for position in positions]
        has_id = group[0].id is not None
        before = known.get(key, ())
        # A message that is listed more than once has one entry.
        entries = [
            (message.date, 0 if has_id else n) for n, message in enumerate(group)
        ]
        unique = dict.fromkeys(entries)
        found = _pair(
            [date for date, _ in unique],
            before,
            [one for one in before if has_id or may_have_moved(one)],
        )
        names = dict(zip(unique, _named(key, found, before), strict=True))
        dates = {one.fingerprint: one.date for one in before}
        for position, entry in zip(positions, entries, strict=True):
            name = fingerprints[position] = names[entry]
            if dates.get(name, entry[0]) != entry[0]:
                listing[position] = _suspect(listing[position])

    result: dict[str, InboxMessage] = {}
    for fingerprint, message in zip(fingerprints, listing, strict=True):
        result[fingerprint] = _suspect(message) if fingerprint in result else message
    return result


def _suspect(message: InboxMessage) -> InboxMessage:
    """Return a message that looks like another one, and may be made up for that."""
    return replace(message, is_ambiguous=True) if message.is_forgeable else message


def _pair(
    dates: Sequence[datetime | None], known: Iterable[Known], movable: Iterable[Known]
) -> list[Known | None]:
    """Return which known message each date of a listing is, if any."""
    by_date: dict[datetime | None, list[Known]] = {}
    for one in known:
        by_date.setdefault(one.date, []).append(one)
    result: list[Known | None] = [
        same.pop(0) if (same := by_date.get(date)) else None for date in dates
    ]
    found = {one.fingerprint for one in result if one is not None}
    left = [one for one in movable if one.fingerprint not in found]
    for n, date in enumerate(dates):
        if not left:
            break
        if result[n] is None:
            result[n] = next((one for one in left if _may_be(one.date, date)), None)
            left = [one for one in left if one is not result[n]]
    return result


def _may_be(before: datetime | None, now: datetime | None) -> bool:
    """Return whether two dates may be of one message, in different zones."""
    if before is None or now is None:
        return True
    apart = abs(now - before)
    return apart <= _ZONES_APART and not apart % _ZONE_STEP


def _named(
    key: str, found: Iterable[Known | None], known: Iterable[Known]
) -> list[str]:
    """Return the fingerprints of messages of a key, the new ones numbered."""
    number = max((_number(one) for one in known), default=0)
    names: list[str] = []
    for one in found:
        if one is not None:
            names.append(one.fingerprint)
            continue
        number += 1
        names.append(key if number == 1 else f"{key}.{number}")
    return names


def _number(known: Known) -> int:
    return int(known.fingerprint[KEY_LENGTH + 1 :] or 1)
