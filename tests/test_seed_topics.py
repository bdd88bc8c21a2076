"""Topics that begin where somebody says: they keep number and name, and others are found in what is left."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from planted import Planted, plant
from shell import dsltm as run

import dsltm
from dsltm.assigning.inference import Inference
from dsltm.errors import DsltmError, UsageError
from dsltm.formats.labels import EMPTY, write_labels
from dsltm.formats.topics import WrittenTopic
from dsltm.training.beginning import begin_around, fits
from dsltm.training.config import TrainConfig
from dsltm.training.seed_topics import SeedTopics, _of_texts

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Made

    from dsltm.api.models import Model
    from dsltm.formats.labels import Labels

CONFIG = TrainConfig(epochs=12, batch=64, words_weight=0.0)


@pytest.fixture(scope="module")
def corpus() -> Planted:
    """Documents of six topics, each of them with words of its own."""
    return plant(documents=600, topics=6, seed=5, noise=0.7)


def _words(corpus: Planted, topic: int, count: int = 4) -> list[str]:
    return [f"word{number}" for number in corpus.topic_words[topic][:count]]


def _first(model: Model, labels: Labels) -> np.ndarray:
    return np.asarray(Inference(model.stored).theta(labels.hidden).argmax(1))


def _train(labels: Labels, topics: int, **seeds: Any) -> Model:
    return dsltm.train(labels, topics, config=CONFIG, **seeds)


def _write(labels: Labels, path: Path) -> Path:
    members = {
        "ids": labels.ids.data,
        "ids_indptr": labels.ids.indptr,
        "gold": labels.gold_codes,
        **{
            name: getattr(labels, name)
            for name in (
                "logits",
                "hidden",
                "bow_indptr",
                "bow_indices",
                "bow_data",
                "flags",
                "word_embeddings",
            )
        },
    }
    with path.open("wb") as file:
        write_labels(file, labels.header, members)
    return path


def _half_labelled(corpus: Planted, classes: int, each: int) -> Labels:
    """The first `each` documents of the first classes keep their class, all others have none."""
    codes = np.full(len(corpus.labels), -1, np.int32)
    for number in range(classes):
        codes[np.flatnonzero(corpus.truth == number)[:each]] = number
    return replace(corpus.labels, gold_codes=codes)


def test_seeds_of_words_keep_number_and_name_and_take_their_documents(corpus: Planted) -> None:
    order = [4, 1, 3]
    seeds = [{"topic": f"theme {topic}", "words": _words(corpus, topic)} for topic in order]
    model = _train(corpus.labels, 6, seed_topics=seeds)
    assert model.stored.names == ["theme 4", "theme 1", "theme 3", None, None, None]
    first = _first(model, corpus.labels)
    for number, topic in enumerate(order):
        assert (first[corpus.truth == topic] == number).mean() > 0.9
    others = ~np.isin(corpus.truth, order)
    assert (first[others] >= 3).mean() > 0.9


def test_the_free_topics_are_the_themes_that_no_seed_names(corpus: Planted) -> None:
    seeds = [{"topic": "zero", "words": _words(corpus, 0)}, {"topic": "one", "words": _words(corpus, 1)}]
    first = _first(_train(corpus.labels, 6, seed_topics=seeds), corpus.labels)
    for theme in (2, 3, 4, 5):
        own = np.bincount(first[corpus.truth == theme], minlength=6)
        assert own.argmax() >= 2
        assert own.max() / own.sum() > 0.7


def test_a_bare_label_is_found_by_its_words_and_their_forms(corpus: Planted) -> None:
    words = [*corpus.labels.header["vocabulary"]]
    words[corpus.topic_words[2][0]], words[corpus.topic_words[5][0]] = "refund", "kitchen"
    labels = replace(corpus.labels, header={**corpus.labels.header, "vocabulary": words})
    seeds = SeedTopics.of(labels, [WrittenTopic("Refunds"), WrittenTopic("the kitchen")])
    has = labels.counts.toarray()
    assert (seeds.hits == 0).sum() > 50
    assert (has[seeds.hits == 0, corpus.topic_words[2][0]] > 0).all()
    assert (has[seeds.hits == 1, corpus.topic_words[5][0]] > 0).all()
    assert (seeds.examples == -1).all()


def test_examples_by_id_and_by_text_begin_a_topic(corpus: Planted) -> None:
    rows = {topic: np.flatnonzero(corpus.truth == topic) for topic in (0, 3)}
    text = " ".join(_words(corpus, 3, 8))
    seeds = [
        {"topic": "by id", "examples": [str(row) for row in rows[0][:3]]},
        {"topic": "by text", "examples": [text, str(rows[3][0])]},
    ]
    first = _first(_train(corpus.labels, 6, seed_topics=seeds), corpus.labels)
    assert (first[rows[0]] == 0).mean() > 0.8
    assert (first[rows[3]] == 1).mean() > 0.8


def test_some_classes_place_the_documents_without_and_leave_topics_free(corpus: Planted) -> None:
    labels = _half_labelled(corpus, classes=4, each=5)
    model = _train(labels, 6, semi=True)
    assert model.stored.names == ["topic0", "topic1", "topic2", "topic3", None, None]
    first = _first(model, labels)
    for theme in range(4):
        assert (first[corpus.truth == theme] == theme).mean() > 0.85
    assert (first[corpus.truth > 3] > 3).mean() > 0.8


def test_a_document_is_drawn_to_its_class_whatever_it_looks_like(corpus: Planted) -> None:
    codes = corpus.truth.astype(np.int32)
    rows = np.flatnonzero(corpus.truth == 0)
    # Every other document of a theme is said to be of another class: no place in space could tell.
    codes[rows[::2]] = 1
    wrong = SeedTopics.of(replace(corpus.labels, gold_codes=codes), [], classes=True)
    assert wrong.names == [f"topic{number}" for number in range(6)]
    np.testing.assert_array_equal(wrong.examples, codes)


def test_classes_and_seeds_of_one_name_are_one_topic(corpus: Planted) -> None:
    labels = _half_labelled(corpus, classes=2, each=3)
    seeds = SeedTopics.of(labels, [WrittenTopic("Topic1"), WrittenTopic("else")], classes=True)
    assert seeds.names == ["Topic1", "else", "topic0"]
    assert (seeds.examples == 0).sum() == (seeds.examples == 2).sum() == 3


def test_a_seed_that_nothing_fits_says_so_and_stays_empty(corpus: Planted, tmp_path: Path) -> None:
    labels, model = _write(corpus.labels, tmp_path / "labels.npz"), tmp_path / "model.npz"
    seeds = tmp_path / "seeds.txt"
    seeds.write_text(f"{_words(corpus, 0)[0]}\nzeppelin\n{_words(corpus, 1)[0]}\n")
    options = ("--epochs", "2", "-k", "4", "--seed-topics", seeds, "-o", model)
    done = run("train", labels, *options)
    assert done.returncode == 0, done.stderr
    assert b"no document fits 1 of 3 seed topics (zeppelin)" in done.stderr
    loaded = dsltm.load(model)
    assert loaded.stored.names[1] == "zeppelin"
    assert loaded.stored.header["training"]["seed_documents"][1] == 0
    again = tmp_path / "again.npz"
    assert run("train", labels, *options[:-1], again).returncode == 0
    assert again.read_bytes() == model.read_bytes()


def test_what_cannot_be_is_refused(corpus: Planted, tmp_path: Path) -> None:
    labels = corpus.labels
    two = [WrittenTopic("a", examples=("7",)), WrittenTopic("b", documents=("7",))]
    with pytest.raises(DsltmError, match="document '7' is an example of two seed topics, 'a' and 'b'"):
        SeedTopics.of(labels, two)
    with pytest.raises(DsltmError, match="no document fits any of the 1 seed topics"):
        SeedTopics.of(labels, [WrittenTopic("zeppelin")])
    nameless = replace(labels, gold_codes=np.full(len(labels), -1, np.int32))
    with pytest.raises(DsltmError, match="no document has a class"):
        SeedTopics.of(nameless, [], classes=True)
    many = [{"topic": f"t{topic}", "words": _words(corpus, topic)} for topic in range(4)]
    with pytest.raises(UsageError, match="4 seed topics and 3 topics"):
        _train(labels, 3, seed_topics=many)
    with pytest.raises(UsageError, match="only a guide"):
        dsltm.train(labels, 6, seed_topics=many, config=replace(CONFIG, guide=0.0, rounds=0))
    with pytest.raises(DsltmError, match="seed topics:2: the label 'x' is on line 1 already"):
        _train(labels, 3, seed_topics=["x", "x"])
    path = _write(labels, tmp_path / "labels.npz")
    done = run("train", path, "--semi", "--init", path)
    assert done.returncode == 2
    assert b"--init has its topics already" in done.stderr


def test_documents_without_text_are_no_examples(corpus: Planted) -> None:
    flags = corpus.labels.flags.copy()
    flags[7] = EMPTY
    labels = replace(corpus.labels, flags=flags)
    topics = [WrittenTopic("a", examples=("7", "8")), WrittenTopic("b", examples=("9",))]
    assert SeedTopics.of(labels, topics).examples[[7, 8, 9]].tolist() == [-1, 0, 1]


def test_documents_that_nothing_known_reaches_are_new() -> None:
    rng = np.random.default_rng(0)
    places = np.eye(4, 8, dtype=np.float32)
    truth = np.repeat(np.arange(4), 60)
    points = places[truth] + 0.05 * rng.standard_normal((240, 8)).astype(np.float32)
    neighbours = np.stack([np.flatnonzero(truth == topic)[rng.permutation(60)[:8]] for topic in truth])
    known = np.full(240, -1)
    known[:6], known[60:63] = 0, 1  # of the first topic six documents are known, of the second three
    fit = fits(neighbours.astype(np.int32), known, np.minimum(truth, 1), 2)
    assert (fit[truth < 2] > 1).mean() > 0.95
    assert (fit[truth > 1] == 0).all()
    topics = begin_around(points, neighbours.astype(np.int32), known, 2, 2, seed=0)
    assert (topics[truth == 0] == 0).mean() > 0.95
    assert (topics[truth == 1] == 1).mean() > 0.95
    assert len({*topics[truth == 2]}) == len({*topics[truth == 3]}) == 1
    with pytest.raises(DsltmError, match="0 documents belong to no known topic"):
        begin_around(points, neighbours.astype(np.int32), truth, 4, 1, seed=0)


def test_written_topics_may_be_called_topic_or_label(tmp_path: Path) -> None:
    from dsltm.formats.topics import read_topics

    file = tmp_path / "seeds.jsonl"
    rows = [
        {"topic": "billing", "words": ["refund"], "examples": ["3", "pay me back"]},
        {"topic": 4, "label": "shipping", "examples": [{"id": "9", "text": "late"}]},
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert read_topics(str(file)) == [
        WrittenTopic("billing", keywords=("refund",), examples=("3", "pay me back")),
        WrittenTopic("shipping", examples=("9",)),
    ]


def test_topics_of_ground_become_learned_ones_with_new_topics_beside(made: Made, tmp_path: Path) -> None:
    topics, grounded, model = tmp_path / "t.txt", tmp_path / "g.npz", tmp_path / "m.npz"
    topics.write_text("cats and dogs\nstriker goal\n")
    done = run("ground", topics, made.labels, "--teacher", made.teacher, "-o", grounded)
    assert done.returncode == 0, done.stderr
    done = run("train", made.labels, "--init", grounded, "--new", "2", "--epochs", "2", "-o", model)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in run("topics", model, made.labels).stdout.splitlines()]
    assert [row.get("label") for row in sorted(rows, key=lambda row: row["topic"])] == [
        "cats and dogs",
        "striker goal",
        None,
        None,
    ]
    assert dsltm.load(model).stored.header["backbone"] == "prodlda"


def test_any_copy_of_a_text_may_be_the_example() -> None:
    class Texts:
        documents = np.array([0, 2, 3, 4])  # rows with text, of which the third repeats the first
        text = np.array([0, 1, 0, 2])

        def __len__(self) -> int:
            return 3

    data: Any = Texts()
    assert _of_texts(np.array([-1, 5, -1, 1, 2]), data).tolist() == [1, -1, 2]
    assert _of_texts(np.array([0, 5, -1, 1, -1]), data).tolist() == [0, -1, -1]
