"""The shape of an answer: how it is written and of what, and nothing of what it says.

A portal may escape nothing, so that whoever sends a message can make any word look like
a key or a status. Only words from fixed lists are therefore named.
"""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
import json
import re
from typing import Any, Final

from . import inferred, parse
from .page import has_markup, page_start

type Tree = str | int | dict[str, Tree] | list[Tree]
"""What stands in the place of a JSON value."""

OTHER: Final = "(other)"
"""What stands in the place of a word that is not known."""

_KEYS: Final = inferred.LIKELY_KEYS | {
    "balance",
    "channel_count",
    "channel_id",
    "channels",
    "date",
    "device_status",
    "from",
    "gateway_id",
    "group_id",
    "group_status",
    "id",
    "inbox",
    "label",
    "last_sync",
    "message",
    "message_id",
    "messages",
    "notice",
    "plan",
    "queue_count",
    "recipients",
    "request",
    "status",
    "subscription_end",
    "to",
    "up_time",
    "whatsapp_number",
    "whatsapp_version",
}
_STATUS_KEYS: Final = frozenset({"status", "group_status", "device_status"})
_STATUS_WORDS: Final = (
    inferred.ACCEPTED_STATUS
    | inferred.FINAL_SENT
    | inferred.FINAL_FAILED
    | inferred.CONNECTED
    | inferred.EXPIRED
    | inferred.NOT_CONNECTED
    | {"completed", "okey", "processing", "queued", "scheduled", "sending"}
)
_MAX_DEPTH: Final = 4
_MAX_ITEMS: Final = 20
_MAX_SHAPES: Final = 3

