"""Effects of fields on shares: planted ones are found, errors are right, fields are checked."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from shell import dsltm, on_terminal

from dsltm.errors import DsltmError, UsageError
from dsltm.topics.effects import Column, design, effects
from dsltm.topics.formula import Term, parse_formula

if TYPE_CHECKING:
    from pathlib import Path

    from looking import Files

pytest.importorskip("statsmodels", reason="it is an extra")


def test_a_formula_is_a_sum_of_fields() -> None:
    assert parse_formula("rating +  home country + C(year)") == [
        Term("rating", False),
        Term("home country", False),
        Term("year", True),
    ]


@pytest.mark.parametrize(
    "formula",
    [
        "",
        "a +",
        "a * b",
        "a ~ b",
        "s(a)",
        "__import__('os').system('true')",
        "a + a",
        "C(a) + a",
        "C()",
    ],
)
def test_nothing_else_is_a_formula(formula: str) -> None:
    with pytest.raises(UsageError):
        parse_formula(formula)


def _planted(documents: int, seed: int) -> tuple[dict[str, list[str | None]], np.ndarray]:
    """Shares of topic 0: .2, .1 more in France, .05 less for a rating larger by one; noise that differs."""
    rng = np.random.default_rng(seed)
    country = rng.choice(["us", "fr", "de"], documents, p=[0.5, 0.3, 0.2])
    rating = rng.integers(1, 4, documents)
    mean = 0.4 + 0.1 * (country == "fr") - 0.05 * rating
    spread = np.where(country == "fr", 0.12, 0.03)
    first = mean + spread * rng.uniform(-1, 1, documents)
    theta = np.stack([first, 0.6 * (1 - first), 0.4 * (1 - first)], axis=1)
    return {"country": country.tolist(), "rating": [str(r) for r in rating]}, theta.astype(np.float32)


TERMS = parse_formula("rating + country")


def test_planted_effects_are_within_their_limits() -> None:
    covered = 0
    for seed in range(60):
        values, theta = _planted(300, seed)
        found = effects(design(TERMS, values, np.ones(300, bool)), theta, [4, 5, 9])
        truth = {"rating": -0.05, "fr": 0.1, "de": 0.0}
        own = [effect for effect in found if effect.topic == 4]
        assert [effect.column for effect in own] == [
            Column("rating"),
            Column("country", "fr", "us"),
            Column("country", "de", "us"),
        ]
        covered += sum(
            effect.low <= truth[effect.column.value or effect.column.field] <= effect.high for effect in own
        )
    assert 0.91 <= covered / 180 <= 0.99


def test_errors_are_hc3s() -> None:
    """X'X^-1 X' diag(e² / (1 - h)²) X X'X^-1, by hand; and p-values are Holm's."""
    values, theta = _planted(80, 3)
    found = effects(design(TERMS, values, np.ones(80, bool)), theta, [0, 1, 2])
    country = np.array(values["country"])
    x = np.column_stack([np.ones(80), np.array(values["rating"], float), country == "fr", country == "de"])
    inverse = np.linalg.inv(x.T @ x)
    hat = np.einsum("ij,jk,ik->i", x, inverse, x)
    for topic in range(3):
        estimate = inverse @ x.T @ theta[:, topic]
        weight = (theta[:, topic] - x @ estimate) / (1 - hat)
        error = np.sqrt(np.diag(inverse @ (x.T * weight**2) @ x @ inverse))
        own = [effect for effect in found if effect.topic == topic]
        assert [effect.estimate for effect in own] == pytest.approx(estimate[1:], abs=1e-6)
        assert [effect.error for effect in own] == pytest.approx(error[1:], rel=1e-4)
    p = sorted(effect.p for effect in found)
    holm = np.minimum(np.maximum.accumulate([value * (9 - n) for n, value in enumerate(p)]), 1)
    assert sorted(effect.p_adjusted for effect in found) == pytest.approx(holm)


def test_large_numbers_stay_accurate() -> None:
    values, theta = _planted(300, 5)
    years = [str(2_000_000_000 + int(rating or 0)) for rating in values["rating"]]
    terms, full = parse_formula("rating"), np.ones(300, bool)
    plain = effects(design(terms, values, full), theta, [0, 1, 2])
    large = effects(design(terms, {"rating": years}, full), theta, [0, 1, 2])
    assert [e.estimate for e in large] == pytest.approx([e.estimate for e in plain], rel=1e-6)
    assert [e.error for e in large] == pytest.approx([e.error for e in plain], rel=1e-6)


def test_documents_without_text_or_field_and_of_rare_classes_are_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    country: list[str | None] = ["us"] * 10 + ["fr"] * 8 + ["de"] * 2 + [None, " ", "fr"]
    full = np.ones(23, bool)
    full[-1] = False
    found = design([Term("country", False)], {"country": country}, full)
    assert found.rows.tolist() == list(range(18))
    assert found.matrix.ravel().tolist() == [0] * 10 + [1] * 8
    said = capsys.readouterr().err
    assert "2 documents lack a field of --effects" in said
    assert "2 documents of classes with fewer than 5 documents" in said


@pytest.mark.parametrize(
    ("formula", "values", "message"),
    [
        ("a", {"a": [None] * 40}, "no document has a field 'a'"),
        ("a", {"a": ["x"] * 40}, "the field 'a' is 'x' in all documents"),
        ("a", {"a": ["7"] * 40}, "the field 'a' is '7' in all documents"),
        ("a", {"a": [f"name {n}" for n in range(10_000)]}, "has 10,000 different values"),
        ("C(a)", {"a": [str(n) for n in range(40)]}, "no value of the field 'a' has 5 documents"),
        ("a + b", {"a": ["1", "2"] * 20, "b": ["2", "4"] * 20}, "the field 'b' follows from those before it"),
        ("a + b", {"a": ["x", "y"] * 20, "b": ["u", "v"] * 20}, "the field 'b' follows from those before it"),
        ("a", {"a": ["1", "2"]}, "2 documents are too few for 1 effects"),
        ("a + b", {"a": ["1", None] * 20, "b": [None, "2"] * 20}, "no document has all of the fields"),
    ],
)
def test_fields_that_explain_nothing(formula: str, values: dict[str, Any], message: str) -> None:
    full = np.ones(len(next(iter(values.values()))), bool)
    with pytest.raises(DsltmError, match=message):
        design(parse_formula(formula), values, full)


@pytest.fixture(scope="module")
def corpus(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents of topic 0 are mostly French, all others as often French as not; ratings mean nothing."""
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("effects") / "corpus.jsonl"
    with path.open("w") as file:
        for line, topic in zip(files.corpus_path.read_text().splitlines(), files.planted.truth, strict=True):
            french = rng.random() < (0.9 if topic == 0 else 0.5)
            more = {"country": "fr" if french else "us", "rating": int(rng.integers(1, 6))}
            file.write(json.dumps(json.loads(line) | more) + "\n")
    return path


