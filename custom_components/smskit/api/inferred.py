"""Undocumented behavior of the portal that the client assumes.

The vendor's documentation specifies neither the wording of most refusals nor some
parameters. These values come from public clients of the same portal software or are
by analogy. All assumptions are in this file, so that corrections are made only here.
"""

from datetime import timedelta
import re
from typing import Final

from .channel_parameter import ChannelParameter
from .errors import Cause

# The name of the channel parameter is undocumented: answers contain `channel_id`, but
# `groupstatus` answers `group_id` and takes `groupid`. Most portals should ignore a
# name that they do not know, so both come first. The others are tried by `viewchannel`,
# which changes nothing. The last ones are common words, which may be variables of the
# portal's own code: they are never sent beside another name.
CHANNEL_PARAMETERS: Final = (
    ChannelParameter(names=("channel_id", "channelid")),
    ChannelParameter(names=("channel_id",)),
    ChannelParameter(names=("channelid",)),
    ChannelParameter(names=("gateway_id",), takes_gateway=True),
    ChannelParameter(names=("gatewayid",), takes_gateway=True),
    ChannelParameter(names=("channel",)),
    ChannelParameter(names=("id",)),
)

# A WhatsApp channel is selected by its gateway ID, like any other route.
ROUTE_PARAMETER: Final = "route"

# What a portal may answer to a POST of an operation that it has by GET only, besides a
# refusal: its login page, or an HTTP error. A redirect is none of it: it says that the
# address is not the one to give credentials to.
MAY_NEED_GET: Final = frozenset({Cause.PAGE, Cause.FORBIDDEN, Cause.METHOD})

# A web server that is too busy says so before any code of the portal runs: what it
# turned away was not sent.
TRY_LATER_STATUS: Final = frozenset({429, 503})
# Not so a cache or a gateway that handed the request on, and waited in vain: some of
# them answer 503, too.
HANDED_ON: Final = re.compile(
    r"\b(?:backend\s+fetch|guru\s+meditation|first\s+byte|upstream|time-?out"
    r"|timed\s+out)\b",
    re.IGNORECASE,
)
# For how long a portal is left alone because it asks for that, at most.
LONGEST_RETRY_AFTER: Final = timedelta(hours=1)

# The balance of an account that never had one.
NO_BALANCE: Final = ("", None)
# The answer to a send has the time of the acceptance, unless the message is scheduled.
# The status of a group has that time, too, or the present one: soon after the
# acceptance they are the same. It is in the zone of whatever is listed, and of
# `scheduledate`, which may be the user's own; the answer to a send may be in another.
GROUP_IS_NEW: Final = timedelta(minutes=2)
# A portal's clock is kept in time: what remains of its difference to a quarter of an
# hour is at most this.
CLOCK_DRIFT: Final = timedelta(minutes=5)

# Wording of a refusal that is about the route, and not about the message.
ROUTE_REFUSAL: Final = re.compile(r"\b(?:routes?|gateways?)\b", re.IGNORECASE)

# Keys that no document shows and that similar portals may answer. A report on a portal
# names them; any other word that looks like a key may be a part of somebody's message.
LIKELY_KEYS: Final = frozenset(
    {
        "code",
        "cost",
        "count",
        "created",
        "credits",
        "currency",
        "data",
        "datetime",
        "duration",
        "error",
        "error_code",
        "expiry",
        "gateway",
        "language",
        "list",
        "msg",
        "name",
        "network",
        "number",
        "phone",
        "price",
        "qr",
        "read",
        "reason",
        "receiver",
        "response",
        "result",
        "route",
        "sender",
        "success",
        "text",
        "time",
        "timestamp",
        "total",
        "type",
        "units",
        "unread",
        "user",
    }
)

# "Invalid user" is documented; the rest is the wording of similar portals. Refusals of
# a single message have such words, too, so `balance` has the last word.
AUTH_REFUSAL: Final = re.compile(
    r"""
    \b(?:invalid|unknown|wrong|incorrect|missing|no|bad)\s+
        (?:user(?:name)?|account|api\s*-?key|api\s*-?token|token|credentials?|login)\b
        (?!\s+(?:balance|credits?|id|numbers?|units?)\b)
    | \b(?:user(?:name)?|account|api\s*-?key|api\s*-?token|token|credentials?)\s+
        (?:(?:is|are|was|were|does|do)\s+)?not\s+(?:exist|found|recogni[sz]ed|valid)\b
    | \bauthenti(?:cation|cate)\b | \bunauthori[sz]ed\b(?!\s+sender)
    | \bnot\s+logged\s+in\b
    | \bapi\s+(?:access\s+)?(?:is\s+)?(?:not\s+enabled|disabled|off)\b
    | \bapi\s?(?:key|token)\b.*\b(?:invalid|wrong|incorrect|missing|required|expired)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)

# Wording of a refusal that is the same for every number of a message: "Insufficient
# Balance", "Sender ID Not Allowed", "Message Contains Forbidden Words", and what
# similar portals may say of an account, a schedule, or a WhatsApp channel. Any other
# may be about one number, so that the rest of them is tried without it.
CONCERNS_ALL: Final = re.compile(
    r"""
    \b(?:balance|credits?|funds|quota|limit|account|api|ip\s+address|credentials?
        |authenticat\w+|unauthori[sz]ed|sender|words?|message\s+(?:field|type)
        |language|duration|schedule|channel|session|logged\s+in|maintenance)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)