# The first that matches the whole of a string says what it is.
_STRINGS: Final = (
    ("empty", re.compile(r"\s*")),
    ("digits", re.compile(r"\d+", re.ASCII)),
    ("plus and digits", re.compile(r"\+\d+", re.ASCII)),
    ("zero date", re.compile(r"0000-00-00(?:[ T]00:00(?::00)?)?")),
    ("date", re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?", re.ASCII)),
    ("duration", re.compile(r"\d+:\d\d:\d\d", re.ASCII)),
    ("decimal", re.compile(r"[+-]?\d[\d.,]*", re.ASCII)),
    ("amount", re.compile(r"\D{0,5}\d[\d., ]*\D{0,5}", re.ASCII)),
)
# Also one without an end, so that this is not looked for again and again.
_STRING: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_KEY: Final = re.compile(r'"(\w{1,30})"\s*:(\s*)', re.ASCII)
_TRAILING_COMMA: Final = re.compile(r",\s*[}\]]")
_MISSING_COMMA: Final = re.compile(r'(?:[}\]"\d])\s*""\s*:')
_OBJECT_START: Final = re.compile(r'\{\s*"')
_PHP_MESSAGE: Final = re.compile(
    r"\b(?:notice|warning|deprecated|fatal error|parse error)(?:</b>)?:", re.IGNORECASE
)
_SQL_ERROR: Final = re.compile(
    r"illegal mix of collations|sql syntax|mysqli?\b|sqlstate", re.IGNORECASE
)
_PASSWORD: Final = re.compile(r"<input\b[^<>]*?\bpassword\b", re.IGNORECASE)


class BodyKind(StrEnum):
    """What a body is."""

    EMPTY = "empty"
    JSON = "json"
    REPAIRED_JSON = "repaired_json"
    """It is an object once commas are added or removed."""
    BROKEN_JSON = "broken_json"
    LOGIN_PAGE = "login_page"
    HTML = "html"
    PHP_MESSAGE = "php_message"
    SQL_ERROR = "sql_error"
    TEXT = "text"


@dataclass(frozen=True, kw_only=True, slots=True)
class BodyShape:
    """The shape of a body."""

    kind: BodyKind
    length: str
    """A range of characters."""
    preceded_by: BodyKind | None = None
    """What stands before the JSON."""
    valid: bool = False
    """Whether the JSON is valid as it stands."""
    blank_after_colon: str | None = None
    missing_comma: bool = False
    trailing_comma: bool = False
    repeated_key: bool = False
    escapes: tuple[str, ...] = ()
    r"""Which of `\/`, `\u` and `\"` occur."""
    tree: Tree | None = None
    """Keys and types in their order; of broken JSON, only the keys."""

    def as_dict(self) -> dict[str, Any]:
        """Return the shape as JSON has it; for what is no JSON, kind and length."""
        if self.tree is None:
            return {"kind": self.kind.value, "length": self.length}
        return {
            "kind": self.kind.value,
            "length": self.length,
            "preceded_by": self.preceded_by and self.preceded_by.value,
            "valid": self.valid,
            "blank_after_colon": self.blank_after_colon,
            "missing_comma": self.missing_comma,
            "trailing_comma": self.trailing_comma,
            "repeated_key": self.repeated_key,
            "escapes": list(self.escapes),
            "shape": self.tree,
        }


def shape_of(body: str) -> BodyShape:
    """Return the shape of a body, whatever it is."""
    length = _length(len(body.strip()))
    if not body.strip():
        return BodyShape(kind=BodyKind.EMPTY, length=length)
    start = _json_start(body)
    if start is None:
        return BodyShape(kind=_kind_of_text(body), length=length)
    before, text = body[:start].strip(), body[start:]
    keys = list(_KEY.finditer(text))
    kind, value, repeated = _decode(text)
    bare = _STRING.sub('""', text)
    return BodyShape(
        kind=kind,
        length=length,
        preceded_by=_kind_of_text(before) if before else None,
        valid=kind is BodyKind.JSON and not before and _is_valid(text),
        blank_after_colon=_share([bool(key[2]) for key in keys]),
        missing_comma=_MISSING_COMMA.search(bare) is not None,
        trailing_comma=_TRAILING_COMMA.search(bare) is not None,
        repeated_key=repeated,
        escapes=tuple(mark for mark in (r"\/", r"\u", r"\"") if mark in text),
        tree=(
            list(dict.fromkeys(_known_key(key[1]) for key in keys))
            if kind is BodyKind.BROKEN_JSON
            else _tree(value)
        ),
    )


def _json_start(body: str) -> int | None:
    stripped = body.lstrip()
    if stripped[0] == "[":
        return len(body) - len(stripped)
    match = _OBJECT_START.search(body, 0, page_start(body))
    return match.start() if match else None


def _kind_of_text(text: str) -> BodyKind:
    """Return what a text is that has no JSON in it."""
    if _SQL_ERROR.search(text):
        return BodyKind.SQL_ERROR
    if _PHP_MESSAGE.search(text):
        return BodyKind.PHP_MESSAGE
    if _PASSWORD.search(text):
        return BodyKind.LOGIN_PAGE
    return BodyKind.HTML if has_markup(text) else BodyKind.TEXT


def _decode(text: str) -> tuple[BodyKind, object, bool]:
    """Return what JSON it is, its value, and whether an object repeats a key."""
    repeated = False

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        repeated |= max(Counter(key for key, _ in items).values(), default=0) > 1
        return dict(items)

    try:
        value, _ = parse.decoder(pairs, strict=False).raw_decode(text)
    except ValueError, RecursionError:
        try:
            return BodyKind.REPAIRED_JSON, parse.parse_answer(text), False
        except ValueError:
            return BodyKind.BROKEN_JSON, None, False
    return BodyKind.JSON, value, repeated


def _is_valid(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError, RecursionError:
        return False
    return True


def _share(flags: list[bool]) -> str | None:
    if not flags:
        return None
    if all(flags):
        return "always"
    return "sometimes" if any(flags) else "never"


def _known_key(key: str) -> str:
    return key if key in _KEYS else OTHER


def _tree(value: object, key: str = "", depth: int = 0) -> Tree:
    """Return the shape of a value."""
    if isinstance(value, str):
        return _string(value, key)
    if isinstance(value, dict | list):
        return _container(value, depth) if depth < _MAX_DEPTH else "(deeper)"
    if value is None:
        return "null"
    return "boolean" if isinstance(value, bool) else "number"


def _container(value: dict[str, Any] | list[Any], depth: int) -> Tree:
    if isinstance(value, list):
        return {"count": _count(len(value)), "items": _items(value, depth)}
    if value and all(key.isdecimal() for key in value):
        # PHP writes a list with a gap as an object with numbers for keys.
        items = list(value.values())
        return {"numbered": _count(len(items)), "items": _items(items, depth)}
    return {_known_key(key): _tree(part, key, depth + 1) for key, part in value.items()}


def _items(items: list[Any], depth: int) -> list[Tree]:
    """Return the different shapes of the first items of a list."""
    shapes: list[Tree] = []
    for item in items[:_MAX_ITEMS]:
        if (shape := _tree(item, "", depth + 1)) not in shapes:
            shapes.append(shape)
    return shapes[:_MAX_SHAPES]


def _string(value: str, key: str) -> str:
    if key in _STATUS_KEYS and (word := value.strip().lower()) in _STATUS_WORDS:
        return f"word {word}"
    for name, pattern in _STRINGS:
        if pattern.fullmatch(value):
            return f"string: {name}"
    return "string"


def _count(number: int) -> str:
    for most in (0, 1):
        if number == most:
            return str(most)
    return "2 to 9" if number < 10 else "10 to 99" if number < 100 else "100 or more"


def _length(number: int) -> str:
    for limit in (100, 1_000, 10_000, 100_000, 1_000_000):
        if number < limit:
            return f"less than {limit}"
    return "1000000 or more"
