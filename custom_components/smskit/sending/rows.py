"""Batches and their outcomes as the database has them."""

from collections.abc import Iterable
from datetime import datetime
import time
from typing import Any, Final

from homeassistant.util import dt as dt_util

from ..api import SendType
from ..phone_number import current_form
from ..store import NO_REASON, Body, Direction, Message, Reason, Statement
from .batch import Batch, BatchRecipient, Stage
from .clock import monotonic
from .limits import Original
from .models import VIA_OF_TYPE, Priority, Status
from .reasons import FailureReason

SELECT_BATCHES: Final = (
    "SELECT id, origin, created, expires, type, fallback, sender, text, body, route, "
    "fallback_route, file, language, duration, schedule, stage, group_id, "
    "notice, follow_from, priority FROM batches ORDER BY rowid"
)
SELECT_RECIPIENTS: Final = (
    "SELECT batch_id, number, name, status, subentry_ids, reason_code, reason_cause, "
    "reason_quote FROM batch_recipients ORDER BY batch_id, position"
)
SELECT_DUPLICATES: Final = (
    "SELECT digest, at, message_id, number, name, status, reason_code, reason_cause, "
    "reason_quote FROM duplicates LEFT JOIN messages ON messages.id = message_id"
)
_INSERT: Final = (
    "INSERT INTO batches (id, origin, created, expires, type, fallback, sender, text, "
    "body, route, fallback_route, file, language, duration, schedule, stage, group_id, "
    "notice, follow_from, priority) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SHOWN: Final = "status = ?, reason_code = ?, reason_cause = ?, reason_quote = ?"
_UPDATE: Final = (
    "UPDATE batches SET expires = ?, type = ?, fallback = ?, route = ?, file = ?, "
    "schedule = ?, stage = ?, group_id = ?, notice = ?, follow_from = ? WHERE id = ?"
)


def insert(batch: Batch) -> list[Statement]:
    """Return what stores a new batch, and its messages in the history."""
    return [
        *insert_part(batch),
        Statement(
            "INSERT INTO messages "
            "(id, direction, number, name, text, date, status, peer) "
            "VALUES (?, 'out', ?, ?, ?, ?, ?, ?)",
            [
                (
                    _message_id(batch, r),
                    r.number,
                    r.name,
                    batch.text,
                    batch.created,
                    r.status.value,
                    current_form(r.number),
                )
                for r in batch.recipients
            ],
        ),
    ]


def insert_part(batch: Batch) -> list[Statement]:
    """Return what stores a part of a batch, whose messages the history has."""
    row = (
        batch.id,
        batch.origin,
        batch.created,
        batch.expires,
        batch.type.value,
        batch.fallback.value if batch.fallback else None,
        batch.sender,
        batch.text,
        batch.body,
        batch.route,
        batch.fallback_route,
        batch.file,
        batch.language,
        batch.duration,
        batch.schedule.isoformat() if batch.schedule else None,
        batch.stage.value,
        batch.group_id,
        batch.notice,
        batch.follow_from,
        batch.priority.value,
    )
    return [
        Statement(_INSERT, [row]),
        Statement(
            "INSERT INTO batch_recipients "
            "(batch_id, position, number, name, status, subentry_ids, reason_code, "
            "reason_cause, reason_quote) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    batch.id,
                    position,
                    r.number,
                    r.name,
                    r.status.value,
                    " ".join(sorted(r.subentry_ids)),
                    *(r.reason.columns if r.reason else NO_REASON),
                )
                for position, r in enumerate(batch.recipients)
            ],
        ),
    ]


def update(batch: Batch) -> list[Statement]:
    """Return what stores how far a batch has come."""
    row = (
        batch.expires,
        batch.type.value,
        batch.fallback.value if batch.fallback else None,
        batch.route,
        batch.file,
        batch.schedule.isoformat() if batch.schedule else None,
        batch.stage.value,
        batch.group_id,
        batch.notice,
        batch.follow_from,
        batch.id,
    )
    return [Statement(_UPDATE, [row])]


def update_recipients(
    batch: Batch, changed: Iterable[BatchRecipient]
) -> list[Statement]:
    """Return what stores how far recipients of a batch have come."""
    shown = [
        (r, (r.status.value, *(r.reason.columns if r.reason else NO_REASON)))
        for r in changed
    ]
    return [
        Statement(
            f"UPDATE batch_recipients SET {_SHOWN} WHERE batch_id = ? AND number = ?",  # noqa: S608 - no value in it
            [(*values, batch.id, r.number) for r, values in shown],
        ),
        Statement(
            f"UPDATE messages SET {_SHOWN} WHERE id = ?",  # noqa: S608 - as above
            [(*values, _message_id(batch, r)) for r, values in shown],
        ),
    ]


