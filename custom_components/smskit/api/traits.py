"""What is learned about how one portal answers, as opposed to what it answers.

Portals run the same software in different versions. Each trait starts as unknown, is
learned from answers, and is kept with the account.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta, timezone
from enum import StrEnum
from typing import Any, Self

from .clock import OffsetPeriod, OffsetPeriods, learned_periods


class Escaping(StrEnum):
    """Whether the portal escapes the texts in its answers."""

    UNKNOWN = "unknown"
    ENCODED = "encoded"
    """A JSON encoder writes the answers."""
    HANDWRITTEN = "handwritten"
    """The answers are put together by hand, and nothing in them is escaped."""


class Processing(StrEnum):
    """When the portal hands a message to its carrier."""

    UNKNOWN = "unknown"
    CRON = "cron"
    """Later: a group has no recipients at first."""
    IMMEDIATE = "immediate"
    """At once: the answer to a send has the outcome of the last number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Traits:
    """What is known of a portal."""

    get_operations: frozenset[str] = frozenset()
    """Operations that the portal accepts by GET only."""
    escaping: Escaping = Escaping.UNKNOWN
    processing: Processing = Processing.UNKNOWN
    channel_parameter: str | None = None
    """Name of the parameter that takes the ID of a channel; None: not verified."""
    route_accepted: bool | None = None
    """Whether a WhatsApp message may name the route of its channel; None: not known."""
    offset_periods: OffsetPeriods = ()
    """How far the portal's clock has been ahead of UTC, as answers to sends show."""
    listed_offset_periods: OffsetPeriods = ()
    """The same, as what it lists shows: that may be in a zone of the user's own."""

    @property
    def learned_offsets(self) -> OffsetPeriods:
        """Return what is learned of the zone in which times are listed."""
        listed = learned_periods(self.listed_offset_periods)
        return listed or learned_periods(self.offset_periods)

    @property
    def offset(self) -> timedelta | None:
        """Return how far the portal's clock is ahead of UTC, or None if not learned."""
        learned = self.learned_offsets
        return learned[-1].offset if learned else None

    def as_dict(self) -> dict[str, Any]:
        """Return the traits as JSON has them."""
        return {
            "get_operations": sorted(self.get_operations),
            "escaping": self.escaping.value,
            "processing": self.processing.value,
            "channel_parameter": self.channel_parameter,
            "route_accepted": self.route_accepted,
            "offset_periods": [period.as_dict() for period in self.offset_periods],
            "listed_offset_periods": [
                period.as_dict() for period in self.listed_offset_periods
            ],
        }

    def describe(self) -> dict[str, Any]:
        """Return the traits for a report, which does not say when anything was sent."""
        described = self.as_dict()
        del described["offset_periods"], described["listed_offset_periods"]
        offset = None if self.offset is None else str(timezone(self.offset))
        return {**described, "offset": offset}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return traits from `as_dict`; raise ValueError or KeyError if it is none."""
        return cls(
            get_operations=frozenset(data["get_operations"]),
            escaping=Escaping(data["escaping"]),
            processing=Processing(data["processing"]),
            channel_parameter=data["channel_parameter"],
            route_accepted=data["route_accepted"],
            offset_periods=tuple(map(OffsetPeriod.from_dict, data["offset_periods"])),
            listed_offset_periods=tuple(
                map(OffsetPeriod.from_dict, data["listed_offset_periods"])
            ),
        )
