"""PHP's strip_tags, which every parameter of a request goes through [server]."""

_COMMENT_END = "-->"


def strip_tags(text: str) -> str:
    """Return the text without what PHP takes for tags.

    A tag goes from a `<` that no blank follows to the `>` that closes it, or to the end
    of the text. A `>` in quotes within the tag does not close it.
    """
    kept: list[str] = []
    position = 0
    while position < len(text):
        if _opens_a_tag(text, position):
            position = _end_of_tag(text, position)
        else:
            kept.append(text[position])
            position += 1
    return "".join(kept)


def _opens_a_tag(text: str, position: int) -> bool:
    return text[position] == "<" and not text[position + 1 : position + 2].isspace()


def _end_of_tag(text: str, start: int) -> int:
    """Return where the text goes on behind the tag that starts here."""
    if text.startswith("<!--", start):
        end = text.find(_COMMENT_END, start)
        return len(text) if end < 0 else end + len(_COMMENT_END)
    depth, quote = 0, ""
    for position in range(start + 1, len(text)):
        character = text[position]
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif _opens_a_tag(text, position):
            depth += 1
        elif character == ">":
            if not depth:
                return position + 1
            depth -= 1
    return len(text)
