"""New dates for messages that are kept, after another zone was learned."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from homeassistant.util import dt as dt_util

from ..portal_clock import PortalClock


def redated(
    rows: Iterable[tuple[Any, ...]], clock: PortalClock
) -> list[tuple[float, int]]:
    """Return the dates that change, each with the number of its message.

    A row has a message's number, its date, the portal's, and when it was received.
    """
    dates: list[tuple[float, int]] = []
    for seq, before, portal_date, received in rows:
        came = dt_util.utc_from_timestamp(received)
        date = clock.to_utc(datetime.fromisoformat(portal_date), received=came) or came
        if date.timestamp() != before:
            dates.append((date.timestamp(), seq))
    return dates
