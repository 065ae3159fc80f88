"""Why something is not a number that can be texted."""

from enum import StrEnum
from typing import Final


class NumberProblem(StrEnum):
    """What is wrong with a number, as a translation key."""

    INVALID = "invalid_number"
    LETTERS = "letters_in_number"
    AMBIGUOUS = "ambiguous_number"
    NO_AREA_CODE = "area_code_missing"
    SHORT_CODE = "short_code"

    @property
    def form_error(self) -> str:
        """Return the error of a form, where the entry is in sight."""
        if self in {NumberProblem.NO_AREA_CODE, NumberProblem.SHORT_CODE}:
            return self.value
        return NumberProblem.INVALID.value


_WORDS: Final = {
    NumberProblem.INVALID: "not a phone number",
    NumberProblem.LETTERS: "letters in a number",
    NumberProblem.AMBIGUOUS: "could be two numbers",
    NumberProblem.NO_AREA_CODE: "the area code is missing",
    NumberProblem.SHORT_CODE: "a short code cannot be texted from here",
}


class InvalidNumberError(ValueError):
    """Something is not a number that can be texted. The number is not in it."""

    def __init__(self, problem: NumberProblem, readings: tuple[str, ...] = ()) -> None:
        """Initialize the error, with the numbers that an ambiguous one could be."""
        super().__init__(_WORDS[problem])
        self.problem = problem
        self.readings = readings
