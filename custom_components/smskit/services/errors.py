"""Errors of actions, from portal errors and from the outcomes of a message."""

from collections.abc import Generator
from contextlib import contextmanager

from homeassistant.core import HomeAssistant, async_get_hass
from homeassistant.exceptions import HomeAssistantError

from ..api import PortalError, UncertainError, UnverifiedChannelError
from ..const import DOMAIN
from ..sending import Outcome, Report, Status
from ..store import StoreError, disk_problem
from ..texts import common_text, explanation_text, reason_text


def portal_error(
    hass: HomeAssistant, err: PortalError, *, read_only: bool = False
) -> HomeAssistantError:
    """Return an action's error for a portal error.

    With `read_only`, a missing answer does not mean that something may have changed.
    """
    key = "portal_error"
    if isinstance(err, UnverifiedChannelError):
        key = "channel_not_verified"
    elif isinstance(err, UncertainError) and not read_only:
        key = "portal_uncertain"
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders={"error": explanation_text(hass, err.explanation)},
    )


def raise_unless_all_taken(hass: HomeAssistant, report: Report) -> None:
    """Raise for a message that was not accepted for every recipient.

    For callers without a response, which could report the outcomes.
    """
    if not all(outcome.status.taken for outcome in report.outcomes):
        raise send_error(hass, report)


def send_error(hass: HomeAssistant, report: Report) -> HomeAssistantError:
    """Return an error that names who a message went to, and why not to the others."""
    taken = [
        _display_name(outcome) for outcome in report.outcomes if outcome.status.taken
    ]
    reasons = [
        _explained(hass, outcome)
        for outcome in report.outcomes
        if not outcome.status.taken
    ]
    if any(outcome.status is Status.UNKNOWN for outcome in report.outcomes):
        # It may have been delivered, so the user should not simply send it again.
        key = "not_confirmed"
    else:
        key = "sent_in_part" if taken else "not_sent"
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders={
            "accepted": ", ".join(dict.fromkeys(taken)),
            "reasons": "; ".join(dict.fromkeys(reasons)),
        },
    )


def _display_name(outcome: Outcome) -> str:
    """Return a recipient's name, or the number that the caller has typed."""
    return outcome.name or outcome.number


def _explained(hass: HomeAssistant, outcome: Outcome) -> str:
    """Return why somebody was not reached; without a reason, only who."""
    name = _display_name(outcome)
    if outcome.reason is None:
        return name
    reason = reason_text(hass, outcome.reason)
    return common_text(hass, "reason_of", name=name, reason=reason)


@contextmanager
def store_errors() -> Generator[None]:
    """Raise what the database refuses as the error of an action."""
    try:
        yield
    except StoreError as err:
        raise disk_error(async_get_hass(), "not_stored", err) from err


def disk_error(hass: HomeAssistant, key: str, err: Exception) -> HomeAssistantError:
    """Return the error of an action that could not read or write."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders={
            "error": common_text(hass, f"disk_{disk_problem(err)}")
        },
    )
