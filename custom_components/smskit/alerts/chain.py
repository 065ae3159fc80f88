"""The chain of an alert: what is due, and what an answer or an outcome changes.

Nothing here has an effect: functions take an alert and return the one that it becomes.
Moments are monotonic.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from ..phone_number import current_form
from ..sending import NOWHERE, Status
from .models import Alert, Question, Step
from .words import acknowledges

# It has not left, so nobody can have answered it.
_NOT_LEFT: Final = NOWHERE | {Status.HELD}


def next_step(alert: Alert) -> Step | None:
    """Return the step that is due next; None when all that is due is the end."""
    if alert.position >= len(alert.steps) * alert.rounds:
        return None
    return alert.steps[alert.position % len(alert.steps)]


def step_and_round(alert: Alert) -> tuple[int | None, int | None]:
    """Return which step was taken last, and in which round; from 1, None for none."""
    if not alert.position:
        return None, None
    rounds, step = divmod(alert.position - 1, len(alert.steps))
    return step + 1, rounds + 1


def time_left(alert: Alert) -> float:
    """Return how many seconds the steps take that were not taken yet."""
    steps = len(alert.steps)
    left = range(alert.position, steps * alert.rounds)
    return sum(alert.steps[position % steps].wait for position in left)


def take_step(alert: Alert, questions: Iterable[Question], now: float) -> Alert:
    """Return an alert that has just asked the people of its next step."""
    step = alert.steps[alert.position % len(alert.steps)]
    alert = replace(
        alert,
        position=alert.position + 1,
        deadline=now + step.wait,
        questions=(*alert.questions, *questions),
    )
    return hurry(alert, now)


def note_outcome(
    alert: Alert, message_id: str, status: Status, *, listings: int, now: float
) -> Alert:
    """Return an alert one of whose messages has another status.

    One that was held, and leaves, is answered from the listing on that is after the
    next one: the next one may have what was there before. `listings` have been so far.
    """
    questions = tuple(
        replace(one, status=status, after=_after(one, status, listings))
        if one.message_id == message_id
        else one
        for one in alert.questions
    )
    return hurry(replace(alert, questions=questions), now)


def _after(question: Question, status: Status, listings: int) -> int | None:
    if status in _NOT_LEFT:
        return None
    return listings + 1 if question.after is None else question.after


def hurry(alert: Alert, now: float) -> Alert:
    """Return an alert that waits for nobody whom no message of its step can reach."""
    current = [one for one in alert.questions if one.position == alert.position - 1]
    if alert.position and all(one.status in NOWHERE for one in current):
        return replace(alert, deadline=min(alert.deadline, now))
    return alert


def answered(alert: Alert, number: str, text: str, *, listing: int) -> Question | None:
    """Return the question that a message acknowledges, if it does.

    Only who was asked can, and only by what the portal did not have before.
    """
    if not acknowledges(text, alert.words):
        return None
    peer = current_form(number)
    for question in alert.questions:
        if question.after is None or listing <= question.after:
            continue
        if current_form(question.number) == peer:
            return question
    return None


def texted(alert: Alert) -> list[Question]:
    """Return one question for each number that a message went to, or may have."""
    reached = [one for one in alert.questions if one.status not in _NOT_LEFT]
    return list({current_form(one.number): one for one in reached}.values())


def asked(alert: Alert, *, is_last_step: bool = False) -> tuple[str, ...]:
    """Return who was asked so far, or in the last step; each of them once."""
    return tuple(
        dict.fromkeys(
            one.who
            for one in alert.questions
            if not is_last_step or one.position == alert.position - 1
        )
    )
