"""The paper's vocabulary: which words its published code chooses, told in rules that need no parser.

The code looks for words of letters alone, in lower case as they stand in the text, of three letters or more,
that are no stop words and do not begin a sentence, and takes those that come most often in all. It asks spaCy
where a sentence begins; here a sentence ends with a mark and white space, or with an empty line. Languages
without small letters have no such words.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from dsltm.errors import DsltmError
from dsltm.words.vocabulary import SIZE, Entry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from dsltm.formats.corpus import Document

_BETWEEN_SENTENCES = re.compile(r"[.!?…]+[\"'”’)\]]*\s+|\n\s*\n")
# Letters that are no part of a number, an address or a file's name, which are tokens of their own to spaCy.
_LETTERS = re.compile(r"(?<![\w.@/])[^\W\d_]{3,}(?![\w@/]|\.\w)")


def inner_words(text: str) -> list[str]:
    """The words of a text that the rule counts, in order."""
    sentences = (sentence.lstrip() for sentence in _BETWEEN_SENTENCES.split(text))
    words = (word for sentence in sentences for word in _LETTERS.finditer(sentence))
    return [word[0] for word in words if word.start() > 0 and word[0].islower()]


def published_vocabulary(
    corpus: Iterable[Document], size: int = SIZE, *, stopwords: Collection[str] = ()
) -> list[Entry]:
    """The words that the rule counts most often; of equally frequent ones those first in the alphabet.

    Args:
        corpus: the documents, read once.
        size: at most so many words.
        stopwords: words that are left out.

    Raises:
        DsltmError: no word is left.
    """
    frequency, documents = Counter[str](), Counter[str]()
    for document in corpus:
        words = inner_words(document.text)
        frequency.update(words)
        documents.update(set(words))
    ranked = sorted((-count, word) for word, count in frequency.items() if word not in stopwords)
    if not ranked:
        raise DsltmError(
            "the paper's vocabulary is words in lower case within sentences, and the corpus has none",
            hint="--vocab FILE",
        )
    return [Entry(word, documents[word], -count) for count, word in islice(ranked, size)]
