"""Texts in answers that a portal puts together by hand.

Such a portal escapes nothing: a quotation mark in a text breaks the JSON, and a text
may look like the rest of the answer. What is certain is the order of the keys, as the
vendor documents it: a text ends where the keys that have to follow it do. Only a text
with a whole end of a record and a whole beginning of another one in it cannot be told
from two records.
"""

from dataclasses import dataclass
import json
import re
from typing import Final

from .page import page_start

type Span = tuple[int, int]

# A value without free text, and what stands between values; a comma may be missing.
_VALUE: Final = r'(?:"[^"]{0,200}"|[\w.+-]{1,40}|\[\]|\{\})'
_COLON: Final = r"\s*+:\s*+"
_COMMA: Final = r"\s*+,?\s*+"
# No more than operators add: what has no end is tried again from each quotation mark.
_MOST: Final = "{0,20}+"
_ANY_PAIRS: Final = rf'(?:"\w{{1,40}}"{_COLON}{_VALUE}{_COMMA}){_MOST}'
# The end of an answer, and what a web server may add to it.
_END: Final = r"\}\s*+(?:<[^{}\[\]]*+)?\Z"


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the texts of one kind of answer are.

    `first` matches from the beginning of an answer to that of its first text, `next`
    from the end of a text to the beginning of the next one, `last` from the end of the
    last text to the end of the answer. A group `name` is a name or a number, which may
    have quotation marks, too.
    """

    first: re.Pattern[str]
    next: re.Pattern[str] | None
    last: re.Pattern[str]

    def find(self, body: str) -> tuple[list[Span], list[Span]] | None:
        """Return where texts and names are; None for another kind of answer."""
        if (match := self.first.search(body)) is None:
            return None
        starts = [match]
        if self.next is not None:
            starts += self.next.finditer(body, match.end())
        if (last := self.last.search(body, starts[-1].end())) is None:
            return None
        begins = [start.end() for start in starts]
        ends = [*(start.start() for start in starts[1:]), last.start()]
        names = [
            start.span("name") for start in starts if start.groupdict().get("name")
        ]
        return list(zip(begins, ends, strict=True)), names


def _pairs(*keys: str) -> str:
    return "".join(rf'"{key}"{_COLON}{_VALUE}{_COMMA}' for key in keys)


def _listing(request: str, key: str, begin: str, *after: str) -> _Layout:
    """Return the layout of a listing with one text in each of its records."""
    head = (
        rf'\{{\s*+"request"{_COLON}"{request}"{_COMMA}"status"{_COLON}"success"{_COMMA}'
        rf'"{key}"{_COLON}\[\s*+'
    )
    end = rf'"{_COMMA}{_pairs(*after)}\}}{_COMMA}'
    return _Layout(
        re.compile(head + begin, re.DOTALL),
        re.compile(end + begin, re.DOTALL),
        re.compile(rf"{end}\]{_COMMA}{_ANY_PAIRS}{_END}"),
    )


_NAME: Final = r'(?:"(?P<name>.{0,64}?)"|[\w.+-]{1,40})'
_NUMBER: Final = rf'"whatsapp_number"{_COLON}{_NAME}{_COMMA}'
_INBOX: Final = _listing(
    "getinbox",
    "inbox",
    rf'(?P<record>)\{{\s*+{_pairs("id")}"from"{_COLON}{_NAME}{_COMMA}{_pairs("to")}'
    rf'"message"{_COLON}"',
    "date",
)
# Of an operator who changed the keys: only the key of the text is certain.
_BUT_TEXT: Final = rf'(?:(?!"message")"\w{{1,40}}"{_COLON}{_VALUE}{_COMMA}){_MOST}'
_CHANGED_INBOX: Final = _Layout(
    re.compile(rf'"inbox"{_COLON}\[\s*+\{{\s*+{_BUT_TEXT}"message"{_COLON}"'),
    re.compile(
        rf'"{_COMMA}{_ANY_PAIRS}\}}{_COMMA}\{{\s*+{_BUT_TEXT}"message"{_COLON}"'
    ),
    re.compile(rf'"{_COMMA}{_ANY_PAIRS}\}}{_COMMA}\]{_COMMA}{_ANY_PAIRS}{_END}'),
)
_LAYOUTS: Final = (
    _INBOX,
    _listing(
        "listchannel",
        "channels",
        rf'\{{\s*+{_pairs("channel_id", "gateway_id")}{_NUMBER}"label"{_COLON}"',
        "last_sync",
    ),
    # viewchannel
    _Layout(
        re.compile(
            rf'{_NUMBER}{_pairs("whatsapp_version")}"label"{_COLON}"', re.DOTALL
        ),
        None,
        re.compile(
            rf'"{_COMMA}{_pairs("last_sync", "device_status")}{_ANY_PAIRS}{_END}'
        ),
    ),
    # sendsms, at portals that send at once
    _Layout(
        re.compile(rf'"notice"{_COLON}"'),
        None,
        re.compile(rf'"{_COMMA}"group_id"{_COLON}'),
    ),
    # The refusal of any operation
    _Layout(
        re.compile(rf'"status"{_COLON}"\w+"{_COMMA}"message"{_COLON}"'),
        None,
        re.compile(rf'"{_COMMA}{_END}'),
    ),
)


def inbox_texts(body: str) -> list[str] | None:
    """Return the texts of an inbox as they stand in the answer.

    None if the answer does not have the documented keys in their order.
    """
    if (found := _INBOX.find(body)) is None:
        return None
    return [body[begin:end] for begin, end in found[0]]


def inbox_starts(body: str, *, is_head: bool = False) -> list[int]:
    """Return where records of an inbox begin, from the second one on.

    With `is_head`, where the first one of a listing does.
    """
    if is_head:
        match = _INBOX.first.search(body, 0, page_start(body))
        return [match.start("record")] if match else []
    if _INBOX.next is None:
        return []
    return [match.start("record") for match in _INBOX.next.finditer(body)]


def escape_inbox(body: str) -> str | None:
    """Return an inbox as `escape` does; None for any other answer."""
    return _escape(body, _INBOX)


def escape_changed_inbox(body: str) -> str | None:
    """Return an inbox with other keys than the documented ones, as far as one can."""
    return _escape(body, _CHANGED_INBOX)


def escape(body: str) -> str | None:
    """Return the JSON that an answer would be if its texts had been escaped.

    None if no text is where the documented order of keys has one.
    """
    return next(
        (escaped for layout in _LAYOUTS if (escaped := _escape(body, layout))), None
    )


def _escape(body: str, layout: _Layout) -> str | None:
    if (found := layout.find(body)) is None:
        return None
    parts: list[str] = []
    position = 0
    for begin, end in sorted(found[0] + found[1]):
        parts += [body[position:begin], json.dumps(body[begin:end])[1:-1]]
        position = end
    return "".join([*parts, body[position:]])
