"""One run of another tool: BERTopic, FASTopic or turftopic's KeyNMF. It needs `peers.txt`, and not dsltm.

    peers/bin/python tests/bench/peers.py bertopic TEXTS.json VECTORS.npy ENCODER TOPICS SEED OUT.json

TEXTS is a list of strings, VECTORS their sentence embeddings [N, E], ENCODER the folder of the model that
made them, for sentence-transformers. OUT is written with "chosen", the topic of each document and -1 for
none, "words" of each topic, and "seconds" of the fit alone. All have their published defaults and English
stop words.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

TOP = 15


def bertopic(texts: list[str], vectors: np.ndarray, _: str, topics: int, seed: int) -> tuple[list, list]:
    """UMAP's settings are BERTopic's own, with a seed; documents that HDBSCAN calls noise have no topic."""
    from bertopic import BERTopic
    from sklearn.feature_extraction.text import CountVectorizer
    from umap import UMAP

    umap = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=seed)
    model = BERTopic(
        umap_model=umap,
        vectorizer_model=CountVectorizer(stop_words="english"),
        nr_topics=topics + 1,  # the noise counts as one
        top_n_words=TOP,
    )
    chosen, _ = model.fit_transform(texts, embeddings=vectors)
    numbers = sorted(set(chosen) - {-1})
    words = [[word for word, _ in model.get_topic(number) if word] for number in numbers]
    place = {number: i for i, number in enumerate(numbers)}
    return [place.get(number, -1) for number in chosen], words


class Counts:
    """Word counts as FASTopic asks for them: words of three letters or more, the 10,000 most frequent."""

    def preprocess(self, texts: list[str]) -> dict:
        from sklearn.feature_extraction.text import CountVectorizer

        pattern = r"(?u)\b[^\W\d_]{3,}\b"
        vectorizer = CountVectorizer(max_features=10_000, stop_words="english", token_pattern=pattern)
        matrix = vectorizer.fit_transform(texts)
        return {"train_bow": matrix, "vocab": vectorizer.get_feature_names_out().tolist()}


def fastopic(
    texts: list[str], vectors: np.ndarray, encoder: str, topics: int, seed: int
) -> tuple[list, list]:
    import torch
    from fastopic import FASTopic
    from sentence_transformers import SentenceTransformer

    torch.manual_seed(seed)
    model = FASTopic(
        topics,
        Counts(),
        num_top_words=TOP,
        doc_embed_model=SentenceTransformer(encoder),  # loaded, and asked for nothing
    )
    words, theta = model.fit_transform(texts, preset_doc_embeddings=vectors)
    return np.asarray(theta).argmax(1).tolist(), [line.split() for line in words]


def keynmf(texts: list[str], vectors: np.ndarray, encoder: str, topics: int, seed: int) -> tuple[list, list]:
    from sentence_transformers import SentenceTransformer
    from turftopic import KeyNMF

    model = KeyNMF(topics, encoder=SentenceTransformer(encoder), random_state=seed)
    theta = model.fit_transform(texts, embeddings=vectors)
    vocabulary = model.get_vocab()
    best = np.argsort(-model.components_, axis=1)[:, :TOP]
    return np.asarray(theta).argmax(1).tolist(), [[str(vocabulary[i]) for i in row] for row in best]


PEERS = {"bertopic": bertopic, "fastopic": fastopic, "keynmf": keynmf}


def main() -> None:
    name, texts_at, vectors_at, encoder, topics, seed, out = sys.argv[1:]
    texts, vectors = json.loads(Path(texts_at).read_text()), np.load(vectors_at)
    start = time.perf_counter()
    chosen, words = PEERS[name](texts, vectors, encoder, int(topics), int(seed))
    seconds = time.perf_counter() - start
    result = {"chosen": [int(topic) for topic in chosen], "words": words, "seconds": seconds}
    Path(out).write_text(json.dumps(result))


if __name__ == "__main__":
    main()
