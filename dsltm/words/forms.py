"""Which words are forms of one word (singular and plural, tenses), by a stemmer.

snowballstemmer (Porter, "Snowball: a language for stemming algorithms", 2001) is pure Python, light, and
knows some thirty languages.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LANGUAGES: dict[str, str] = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "ne": "nepali",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
"""The stemmers by their languages' two letters (ISO 639-1)."""


def stems(words: Sequence[str], language: str = "en") -> list[str]:
    """The stem of each word, which its forms share; the word itself where its language has no stemmer.

    Args:
        words: lower-cased, of any number of parts: of "unit tests" each part is stemmed.
        language: two letters.
    """
    if language not in LANGUAGES:
        return list(words)
    import snowballstemmer

    stem = snowballstemmer.stemmer(LANGUAGES[language]).stemWord
    return [" ".join(map(stem, word.split())) for word in words]


class Forms:
    """Words of a collection, looked for by themselves and, where that is in vain, by their forms.

    Args:
        words: lower-cased, each once.
        language: of `stems`.
    """

    def __init__(self, words: Sequence[str], language: str) -> None:
        self._words, self._language = words, language

    def of(self, word: str) -> list[int]:
        """The number of a word, or those of its forms where it is not there: of "refunds" for "refund"."""
        if word in self._own:
            return [self._own[word]]
        return self._alike.get(stems([word], self._language)[0], [])

    @cached_property
    def _own(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self._words)}

    @cached_property
    def _alike(self) -> dict[str, list[int]]:
        """The numbers of words by their stems, which take a moment and are seldom needed."""
        alike: dict[str, list[int]] = {}
        for number, stem in enumerate(stems(self._words, self._language)):
            alike.setdefault(stem, []).append(number)
        return alike
