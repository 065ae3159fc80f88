"""The switches of a portal and of an account, as another process sets them."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from .balances import BalanceFormat
from .installation import Installation
from .plain import plain
from .processing import Processing
from .spelling import Spelling
from .state import POST_ANSWERS, Account

type Reader = Callable[[Any], object]


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("a switch is true or false")
    return value


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise TypeError("not a time to wait")
    return value


def _texts(value: object) -> list[str]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return [str(item) for item in value]


def _optional_text(value: object) -> str | None:
    return None if value is None else str(value)


def _zone(value: object) -> str | None:
    return None if value is None else ZoneInfo(str(value)).key


def _post_answer(value: object) -> object:
    if value is not None and value not in POST_ANSWERS:
        raise ValueError(f"not an answer to a POST: {value}")
    return value


OF_PORTAL: Final[dict[str, Reader]] = {
    "spelling": Spelling,
    "processing": Processing,
    "cron_interval": _seconds,
    "schedules_have_groups": _flag,
    "ignores_schedule": _flag,
    "forbidden_words": lambda value: set(_texts(value)),
    "stores_emoji": _flag,
    "accepted_word": str,
    "balance_format": BalanceFormat,
    "inbox_plus": _flag,
    "routes_channels": _flag,
    "channel_parameters": lambda value: tuple(_texts(value)),
    "outcomes": dict,
    "notice": _optional_text,
}
OF_ACCOUNT: Final[dict[str, Reader]] = {
    "api_enabled": _flag,
    "country_code": str,
    "credits": lambda value: Decimal(str(value)),
    "post_answer": _post_answer,
    "time_zone": _zone,
    "receive_price": lambda value: Decimal(str(value)),
    "unapproved_senders": lambda value: set(_texts(value)),
    "white_list": lambda value: set(_texts(value)),
}


def change(
    target: Installation | Account,
    readers: Mapping[str, Reader],
    values: Mapping[str, object],
) -> dict[str, object]:
    """Set what is given, all or nothing; return every switch as it is then."""
    read = {name: readers[name](value) for name, value in values.items()}
    for name, value in read.items():
        setattr(target, name, value)
    return {name: plain(getattr(target, name)) for name in readers}
