"""Why a message has its status."""

from dataclasses import dataclass
from typing import Final, Self

from ..api import Cause, Explanation

type Columns = tuple[str | None, str | None, str | None]

NO_REASON: Final[Columns] = (None, None, None)
"""The columns of a message that has no reason."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a message has its status, or goes another way than it was to."""

    code: str
    """A `FailureReason` of the package that sends."""
    explanation: Explanation | None = None
    """What the portal or the network had to do with it."""

    @property
    def columns(self) -> Columns:
        """Return it as the database has it."""
        if self.explanation is None:
            return str(self.code), None, None
        return str(self.code), self.explanation.cause.value, self.explanation.quote

    @classmethod
    def from_columns(
        cls, code: str | None, cause: str | None, quote: str | None
    ) -> Self | None:
        """Return what was stored, if anything was."""
        if code is None:
            return None
        explanation = Explanation(Cause(cause), quote or "") if cause else None
        return cls(code, explanation)
