"""`distill --teacher none`: labels of word counts and of vectors from elsewhere, which no teacher read."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from dsltm.distilling.rows import table_of
from dsltm.distilling.survey import survey
from dsltm.distilling.texts import Texts
from dsltm.distilling.vocabulary import counted_words, wanted_words
from dsltm.errors import UsageError
from dsltm.formats.labels import EMPTY, write_labels
from dsltm.formats.output import open_output
from dsltm.formats.vectors import Vectors
from dsltm.words.counts import with_phrases

if TYPE_CHECKING:
    from dsltm.distilling.config import DistillConfig
    from dsltm.formats.corpus import Corpus
    from dsltm.formats.npz import Blocks
    from dsltm.formats.stacked import Rows


def distill_untaught(corpus: Corpus, config: DistillConfig, *, output: str | None) -> None:
    """Write a labels file without logits, for models that learn from word counts.

    Args:
        config: its vectors, vocabulary and shard; the rest is of teachers.
        output: a file, or None or "-" for standard output.

    Raises:
        DsltmError: the corpus or the vectors are not usable.
        UsageError: there are no vectors.
    """
    if config.vectors is None:
        raise UsageError("--teacher none needs vectors from elsewhere", hint="--vectors FILE.npy")
    overview = survey(corpus, max_tokens=config.max_tokens, phrases=config.phrases)
    vectors = Vectors.open(config.vectors, len(overview.work))
    lexicon = config.rules.of(overview.words.texts)
    counts = with_phrases(overview.words, lexicon.stopwords)
    vocabulary = list(wanted_words(config, counts, lexicon))
    words = counted_words(counts, vocabulary, lexicon.stopwords)
    first, count = config.shard
    rows = np.arange(first, len(overview.work), count)
    # To the table all documents have the same text, of which nothing is known.
    texts = Texts(np.zeros(len(rows), np.int64), different=1)
    index = {word: number for number, word in enumerate(words)}
    table = table_of(islice(corpus, first, None, count), index, texts, np.zeros(1, np.uint8))
    header: dict[str, Any] = {
        "corpus": corpus.digest(),
        "teacher": None,
        "prompts": [],
        "vectors": vectors.width,
        "shard": list(config.shard),
        "vocabulary": vocabulary,
        "words": words,
        "language": lexicon.language,
        "skipped": overview.skipped,
        "documents": len(rows),
        "empty": int((np.asarray(table.members["flags"]) & EMPTY).astype(bool).sum()),
        "truncated": 0,
        "gold_names": table.gold_names,
    }
    members: dict[str, Rows | Blocks] = {
        **table.members,
        "logits": np.empty((len(rows), 0), np.float16),
        "hidden": vectors.blocks(rows),
        "word_embeddings": np.empty((len(vocabulary), 0), np.float16),
    }
    with open_output(output, binary=True) as target:
        write_labels(target, header, members)
