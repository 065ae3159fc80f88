"""What the portal answered, or what became of a message, as an action's error."""

from collections.abc import Generator
from contextlib import contextmanager

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..api import InvalidAuthError, PortalError, UncertainError
from ..const import DOMAIN
from ..coordinator import SmskitConfigEntry
from ..phone_number import mask_number
from ..sending import Outcome, Report, Status
from ..store import StoreError


def portal_error(
    hass: HomeAssistant,
    entry: SmskitConfigEntry,
    err: PortalError,
    *,
    read_only: bool = False,
) -> HomeAssistantError:
    """Return the error of an action for what the portal, or nobody, answered.

    With `read_only`, a missing answer leaves no doubt about what was changed.
    """
    if isinstance(err, InvalidAuthError):
        entry.async_start_reauth(hass)
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=(
            "portal_uncertain"
            if isinstance(err, UncertainError) and not read_only
            else "portal_error"
        ),
        translation_placeholders={"error": str(err)},
    )


def raise_unless_all_taken(report: Report) -> None:
    """Raise for a message that did not go out to everybody, where nobody sees why."""
    if not all(outcome.status.taken for outcome in report.outcomes):
        raise send_error(report)


def send_error(report: Report) -> HomeAssistantError:
    """Say which recipients a message went to, and why not to the others."""
    taken = [_who(outcome) for outcome in report.outcomes if outcome.status.taken]
    reasons = [
        f"{_who(outcome)}: {outcome.status.value}, {outcome.reason}"
        for outcome in report.outcomes
        if not outcome.status.taken
    ]
    if any(outcome.status is Status.UNKNOWN for outcome in report.outcomes):
        # It may well have arrived: whoever reads this should not just send it again.
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


def _who(outcome: Outcome) -> str:
    """Name a recipient where a number must not stand."""
    return outcome.name or mask_number(outcome.number)


@contextmanager
def store_errors() -> Generator[None]:
    """Raise what the database refuses as the error of an action."""
    try:
        yield
    except StoreError as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="not_stored",
            translation_placeholders={"error": str(err)},
        ) from err