def test_the_command_finds_what_was_planted(files: Files, corpus: Path) -> None:
    done = dsltm(
        *("topics", files.model_path, files.labels_path, "--corpus", corpus, "--effects", "rating + country")
    )
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 12
    french = np.array([json.loads(line)["country"] == "fr" for line in corpus.read_text().splitlines()])[:-3]
    first = files.planted.truth[:-3] == 0
    planted = first[french].mean() - first[~french].mean()
    sure = [row for row in rows if row["p_adjusted"] < 0.01]
    assert sure
    (best,) = [row for row in sure if abs(row["estimate"]) == max(abs(each["estimate"]) for each in sure)]
    assert best["field"] == "country"
    sign = 1 if best["value"] == "fr" else -1
    assert best["low"] <= sign * planted <= best["high"]
    assert not [row for row in sure if row["field"] == "rating"]


def test_a_terminal_shows_what_is_sure(files: Files, corpus: Path) -> None:
    args = (
        "topics",
        files.model_path,
        files.labels_path,
        "--corpus",
        corpus,
        "--effects",
        "rating + country",
    )
    status, sent = on_terminal(*args, env={"NO_COLOR": "1"})
    assert status == 0
    assert "country" in sent
    assert "rating + 1" not in sent
    assert "effects may be chance" in sent


def test_the_class_of_the_labels_needs_no_corpus(files: Files) -> None:
    done = dsltm("topics", files.model_path, files.labels_path, "--effects", "label")
    assert done.returncode == 0, done.stderr
    assert {json.loads(line)["field"] for line in done.stdout.splitlines()} == {"label"}


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (("--effects", "rating"), 2, "the field 'rating' is read from the corpus, try --corpus FILE"),
        (("--effects", "a * b"), 2, "takes a sum of fields"),
        (("--effects", "label", "--tree"), 2, "shown one at a time"),
    ],
)
def test_what_cannot_be_computed_is_said(
    args: tuple[str, ...], status: int, message: str, files: Files
) -> None:
    done = dsltm("topics", files.model_path, files.labels_path, *args)
    assert done.returncode == status
    assert message in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
    assert dsltm("topics", files.model_path, *args).returncode == 2


def test_without_statsmodels_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "statsmodels.regression.linear_model", None)
    values, theta = _planted(60, 0)
    with pytest.raises(DsltmError) as raised:
        effects(design(TERMS, values, np.ones(60, bool)), theta, [0, 1, 2])
    assert "statsmodels" in str(raised.value)
    assert raised.value.hint == "pip install 'dsltm[effects]'"
