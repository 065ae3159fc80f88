"""What nobody has seen: every guess about the portal stands in this file.

The vendor's page and public client code of the same portal software leave gaps. This
file fills them with the likeliest answer, so that a look at a real portal means a
change here and nowhere else. Nothing in it may be relied on as a fact about a real
portal; what is documented or seen in the wild stands where it is used.

Some guesses are the course of an operation and have no value to stand here:
- messages: the order of the checks, and that a database which cannot store an emoji
  bills nothing; a forbidden word is found inside of others; a schedule in the past is
  sent at once; WhatsApp without a route takes the first connected channel; another type
  through a channel is refused; a template goes through no channel.
- templates: a part other than the name may be given more than once.
- handwriting: a list without anything in it is `[ ]`.
- send_answers: what a portal answers that sends at once ends with the messages.
- numbers: a national number is one with a 0 in front, 00 leads to a country code.
- sending: what is scheduled is billed when it is accepted.
- operations: the inbox is listed oldest first; a group's date is when it was accepted;
  of several operations in one request the first of the vendor's list is done.
- state: schedules are read in the user's zone, and what getinbox, groupstatus,
  listchannel and viewchannel show is in it; the dates of sendsms and createchannel are
  in the portal's.
- processing, delivery: a cron job begins at full minutes, and lists a group as a whole;
  recipients are `sending` while it works on them.
- server, sessions: what an account may not ask by POST is answered without a session.
- channels: a channel without its phone keeps its queue; what is cleared, or waits in a
  channel that is deleted, has failed; an expired channel cannot be reset.
"""

from collections.abc import Collection
from datetime import datetime
import re
from typing import Final

# --- Wording of refusals -------------------------------------------------------------

API_DISABLED: Final = "API access disabled"
ADDRESS_NOT_ALLOWED: Final = "IP address not allowed"
UNKNOWN_OPERATION: Final = "Invalid request"
UNKNOWN_TYPE: Final = "Invalid message type"
NO_LANGUAGE: Final = "Language is required"
NO_DURATION: Final = "Duration is required"
BAD_SCHEDULE: Final = "Invalid schedule date"
NUMBER_NOT_ALLOWED: Final = "Destination not allowed"
BAD_ROUTE: Final = "Invalid route"
CHANNEL_NOT_CONNECTED: Final = "WhatsApp channel not connected"
UNKNOWN_GROUP: Final = "Invalid group ID"
UNKNOWN_CHANNEL: Final = "Invalid channel"
NO_LABEL: Final = "Channel label is required"
ALREADY_CONNECTED: Final = "Channel already connected"
CHANNEL_EXPIRED: Final = "Channel subscription expired"

# What an account with nothing to list may say in place of an empty list.
EMPTY_LIST: Final = {
    "getinbox": "No message found",
    "listchannel": "No channel found",
}

# --- Parameters ----------------------------------------------------------------------

# The answers say channel_id; groupstatus answers group_id and takes groupid.
CHANNEL_ID_PARAMETERS: Final = ("channel_id", "channelid")
LABEL_PARAMETER: Final = "label"
PLAN_PARAMETER: Final = "plan"
DEFAULT_PLAN: Final = "pro"
YEARLY_PLANS: Final = frozenset({"annual", "year", "yearly"})

# What is left of a number that is not bad: E.164 ends at 15 digits.
NUMBER: Final = re.compile(r"[1-9][0-9]{6,14}", re.ASCII)

# --- Messages ------------------------------------------------------------------------

# Types limited to the GSM 7-bit alphabet. Question marks are known for sms only.
GSM_TYPES: Final = frozenset({"sms", "flash"})
# Types billed by length; every other message costs as much as one segment.
SEGMENTED_TYPES: Final = frozenset({"sms", "unicode", "flash"})
# Types that may carry a file in place of a text.
FILE_TYPES: Final = frozenset({"voice", "mms", "whatsapp"})
# The lists of getinbox that mark as read what they return.
LISTS_THAT_MARK_READ: Final = frozenset({"unread"})
# How long the cron job takes for the recipients of one run, in seconds.
CRON_SECONDS: Final = 10
# The country of an account that national numbers are completed with: Nigeria.
COUNTRY_CODE: Final = "234"
# What stands in front of an amount of money.
CURRENCY: Final = "NGN "
# The number that inbound messages arrive at: the one in the vendor's sample.
INBOUND_NUMBER: Final = "2347015272"


def group_status(states: Collection[str]) -> str:
    """Return a group's status, derived from the states of its recipients."""
    if "queued" in states:
        return "queued"
    return "failed" if set(states) == {"failed"} else "sent"


# --- Channels ------------------------------------------------------------------------

# viewchannel's device_status; only the first is documented.
DEVICE_STATUS: Final = {
    "connected": "session active",
    "pairing": "awaiting scan",
    "disconnected": "session closed",
    "expired": "subscription expired",
}
# last_sync of a channel that never was: MySQL's zero date.
NEVER: Final = "0000-00-00 00:00:00"
NOT_RUNNING: Final = "0:00:00"
WHATSAPP_VERSION: Final = "1289"
# How often last_sync moves on while a channel is connected, in seconds.
SYNC_INTERVAL: Final = 60
# How long one QR code can be scanned, in seconds (WhatsApp's own habit).
QR_LIFETIME: Final = 20


def queue_count(remaining: int, removed: int) -> int:
    """Return what clearqueue answers: the messages left, as in the vendor's sample."""
    del removed
    return remaining


def subscription_end(created: datetime, plan: str) -> datetime:
    """Return the end of a subscription: one month on, one year for a yearly plan."""
    months = 12 if plan.lower() in YEARLY_PLANS else 1
    year, month = divmod(created.year * 12 + created.month - 1 + months, 12)
    # The 31st of a shorter month is that month's last day.
    for day in range(created.day, created.day - 4, -1):
        try:
            return created.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    raise AssertionError
