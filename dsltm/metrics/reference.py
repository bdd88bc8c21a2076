"""The corpus that coherence is measured on: read once, counted for all models at a time, and remembered."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import orjson

from dsltm import console
from dsltm.errors import DsltmError
from dsltm.formats.corpus import Corpus
from dsltm.formats.labels import Labels
from dsltm.formats.npz import open_npz, write_npz
from dsltm.formats.output import open_output
from dsltm.metrics.coherence import COHERENCE, Coherence, Measure, coherence
from dsltm.metrics.config import TOP_WORDS, CoherenceOptions, Counting
from dsltm.metrics.cooccurrence import DOCUMENT, Integers, WindowCounts, count_windows
from dsltm.metrics.diversity import Topics, top_words
from dsltm.metrics.presence import as_token, presence
from dsltm.words.text import words

FORMAT, VERSION = "dsltm.coherence", 1
FROM_COUNTS = {
    "c_v": Measure(DOCUMENT, COHERENCE["c_v"].score),
    "npmi_doc": COHERENCE["npmi_doc"],
    "umass": COHERENCE["umass"],
}
"""What can be measured without the order of words; each document is one window then, also for C_V."""

CoherenceOf = Callable[[Sequence[Topics]], list[Coherence]]
"""From the topics of several models to how coherent each of them is."""


def coherence_by(
    options: CoherenceOptions, corpus: Corpus | None, text_field: str, labels: Labels | None, topn: int
) -> CoherenceOf | None:
    """How coherence is measured; None, with a note, where there are neither a reference nor documents.

    Args:
        options: how the reference is counted.
        corpus: the reference; None for the documents themselves.
        text_field: of the reference, so that its counts are not taken for those of another field.
        labels: the documents.
        topn: words of each topic that count.
    """
    if corpus is not None:
        folder = options.coherence_cache
        cache = None if folder is None else (folder, f"{corpus.digest()} {text_field}")
        return partial(by_corpus, documents=_tokens(corpus), topn=topn, counting=options.windows, cache=cache)
    if labels is None:
        console.note("without --reference or a labels file coherence is not measured")
        return None
    console.warn(
        "coherence is measured on the documents themselves, each as one window, which flatters: "
        "give a --reference to compare with other work"
    )
    return partial(by_counts, labels=labels, topn=topn)


def _tokens(corpus: Corpus) -> Iterator[list[str]]:
    with console.progress("reading the reference", None, "documents") as bar:
        for document in corpus:
            yield words(document.text)
            bar.advance()


def by_corpus(
    models: Sequence[Topics],
    documents: Iterable[Sequence[str]],
    *,
    topn: int = TOP_WORDS,
    counting: Counting = "gensim",
    cache: tuple[Path, str] | None = None,
) -> list[Coherence]:
    """The coherence of several models' topics, in one pass over a reference corpus.

    Args:
        models: the topics of each.
        documents: the reference's tokens, `vocabulary.words` of each text; not touched where the cache has
            all counts.
        topn: words of each topic that count.
        counting: see `config.Counting`.
        cache: a directory for counts, and what tells this reference, and how it is read, from others.

    Raises:
        DsltmError: the reference has no documents, or the cache cannot be written.
    """
    tops = [[top_words([as_token(word) for word in topic], topn) for topic in topics] for topics in models]
    windows = sorted({measure.window for measure in COHERENCE.values()})
    places = [
        None if cache is None else cache[0] / _name(cache[1], topics, counting, windows) for topics in tops
    ]
    counts = [
        None if place is None else _load(place, topics) for place, topics in zip(places, tops, strict=True)
    ]
    missing = [i for i, known in enumerate(counts) if known is None]
    if missing:
        counted = count_windows(documents, [topic for i in missing for topic in tops[i]], windows, counting)
        start = 0
        for i in missing:
            part = slice(start, start + len(tops[i]))
            mine = {window: WindowCounts(c.total, c.joint[part]) for window, c in counted.items()}
            start, counts[i] = part.stop, mine
            if (place := places[i]) is not None:
                _save(place, mine)
    return [coherence(topics, known or {}, COHERENCE) for topics, known in zip(tops, counts, strict=True)]


def by_counts(models: Sequence[Topics], labels: Labels, *, topn: int = TOP_WORDS) -> list[Coherence]:
    """The same over the word counts in a labels file: the documents that were trained on, each one window.

    Args:
        models: the topics of each.
        labels: its words are the only ones that are seen.
        topn: words of each topic that count.
    """
    tops = [[top_words(topic, topn) for topic in topics] for topics in models]
    return [coherence(topics, {DOCUMENT: _shared(topics, labels)}, FROM_COUNTS) for topics in tops]


def own_npmi(topics: Topics, labels: Labels, topn: int = TOP_WORDS) -> list[float]:
    """[K] NPMI of each topic's words over the documents of a labels file, whatever the reference is."""
    tops = [top_words(topic, topn) for topic in topics]
    measure = {"npmi_doc": COHERENCE["npmi_doc"]}
    return coherence(tops, {DOCUMENT: _shared(tops, labels)}, measure).per_topic["npmi_doc"]


def _shared(topics: Topics, labels: Labels) -> WindowCounts:
    """In how many documents of a labels file the words of each topic are, alone and together."""
    held = presence(labels, [word for topic in topics for word in topic])
    bounds = np.cumsum([0, *map(len, topics)])
    columns = held.tocsc()
    parts = [columns[:, start:end] for start, end in pairwise(bounds.tolist())]
    return WindowCounts(len(labels), [(part.T @ part).toarray() for part in parts])


def _name(reference: str, topics: Topics, counting: Counting, windows: Sequence[int]) -> str:
    key = orjson.dumps([VERSION, reference, topics, counting, windows])
    return f"{hashlib.sha256(key).hexdigest()}.npz"


def _save(place: Path, counts: dict[int, WindowCounts]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    totals = {str(window): c.total for window, c in counts.items()}
    with open_output(str(place), binary=True) as file:
        write_npz(
            file,
            {"format": FORMAT, "version": VERSION, "totals": totals},
            [(f"joint_{window}", _flat(c.joint)) for window, c in sorted(counts.items())],
        )


def _flat(joint: Sequence[Integers]) -> Integers:
    return np.concatenate([np.zeros(0, np.int64), *(matrix.reshape(-1) for matrix in joint)])


def _load(place: Path, topics: Topics) -> dict[int, WindowCounts] | None:
    """Counts from the cache; None where there are none, or they are damaged and have to be made again."""
    if not place.exists():
        return None
    sizes = [len(topic) for topic in topics]
    counts: dict[int, WindowCounts] = {}
    try:
        header, arrays = open_npz(str(place), expect=FORMAT, newest=VERSION)
        for window, total in header["totals"].items():
            flat = np.array(arrays[f"joint_{window}"])
            parts = np.split(flat, np.cumsum([size * size for size in sizes])[:-1])
            joint = [part.reshape(size, size) for part, size in zip(parts, sizes, strict=True)]
            counts[int(window)] = WindowCounts(total, joint)
    except (DsltmError, KeyError, ValueError):
        return None
    return counts
