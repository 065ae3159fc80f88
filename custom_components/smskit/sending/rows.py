"""Batches and their outcomes as the database has them."""

from collections.abc import Iterable
from datetime import datetime
import time
from typing import Any, Final

from homeassistant.util import dt as dt_util

from ..api import SendType
from ..phone_number import current_form
from ..store import Body, Direction, Message, Statement
from .batch import Batch, BatchRecipient, Stage
from .clock import monotonic
from .media import MEDIA_PATH
from .models import VIA_OF_TYPE, Status

SELECT_BATCHES: Final = (
    "SELECT id, created, expires, type, fallback, sender, text, body, route, "
    "fallback_route, file, language, duration, schedule, stage, group_id, "
    "notice, follow_from FROM batches ORDER BY rowid"
)
SELECT_RECIPIENTS: Final = (
    "SELECT batch_id, number, name, status, reason, subentry_ids "
    "FROM batch_recipients ORDER BY batch_id, position"
)
_INSERT: Final = (
    "INSERT INTO batches (id, created, expires, type, fallback, sender, text, body, "
    "route, fallback_route, file, language, duration, schedule, stage, group_id, "
    "notice, follow_from) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_UPDATE: Final = (
    "UPDATE batches SET type = ?, fallback = ?, route = ?, file = ?, schedule = ?, "
    "stage = ?, group_id = ?, notice = ?, follow_from = ? WHERE id = ?"
)


def insert(batch: Batch) -> list[Statement]:
    """Return what stores a new batch."""
    row = (
        batch.id,
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
    )
    return [
        Statement(_INSERT, [row]),
        Statement(
            "INSERT INTO batch_recipients "
            "(batch_id, position, number, name, status, reason, subentry_ids) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    batch.id,
                    position,
                    r.number,
                    r.name,
                    r.status.value,
                    r.reason,
                    " ".join(sorted(r.subentry_ids)),
                )
                for position, r in enumerate(batch.recipients)
            ],
        ),
        Statement(
            "INSERT INTO messages "
            "(id, direction, number, peer, name, text, date, status) "
            "VALUES (?, 'out', ?, ?, ?, ?, ?, ?)",
            [
                (
                    _message_id(batch, r),
                    r.number,
                    current_form(r.number),
                    r.name,
                    batch.text,
                    batch.created,
                    r.status.value,
                )
                for r in batch.recipients
            ],
        ),
    ]


def update(batch: Batch) -> list[Statement]:
    """Return what stores how far a batch has come."""
    row = (
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
    recipients = list(changed)
    return [
        Statement(
            "UPDATE batch_recipients SET status = ?, reason = ? "
            "WHERE batch_id = ? AND number = ?",
            [(r.status.value, r.reason, batch.id, r.number) for r in recipients],
        ),
        Statement(
            "UPDATE messages SET status = ?, reason = ? WHERE id = ?",
            [(r.status.value, r.reason, _message_id(batch, r)) for r in recipients],
        ),
    ]


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
    for batch_id, number, name, status, reason, subentry_ids in recipients:
        of_batch.setdefault(batch_id, []).append(
            BatchRecipient(
                number=number,
                name=name,
                status=Status(status),
                reason=reason,
                subentry_ids=frozenset(subentry_ids.split()),
            )
        )
    return [
        Batch(
            id=row[0],
            created=row[1],
            expires=row[2],
            type=SendType(row[3]),
            fallback=SendType(row[4]) if row[4] else None,
            sender=row[5],
            text=row[6],
            body=row[7],
            route=row[8],
            fallback_route=row[9],
            # Media are served from memory; the text matters more.
            file=None if row[10] is None or MEDIA_PATH in row[10] else row[10],
            language=row[11],
            duration=row[12],
            schedule=datetime.fromisoformat(row[13]) if row[13] else None,
            stage=Stage(row[14]),
            group_id=row[15],
            notice=row[16],
            follow_from=row[17],
            recipients=of_batch[row[0]],
            numbers=frozenset(r.number for r in of_batch[row[0]]),
            # A clock that was wrong makes it no later.
            deadline=min(monotonic(row[2]), time.monotonic() + row[2] - row[1]),
        )
        for row in batches
        if row[0] in of_batch
    ]


def event_body(batch: Batch, recipient: BatchRecipient) -> Body:
    """Return what became of a message as an event that is yet to be published."""
    return {
        "batch_id": batch.id,
        "number": recipient.number,
        "name": recipient.name,
        "via": VIA_OF_TYPE[batch.type].value,
        "status": recipient.status.value,
        "group_id": batch.group_id,
        "reason": recipient.reason,
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
    return f"{batch.id}{recipient.number}"
