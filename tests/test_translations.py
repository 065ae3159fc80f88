"""Every language says the same."""

import re

import pytest

from tests.flow_translations import TRANSLATIONS, flat, translation

LANGUAGES = sorted(path.stem for path in TRANSLATIONS.glob("*.json"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_same_keys_and_placeholders(language: str) -> None:
    """A language has each key of the English one, with the same placeholders."""
    english, other = flat(translation("en")), flat(translation(language))
    assert other.keys() == english.keys()
    for key, words in english.items():
        placeholders = re.findall(r"\{\w*\}", words)
        assert sorted(re.findall(r"\{\w*\}", other[key])) == sorted(placeholders), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_fit_to_be_shown(language: str) -> None:
    """No text is empty, has HTML, an address, or white space around it."""
    for key, words in flat(translation(language)).items():
        assert words, key
        assert words == words.strip(), key
        assert not re.search(r"<[a-z/]|https?://|'\{", words), key
