"""Judges of known skill: what is scored is how good they are, whichever way they answer."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny_teachers
from fake_endpoint import FakeEndpoint, Reply, fake_endpoint
from shell import dsltm

from dsltm.formats.corpus import Corpus, Fields
from dsltm.metrics.config import JUDGEMENTS, EvalOptions, RatingOptions
from dsltm.metrics.judging.agreement import alpha
from dsltm.metrics.judging.chat_model import number_in
from dsltm.metrics.judging.judge import Failures, FitTest
from dsltm.metrics.judging.local_teacher import LocalTeacher
from dsltm.metrics.judging.run import judged
from dsltm.metrics.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from dsltm.metrics.evidence import Scores

TOPICS = 200
WORDS = [[f"w{topic}x{place}" for place in range(15)] for topic in range(TOPICS)]


@dataclass
class Scripted:
    """Knows all topics, and says so with probability `skill`; else it guesses. A guess is seldom repeated."""

    skill: float
    seed: int = 0
    name: str = "llm"
    kinds: frozenset[str] = frozenset(JUDGEMENTS)
    failures: Failures = field(default_factory=Failures)
    asked: list[Sequence[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)

    def cost(self) -> str:
        return ""

    def _or_guess(self, truth: float, guess: float) -> float:
        return truth if self.rng.random() < self.skill else guess

    def rate(self, topics: Sequence[Sequence[str]]) -> np.ndarray:
        """The topic's number modulo three is its true rating."""
        self.asked.extend(topics)
        numbers = [min(_topics(words)) for words in topics]
        return np.array([self._or_guess(1 + n % 3, self.rng.integers(1, 4)) for n in numbers], float)

    rate_as_published = rate

    def intruders(self, tests: Sequence[Sequence[str]]) -> np.ndarray:
        answers = []
        for words in tests:
            own = [word.split("x")[0] for word in words]
            truth = next(place for place, topic in enumerate(own) if own.count(topic) == 1)
            answers.append(self._or_guess(truth, self.rng.integers(len(words))))
        return np.array(answers, float)

    def mixed(self, sets: Sequence[Sequence[str]]) -> np.ndarray:
        truths = [len(_topics(words)) for words in sets]
        return np.array([self._or_guess(truth, self.rng.integers(1, 3)) for truth in truths], float)

    def fits(self, tests: Sequence[FitTest]) -> list[np.ndarray]:
        """A document's text is the number of its topic and how much of it is about that."""
        answers = []
        for test in tests:
            topic = test.typical[0].split()[0]
            shares = [float(d.split()[1]) if d.split()[0] == topic else 0.0 for d in test.documents]
            answers.append(np.array([self._or_guess(1 + 4 * s, 1 + 4 * self.rng.random()) for s in shares]))
        return answers


def _topics(words: Sequence[str]) -> set[int]:
    return {int(word[1:].split("x")[0]) for word in words}


def opinions(judge: Any, subject: Subject, kinds: str, repeats: int = 1, corpus: Any = None) -> Scores:
    options = RatingOptions(
        rater="http://localhost/v1",
        rater_model="m",
        judge=kinds,
        judge_repeats=repeats,
        judge_texts=None if corpus is None else "c",
    )
    return judged(subject, [judge], options, EvalOptions(), corpus)


@pytest.mark.parametrize("skill", [0.0, 0.5, 0.9])
def test_intrusion_and_mixing_recover_the_skill_of_a_judge(skill: float) -> None:
    values = opinions(Scripted(skill), Subject("m", WORDS), "intrusion,mixing").values
    # Standard errors: 600 tests, and 400 sets of each kind.
    assert values["llm_intrusion"] == pytest.approx(skill + (1 - skill) / 6, abs=0.06)
    assert values["llm_mixing"] == pytest.approx(skill + (1 - skill) / 2, abs=0.06)


@pytest.mark.parametrize("skill", [0.0, 0.5, 1.0])
def test_repeated_judgements_agree_as_far_as_they_are_no_guesses(skill: float) -> None:
    judge = Scripted(skill, seed=1)
    scores = opinions(judge, Subject("m", WORDS), "rating", repeats=8)
    # Two answers about one topic are both no guesses with probability skill², which alpha is then.
    assert scores.values["llm_rating_alpha"] == pytest.approx(skill**2, abs=0.05)
    assert scores.values["llm_rating"] == pytest.approx(2, abs=0.15)
    first, again = judge.asked[0], judge.asked[TOPICS]
    assert sorted(first) == sorted(again)
    assert first != again


