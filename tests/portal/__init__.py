"""A bulk-messaging portal over real HTTP, for tests and demos.

    async with Portal() as portal:
        account = portal.add_account(api_key="key", api_token="token")
        ...  # a client talks to portal.url
        portal.receive(account, "12025550123", "Hello")

`python -m tests.portal` runs it alone. Portals differ, since each operator may have
changed the code: `installation.py` has the switches.

Nobody here has an account at a real one, so every fact carries its standing where it is
implemented: [doc] the vendor's own pages, [server] the code or the database of one
portal or of a sister product, [wild] public clients or notes of their users, [inferred]
none of these. What is inferred stands in `inferred.py`, or is named there.
"""

from .balances import BalanceFormat
from .faults import Fault, FaultKind
from .portal import Portal
from .processing import Processing
from .spelling import Spelling
from .state import (
    Account,
    Channel,
    ChannelState,
    Group,
    GroupRecipient,
    InboxMessage,
    LedgerEntry,
    PostAnswer,
    RefusedError,
    RequestLog,
)
from .templates import Template
from .words import RecipientState

__all__ = [
    "Account",
    "BalanceFormat",
    "Channel",
    "ChannelState",
    "Fault",
    "FaultKind",
    "Group",
    "GroupRecipient",
    "InboxMessage",
    "LedgerEntry",
    "Portal",
    "PostAnswer",
    "Processing",
    "RecipientState",
    "RefusedError",
    "RequestLog",
    "Spelling",
    "Template",
]
