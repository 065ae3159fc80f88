"""What the portal knows, as JSON for tests in another process."""

from collections.abc import Mapping
import dataclasses
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from .state import Account

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def plain(value: object) -> object:  # noqa: PLR0911 - one a type
    """Return a value as JSON has it.

    Dataclasses become objects, times ISO 8601, amounts strings, an account its name.
    Fields that are kept out of a repr, such as tokens, are left out.
    """
    if isinstance(value, Account):
        return value.name
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return fields(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value


def fields(value: DataclassInstance) -> dict[str, object]:
    """Return a dataclass's fields; of an account too, which `plain` only names."""
    return {
        field.name: plain(getattr(value, field.name))
        for field in dataclasses.fields(value)
        if field.repr
    }
