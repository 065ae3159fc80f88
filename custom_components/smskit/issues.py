"""Repair issues of an account."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta, timezone
from pathlib import Path
import time
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from .alerts import AlertEvent, AlertEventType
from .channels import ChannelProblem
from .const import DOMAIN
from .settings import most_unread
from .store import DiskProblem
from .texts import common_text


@dataclass(frozen=True, kw_only=True, slots=True)
class RemovedRecipient:
    """A recipient that is gone, and what it was known by."""

    subentry_id: str
    name: str
    ids: tuple[str, ...]
    """Its entities, and its device."""


class AccountIssues:
    """Raise and clear the repair issues of an account."""

    def __init__(self, hass: HomeAssistant, entry_id: str, title: str) -> None:
        """Initialize without issues."""
        self._hass = hass
        self._entry_id = entry_id
        self._title = title
        self._limit_id = f"hourly_limit_{entry_id}"
        self._clock_id = f"wrong_time_zone_{entry_id}"
        self._pin_id = f"pin_not_set_{entry_id}"
        self._cancel_limit_timer: CALLBACK_TYPE | None = None
        self._channel_issue_ids: set[str] = set()

    @callback
    def async_show_hourly_limit(self, limit: int | None, until: float | None) -> None:
        """Report the limit that stopped a message until `until`, monotonic.

        None and None when messages may be sent again.
        """
        self._cancel_timer()
        if limit is None:
            self._clear(self._limit_id)
            return
        self._raise(self._limit_id, "hourly_limit", {"limit": str(limit)})
        if until is not None:
            delay = max(until - time.monotonic(), 0)
            self._cancel_limit_timer = async_call_later(
                self._hass, delay, self._on_limit_timer
            )

    @callback
    def async_show_disk_problem(self, problem: DiskProblem | None) -> None:
        """Report what keeps the database from being written, until it can be."""
        issue_id = _disk_error_id(self._entry_id)
        if problem is None:
            self._clear(issue_id)
        else:
            self._raise(
                issue_id,
                "disk_error",
                {"error": common_text(self._hass, f"disk_{problem}")},
                severity=ir.IssueSeverity.ERROR,
            )

    @callback
    def async_update_inbox_full(self, unread: int, limit: int) -> None:
        """Raise the issue of a full inbox while unread messages exceed the limit."""
        issue_id = _inbox_full_id(self._entry_id)
        if not limit or unread <= limit:
            self._clear(issue_id)
        else:
            self._raise(
                issue_id,
                "inbox_full",
                {"limit": str(limit), "most": str(most_unread(limit))},
            )

    @callback
    def async_show_inbox_unreadable(self, *, is_unreadable: bool) -> None:
        """Report that the portal lists messages in a way that cannot be read."""
        issue_id = _inbox_unreadable_id(self._entry_id)
        if is_unreadable:
            self._raise(
                issue_id, "inbox_unreadable", {}, severity=ir.IssueSeverity.ERROR
            )
        else:
            self._clear(issue_id)

    @callback
    def async_show_inbox_too_large(self, *, is_too_large: bool) -> None:
        """Report that the portal lists more messages than are read at once."""
        issue_id = f"inbox_too_large_{self._entry_id}"
        if is_too_large:
            self._raise(issue_id, "inbox_too_large", {})
        else:
            self._clear(issue_id)

    @callback
    def async_update_clock(self, offset: timedelta | None) -> None:
        """Raise the issue of an option that the learned offset contradicts.

        None while there is no contradiction.
        """
        if offset is None:
            self._clear(self._clock_id)
        else:
            self._raise(
                self._clock_id,
                "wrong_time_zone",
                {"offset": str(timezone(offset))},
                is_fixable=True,
                data={"entry_id": self._entry_id},
            )

    @callback
    def async_raise_pin_not_set(self) -> None:
        """Report that an automation requires a PIN, and there is none.

        To set one reloads the account, which clears the issue.
        """
        self._raise(self._pin_id, "pin_not_set", {})

    @callback
    def async_show_recipient_in_use(
        self, removed: RemovedRecipient, users: Iterable[str]
    ) -> None:
        """Report which automations and scripts use a recipient that is gone, if any."""
        issue_id = f"{_recipient_in_use_prefix(self._entry_id)}{removed.subentry_id}"
        names = "\n".join(f"- {user}" for user in users)
        if not names:
            self._clear(issue_id)
            return
        self._raise(
            issue_id,
            "recipient_in_use",
            {"recipient": removed.name, "users": names},
            is_persistent=True,
            data={
                "subentry_id": removed.subentry_id,
                "name": removed.name,
                "ids": " ".join(removed.ids),
            },
        )

    def recipients_in_use(self) -> list[RemovedRecipient]:
        """Return the recipients of the issues above, also those of the last run."""
        return [
            RemovedRecipient(
                subentry_id=str(issue.data["subentry_id"]),
                name=str(issue.data["name"]),
                ids=tuple(str(issue.data["ids"]).split()),
            )
            for issue in _recipient_issues(self._hass, self._entry_id)
            if issue.data is not None
        ]

    @callback
    def async_follow_alert(self, event: AlertEvent) -> None:
        """Report an alert that nobody acknowledged, until it is started again."""
        issue_id = f"alert_exhausted_{self._entry_id}_{event.alert_id}"
        if event.type is AlertEventType.STARTED:
            self._clear(issue_id)
        elif event.type is AlertEventType.EXHAUSTED:
            self._raise(
                issue_id,
                "alert_exhausted",
                {"alert": event.alert_id},
                is_fixable=True,
                is_persistent=True,
                severity=ir.IssueSeverity.ERROR,
                data={"account": self._title, "alert": event.alert_id},
            )

    @callback
    def async_raise_store_damaged(self, set_aside: Path) -> None:
        """Report that the database could not be read, and where it is now."""
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            _store_damaged_id(self._entry_id),
            is_fixable=False,
            is_persistent=True,
            severity=ir.IssueSeverity.ERROR,
            translation_key="store_damaged",
            translation_placeholders={"account": self._title, "path": str(set_aside)},
        )

    @callback
    def async_update_channels(self, problems: Iterable[ChannelProblem]) -> None:
        """Raise the issues of the current channel problems, and clear all others."""
        wanted = {
            f"{problem.key}_{self._entry_id}_{problem.channel_id}": problem
            for problem in problems
        }
        for issue_id in self._channel_issue_ids - wanted.keys():
            self._clear(issue_id)
        for issue_id, problem in wanted.items():
            placeholders = {"channel": problem.name}
            if problem.ends is not None:
                placeholders["date"] = dt_util.as_local(problem.ends).date().isoformat()
            self._raise(
                issue_id,
                problem.key,
                placeholders,
                is_fixable=problem.key == "channel_lost",
                data={"entry_id": self._entry_id, "channel_id": problem.channel_id},
            )
        self._channel_issue_ids = set(wanted)

    @callback
    def async_stop(self) -> None:
        """Clear the issues that only hold while the account is loaded."""
        self.async_show_disk_problem(None)
        self.async_show_inbox_unreadable(is_unreadable=False)
        self.async_show_inbox_too_large(is_too_large=False)
        self.async_show_hourly_limit(None, None)
        self.async_update_channels(())
        self.async_update_clock(None)
        self._clear(self._pin_id)

    def _raise(
        self, issue_id: str, key: str, placeholders: dict[str, str], **more: Any
    ) -> None:
        details = {"is_fixable": False, "severity": ir.IssueSeverity.WARNING, **more}
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id,
            translation_key=key,
            translation_placeholders={"account": self._title, **placeholders},
            **details,
        )

    def _clear(self, issue_id: str) -> None:
        ir.async_delete_issue(self._hass, DOMAIN, issue_id)

    def _cancel_timer(self) -> None:
        if self._cancel_limit_timer is not None:
            self._cancel_limit_timer()
            self._cancel_limit_timer = None

    @callback
    def _on_limit_timer(self, _: object) -> None:
        self._cancel_limit_timer = None
        self.async_show_hourly_limit(None, None)


@callback
def async_remove_issues(hass: HomeAssistant, entry_id: str) -> None:
    """Clear every issue of an account, also one that a kill left in the registry."""
    for domain, issue_id in list(ir.async_get(hass).issues):
        if domain == DOMAIN and entry_id in issue_id:
            ir.async_delete_issue(hass, DOMAIN, issue_id)


def _inbox_full_id(entry_id: str) -> str:
    return f"inbox_full_{entry_id}"


def _inbox_unreadable_id(entry_id: str) -> str:
    return f"inbox_unreadable_{entry_id}"


def _disk_error_id(entry_id: str) -> str:
    return f"disk_error_{entry_id}"


def _store_damaged_id(entry_id: str) -> str:
    return f"store_damaged_{entry_id}"


def _recipient_in_use_prefix(entry_id: str) -> str:
    return f"recipient_in_use_{entry_id}_"


def _recipient_issues(hass: HomeAssistant, entry_id: str) -> list[ir.IssueEntry]:
    prefix = _recipient_in_use_prefix(entry_id)
    return [
        issue
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN and issue.issue_id.startswith(prefix)
    ]
