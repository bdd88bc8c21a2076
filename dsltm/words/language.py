"""Which languages a corpus is in, by a sample of its texts.

py3langid (Lui and Baldwin 2012, "langid.py: an off-the-shelf language identification tool") is light, needs
numpy alone, gives the same answer every time, and tells how sure it is.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from concurrent.futures import Future

    from py3langid.langid import LanguageIdentifier

    from dsltm.formats.corpus import Document

ASSUMED = "en"
"""The language of a corpus that is too small, or too strange, to tell."""
# Between so many texts and twice as many are looked at, so many characters of each; chosen, not measured.
_TEXTS, _CHARACTERS = 256, 300
# Languages without a list of stop words, and others that share most of their words.
_AKIN = {"bs": "hr", "nb": "no", "nn": "no", "pcm": "en", "wuu": "zh", "yue": "zh"}
_NO_LANGUAGE = "zxx"  # the model's word for numbers and the like
# A language has this part of a corpus, or it is a slip: of English titles 1 % are taken for others.
_LEAST_SHARE = 0.05
# Below this mean confidence nothing is known; tests/bench/README.md, "The language of a corpus".
_LEAST_CONFIDENCE = 0.2


class Sample:
    """Texts that are spread evenly over a stream, however long it turns out to be."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._step, self._seen = 1, 0

    def add(self, text: str) -> None:
        """Look at the next text of the stream."""
        if self._seen % self._step == 0:
            self.texts.append(text[:_CHARACTERS])
            if len(self.texts) == 2 * _TEXTS:
                self.texts = self.texts[::2]
                self._step *= 2
        self._seen += 1


def sample_of(documents: Iterable[Document]) -> list[str]:
    """The texts of a corpus that are looked at."""
    sample = Sample()
    for document in documents:
        sample.add(document.text)
    return sample.texts


def thinned(texts: Sequence[str], most: int = _TEXTS) -> Sequence[str]:
    """At most so many of the texts, evenly spread."""
    return texts[:: -(-len(texts) // most)] if texts else texts


def languages(texts: Sequence[str]) -> list[str]:
    """The languages of a twentieth of the texts or more, as two letters (ISO 639-1), the main one first.

    None where that cannot be told: there is no text, or hardly a word of any language.
    """
    from dsltm.words.text import prose

    identifier, looked_at = _opened().result(), thinned(texts)
    sure: Counter[str] = Counter()
    for text in looked_at:
        language, confidence = identifier.classify(prose(text.lower()))
        if language != _NO_LANGUAGE:
            sure[_AKIN.get(language, language)] += confidence
    if not sure or max(sure.values()) < _LEAST_CONFIDENCE * len(looked_at):
        return []
    ranked = sorted(sure, key=lambda language: (-sure[language], language))
    return [language for language in ranked if sure[language] >= _LEAST_SHARE * sum(sure.values())]


def open_early() -> None:
    """Begin to unpack the identifier's model in the background, which takes half a second."""
    _opened()


@lru_cache(maxsize=1)
def _opened() -> Future[LanguageIdentifier]:
    from concurrent.futures import ThreadPoolExecutor

    thread = ThreadPoolExecutor(1)
    opened = thread.submit(_open)
    thread.shutdown(wait=False)
    return opened


def _open() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