def test_judgements_of_documents_recover_whether_theta_is_right(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    topics, count = 12, 600
    truth, share = np.arange(count) % topics, rng.uniform(0.4, 1, count)
    theta = rng.dirichlet(np.ones(topics), count) * (1 - share[:, None])
    theta[np.arange(count), truth] += share
    path = tmp_path / "corpus.jsonl"
    path.write_text(
        "".join(json.dumps({"text": f"{t} {s}"}) + "\n" for t, s in zip(truth, share, strict=True))
    )
    corpus, ids = Corpus(str(path), Fields()), [str(row) for row in range(count)]
    words = WORDS[:topics]

    def tau(skill: float, values: np.ndarray) -> dict[str, float | int]:
        subject = Subject("m", words, ids, values.argmax(1), values)
        return opinions(Scripted(skill), subject, "documents", repeats=2, corpus=corpus).values

    without = tau(1, np.concatenate([theta, np.zeros((count, 1))], 1))  # a topic that no document has
    assert without == tau(1, theta)
    good, poor, lost = tau(1, theta), tau(0, theta), tau(1, rng.permutation(theta))
    assert good["llm_document_tau"] > 0.8
    assert good["llm_document_ndcg"] > 0.95
    assert good["llm_document_alpha"] == pytest.approx(1)
    assert abs(poor["llm_document_tau"]) < 0.25
    assert abs(poor["llm_document_alpha"]) < 0.25
    assert lost["llm_document_tau"] < 0.4


def test_alpha_is_that_of_its_author() -> None:
    # Krippendorff 2011, the example with four observers, twelve units and missing values.
    o = np.nan
    data = np.array(
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, o, o, o],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, o, 3],
            [o, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, o],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, o],
        ]
    )
    assert alpha(data, "nominal") == pytest.approx(0.743, abs=0.0005)
    assert alpha(data, "interval") == pytest.approx(0.849, abs=0.0005)
    assert np.isnan(alpha(data[:1], "nominal"))


@pytest.fixture
def server() -> Iterator[FakeEndpoint]:
    with fake_endpoint() as running:
        yield running


THEMES = {word: name for name, words in tiny_teachers.THEMES.items() for word in words}


def scholar(body: dict[str, Any]) -> Reply:
    """A chat model that knows the themes of the tiny corpus."""
    task, shown = (message["content"] for message in body["messages"][:2])
    own = [THEMES[word] for word in re.findall(r"[a-z]+", shown) if word in THEMES]
    best = max(sorted(set(own)), key=own.count) if own else "nothing"
    if "label of two to ten words" in task:
        return Reply(f"Label: all about {best}")
    if task.startswith("You are given a category"):
        category, document = shown.split("\n\n")
        theme = category.split()[-1]
        return Reply("5" if any(THEMES.get(w) == theme for w in re.findall(r"[a-z]+", document)) else "1")
    if "numbered words" in task:
        return Reply(str(next(place for place, theme in enumerate(own, 1) if own.count(theme) == 1)))
    if task.startswith("These words"):
        return Reply(str(min(len(set(own)), 2)))
    return Reply("3" if len(set(own)) == 1 else "1")


@pytest.fixture
def results(tmp_path: Path) -> list[str]:
    """Right topics and right assignments of 120 sentences, as another tool would write them."""
    names, sentences = sorted(tiny_teachers.THEMES), tiny_teachers.sentences(120)
    corpus, topics, assignments = (tmp_path / f"{name}.jsonl" for name in ("c", "t", "a"))
    corpus.write_text("".join(json.dumps({"text": text}) + "\n" for _, text in sentences))
    topics.write_text("".join(json.dumps({"words": tiny_teachers.THEMES[name]}) + "\n" for name in names))
    with assignments.open("w") as file:
        for row, (theme, _) in enumerate(sentences):
            theta = [0.9 if name == theme else 0.02 for name in names]
            file.write(json.dumps({"id": str(row), "theta": theta}) + "\n")
    return ["--topics", str(topics), "--assignments", str(assignments), "--judge-texts", str(corpus)]


