"""What the portal says of the credentials."""

from collections.abc import Callable
import time
from typing import Final

# A portal may refuse right credentials for a moment, such as when it has no database.
_BELIEVED: Final = 3
# Requests that were refused at the same time were refused once; in seconds.
_APART: Final = 20.0


class Credentials:
    """Whether the portal takes the credentials, as its answers show.

    A refusal by `balance` is a doubt; several in a row are believed.
    """

    def __init__(self, on_change: Callable[[], None] | None = None) -> None:
        """Trust the credentials; `on_change` is called when that may have changed."""
        self._on_change = on_change
        self._refusals = 0
        self._refused_at = float("-inf")

    @property
    def are_doubted(self) -> bool:
        """Return whether the portal refused them when it was asked last."""
        return self._refusals > 0

    @property
    def are_refused(self) -> bool:
        """Return whether the portal has refused them so often that it is believed."""
        return self._refusals >= _BELIEVED

    def accept(self) -> None:
        """Note that the portal takes them."""
        if self._refusals:
            self._refusals = 0
            self._refused_at = float("-inf")
            self._changed()

    def refuse(self) -> None:
        """Note that the portal refuses them."""
        now = time.monotonic()
        if now - self._refused_at >= _APART:
            self._refusals += 1
            self._refused_at = now
            self._changed()

    def _changed(self) -> None:
        if self._on_change is not None:
            self._on_change()
