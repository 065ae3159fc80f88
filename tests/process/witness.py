"""Automations that note in the log what they run for.

They are a second witness beside the websocket: they are there from the start of each
life on, when nobody can be connected yet.
"""

from dataclasses import dataclass
from pathlib import Path
import re
from typing import Final

RECEIVED: Final = "event.127_0_0_1_message_received"
STATUS: Final = "event.127_0_0_1_message_status"

_AUTOMATION: Final = """\
  - alias: Notes {kind}
    mode: queued
    max: 10000
    triggers:
      - trigger: event.received
        target:
          entity_id: {entity}
        options:
          event_type: [{types}]
    conditions: {conditions}
    actions:
      - action: system_log.write
        data:
          logger: witness
          level: warning
          message: >-
            {kind} {{{{ trigger.to_state.attributes['{subject}'] }}}}
            {{{{ trigger.to_state.attributes['{detail}'] }}}}
"""
_STATUSES: Final = "queued, sent, failed, held, expired, unknown"
_LINE: Final = re.compile(
    r"\[witness\] (received|status|command) (\S+) (\S+)$", re.MULTILINE
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """That an automation ran."""

    life: int
    kind: str
    """`received`, `status`, or `command`."""
    subject: str
    """The text of a message that was received, the number of one that was sent."""
    detail: str
    """Whether it was from a backlog, or the status."""


def automations() -> str:
    """Return the configuration of the automations.

    One runs for each message that was received, one for each status, and one for each
    command: a message that is not from a backlog.
    """
    received = _AUTOMATION.format(
        kind="received",
        entity=RECEIVED,
        types="received",
        conditions="[]",
        subject="text",
        detail="backlog",
    )
    status = _AUTOMATION.format(
        kind="status",
        entity=STATUS,
        types=_STATUSES,
        conditions="[]",
        subject="number",
        detail="event_type",
    )
    command = _AUTOMATION.format(
        kind="command",
        entity=RECEIVED,
        types="received",
        conditions="\"{{ not trigger.to_state.attributes['backlog'] }}\"",
        subject="text",
        detail="backlog",
    )
    return f"automation:\n{received}{status}{command}"


def read_notes(folder: Path) -> list[Note]:
    """Return what the automations noted, from the log of each life of a run."""
    return [
        Note(life=life, kind=kind, subject=subject, detail=detail)
        for life, path in sorted(
            (int(path.suffix.removeprefix(".")), path)
            for path in folder.glob("home-assistant.log.*")
        )
        for kind, subject, detail in _LINE.findall(
            path.read_text(encoding="utf-8", errors="replace")
        )
    ]
