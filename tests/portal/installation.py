"""What one operator's installation does in another way than the next one's."""

from dataclasses import dataclass, field
from typing import Final

from . import inferred
from .processing import Processing
from .spelling import Spelling
from .words import RecipientState

# What a portal of the tests is, unless it is told otherwise.
DEFAULT_SPELLING: Final = Spelling.ENCODED


@dataclass(kw_only=True, eq=False)
class Installation:
    """The switches of a portal; tests may change any of them at any time."""

    spelling: Spelling = DEFAULT_SPELLING
    processing: Processing = Processing.TOLD
    schedules_have_groups: bool = True
    """Whether a scheduled send is answered with a group. [server]: with group "0".

    Processing other than TOLD always answers "0".
    """
    ignores_schedule: bool = False
    """Whether scheduledate, file and duration are ignored, as one does [server]."""
    channel_parameters: tuple[str, ...] = inferred.CHANNEL_ID_PARAMETERS
    """The names that a channel's id is taken from."""
    outcomes: dict[str, RecipientState] = field(default_factory=dict)
    """What becomes of messages to a number, where not what is said for all."""
    notice: str | None = None
    """The reason that a portal which sends at once gives for what failed [server]."""
