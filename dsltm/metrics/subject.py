"""What is evaluated: the topics of a model, ours or another tool's, and the topics of documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsltm.errors import DsltmError
from dsltm.formats.labels import Labels
from dsltm.formats.model import Model
from dsltm.formats.records import kind, read_jsonl, whole
from dsltm.words.ranking import first_words

NO_TOPIC = "none"
NONE = -1  # BERTopic and HDBSCAN write this for a document without a topic, where dsltm writes null


@dataclass(frozen=True, slots=True)
class Subject:
    """One model's results.

    Attributes:
        name: what they are called in the output, usually a file's name.
        topics: the words of each topic, most probable first; None where only assignments are given.
        ids: of the N documents; None where the file has none, or no documents are given.
        clusters: [N] the topic of each document, as a number or string; None where no documents are given.
        theta: [N, K] topic proportions, where they are known.
        unassigned: how many documents have no topic. Together they count as one more cluster.
        listed: [N] each document's topic as an index into `topics`, -1 for none of them; None where topics or
            documents are not given.
        first_word_shares: [K] how many times 1/V a topic's first word has, V the size of the
            vocabulary; None where the probabilities are not known.
        numbers: [K] of the topics; None where they are places in `topics`.
        config: what the model is, without its seed; equal for the seeds of one configuration.
        seed: of the model.
    """

    name: str
    topics: list[list[str]] | None = None
    ids: Sequence[str] | None = None
    clusters: NDArray[Any] | None = None
    theta: NDArray[np.floating[Any]] | None = None
    unassigned: int = 0
    listed: NDArray[np.int64] | None = None
    first_word_shares: NDArray[np.float64] | None = None
    numbers: Sequence[int] | None = None
    config: dict[str, Any] | None = None
    seed: int | None = None


def assign(theta: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """The most probable topic of each document, the lowest id at a tie.

    Args:
        theta: [N, K] topic proportions, N ≥ 0 and K ≥ 1.

    Raises:
        DsltmError: if theta is not a matrix, or holds NaN or infinity (it names the first such document).
    """
    check_theta(theta)
    topics: NDArray[np.int64] = np.argmax(theta, axis=1).astype(np.int64)
    return topics


def check_theta(theta: NDArray[np.floating[Any]]) -> None:
    """Refuse topic proportions that no metric can read: not [N, K], or not finite."""
    if theta.ndim != 2 or theta.shape[1] == 0:
        raise DsltmError(f"topic proportions must be a matrix of documents by topics, not {theta.shape}")
    # Adding up a row is NaN or infinite exactly where an entry is: one pass, no N×K matrix of booleans.
    bad = ~np.isfinite(theta.sum(axis=1, dtype=np.float64))
    if bad.any():
        raise DsltmError(
            f"topic proportions of document {int(np.argmax(bad))} (of {len(theta)}) are not finite numbers"
        )


def from_model(name: str, model: Model, labels: Labels | None, words: int) -> Subject:
    """A model of ours, and the documents of a labels file if one is given.

    Args:
        words: how many words of each topic are looked at.

    Raises:
        DsltmError: model and labels do not belong together.
    """
    theta = None
    if labels is not None:
        from dsltm.assigning.documents import theta_of

        theta = theta_of(model, labels)
    clusters = None if theta is None else assign(theta)
    vocabulary = model.vocabulary
    shown = first_words(model, words)
    first = [row[0] for row in shown]
    return Subject(
        name,
        [[vocabulary[word] for word in row.tolist()] for row in shown],
        None if labels is None else labels.ids,
        clusters,
        theta,
        numbers=model.numbering.numbers,
        listed=clusters,
        first_word_shares=model.beta[range(len(first)), first].astype(np.float64) * len(vocabulary),
        config=_configuration(model),
        seed=model.header.get("seed"),
    )


def _configuration(model: Model) -> dict[str, Any]:
    header = model.header
    return {
        "model": header.get("backbone"),
        **header.get("hyperparameters", {}),
        **{key: header.get(key) for key in ("teacher", "prompts", "projection", "max_tokens")},
        "words": len(model.vocabulary),
    }


def from_files(topics: str | None, assignments: str | None) -> Subject:
    """The results of any tool, from JSON lines.

    Args:
        topics: rows of "words": strings, or pairs of a string and a weight, most important first; and of
            "topic", what assignments call it, where that is not its 0-based place in the file.
        assignments: rows of "topic" (a number, a string, null or -1 for none), "theta" (K numbers) or both,
            and "id". Without ids the documents are taken in the order of the gold labels.

    Raises:
        DsltmError: a row that lacks these fields, or has other fields than the first row.
    """
    name = topics or assignments or ""
    described = None if topics is None else list(read_jsonl(topics))
    words = None if described is None else [_words(row, number, name) for number, row in described]
    if words is not None and not words:
        raise DsltmError(f"{topics}: no topics")
    if assignments is None:
        return Subject(name, words)
    rows = list(read_jsonl(assignments))
    if not rows:
        raise DsltmError(f"{assignments}: no assignments")
    theta = _theta(rows, assignments) if "theta" in rows[0][1] else None
    if theta is not None and "topic" not in rows[0][1]:
        clusters: NDArray[Any] = assign(theta)
    else:
        clusters = np.array([_cluster(row, number, assignments) for number, row in rows])
    ids = [str(row["id"]) for _, row in rows if row.get("id") is not None]
    if ids and len(ids) < len(rows):
        raise DsltmError(f"{assignments}: some rows have an id and some have none")
    unassigned = int((clusters == NO_TOPIC).sum())
    listed = None if described is None else _listed(clusters, [row for _, row in described])
    return Subject(name, words, ids or None, clusters, theta, unassigned, listed)


def _words(row: dict[str, Any], number: int, path: str) -> list[str]:
    listed = row.get("words")
    if not isinstance(listed, list):
        raise DsltmError(f'{path}:{number}: no "words" that are a list')
    words = [pair[0] if isinstance(pair, list) and pair else pair for pair in listed]
    for word in words:
        if not isinstance(word, str):
            raise DsltmError(f"{path}:{number}: a word is {kind(word)}, not a string")
    return words


def _cluster(row: dict[str, Any], number: int, path: str) -> str:
    topic = whole(row.get("topic", False))
    if topic is None or (topic == NONE and type(topic) is int):
        return NO_TOPIC
    if isinstance(topic, bool) or not isinstance(topic, int | str):
        raise DsltmError(f'{path}:{number}: no "topic" that is a number, a string or null')
    return f"topic {topic}"


def _listed(clusters: NDArray[Any], described: Sequence[dict[str, Any]]) -> NDArray[np.int64] | None:
    """[N] which of the topics each document has, -1 for none; None where two topics have one name."""
    if clusters.dtype.kind == "i":  # they come from theta, whose columns are the topics by their numbers
        numbered = [(row.get("topic"), place) for place, row in enumerate(described)]
        at = {number if type(number) is int else place: place for number, place in numbered}
        return np.array([at.get(cluster, -1) for cluster in clusters.tolist()], np.int64)
    places = {f"topic {row.get('topic', place)}": place for place, row in enumerate(described)}
    if len(places) < len(described):
        return None
    return np.array([places.get(cluster, -1) for cluster in clusters.tolist()], np.int64)


def _theta(rows: Sequence[tuple[int, dict[str, Any]]], path: str) -> NDArray[np.float32]:
    """[N, K] from the rows of a file."""
    first = rows[0][1]["theta"]
    theta = np.empty((len(rows), len(first) if isinstance(first, list) else 0), np.float32)
    for i, (number, row) in enumerate(rows):
        values = row.get("theta")
        if not isinstance(values, list) or not values or len(values) != theta.shape[1]:
            raise DsltmError(
                f'{path}:{number}: no "theta" that is a list of {theta.shape[1] or "some"} numbers'
            )
        if not all(isinstance(value, int | float) for value in values):
            raise DsltmError(f'{path}:{number}: "theta" holds something that is not a number')
        theta[i] = values
    return theta
