"""Which words of a corpus say something: by its language, and by lists of words that do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsltm import console
from dsltm.errors import UsageError
from dsltm.option import option
from dsltm.words.forms import LANGUAGES
from dsltm.words.language import ASSUMED, languages, open_early
from dsltm.words.stopwords import AUTO, NONE, StopWords, has_list

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMPLETED = ("ar", "de", "en", "es", "fr", "hi", "it", "ja", "nl", "pl", "pt", "ru", "th", "zh")


@dataclass(frozen=True)
class Lexicon:
    """What is settled of a corpus's words: its main language (ISO 639-1), and what is never a topic word."""

    language: str = ASSUMED
    stopwords: frozenset[str] = frozenset()


@dataclass(frozen=True)
class WordConfig:
    """The options about the language of a corpus."""

    language: str = option(
        AUTO,
        "Language of the corpus, by its two letters, for stop words and the forms of words: de, or de,en; "
        "auto: found by a sample of the texts.",
        metavar="LANG",
        words=(AUTO, *_COMPLETED),
    )
    stopwords: str = option(
        AUTO,
        "Words that say nothing: auto, those of the corpus's language; those of a language or a file instead "
        "(de, my.txt); several together with commas (auto,my.txt); or none.",
        metavar="LANG|FILE|none",
        words=(AUTO, NONE, *_COMPLETED),
    )

    def rules(self) -> WordRules:
        """What the options say, with the files that they name.

        Raises:
            UsageError: a language or a list that is not known.
        """
        stop = StopWords.parse(self.stopwords)
        if self.language == AUTO:
            open_early()
            return WordRules(stop, None)
        named = tuple(part.strip().lower() for part in self.language.split(","))
        for language in named:
            if not has_list(language) and language not in LANGUAGES:
                raise UsageError(
                    f"--language {language}: is not known", hint="two letters such as de, or auto"
                )
        return WordRules(stop, named)


@dataclass(frozen=True)
class WordRules:
    """Which words of a corpus say something, as far as it is known before the corpus is read.

    Attributes:
        stopwords: words that never do.
        languages: of the corpus, the main one first; None where a sample of it decides.
    """

    stopwords: StopWords
    languages: tuple[str, ...] | None = (ASSUMED,)

    def of(self, texts: Sequence[str]) -> Lexicon:
        """What they come to for a corpus.

        Args:
            texts: a sample of it, as `language.Sample` keeps one.
        """
        spoken = self.languages
        if spoken is None:
            spoken = tuple(languages(texts))
            if not spoken:
                console.note(f"the language cannot be told from the texts: {ASSUMED} is assumed")
                spoken = (ASSUMED,)
            elif spoken != (ASSUMED,):
                console.info(f"language of the texts: {', '.join(spoken)}")
        unknown = [language for language in spoken if not has_list(language)]
        if self.stopwords.auto and unknown:
            console.warn(
                f"no stop words are known of the language {', '.join(unknown)}: --stopwords FILE names some"
            )
        return Lexicon(spoken[0], self.stopwords.of(spoken))


ENGLISH = WordRules(StopWords())
"""Texts in English, of which every word says something."""
