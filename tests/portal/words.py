"""The states of recipients and groups, in the portal's words."""

from typing import Final, Literal

# [server]; `queued`, `sent` and `failed` are also [doc]. `sent` means that the
# carrier's gateway took it.
type RecipientState = Literal[
    "queued", "sending", "processing", "sent", "failed", "canceled"
]
RECIPIENT_STATES: Final[tuple[RecipientState, ...]] = (
    "queued",
    "sending",
    "processing",
    "sent",
    "failed",
    "canceled",
)
# What may still change.
OPEN_STATES: Final = frozenset({"queued", "sending", "processing"})
