"""True answers, distorted: what faults make of a body."""

import base64
from decimal import Decimal, InvalidOperation
from typing import Final

from . import inferred, php, qr
from .faults import Fault, FaultKind
from .operations import error
from .spelling import Answer, Spelling, spell

_BOM: Final = "\ufeff"
_LINE: Final = 76
# The lists that each operation answers.
_LISTS: Final = {
    "groupstatus": "recipients",
    "getinbox": "inbox",
    "listchannel": "channels",
}
_EMPTY: Final[dict[str, object]] = {"null": None, "string": "", "object": {}}


def distort(fault: Fault, operation: str, answer: Answer, spelling: Spelling) -> str:
    """Return the body of an answer that met a fault of those always processed."""
    match fault.kind:
        case FaultKind.PHP_NOTICE:
            return php.NOTICE + spell(answer, spelling)
        case FaultKind.BOM:
            return _BOM + spell(answer, spelling)
        case FaultKind.ODD_TYPES if not isinstance(answer, str):
            return spell({k: _odd(k, v) for k, v in answer.items()}, spelling)
        case FaultKind.EMPTY_FORMS if not isinstance(answer, str):
            return spell(_empty(operation, answer, fault.text or "null"), spelling)
        case _ if fault.kind.startswith("qr_") and isinstance(answer, str):
            return _qr(fault, answer)
    return spell(answer, spelling)


def _odd(key: str, value: object) -> object:  # noqa: PLR0911 - one a type
    """Return a value with another type, as another PHP programmer would answer it."""
    if isinstance(value, list):
        return {str(index): _odd("", item) for index, item in enumerate(value)}
    if isinstance(value, dict):
        return {k: _odd(k, v) for k, v in value.items()}
    if not isinstance(value, str):
        return value
    if key.endswith("status"):
        return value.upper()
    if key == "balance":
        return _amount(value)
    # As JSON_NUMERIC_CHECK does, but never so that a digit is lost.
    if value.isascii() and value.isdigit() and str(int(value)) == value:
        return int(value)
    return value


def _amount(value: str) -> str:
    try:
        return f"{Decimal(value):,.2f}"
    except InvalidOperation:
        return value


def _empty(operation: str, answer: dict[str, object], form: str) -> dict[str, object]:
    """Return the answer with its list, if that is empty, in another form."""
    key = _LISTS.get(operation)
    if key is None or answer.get(key) != []:
        return answer
    if form == "error":
        return error(operation, inferred.EMPTY_LIST.get(operation, ""))
    if form == "missing":
        return {k: v for k, v in answer.items() if k != key}
    return answer | {key: _EMPTY[form]}


def _qr(fault: Fault, text: str) -> str:
    """Return the base-64 text of a PNG image in another form."""
    match fault.kind:
        case FaultKind.QR_SVG:
            return base64.b64encode(qr.svg(text[:64])).decode()
        case FaultKind.QR_HTML:
            return base64.b64encode(php.LOGIN_PAGE.encode()).decode()
        case FaultKind.QR_DATA_URI:
            return f"data:image/png;base64,{text}"
        case FaultKind.QR_QUOTED:
            return php.encode(text) if fault.text == "escaped" else f'"{text}"'
        case FaultKind.QR_WRAPPED:
            lines = (text[i : i + _LINE] for i in range(0, len(text), _LINE))
            return "".join(f"{line}\r\n" for line in lines)
        case FaultKind.QR_TRUNCATED:
            image = base64.b64decode(text)
            return base64.b64encode(image[: len(image) // 2]).decode()
        case _:
            raise AssertionError(fault.kind)
