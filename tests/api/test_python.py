"""The Python API gives what the commands give, and is what its docstrings say."""

from __future__ import annotations

import doctest
import importlib
import json
import pickle
import pkgutil
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from shell import bash, dsltm, environment

import dsltm as package
from dsltm import api
from dsltm.errors import DsltmError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Made

MODULES = ["dsltm", *(f"dsltm.api.{module.name}" for module in pkgutil.iter_modules(api.__path__))]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_are_true(name: str, here: Path) -> None:
    module = importlib.import_module(name)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    result = doctest.testmod(module, extraglobs={"dsltm": package}, optionflags=flags)
    assert result.failed == 0
    assert result.attempted or name in ("dsltm.api", "dsltm.api.page")


def test_the_import_loads_nothing_and_offers_everything() -> None:
    script = (
        "import sys, dsltm; slow = {'torch', 'numpy', 'typer', 'rich', 'sklearn'} & {*sys.modules}; "
        "assert not slow, slow; "
        "assert {'distill', 'train', 'load', 'evaluate', 'TopicModel'} <= {*dir(dsltm)}; "
        "[getattr(dsltm, name) for name in dir(dsltm)]; assert 'typer' not in sys.modules; "
        "import dsltm.distilling.run; assert callable(dsltm.distill)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with pytest.raises(AttributeError):
        package.nothing  # noqa: B018


def test_python_and_the_shell_give_the_same_bytes(here: Path) -> None:
    rows = [json.loads(line) for line in (here / "corpus.jsonl").read_text().splitlines()]
    labels = package.distill(rows, teacher="teacher", output="python.labels.npz")
    model = package.train(labels, topics=6, seed=3)
    model.save("python.npz")
    shell = bash(
        "dsltm distill corpus.jsonl --teacher teacher -o shell.labels.npz && "
        "dsltm train shell.labels.npz -k 6 --seed 3 -o shell.npz && "
        "dsltm topics shell.npz shell.labels.npz > topics.jsonl && "
        "dsltm topics shell.npz shell.labels.npz --corpus corpus.jsonl --examples 2 --coherence "
        "> examples.jsonl && "
        "dsltm assign shell.npz shell.labels.npz > assignments.jsonl && "
        "dsltm assign shell.npz corpus.jsonl --top 2 --min-prob .3 > read.jsonl && "
        "dsltm assign shell.npz corpus.jsonl --parts sentences --reader words > parts.jsonl && "
        "dsltm topics shell.npz shell.labels.npz --levels 2,4 --examples 1 > levels.jsonl && "
        "dsltm topics shell.npz --query 'a late goal' > query.jsonl && "
        "dsltm topics shell.npz shell.labels.npz --corpus corpus.jsonl "
        "--query 'a late goal' > answers.jsonl && "
        "dsltm topics shell.npz shell.labels.npz --effects label > effects.jsonl && "
        "dsltm eval shell.npz shell.labels.npz > scores.jsonl",
        here,
    )
    assert shell.returncode == 0, shell.stderr
    assert (here / "python.npz").read_bytes() == (here / "shell.npz").read_bytes()
    assert model.topics(labels) == _lines(here / "topics.jsonl")
    assert model.topics(labels, texts=rows, examples=2, coherence=True) == _lines(here / "examples.jsonl")
    assert model.assign(labels) == _lines(here / "assignments.jsonl")
    assert model.assign(rows, top=2, min_prob=0.3) == _lines(here / "read.jsonl")
    assert model.assign(rows, parts="sentences", reader="words") == _lines(here / "parts.jsonl")
    assert model.topics(labels, levels=[2, 4], examples=1) == _lines(here / "levels.jsonl")
    assert model.query("a late goal") == _lines(here / "query.jsonl")
    assert model.query("a late goal", labels, texts=rows) == _lines(here / "answers.jsonl")
    assert model.effects("label", labels) == _lines(here / "effects.jsonl")
    (scores,) = _lines(here / "scores.jsonl")
    assert package.evaluate(model, labels) == {k: v for k, v in scores.items() if k != "model"}


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_options_and_init_mean_what_they_mean_in_the_shell(here: Path) -> None:
    config = package.TrainConfig(epochs=3, units=50)
    first = package.train("labels.npz", topics=4, config=config)
    first.save("first.npz")
    package.train("labels.npz", init=first, seed=2, config=package.TrainConfig(epochs=3)).save("second.npz")
    package.train("labels.npz", topics=4, baseline="etm", config=package.TrainConfig(epochs=2)).save(
        "etm.npz"
    )
    shell = bash(
        "dsltm train labels.npz -k 4 --epochs 3 --units 50 -o a.npz && cmp a.npz first.npz && "
        "dsltm train labels.npz --init a.npz --epochs 3 --seed 2 -o b.npz && cmp b.npz second.npz && "
        "dsltm train labels.npz -k 4 --baseline etm --epochs 2 -o c.npz && cmp c.npz etm.npz",
        here,
    )
    assert shell.returncode == 0, shell.stdout + shell.stderr
    with pytest.raises(UsageError, match="--model"):
        package.train("labels.npz", baseline="etm", config=package.TrainConfig(model="ecrtm"))
    with pytest.raises(UsageError):
        package.train("labels.npz", topics=4, config=package.TrainConfig(epochs=0))
    with pytest.raises(UsageError, match="nothing to choose"):
        package.train("labels.npz", topics="auto", init=first)


def test_records_are_plain_and_make_a_data_frame(here: Path) -> None:
    model = package.load("model.npz")
    frame = pd.DataFrame(model.topics("labels.npz"))
    assert list(frame.columns) == ["topic", "words", "weights", "size"]
    assert frame["size"].sum() == 120
    documents = pd.DataFrame(model.assign("labels.npz"))
    assert list(documents["topic"]) == list(model.theta("labels.npz").argmax(1))
    assert json.loads(json.dumps(model.topics("labels.npz"))) == model.topics("labels.npz")
    assert json.loads(json.dumps(model.assign("labels.npz"))) == model.assign("labels.npz")


def test_texts_may_come_as_a_series_a_generator_or_rows_of_a_frame(here: Path) -> None:
    model = package.load("model.npz")
    texts = ["the striker scored a goal", "", "rates of the bank"]
    expected = model.assign(texts)
    assert [record["id"] for record in expected] == ["0", "1", "2"]
    assert expected[1]["empty"] is True
    assert model.assign(pd.Series(texts)) == expected
    assert model.assign(text for text in texts) == expected
    frame = pd.DataFrame({"id": ["a", "b", "c"], "text": texts})
    named = model.assign(frame.to_dict("records"))
    assert [record.pop("id") for record in named] == ["a", "b", "c"]
    assert named == [{k: v for k, v in record.items() if k != "id"} for record in expected]
    with pytest.raises(UsageError, match="to_dict"):
        model.assign(frame)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["good", None], r"texts\[1\].*null"),
        (["good", float("nan")], r"texts\[1\]"),
        ([{"body": "good"}], "no field 'text'"),
        ([], "no documents"),
        ("missing.jsonl", "missing.jsonl"),
    ],
)
def test_what_is_no_text_is_refused_in_a_sentence(texts: object, message: str, here: Path) -> None:
    with pytest.raises(DsltmError, match=message):
        package.load("model.npz").assign(texts)