# Possible wording of an error that reports an empty listing.
EMPTY_LIST_REFUSAL: Final = re.compile(
    r"\b(?:no|empty|zero)\b.*\b(?:messages?|inbox|channels?|records?|results?|data)\b"
    r"|\b(?:inbox|list)\s+is\s+empty\b|\bnot?\s*(?:hing)?\s+found\b",
    re.IGNORECASE,
)

# What stands between a word of a status and what else the portal says with it.
STATUS_SEPARATOR: Final = re.compile(r"[:;,(\[|/]|\.(?:\s|$)|\s[-\u2013\u2014]+\s")

# `error` is documented, `failed` was seen for it; the others are by analogy.
REFUSED_STATUS: Final = frozenset({"error", "failed", "fail", "failure", "rejected"})
# `queued` is documented; the others were seen in answers of similar portals.
ACCEPTED_STATUS: Final = frozenset({"queued", "success", "sent", "ok", "okey"})

# As the text of a template, public clients send
# `content:NAME|lang=fr|body=…|header=image:URL|button=…`, with one value at most. How
# several are written was seen nowhere, nor whether a separator can be escaped: in a
# value it is replaced. They name no route: templates go through no channel.
TEMPLATE_PART_SEPARATOR: Final = "|"
TEMPLATE_VALUE_SEPARATOR: Final = ","
TEMPLATE_REPLACEMENTS: Final = {"|": "/", ",": ";"}

# A number that a group lists may lack its country code, or have one too many. So many
# digits in common from the end make it the same number. A group lists its numbers in
# the order in which they were sent.
SAME_NUMBER_DIGITS: Final = 7

# The documented words for a recipient are `queued`, `sent` and `failed`, and `canceled`
# was seen; the rest is by analogy, or SMPP's, which carriers report (its states end at
# seven letters). Behind a word may stand a reason. Any other status is not final.
FINAL_SENT: Final = frozenset(
    {"sent", "delivered", "delivrd", "success", "successful", "ok", "read", "seen"}
)
FINAL_FAILED: Final = frozenset(
    {
        "bounced",
        "canceled",
        "cancelled",
        "deleted",
        "error",
        "expired",
        "fail",
        "failed",
        "failure",
        "rejectd",
        "rejected",
        "skipped",
        "undeliv",
        "undeliverable",
        "undelivered",
        "unsent",
    }
)
# Where a carrier's whole receipt has that word.
SMPP_RECEIPT: Final = re.compile(r"\bstat\s*:\s*(\w+)", re.IGNORECASE)
# What goes before such a word and leaves its meaning: "delivery failed".
STATUS_SUBJECT: Final = re.compile(
    r"(?:(?:the|sms|whatsapp|message|msg|delivery|sending|send|status"
    r"|has|was|is|been|permanently|successfully)\s)+"
)
STATUS_NEGATION: Final = re.compile(r"\b(?:not|never|cannot)\s(?:be(?:en)?\s)?")
# Whatever else is said: this is no end.
NOT_FINAL: Final = re.compile(
    r"\b(?:yet|temporar(?:y|ily)|pending|in\sprogress|retrying|try(?:ing)?\sagain"
    r"|will\s(?:be\s)?(?:retry|retried))\b"
)

# Device status reported by `viewchannel`: "session active" is documented, the others
# are by analogy. Only a word that is known to mean "no" blocks messages: what any other
# means is for the portal to say.
CONNECTED: Final = frozenset(
    {"session active", "active", "connected", "authenticated", "online", "ready"}
)
EXPIRED: Final = frozenset(
    {"expired", "subscription expired", "plan expired", "session expired"}
)
NOT_CONNECTED: Final = frozenset(
    {
        "awaiting scan",
        "closed",
        "disconnected",
        "inactive",
        "logged out",
        "not connected",
        "offline",
        "pairing",
        "scan qr",
        "session closed",
        "waiting for scan",
    }
)
DEVICE_STATUS: Final = CONNECTED | EXPIRED | NOT_CONNECTED
