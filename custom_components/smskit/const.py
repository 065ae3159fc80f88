"""Constants of the SMSKit integration."""

from datetime import timedelta
import logging
from typing import Final

DOMAIN: Final = "smskit"
LOGGER: Final = logging.getLogger(__package__)
MANUFACTURER: Final = "SMSKit"

DEFAULT_URL: Final = "https://account.smskit.net"

# Entry data, in addition to Home Assistant's url, api_key and api_token.
CONF_SENDER: Final = "sender"
CONF_GET_OPERATIONS: Final = "get_operations"
CONF_ACCOUNT: Final = "account"

# Options, in addition to Home Assistant's country and time_zone.
CONF_ACKNOWLEDGE_WORDS: Final = "acknowledge_words"
CONF_ALLOWED_SENDERS: Final = "allowed_senders"
CONF_BALANCE_UNIT: Final = "balance_unit"
CONF_COMMAND_PIN: Final = "command_pin"
CONF_HOLD_HOURS: Final = "hold_hours"
CONF_HOURLY_LIMIT: Final = "hourly_limit"
CONF_INBOX_INTERVAL: Final = "inbox_interval"
CONF_KEEP_DAYS: Final = "keep_days"
CONF_KEEP_MESSAGES: Final = "keep_messages"
CONF_LOW_BALANCE: Final = "low_balance"
CONF_RESTRICT_NUMBERS: Final = "restrict_numbers"
CONF_VOICE_LANGUAGE: Final = "voice_language"

UNIT_CREDITS: Final = "credits"
DEFAULT_ACKNOWLEDGE_WORDS: Final = "ok, okay, yes, oui, 👍"
DEFAULT_HOLD_HOURS: Final = 1
DEFAULT_HOURLY_LIMIT: Final = 100
DEFAULT_INBOX_INTERVAL: Final = 30
DEFAULT_KEEP_DAYS: Final = 365
DEFAULT_KEEP_MESSAGES: Final = 10_000
DEFAULT_LOW_BALANCE: Final = 10

# Data of recipient subentries.
SUBENTRY_RECIPIENT: Final = "recipient"
CONF_CHANNEL: Final = "channel"
CONF_NUMBERS: Final = "numbers"
CONF_VIA: Final = "via"

BALANCE_INTERVAL: Final = timedelta(minutes=5)
# Maximum time until the next poll after a failure.
RETRY_INTERVAL: Final = timedelta(minutes=1)
# Until the next poll while the portal refuses the credentials: before it is believed,
# and from then on.
DOUBT_INTERVAL: Final = timedelta(seconds=30)
REFUSED_INTERVAL: Final = timedelta(minutes=15)
REFRESH_COOLDOWN: Final = 2.0
RECONCILE_INTERVAL: Final = timedelta(days=1)
