"""Alerts as the database has them."""

from collections.abc import Iterable
from dataclasses import asdict
import json
import time
from typing import Any, Final

from ..sending import NOWHERE, MessageType, Status, epoch, monotonic
from ..store import Body, Statement
from .models import Alert, AlertEvent, AlertEventType, Question, Step

SELECT_ALERTS: Final = (
    "SELECT id, message, steps, rounds, words, announcement, is_critical, position, "
    "deadline FROM alerts ORDER BY rowid"
)
# The history knows what became of a message, also where that was never published.
SELECT_QUESTIONS: Final = (
    "SELECT alert_id, batch_id, alert_questions.number, alert_questions.name, "
    "position, has_looked, messages.status FROM alert_questions "
    "LEFT JOIN messages ON messages.id = batch_id || alert_questions.number "
    "ORDER BY alert_questions.rowid"
)
# Without a message in the history, nobody knows; it was not to be waited for then.
_FORGOTTEN: Final = Status.UNKNOWN


def insert(alert: Alert) -> Statement:
    """Return what stores a new alert."""
    steps = [asdict(step) for step in alert.steps]
    return Statement(
        "INSERT INTO alerts (id, message, steps, rounds, words, announcement, "
        "is_critical, position, deadline) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                alert.id,
                alert.message,
                json.dumps(steps),
                alert.rounds,
                json.dumps(alert.words),
                alert.announcement,
                int(alert.is_critical),
                alert.position,
                epoch(alert.deadline),
            )
        ],
    )


def update(alert: Alert) -> Statement:
    """Return what stores how far an alert has come."""
    return Statement(
        "UPDATE alerts SET position = ?, deadline = ? WHERE id = ?",
        [(alert.position, epoch(alert.deadline), alert.id)],
    )


def insert_questions(
    alert: Alert, questions: Iterable[Question], *, has_looked: bool
) -> Statement:
    """Return what stores whom an alert asked, and whether the inbox was read before."""
    return Statement(
        "INSERT INTO alert_questions "
        "(alert_id, batch_id, number, name, position, has_looked) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [
            (alert.id, q.batch_id, q.number, q.name, q.position, int(has_looked))
            for q in questions
        ],
    )


def leave_later(question: Question) -> Statement:
    """Return what stores that the inbox was not read before a question left."""
    return Statement(
        "UPDATE alert_questions SET has_looked = 0 WHERE batch_id = ? AND number = ?",
        [(question.batch_id, question.number)],
    )


def delete(alert: Alert) -> Statement:
    """Return what removes an alert that is at its end."""
    return Statement("DELETE FROM alerts WHERE id = ?", [(alert.id,)])


def read_alerts(
    alerts: Iterable[tuple[Any, ...]], questions: Iterable[tuple[Any, ...]]
) -> list[Alert]:
    """Return alerts from their rows, in order."""
    of_alert: dict[str, list[Question]] = {}
    for alert_id, batch_id, number, name, position, has_looked, status in questions:
        known = Status(status or _FORGOTTEN)
        is_open = known is not Status.HELD and known not in NOWHERE
        of_alert.setdefault(alert_id, []).append(
            Question(
                batch_id=batch_id,
                number=number,
                name=name,
                position=position,
                status=known,
                # The first listing has what was there before unless that is known.
                after=(0 if has_looked else 1) if is_open else None,
            )
        )
    return [_read(row, of_alert.get(row[0], ())) for row in alerts]


def _read(row: tuple[Any, ...], questions: Iterable[Question]) -> Alert:
    steps = tuple(
        Step(
            subentry_ids=tuple(step["subentry_ids"]),
            numbers=tuple(step["numbers"]),
            type=MessageType(step["type"]),
            wait=step["wait"],
        )
        for step in json.loads(row[2])
    )
    # A clock that was wrong makes no step later than its turn.
    longest = max(step.wait for step in steps)
    return Alert(
        id=row[0],
        message=row[1],
        steps=steps,
        rounds=row[3],
        words=tuple(json.loads(row[4])),
        announcement=row[5],
        is_critical=bool(row[6]),
        position=row[7],
        deadline=min(monotonic(row[8]), time.monotonic() + longest),
        questions=tuple(questions),
    )


def event_body(event: AlertEvent) -> Body:
    """Return what happened to an alert as an event that is yet to be published."""
    return asdict(event)


def read_event(body: Body) -> AlertEvent:
    """Return an event from its body."""
    return AlertEvent(
        **{
            **body,
            "type": AlertEventType(body["type"]),
            "asked": tuple(body["asked"]),
        }
    )
