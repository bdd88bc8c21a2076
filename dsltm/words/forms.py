"""Which words are forms of one word (singular and plural, tenses), by a stemmer.

snowballstemmer (Porter, "Snowball: a language for stemming algorithms", 2001) is pure Python, light, and
knows some thirty languages.
"""

from __future__ import annotations

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
