"""What one operator's installation does in another way than the next one's."""

from dataclasses import dataclass, field
from typing import Final

from . import inferred
from .balances import BalanceFormat
from .processing import Processing
from .spelling import Spelling
from .words import RecipientState

# What a portal of the tests is, unless it is told otherwise.
DEFAULT_SPELLING: Final = Spelling.HANDWRITTEN


@dataclass(kw_only=True, eq=False)
class Installation:
    """The switches of a portal; tests may change any of them at any time."""

    spelling: Spelling = DEFAULT_SPELLING
    processing: Processing = Processing.TOLD
    cron_interval: float = 60
    """Seconds between two runs of the cron job: a minute [server].

    Another one is for those who cannot wait; what a run takes shrinks with it.
    """
    schedules_have_groups: bool = True
    """Whether a scheduled send is answered with a group. [server]: with group "0".

    Processing other than TOLD always answers "0".
    """
    ignores_schedule: bool = False
    """Whether scheduledate, file and duration are ignored, as one does [server]."""
    forbidden_words: set[str] = field(default_factory=set)
    """What no message may contain [server]."""
    stores_emoji: bool = True
    """Not so in old ones, which store latin1 or 3-byte UTF-8 [wild]."""
    accepted_word: str = "queued"
    """[doc]; others are `success`, `sent`, `ok`, `okey` [wild]."""
    balance_format: BalanceFormat = BalanceFormat.PLAIN
    inbox_plus: bool = False
    """Whether senders come with a plus: they are not normalized [server]."""
    routes_channels: bool = True
    """Whether a route may address a WhatsApp channel; no known client does [inferred].
    """
    channel_parameters: tuple[str, ...] = inferred.CHANNEL_ID_PARAMETERS
    """The names that a channel's id is taken from."""
    outcomes: dict[str, RecipientState] = field(default_factory=dict)
    """What becomes of messages to a number, where not what is said for all."""
    notice: str | None = None
    """The reason that a portal which sends at once gives for what failed [server]."""
