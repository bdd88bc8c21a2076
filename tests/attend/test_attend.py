"""Attention becomes topics: what must hold on tiny teachers, whose attention means nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pytest
import tiny_teachers
import torch

from dsltm.assigning.inference import Inference
from dsltm.distilling.config import DistillConfig
from dsltm.distilling.run import distill
from dsltm.errors import DsltmError, UsageError
from dsltm.formats.corpus import Corpus
from dsltm.formats.labels import Labels, read_labels
from dsltm.formats.topics import WrittenTopic
from dsltm.models.attend import Attend
from dsltm.models.base import Shape
from dsltm.teacher.files.load import load_teacher
from dsltm.words.text import words
from dsltm.written.attend import scoring
from dsltm.written.attend.config import AttendConfig
from dsltm.written.attend.layout import layout
from dsltm.written.attend.reading import Seen, TopicReader
from dsltm.written.attend.scoring import attend

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dsltm.teacher.reading.teacher import Teacher

TOPICS = [WrittenTopic(name) for name in sorted(tiny_teachers.THEMES)]
CONFIG = AttendConfig(sample=60, choosing=30, max_tokens=500)


@pytest.fixture(scope="module")
def read(
    tmp_path_factory: pytest.TempPathFactory, tiny_teacher: Callable[[str], Path], tiny_corpus: Path
) -> tuple[Labels, Corpus, Teacher]:
    teacher = load_teacher(str(tiny_teacher("llama")), dtype="float32", device="cpu")
    place = str(tmp_path_factory.mktemp("attend") / "labels.npz")
    corpus = Corpus(str(tiny_corpus))
    distill(corpus, teacher, DistillConfig(), output=place)
    return read_labels(place), corpus, teacher


def test_attend_makes_a_model_that_assigns(read: tuple[Labels, Corpus, Teacher]) -> None:
    labels, corpus, teacher = read
    done = attend(TOPICS, labels, corpus, teacher, CONFIG)
    assert done.theta.shape == (60, len(TOPICS))
    np.testing.assert_allclose(done.theta.sum(1), 1, rtol=1e-4)
    np.testing.assert_allclose(done.model.beta.sum(1), 1, rtol=1e-4)
    assert done.model.names == [topic.label for topic in TOPICS]
    theta = Inference(done.model).theta(labels.hidden)
    np.testing.assert_allclose(theta.sum(1), 1, rtol=1e-4)
    again = attend(TOPICS, labels, corpus, teacher, CONFIG)
    assert np.array_equal(again.theta, done.theta)
    assert all(np.array_equal(again.model.arrays[name], array) for name, array in done.model.arrays.items())
    assert json.dumps(done.model.header)  # nothing in it that a file cannot hold


def test_every_answer_calibration_and_choice_of_heads_runs(read: tuple[Labels, Corpus, Teacher]) -> None:
    labels, corpus, teacher = read
    seen = []
    for change in (
        {"answer": "numbers"},
        {"answer": "mixture"},
        {"calibrate": "empty"},
        {"heads": ((1, 2), (2, 0)), "orders": 1},
        {"layers": (2,)},
    ):
        done = attend(TOPICS, labels, corpus, teacher, AttendConfig(**{**CONFIG.__dict__, **change}))
        assert np.isfinite(done.theta).all()
        seen.append(done.theta.round(5).tobytes())
        if "layers" in change:
            assert {layer for layer, _ in done.model.header["training"]["heads"]} == {2}
    assert len(set(seen)) == len(seen)  # no option that does nothing


def test_what_the_teacher_does_not_have_is_refused(
    read: tuple[Labels, Corpus, Teacher], tiny_teacher: Callable[[str], Path]
) -> None:
    labels, corpus, teacher = read
    for change, complaint in (
        ({"heads": ((9, 0),)}, "there is no head 9.0, the teacher has 0.0 to 2.3"),
        ({"layers": (7,)}, "there is no layer 7 with heads, the teacher has 0 to 2"),
        ({"orders": 1}, "needs --orders 2"),
        ({"heads": ((1, 0),), "layers": (1,)}, "--layers is for --heads auto"),
    ):
        with pytest.raises(UsageError, match=complaint):
            attend(TOPICS, labels, corpus, teacher, AttendConfig(**{**CONFIG.__dict__, **change}))
    other = load_teacher(str(tiny_teacher("gemma3")), dtype="float32", device="cpu")
    with pytest.raises(DsltmError, match="the documents were read by"):
        attend(TOPICS, labels, corpus, other, CONFIG)
    with pytest.raises(DsltmError, match="the instruction alone takes more"):
        attend(TOPICS, labels, corpus, teacher, AttendConfig(**{**CONFIG.__dict__, "max_tokens": 40}))


def test_few_heads_are_read_as_among_all(read: tuple[Labels, Corpus, Teacher]) -> None:
    _, _, teacher = read
    texts = ["We saw butter, and a GUITAR.", "", "x 1 \u0130stanbul", "piano " * 40, "<s> oven"]
    reader = TopicReader(teacher, TOPICS, np.array([range(6), range(5, -1, -1)]), max_tokens=500)
    assert reader.heads == [(layer, head) for layer in range(3) for head in range(4)]
    every = reader.read(texts)
    assert every.topics.shape == (2, 5, 12, 6)
    np.testing.assert_allclose(np.exp(every.numbers).sum(-1), 1, atol=1e-4)
    assert every.lengths.argmax() == 3
    few = reader.read(texts[:1], [(0, 0), (1, 1), (2, 3)], numbers=False)
    np.testing.assert_allclose(few.topics[:, 0], every.topics[:, 0, [0, 5, 11]], atol=1e-4)


def test_what_most_heads_follow_is_the_topic_and_has_its_words(
    read: tuple[Labels, Corpus, Teacher], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Heads that follow a document's theme, each with noise of its own, among as many that do not."""
    labels, corpus, teacher = read
    names = [topic.label for topic in TOPICS]

    def theme(text: str) -> int:
        return next(i for i, name in enumerate(names) if set(tiny_teachers.THEMES[name]) & set(words(text)))

    class Planted:
        heads: ClassVar = [(layer, head) for layer in range(4) for head in range(4)]

        def __init__(self, *_: object, **__: object) -> None: ...

        def read(
            self, texts: list[str], heads: list[tuple[int, int]] | None = None, *_: object, **__: object
        ) -> Seen:
            rng = np.random.default_rng(len(texts))
            topics = rng.normal(0, 1, (2, len(texts), 16, len(TOPICS))).astype(np.float32)
            truth = [theme(text) for text in texts]
            topics[:, np.arange(len(texts)), :8, truth] += 2.5
            chosen = [self.heads.index(head) for head in heads or self.heads]
            numbers = np.zeros((2, len(texts), len(TOPICS)), np.float32)
            return Seen(topics[:, :, chosen], numbers, np.arange(len(texts)) % 9)

    monkeypatch.setattr(scoring, "TopicReader", Planted)
    config = AttendConfig(**{**CONFIG.__dict__, "sample": 0, "choosing": 300})
    done = attend(TOPICS, labels, corpus, teacher, config)
    texts = [document.text for document in corpus]
    found = dict(zip(done.rows.tolist(), done.theta.argmax(1).tolist(), strict=True))
    assert np.mean([theme(texts[row]) == topic for row, topic in found.items()]) > 0.97
    heads = done.model.header["training"]["heads"]
    assert sum(layer < 2 for layer, _ in heads) == 8  # all that follow the theme
    for topic, name in enumerate(names):
        best = np.argsort(-done.model.beta[topic])[:5]
        assert {labels.vocabulary[word] for word in best} <= set(tiny_teachers.THEMES[name])


def test_labels_with_the_slot_in_them_are_only_text(read: tuple[Labels, Corpus, Teacher]) -> None:
    _, _, teacher = read
    plan = layout([WrittenTopic("a {document} b"), WrittenTopic("c")], [0, 1], teacher.tokenizer)
    assert "(1) a document b\n(2) c\n" in plan.prompts[0].template


def test_the_linear_map_learns_what_can_be_learnt() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(3, 2, (500, 12)).astype(np.float32)
    scores = (x - 3) @ rng.normal(0, 1, (12, 4))
    theta = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    model = Attend(Shape(12, 4, 7))
    model.set_scale(x.mean(0), x.std(0))
    entropy = -(theta * np.log(theta)).sum(1).mean()
    left = model.fit(torch.from_numpy(x), torch.from_numpy(theta.astype(np.float32)), penalty=0.0, steps=200)
    assert left < entropy + 0.02
    found = model.theta(torch.from_numpy(x)).numpy()
    assert (found.argmax(1) == theta.argmax(1)).mean() > 0.97
