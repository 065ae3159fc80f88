"""What the log may have of others: a line of it, and no words of an exception."""

import logging
from typing import Final, override

from .api import one_line

_LONGEST: Final = 500
_DEEPEST: Final = 8


class UnexpectedError(Exception):
    """Stands for an exception whose message may quote anything: it has its type."""


class LogFilter(logging.Filter):
    """Keeps each record to one line, and the messages of exceptions out of it.

    Where an exception was not foreseen, nobody has scrubbed what it says: often the
    very number or text that could not be handled. Its type and its traceback remain.
    """

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = one_line(record.getMessage(), _LONGEST), None
        if record.exc_info and record.exc_info[1] is not None:
            shown = _without_words(record.exc_info[1])
            record.exc_info = type(shown), shown, shown.__traceback__
        return True


def _without_words(err: BaseException, depth: int = 0) -> UnexpectedError:
    """Return what stands for an exception, and for those that it came of."""
    shown = UnexpectedError(type(err).__qualname__).with_traceback(err.__traceback__)
    if depth < _DEEPEST:
        if err.__cause__ is not None:
            shown.__cause__ = _without_words(err.__cause__, depth + 1)
        elif err.__context__ is not None and not err.__suppress_context__:
            shown.__context__ = _without_words(err.__context__, depth + 1)
    return shown
