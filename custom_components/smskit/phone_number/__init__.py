"""Phone numbers: as people write them, and as the portal does."""

from .forms import current_form
from .problems import InvalidNumberError, NumberProblem
from .reading import (
    Reading,
    lost_plus_readings,
    mask_number,
    normalize_number,
    read_number,
)
from .senders import shown_number
from .splitting import MAX_NUMBER, MAX_NUMBERS, beyond, split_numbers

__all__ = [
    "MAX_NUMBER",
    "MAX_NUMBERS",
    "InvalidNumberError",
    "NumberProblem",
    "Reading",
    "beyond",
    "current_form",
    "lost_plus_readings",
    "mask_number",
    "normalize_number",
    "read_number",
    "shown_number",
    "split_numbers",
]
