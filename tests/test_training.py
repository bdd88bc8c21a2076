"""Training end to end on a corpus whose topics are known."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from planted import Planted, plant, purity, recovered

from dsltm.assigning.inference import Inference
from dsltm.errors import DsltmError, UsageError
from dsltm.formats.model import Model, read_model, write_model
from dsltm.formats.strings import Strings
from dsltm.models import BACKBONES
from dsltm.training import TrainConfig
from dsltm.training.loop import train
from dsltm.words.ranking import telling

if TYPE_CHECKING:
    from pathlib import Path

    from dsltm.formats.labels import Labels
    from dsltm.training.loop import Epoch

# Neither neighbours nor clusters, so that what is tested is the backbone and its training.
QUICK = TrainConfig(
    topics=8,
    epochs=20,
    batch=64,
    target="soft",
    temperature=3.0,
    centre="none",
    smooth=0,
    guide=0.0,
    momentum=0.99,
)


@pytest.fixture(scope="module")
def corpus() -> Planted:
    return plant(documents=1000, empty=40)


@pytest.fixture(scope="module")
def few() -> Planted:
    return plant(documents=600, empty=20)


def written(model: Model) -> bytes:
    stream = io.BytesIO()
    write_model(stream, model)
    return stream.getvalue()


def proportions(model: Model, corpus: Planted) -> np.ndarray:
    return Inference(model).theta(corpus.labels.hidden, corpus.labels.vocabulary_counts)


def repeated(labels: Labels, times: int) -> Labels:
    """The documents, one after the other, and again and again."""
    ends = labels.bow_indptr[1:] + labels.bow_indptr[-1] * np.arange(times)[:, None]
    return replace(
        labels,
        ids=Strings.pack(str(number) for number in range(times * len(labels))),
        logits=np.tile(labels.logits, (times, 1)),
        hidden=np.tile(labels.hidden, (times, 1)),
        bow_indptr=np.append(0, ends).astype(np.int64),
        bow_indices=np.tile(labels.bow_indices, times),
        bow_data=np.tile(labels.bow_data, times),
        gold_codes=np.tile(labels.gold_codes, times),
        flags=np.tile(labels.flags, times),
    )


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize(
    ("reads", "writes"),
    [("hidden", "mixed"), ("hidden", "soft"), ("bow", "bow"), ("hidden", "bow"), ("both", "bow")],
)
def test_planted_topics_are_found(few: Planted, name: Any, reads: Any, writes: Any) -> None:
    model = train(few.labels, replace(QUICK, model=name, input=reads, target=writes, epochs=50))
    text = ~few.labels.empty
    found = proportions(model, few)[text]
    assert purity(few.truth[text], found.argmax(1)) > 0.75  # chance is about 0.2
    worth = telling(model.beta, model.usage, model.sizes)
    assert recovered(few.topic_words, worth) > 0.45  # chance is about 0.15


def test_theta_and_beta_are_distributions(corpus: Planted) -> None:
    model = train(corpus.labels, replace(QUICK, epochs=2))
    found = proportions(model, corpus)
    assert found.shape == (1000, 8)
    assert found.dtype == model.beta.dtype == np.float32
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)
    np.testing.assert_allclose(model.beta.sum(1), 1, atol=1e-5)
    assert found.min() >= 0
    assert model.beta.min() >= 0


def test_same_seed_same_bytes_other_seed_others(corpus: Planted) -> None:
    config = replace(QUICK, epochs=2)
    torch.manual_seed(123)
    first = written(train(corpus.labels, config))
    torch.manual_seed(456)  # the caller's random state neither matters ...
    before = torch.get_rng_state()
    assert written(train(corpus.labels, config)) == first
    assert torch.equal(torch.get_rng_state(), before)  # ... nor changes
    assert written(train(corpus.labels, replace(config, seed=1))) != first


def test_a_saved_model_infers_the_same(corpus: Planted, tmp_path: Path) -> None:
    model = train(corpus.labels, replace(QUICK, epochs=2, input="both"))
    (tmp_path / "model.npz").write_bytes(written(model))
    np.testing.assert_array_equal(
        proportions(read_model(str(tmp_path / "model.npz")), corpus), proportions(model, corpus)
    )


def test_empty_documents_are_not_trained_on_but_get_a_theta(corpus: Planted) -> None:
    labels = corpus.labels
    model = train(labels, replace(QUICK, epochs=2))
    assert model.header["training"]["documents"] == 960
    logits = np.array(labels.logits)
    logits[labels.empty] = np.float16(-50)
    assert written(train(replace(labels, logits=logits), replace(QUICK, epochs=2))) == written(model)
    assert np.isfinite(proportions(model, corpus)[labels.empty]).all()


def test_copies_of_a_text_are_learned_from_once(corpus: Planted) -> None:
    quick, alone = replace(QUICK, epochs=2, smooth=10), plant(documents=300, empty=10).labels
    copied = repeated(alone, 3)
    once, thrice = train(alone, quick), train(copied, quick)
    for name, array in once.arrays.items():
        np.testing.assert_array_equal(array, thrice.arrays[name], err_msg=name)
    np.testing.assert_array_equal(3 * np.array(once.header["sizes"]), thrice.header["sizes"])
    np.testing.assert_array_equal(3 * once.usage, thrice.usage)
    assert thrice.header["training"]["texts"] == once.header["training"]["documents"] == 290
    assert train(copied, replace(quick, copies="all")).header["training"]["texts"] == 870


def test_theta_is_as_sure_as_words_let_expect(corpus: Planted) -> None:
    others = np.random.default_rng(0).permutation(960)[:700]  # these have words of another document
    rows = np.arange(1000)
    rows[np.sort(others)] = others
    counts = corpus.labels.counts[rows]
    strangers = replace(
        corpus.labels, bow_indptr=counts.indptr, bow_indices=counts.indices, bow_data=counts.data
    )
    model, plain = train(strangers, QUICK), train(strangers, replace(QUICK, calibrate="none"))
    told, doubt = model.header["training"], model.header["training"]["doubt"]
    assert 0 < doubt < 0.5
    assert plain.header["training"]["doubt"] == 0
    read = ~corpus.labels.empty
    theta, sure = (proportions(each, replace(corpus, labels=strangers))[read] for each in (model, plain))
    np.testing.assert_allclose(theta, (1 - doubt) * sure + doubt / 8, atol=1e-6)
    assert theta.max(1).mean() == pytest.approx(told["students_agreement"] ** 0.5, abs=1e-3)


def test_progress_reports_the_parts_of_the_loss(corpus: Planted) -> None:
    seen: list[Epoch] = []
    train(corpus.labels, replace(QUICK, epochs=4, weight=10.0), seen.append)
    assert [epoch.number for epoch in seen] == [1, 2, 3, 4]
    assert all(epoch.loss == pytest.approx(10 * epoch.divergence + epoch.regulariser) for epoch in seen)
    assert seen[-1].divergence < seen[0].divergence


def test_cross_entropy_differs_by_the_entropy_only(corpus: Planted) -> None:
    runs: dict[str, list[Epoch]] = {"kl": [], "ce": []}
    models = [
        train(corpus.labels, replace(QUICK, epochs=2, loss=loss), seen.append)  # type: ignore[arg-type]
        for loss, seen in runs.items()
    ]
    np.testing.assert_array_equal(models[0].beta, models[1].beta)
    y = np.exp(corpus.labels.logits[~corpus.labels.empty].astype(float) / 3)
    y /= y.sum(1, keepdims=True)
    entropy = -(y * np.log(y)).sum(1).mean()
    assert runs["ce"][1].divergence - runs["kl"][1].divergence == pytest.approx(entropy, rel=1e-3)


def test_patience_stops_a_run_that_no_longer_improves(corpus: Planted) -> None:
    seen: list[Epoch] = []
    train(corpus.labels, replace(QUICK, epochs=500, learning_rate=1e-9, patience=2), seen.append)
    assert 3 <= len(seen) < 40


def test_nan_stops_with_the_step(corpus: Planted) -> None:
    with pytest.raises(DsltmError, match=r"step \d+ \(epoch \d+\): the loss is not a number"):
        train(corpus.labels, replace(QUICK, learning_rate=1e30))


@pytest.mark.parametrize("preset", ["paper", "best"])
def test_hidden_states_that_are_not_numbers_are_refused(corpus: Planted, preset: Any) -> None:
    hidden = np.array(corpus.labels.hidden)
    hidden[500, 3] = np.inf
    with pytest.raises(DsltmError, match="not numbers"):
        train(replace(corpus.labels, hidden=hidden), TrainConfig(topics=8, epochs=1, preset=preset))


def test_more_topics_than_documents_are_refused() -> None:
    few = plant(documents=30, empty=10).labels
    with pytest.raises(DsltmError, match="21 topics need as many different texts, and there are 20"):
        train(few, replace(QUICK, topics=21))
    train(few, replace(QUICK, topics=20, epochs=1))


@pytest.mark.parametrize(
    "wrong",
    [{"topics": 1}, {"temperature": 0.0}, {"weight": -1.0}, {"dropout": 1.0}, {"learning_rate": 0.0}],
)
def test_options_outside_their_range_are_usage_errors(corpus: Planted, wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong)).replace("_", "-")):
        train(corpus.labels, replace(QUICK, **wrong))


def test_a_unit_that_never_changes_does_no_harm(corpus: Planted) -> None:
    hidden = np.array(corpus.labels.hidden)
    hidden[:, 3] = 7
    model = train(replace(corpus.labels, hidden=hidden), replace(QUICK, epochs=1))
    assert np.isfinite(model.beta).all()


def test_an_unknown_device_is_one_sentence(corpus: Planted) -> None:
    with pytest.raises(DsltmError, match="no device 'warp'"):
        train(corpus.labels, replace(QUICK, device="warp"))


def halves(labels: Labels) -> list[Labels]:
    """Two corpora of the same topics: training never looks at what is not sliced here."""
    rows = np.arange(len(labels))
    parts = [rows[: len(rows) // 2], rows[len(rows) // 2 :]]
    return [
        replace(labels, logits=labels.logits[part], hidden=labels.hidden[part], flags=labels.flags[part])
        for part in parts
    ]


@pytest.mark.parametrize("preset", ["paper", "best"])
def test_going_on_from_a_model_keeps_the_topics(corpus: Planted, preset: Any) -> None:
    first, second = halves(corpus.labels)
    config = TrainConfig(topics=8, epochs=40, batch=64, preset=preset)
    before = train(first, config)
    after = train(second, replace(config, epochs=10, seed=5), init=before)
    afresh = train(second, replace(config, seed=5))

    def kept(model: Model) -> float:
        """The share of documents whose topic has the number that it had."""
        old, new = (Inference(m).theta(corpus.labels.hidden).argmax(1) for m in (before, model))
        return float((old == new).mean())

    assert kept(after) > 0.8
    assert kept(afresh) < 0.5
    assert after.header["training"]["before"] == before.header["training"]


def test_going_on_needs_the_same_shape_and_labels(corpus: Planted) -> None:
    before = train(corpus.labels, replace(QUICK, epochs=1))
    with pytest.raises(DsltmError, match="has 8 topics, not 7"):
        train(corpus.labels, replace(QUICK, epochs=1, topics=7), init=before)
    other = replace(corpus.labels, header={**corpus.labels.header, "projection": "sum"})
    with pytest.raises(DsltmError, match="different projections"):
        train(other, replace(QUICK, epochs=1), init=before)


def test_options_that_would_do_nothing_are_refused(corpus: Planted) -> None:
    with pytest.raises(UsageError, match="no option of --model prodlda"):
        train(corpus.labels, replace(QUICK, embeddings="random"))


def test_word_embeddings_come_from_the_teacher_or_from_chance(corpus: Planted) -> None:
    config = replace(QUICK, model="etm", epochs=1)
    teacher = train(corpus.labels, config)
    changed = replace(corpus.labels, word_embeddings=corpus.labels.word_embeddings[::-1])
    assert not np.array_equal(train(changed, config).beta, teacher.beta)
    random = replace(config, embeddings="random")
    np.testing.assert_array_equal(train(changed, random).beta, train(corpus.labels, random).beta)


def test_sparse_targets_reach_the_model(corpus: Planted) -> None:
    models = [train(corpus.labels, replace(QUICK, epochs=2, target_top=top)) for top in (None, 5, 120)]
    assert not np.array_equal(models[0].beta, models[1].beta)
    np.testing.assert_array_equal(models[0].beta, models[2].beta)  # all 120 words is no restriction


def test_the_bytes_do_not_depend_on_how_many_threads_there_are() -> None:
    """Nor does training leave fewer threads behind than it found."""
    before = torch.get_num_threads()
    planted, models = plant(documents=600), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            models.append(train(planted.labels, TrainConfig(topics=6, epochs=2)))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(models[0].beta, models[1].beta)
    for name, array in models[0].arrays.items():
        np.testing.assert_array_equal(array, models[1].arrays[name])
