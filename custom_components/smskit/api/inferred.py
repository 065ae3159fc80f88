"""Everything the client assumes and no document says.

The vendor's page names neither the wording of most refusals nor some parameters.
What follows comes from public clients of the same portal software or from analogy;
whoever learns better changes it here and nowhere else.
"""

import re
from typing import Final

# The parameter that names a channel is unknown: answers say `channel_id`, while
# `groupstatus` answers `group_id` and takes `groupid`. Unknown ones are ignored.
CHANNEL_ID_PARAMETERS: Final = ("channel_id", "channelid")

# A WhatsApp channel is chosen by its gateway id, as every other route is.
ROUTE_PARAMETER: Final = "route"

# "Invalid user" is documented; the rest is what such portals say in its place.
AUTH_REFUSAL: Final = re.compile(
    r"""
    \b(?:invalid|unknown|wrong|incorrect|missing|no|bad)\s+
        (?:user(?:name)?|account|api\s*-?key|api\s*-?token|token|credentials?|login)\b
    | \bauthenti(?:cation|cate)\b | \bunauthori[sz]ed\b | \bnot\s+logged\s+in\b
    | \bapi\s+(?:access\s+)?(?:is\s+)?(?:not\s+enabled|disabled|off)\b
    | \bapi\s?(?:key|token)\b.*\b(?:invalid|wrong|incorrect|missing|required|expired)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)

# How "there is nothing to list" may be worded when it comes as an error.
EMPTY_LIST_REFUSAL: Final = re.compile(
    r"\b(?:no|empty|zero)\b.*\b(?:messages?|inbox|channels?|records?|results?|data)\b"
    r"|\b(?:inbox|list)\s+is\s+empty\b|\bnot?\s*(?:hing)?\s+found\b",
    re.IGNORECASE,
)

# `queued` is documented, the others are answers seen from other portals.
ACCEPTED_STATUS: Final = frozenset({"queued", "success", "sent", "ok"})

# A recipient's `queued`, `sent` and `failed` are documented; the rest is by analogy.
# Any other word reads as not final.
FINAL_SENT: Final = frozenset({"sent", "delivered", "success", "ok", "read"})
FINAL_FAILED: Final = frozenset(
    {"failed", "undelivered", "rejected", "expired", "error", "cancelled", "canceled"}
)

# What `viewchannel` says of a device: "session active" is documented, the others are
# words of the kind. An unknown one reads as not connected.
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
        "loading",
        "logged out",
        "not connected",
        "offline",
        "pairing",
        "scan qr",
        "session closed",
        "waiting for scan",
    }
)