def test_half_an_emoji_is_a_text(here: Path) -> None:
    (record,) = package.load("model.npz").assign(["cut \ud83d here"])
    assert record["p"] > 0


def test_a_program_hears_warnings_and_nothing_else(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    long = " ".join(["cat"] * 300)
    with pytest.warns(UserWarning, match="longer than --max-tokens"):
        package.distill(
            [long, "the cat sat", "the cat"],
            teacher="teacher",
            stopwords="none",
            config=package.DistillConfig(max_tokens=128),
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = package.train("labels.npz", topics=3, config=package.TrainConfig(epochs=2))
        model.assign(["the cat sat on the mat"])
    assert capfd.readouterr() == ("", "")
    package.train("labels.npz", topics=3, config=package.TrainConfig(epochs=2), progress=True)
    assert "training" in capfd.readouterr().err


def test_a_model_is_edited_kept_and_shown(here: Path) -> None:
    model = package.load("model.npz")
    named = model.rename({0: "<b>pets</b>", 5: "banks"})
    named.save("named.npz")
    again = package.load("named.npz")
    assert again.names[0] == "<b>pets</b>"
    assert model.names == [None] * 6
    html = again._repr_html_()
    assert html.count("<tr>") == 7
    assert "&lt;b&gt;pets" in html
    assert len(repr(again)) < 100
    merged = again.merge([0, 1]).drop(3)
    assert len(merged.topics()) == 4
    with pytest.raises(UsageError, match="no topic 6"):
        model.rename({6: "none"})
    copy = pickle.loads(pickle.dumps(again))
    assert copy.topics() == again.topics()


def test_the_report_is_that_of_the_command_and_a_notebook_frames_it(here: Path, made: Made) -> None:
    model = package.load("model.npz")
    page = model.report("labels.npz", "corpus.jsonl", title="corpus")
    done = dsltm(
        "topics",
        made.model,
        made.labels,
        "--corpus",
        made.corpus,
        "--html",
        here / "shell.html",
        "--title",
        "corpus",
    )
    assert done.returncode == 0, done.stderr
    assert page.content == (here / "shell.html").read_bytes()
    framed = page._repr_html_()
    assert framed.startswith('<iframe srcdoc="&lt;!')
    assert "allow-same-origin" not in framed


def test_several_models_are_compared(here: Path) -> None:
    config = package.TrainConfig(epochs=3)
    models = {f"s{seed}": package.train("labels.npz", topics=4, seed=seed, config=config) for seed in (0, 1)}
    rows = package.compare(models, "labels.npz", per_topic=True)
    assert [row.get("model") for row in rows] == ["s0", "s1", None]
    assert len(rows[0]["per_topic"]) == 4
    assert rows[2]["models"] == ["s0", "s1"]
    classes = ["one"] * 60 + ["two"] * 60
    scored = package.evaluate(models["s0"], "labels.npz", classes=classes)
    assert scored["classes"] == 2
    reference = package.evaluate(models["s0"], "labels.npz", reference=["the cat sat on the mat"] * 3)
    assert "c_v" in reference


def test_theta_of_texts_is_theta_of_their_labels(here: Path) -> None:
    model = package.load("model.npz", teacher="teacher")
    read = model.theta("corpus.jsonl")
    assert read.dtype == np.float32
    np.testing.assert_allclose(read, model.theta("labels.npz"), atol=2e-3)


def test_words_alone_place_texts_without_a_teacher(here: Path) -> None:
    model = package.load("model.npz")
    rows = [json.loads(line) for line in (here / "corpus.jsonl").read_text().splitlines()]
    shell = dsltm("assign", here / "model.npz", here / "corpus.jsonl", "--reader", "words")
    assert shell.returncode == 0, shell.stderr
    lines = [json.loads(line) for line in shell.stdout.splitlines()]
    assert model.assign(rows, reader="words") == lines
    assert model.theta(rows, reader="words").argmax(1).tolist() == [line["topic"] for line in lines]


def test_the_teacher_reads_what_words_are_least_sure_of(here: Path) -> None:
    model = package.load("model.npz")
    shell = dsltm("assign", here / "model.npz", here / "corpus.jsonl", "--reader", "auto", "--budget", "9")
    assert shell.returncode == 0, shell.stderr
    rows = [json.loads(line) for line in (here / "corpus.jsonl").read_text().splitlines()]
    lines = [json.loads(line) for line in shell.stdout.splitlines()]
    assert model.assign(rows, reader="auto", budget=9) == lines
    assert [line["reader"] for line in lines].count("teacher") == 9
    assert model.theta(rows, reader="auto", budget="7.5%").argmax(1).tolist() == [
        line["topic"] for line in lines
    ]
    for reader, budget, message in (("auto", 0, "0: is not"), ("words", 9, "for --reader auto")):
        with pytest.raises(UsageError, match=message):
            model.assign(rows, reader=reader, budget=budget)
    with pytest.raises(UsageError, match="labels were read"):
        model.assign("labels.npz", reader="words")
