"""Settings of an account, from its data and options with their defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from typing import Any, Final, Self

from homeassistant.const import CONF_COUNTRY, CONF_TIME_ZONE
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .const import (
    CONF_ACKNOWLEDGE_WORDS,
    CONF_ALLOWED_SENDERS,
    CONF_BALANCE_UNIT,
    CONF_COMMAND_PIN,
    CONF_HOLD_HOURS,
    CONF_HOURLY_LIMIT,
    CONF_INBOX_INTERVAL,
    CONF_KEEP_DAYS,
    CONF_KEEP_MESSAGES,
    CONF_LOW_BALANCE,
    CONF_RESTRICT_NUMBERS,
    CONF_SENDER,
    CONF_VOICE_LANGUAGE,
    DEFAULT_ACKNOWLEDGE_WORDS,
    DEFAULT_HOLD_HOURS,
    DEFAULT_HOURLY_LIMIT,
    DEFAULT_INBOX_INTERVAL,
    DEFAULT_KEEP_DAYS,
    DEFAULT_KEEP_MESSAGES,
    DEFAULT_LOW_BALANCE,
    UNIT_CREDITS,
)

_MOST_UNREAD: Final = 20_000


def most_unread(keep: int) -> int:
    """Return how many messages may be unread where so many are to be kept.

    Nobody reads more: the oldest of them are marked as read.
    """
    return max(2 * keep, _MOST_UNREAD)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Settings of an account."""

    sender: str
    """Default sender ID of messages."""
    country: str | None
    """ISO 3166-1 alpha-2 region for numbers without a country code."""
    time_zone: tzinfo | None
    """Time zone of the portal's times, or None if it is to be learned."""
    currency: str | None
    """ISO 4217 code of the balance, or None for credits."""
    low_balance: float
    hourly_limit: int
    """Maximum number of recipients in any rolling hour; 0 for no limit."""
    hold: timedelta
    """How long a message that could not be sent is held; zero disables holding."""
    inbox_interval: timedelta
    voice_language: str
    """Language that voice calls are spoken in."""
    keep_messages: int
    """Maximum number of messages to keep; unread messages are always kept."""
    keep_for: timedelta
    """How long messages are kept; unread messages are always kept."""
    allowed_senders: frozenset[str]
    """Trusted numbers; if empty, the account's recipients are trusted."""
    acknowledge_words: str
    """What acknowledges an alert, separated by commas."""
    command_pin: str | None = field(repr=False)
    """What commands by message have to end with, or None if there is no PIN."""
    restrict_numbers: bool
    """Whether only administrators may send to numbers that no recipient has."""

    @classmethod
    async def async_read(
        cls, hass: HomeAssistant, data: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Self:
        """Create settings from an entry's data and options.

        Country and language default to those of Home Assistant.
        """
        zone = options.get(CONF_TIME_ZONE)
        unit = options.get(CONF_BALANCE_UNIT, UNIT_CREDITS)
        return cls(
            sender=data[CONF_SENDER],
            country=options.get(CONF_COUNTRY) or hass.config.country,
            time_zone=zone and await dt_util.async_get_time_zone(zone),
            currency=None if unit == UNIT_CREDITS else unit,
            low_balance=options.get(CONF_LOW_BALANCE, DEFAULT_LOW_BALANCE),
            hourly_limit=int(options.get(CONF_HOURLY_LIMIT, DEFAULT_HOURLY_LIMIT)),
            hold=timedelta(hours=options.get(CONF_HOLD_HOURS, DEFAULT_HOLD_HOURS)),
            inbox_interval=timedelta(
                seconds=options.get(CONF_INBOX_INTERVAL, DEFAULT_INBOX_INTERVAL)
            ),
            voice_language=options.get(CONF_VOICE_LANGUAGE) or hass.config.language,
            keep_messages=int(options.get(CONF_KEEP_MESSAGES, DEFAULT_KEEP_MESSAGES)),
            keep_for=timedelta(days=options.get(CONF_KEEP_DAYS, DEFAULT_KEEP_DAYS)),
            allowed_senders=frozenset(options.get(CONF_ALLOWED_SENDERS, ())),
            acknowledge_words=options.get(
                CONF_ACKNOWLEDGE_WORDS, DEFAULT_ACKNOWLEDGE_WORDS
            ),
            command_pin=options.get(CONF_COMMAND_PIN) or None,
            restrict_numbers=options.get(CONF_RESTRICT_NUMBERS, False),
        )
