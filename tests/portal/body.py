"""The JSON object of a request to the control interface."""

from __future__ import annotations

from decimal import Decimal
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web


class Body:
    """The JSON object of a request; every getter refuses a value of another type."""

    def __init__(self, data: dict[str, object]) -> None:
        """Wrap what was parsed."""
        self._data = data

    @classmethod
    async def read(cls, request: web.Request) -> Body:
        """Parse a request; an empty body is an empty object."""
        text = await request.text()
        data = json.loads(text) if text.strip() else {}
        if not isinstance(data, dict):
            msg = "the body has to be a JSON object"
            raise TypeError(msg)
        return cls(data)

    def text(self, name: str) -> str:
        """Return a string that has to be there."""
        value = self.optional_text(name)
        if value is None:
            msg = f"{name} is missing"
            raise ValueError(msg)
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a string, or None."""
        return self._typed(name, str)

    def number(self, name: str) -> float | None:
        """Return a number, or None."""
        value = self._data.get(name)
        return float(value) if isinstance(value, int) else self._typed(name, float)

    def whole(self, name: str) -> int | None:
        """Return a whole number, or None."""
        return self._typed(name, int)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a truth value."""
        value = self._typed(name, bool)
        return default if value is None else value

    def amount(self, name: str, default: str) -> Decimal:
        """Return an amount, given as a string or a number."""
        return Decimal(str(self._data.get(name, default)))

    def texts(self, name: str) -> set[str] | None:
        """Return a list of strings as a set, or None."""
        value = self._typed(name, list)
        return None if value is None else {str(item) for item in value}

    def without(self, *names: str) -> dict[str, object]:
        """Return all but these fields, as they are."""
        return {k: v for k, v in self._data.items() if k not in names}

    def _typed[T](self, name: str, kind: type[T]) -> T | None:
        value = self._data.get(name)
        if value is not None and not isinstance(value, kind):
            msg = f"{name} has to be a {kind.__name__}"
            raise TypeError(msg)
        return value
