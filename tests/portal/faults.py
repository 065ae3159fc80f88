"""Rules by which the portal misbehaves."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class FaultKind(StrEnum):
    """What can go wrong.

    A client must survive all of it, seen or not. The forms of empty lists and of codes
    are [inferred].

    The first block takes the place of the answer: the operation takes effect only with
    `processed=True`. The second block distorts the true answer, so the operation always
    takes effect.
    """

    HANG = "hang"
    """Never answers; after `seconds`, if given, the connection is closed."""
    CUT = "cut"
    """Promises a longer body than comes before the connection is closed."""
    RESET = "reset"
    """Resets the connection without a byte of answer."""
    HTTP_500 = "http_500"
    HTTP_STATUS = "http_status"
    """Answers `status` (default 503), with `text` as its body, and `retry_after`."""
    HTML_PAGE = "html_page"
    """A maintenance page with status 200."""
    VENDOR_SUCCESS = "vendor_success"
    VENDOR_ERROR = "vendor_error"
    """The vendor's sample for the operation, word for word [doc]."""
    REDIRECT = "redirect"
    """302 to `text`: an address, or a path of the portal itself."""
    REFUSED_ERROR = "refused_error"
    """An answer of status error with the message `text`."""
    NOT_JSON = "not_json"
    """Status 200 and `text`, by default OK."""
    HUGE = "huge"
    """JSON of more than 3 MiB, without a Content-Length."""
    EMPTY_BODY = "empty_body"

    SLOW = "slow"
    """Takes effect at once, answers after `seconds` (default 1)."""
    PHP_NOTICE = "php_notice"
    BOM = "bom"
    """A byte-order mark before the answer."""
    ODD_TYPES = "odd_types"
    """Numbers for strings, objects for lists, 1,234.50 for 1234.5, SUCCESS."""
    EMPTY_FORMS = "empty_forms"
    """Empty lists as `text`: null, string, object, missing, or error."""
    QR_SVG = "qr_svg"
    """The base-64 text of an SVG image with a script in it."""
    QR_HTML = "qr_html"
    """The base-64 text of an HTML page."""
    QR_DATA_URI = "qr_data_uri"
    QR_QUOTED = "qr_quoted"
    r"""In quotes; with text="escaped" as PHP's json_encode quotes it (\/ for /)."""
    QR_WRAPPED = "qr_wrapped"
    """In lines of 76 characters, as PHP's chunk_split breaks them."""
    QR_TRUNCATED = "qr_truncated"
    """The first half of the image."""


ALWAYS_PROCESSED: Final = frozenset(
    kind
    for kind in FaultKind
    if kind.startswith("qr_")
    or kind
    in {
        FaultKind.SLOW,
        FaultKind.PHP_NOTICE,
        FaultKind.BOM,
        FaultKind.ODD_TYPES,
        FaultKind.EMPTY_FORMS,
    }
)
EMPTY_FORMS: Final = ("null", "string", "object", "missing", "error")
ANY_OPERATION: Final = "*"


@dataclass(slots=True, eq=False)
class Fault:
    """One rule. `times` is how often it still applies, None: until it is cleared."""

    kind: FaultKind
    operation: str = ANY_OPERATION
    times: int | None = None
    seconds: float | None = None
    processed: bool = False
    text: str | None = None
    status: int | None = None
    retry_after: str | None = None
    """What a web server says in the header Retry-After."""
    hits: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Refuse what would silently never apply."""
        if (
            self.kind is FaultKind.EMPTY_FORMS
            and self.text is not None
            and self.text not in EMPTY_FORMS
        ):
            msg = f"text of empty_forms is one of {', '.join(EMPTY_FORMS)}"
            raise ValueError(msg)

    @property
    def takes_effect(self) -> bool:
        """Whether the operation is done all the same."""
        return self.processed or self.kind in ALWAYS_PROCESSED

    def applies_to(self, operation: str) -> bool:
        """Return whether the rule is active for an operation."""
        if self.times is not None and self.times <= 0:
            return False
        if self.kind.startswith("qr_") and operation != "scanqr":
            return False
        return self.operation in {ANY_OPERATION, operation}


class FaultRules:
    """All rules, in the order in which they were added."""

    def __init__(self) -> None:
        """Start without any."""
        self.rules: list[Fault] = []

    def take(self, operation: str) -> Fault | None:
        """Return the first rule that applies, and count it."""
        for rule in self.rules:
            if rule.applies_to(operation):
                rule.hits += 1
                if rule.times is not None:
                    rule.times -= 1
                return rule
        return None
