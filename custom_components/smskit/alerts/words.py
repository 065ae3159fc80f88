"""The words that acknowledge an alert."""

import unicodedata


def split_words(text: str) -> tuple[str, ...]:
    """Return words that are separated by commas, each of them once."""
    return tuple(dict.fromkeys(filter(None, map(_comparable, text.split(",")))))


def acknowledges(text: str, words: tuple[str, ...]) -> bool:
    """Return whether a text is one of the words, or begins with it."""
    said = _comparable(text)
    return any(
        said.startswith(word) and not said[len(word) : len(word) + 1].isalnum()
        for word in words
    )


def _comparable(text: str) -> str:
    """Return a text as phones may have written it, and people meant it."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(text.replace("’", "'").split())  # noqa: RUF001 - that is the point