def test_a_chat_model_judges_everything_within_a_budget_and_goes_on(
    server: FakeEndpoint, results: list[str], tmp_path: Path
) -> None:
    server.always = scholar
    args = ["eval", *results, "--rater", server.url, "--rater-model", "m", "--judge", ",".join(JUDGEMENTS)]
    env = {"DSLTM_CACHE": str(tmp_path / "cache")}
    done = dsltm(*args, "--judge-budget", "3000", env=env)
    assert done.returncode == 0, done.stderr
    assert b"the budget of 3,000 tokens is used up" in done.stderr
    some, sent = json.loads(done.stdout), len(server.asked)
    # The estimate is of questions; answers are a number, a label at most.
    lengths = [len(m["content"]) for asked in server.asked for m in asked.body["messages"]]
    assert 2700 < sum(lengths) / 4 < 3000
    assert some["unanswered_questions"] > 0
    done = dsltm(*args, env=env)
    assert done.returncode == 0, done.stderr
    scores = json.loads(done.stdout)
    assert "unanswered_questions" not in scores
    assert scores["llm_rating"] == scores["llm_rating_published"] == 3
    assert scores["llm_intrusion"] == scores["llm_mixing"] == 1
    assert scores["llm_document_ndcg"] == pytest.approx(1)
    assert scores["llm_document_tau"] > 0.99
    questions = [json.dumps(asked.body) for asked in server.asked]
    assert len(set(questions)) == len(questions) > sent  # nothing was asked twice
    again = dsltm(*args, "--max-requests", "0", env=env)
    assert json.loads(again.stdout) == scores


def test_documents_need_texts_that_are_there(results: list[str], tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text('{"text": "one"}\n')
    done = dsltm(
        "eval", *results, "--rater", "http://localhost:1/v1", "--rater-model", "m", "--judge", "documents"
    )
    assert done.returncode == 1
    assert b"has no document" in done.stderr


@pytest.mark.parametrize("family", ["llama", "qwen3_5"])
def test_a_local_teacher_judges_by_its_likelihoods(tiny_teacher: Callable[[str], Path], family: str) -> None:
    from dsltm.teacher.files.load import load_teacher

    teacher = load_teacher(str(tiny_teacher(family)), dtype="float32", device="cpu")
    judge = LocalTeacher(lambda: teacher)
    kitchen, money = (tiny_teachers.THEMES[name] for name in ("kitchen", "money"))
    test = [*kitchen[:5], money[0]]
    likelihood = teacher.likelihood
    gains = []
    heading = "Words of one topic:"
    for word in test:
        others = ", ".join(other for other in test if other != word)
        gains.append(likelihood.of(f"{heading} {others},", [word])[0] - likelihood.of(heading, [word])[0])
    assert judge.intruders([test]).tolist() == [np.argmin(gains)]
    mixed = [*kitchen[:2], *money[:2]]
    first, second = judge.mixed([kitchen[:4], mixed])
    assert first != second
    alone = likelihood.of(heading, mixed)
    table = np.array([likelihood.of(f"{heading} {word},", mixed) for word in mixed]) - alone
    halves = []
    for half in ([0, 1], [0, 2], [0, 3]):
        side = np.isin(range(4), half)
        same = side[:, None] == side
        halves.append(table[same & ~np.eye(4, dtype=bool)].mean() - table[~same].mean())
    assert second == pytest.approx(max(halves), abs=1e-3)
    documents = ["We saw rain and oven.", "We saw bank and loan.", ""]
    (fit,) = judge.fits([FitTest(["rain oven", "snow butter"], documents)])
    (same,) = judge.fits([FitTest(["rain oven", "snow butter"], documents[:1])])
    assert fit.shape == (3,)
    assert same[0] == pytest.approx(fit[0], abs=1e-4)
    before = "Documents about one topic:\n"
    known = likelihood.of(f"{before}- rain oven\n- snow butter\n-", documents[:1])[0]
    assert fit[0] == pytest.approx(1 - known / likelihood.of(f"{before}-", documents[:1])[0], abs=1e-4)


def test_how_well_halves_of_words_hold_together() -> None:
    from dsltm.metrics.judging.local_teacher import _best_split

    gain = np.zeros((6, 6))
    for half in ([0, 2, 5], [1, 3, 4]):
        gain[np.ix_(half, half)] = 2.0
    assert _best_split(gain) == pytest.approx(2)
    assert _best_split(np.ones((6, 6))) == pytest.approx(0)


def test_numbers_on_other_scales() -> None:
    assert number_in("4 out of 5", 5) == 4
    assert number_in("6", 6) == 6
    assert number_in("7", 6) is None
