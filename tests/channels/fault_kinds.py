"""What the faults of the portal mean for an operation."""

from typing import Final

from tests.portal import FaultKind

REFUSALS: Final = (FaultKind.REFUSED_ERROR, FaultKind.VENDOR_ERROR)
# Nobody can tell whether these did what was asked.
UNCERTAIN: Final = (
    FaultKind.HANG,
    FaultKind.CUT,
    FaultKind.RESET,
    FaultKind.HTTP_500,
    FaultKind.HTTP_STATUS,
    FaultKind.HTML_PAGE,
    FaultKind.REDIRECT,
    FaultKind.NOT_JSON,
    FaultKind.HUGE,
    FaultKind.EMPTY_BODY,
)
# These only dress the answer.
HARMLESS: Final = (
    FaultKind.SLOW,
    FaultKind.PHP_NOTICE,
    FaultKind.BOM,
    FaultKind.ODD_TYPES,
    FaultKind.EMPTY_FORMS,
)
# They show in the picture alone.
OF_PICTURES: Final = tuple(kind for kind in FaultKind if kind.startswith("qr_"))