def share(batch: Batch, recipient: BatchRecipient) -> Statement:
    """Return what stores whom a recipient's message is for, also after a split."""
    return Statement(
        "UPDATE batch_recipients SET subentry_ids = ? WHERE number = ? "
        "AND batch_id IN (SELECT id FROM batches WHERE origin = ?)",
        [(" ".join(sorted(recipient.subentry_ids)), recipient.number, batch.origin)],
    )


def delete_recipients(batch: Batch, gone: Iterable[BatchRecipient]) -> list[Statement]:
    """Return what removes recipients of a batch that goes on without them."""
    return [
        Statement(
            "DELETE FROM batch_recipients WHERE batch_id = ? AND number = ?",
            [(batch.id, recipient.number) for recipient in gone],
        )
    ]


def delete(batch: Batch) -> list[Statement]:
    """Return what removes a batch that is at its end."""
    return [Statement("DELETE FROM batches WHERE id = ?", [(batch.id,)])]


def read_batches(
    batches: Iterable[tuple[Any, ...]], recipients: Iterable[tuple[Any, ...]]
) -> list[Batch]:
    """Return batches from their rows, in order."""
    of_batch: dict[str, list[BatchRecipient]] = {}
    for batch_id, number, name, status, subentry_ids, *reason in recipients:
        of_batch.setdefault(batch_id, []).append(
            BatchRecipient(
                number=number,
                name=name,
                status=Status(status),
                reason=Reason.from_columns(*reason),
                subentry_ids=frozenset(subentry_ids.split()),
            )
        )
    return [
        Batch(
            id=row[0],
            origin=row[1],
            created=row[2],
            expires=row[3],
            type=SendType(row[4]),
            fallback=SendType(row[5]) if row[5] else None,
            sender=row[6],
            text=row[7],
            body=row[8],
            route=row[9],
            fallback_route=row[10],
            file=row[11],
            language=row[12],
            duration=row[13],
            schedule=datetime.fromisoformat(row[14]) if row[14] else None,
            stage=Stage(row[15]),
            group_id=row[16],
            notice=row[17],
            follow_from=row[18],
            priority=Priority(row[19]),
            recipients=of_batch[row[0]],
            numbers=frozenset(r.number for r in of_batch[row[0]]),
            # A clock that was wrong makes it no later.
            deadline=min(monotonic(row[3]), time.monotonic() + row[3] - row[2]),
        )
        for row in batches
        if row[0] in of_batch
    ]


def read_duplicates(
    duplicates: Iterable[tuple[Any, ...]], batches: Iterable[Batch]
) -> list[tuple[str, Original]]:
    """Return what the duplicate filter remembers, from rows and batches under way."""
    under_way = {
        _message_id(batch, recipient): (recipient, batch)
        for batch in batches
        for recipient in batch.recipients
    }
    now = time.monotonic()
    originals: list[tuple[str, Original]] = []
    forgotten = Reason(FailureReason.FORGOTTEN)
    for digest, at, message_id, number, name, status, *reason in duplicates:
        ended = BatchRecipient(
            number=number or "",
            name=name,
            status=Status(status or Status.UNKNOWN),
            reason=Reason.from_columns(*reason) if status else forgotten,
        )
        recipient, batch = under_way.get(message_id, (ended, None))
        # A clock that was set back makes nothing count for longer.
        original = Original(min(monotonic(at), now), recipient, batch)
        originals.append((digest, original))
    return originals


def event_body(batch: Batch, recipient: BatchRecipient) -> Body:
    """Return what became of a message as an event that is yet to be published."""
    return {
        "batch_id": batch.origin,
        "number": recipient.number,
        "name": recipient.name,
        "via": VIA_OF_TYPE[batch.type].value,
        "status": recipient.status.value,
        "group_id": batch.group_id,
        "reason": recipient.reason and recipient.reason.columns,
        "text": batch.text,
        "created": batch.created,
    }


def message(batch: Batch, recipient: BatchRecipient) -> Message:
    """Return the message to one of a batch's recipients, as the history has it."""
    return Message(
        id=_message_id(batch, recipient),
        direction=Direction.OUT,
        number=recipient.number,
        name=recipient.name,
        text=batch.text,
        date=dt_util.utc_from_timestamp(batch.created),
        status=recipient.status.value,
        reason=recipient.reason,
    )


def _message_id(batch: Batch, recipient: BatchRecipient) -> str:
    return f"{batch.origin}{recipient.number}"
