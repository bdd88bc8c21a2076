"""What the page is made of, without a browser."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import zlib
from importlib.resources import files as resources
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from looking import NASTY

from dsltm.formats.corpus import Corpus, Fields
from dsltm.formats.labels import read_labels
from dsltm.formats.model import read_model
from dsltm.report.config import ReportOptions
from dsltm.report.data import collect
from dsltm.report.layout import place
from dsltm.report.notebook import topics_table
from dsltm.report.page import SCRIPTS, embedded, page
from dsltm.report.texts import fair_limit, harmless, read
from dsltm.topics.config import WordChoice
from dsltm.topics.describe import Topic
from dsltm.topics.view import View

if TYPE_CHECKING:
    from looking import Files


@pytest.fixture(scope="module")
def view(files: Files) -> View:
    return View.of(read_model(str(files.model_path)), read_labels(str(files.labels_path)))


def _data(view: View, files: Files, **options: Any) -> dict[str, Any]:
    corpus = Corpus(str(files.corpus_path), Fields(keep=("date",)))
    fields = [view.shares("date", "month", corpus), view.shares("label", None, None)]
    return collect(view, view.topics(WordChoice(5)), fields, corpus, ReportOptions(layout="pca", **options))


def _texts_in(text: str) -> list[str]:
    """The texts that a page holds, unpacked as a browser does."""
    packed = re.search(r'id="texts">(.*?)</script>', text, re.DOTALL)[1]  # type: ignore[index]
    return zlib.decompress(base64.b64decode(packed)).decode().split("\x1e")


def test_the_same_input_gives_the_same_page(view: View, files: Files) -> None:
    assert page(_data(view, files)) == page(_data(view, files))


def test_nothing_in_the_page_points_outside(view: View, files: Files) -> None:
    text = page(_data(view, files)).decode()
    scripts_and_style = re.sub(r"<script type=.*?</script>", "", text, flags=re.DOTALL)
    library = resources("dsltm.report").joinpath("assets", "d3.min.js").read_text("utf-8")
    own = scripts_and_style.replace(library, "")  # which could, and is never asked to
    outside = r"(src|href)\s*=\s*[\"']|url\(|@import|fetch\(|XMLHttpRequest|innerHTML|eval\("
    assert not re.search(outside, own)
    for address in re.findall(r"https?://[\w./]+", scripts_and_style):
        assert address.startswith("http://www.w3.org/") or address == "https://d3js.org"  # names, not places


def test_the_policy_names_every_script_and_the_style(view: View, files: Files) -> None:
    text = page(_data(view, files, title="{{DATA}} <b>&")).decode()
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1])  # type: ignore[index]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    inline = re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", text, re.DOTALL)
    assert len(inline) == 1 + len(SCRIPTS)
    for each in inline:
        assert base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() in policy
    assert "<title>{{DATA}} &lt;b&gt;&amp;</title>" in text


def test_hostile_text_stays_in_its_element(view: View, files: Files) -> None:
    data = _data(view, files)
    text = page(data).decode()
    assert text.count("<script") == len(SCRIPTS) + 2
    texts = _texts_in(text)
    assert len(texts) == data["shown"]
    assert texts[7].startswith("</script><script>alert(1)</script>")
    assert texts[7].endswith("w" * 300)
    assert not {"\x1b", "\x07", "\u202e"} & set(texts[7])
    assert {"\x1b", "\x07", "\u202e"} <= set(NASTY)


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.text() | st.floats(allow_nan=False, allow_infinity=False) | st.none(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_embedded_json_is_the_same_json(value: Any) -> None:
    found = embedded({"value": value})
    assert not {b"<"[0], b">"[0], b"&"[0]} & set(found)
    assert json.loads(found) == {"value": value}


def test_points_are_what_the_model_says(view: View, files: Files) -> None:
    data = _data(view, files)
    first = np.frombuffer(base64.b64decode(data["points"]["first"]), "<u2")
    assert first.tolist() == view.first[view.full].tolist()
    p = np.frombuffer(base64.b64decode(data["points"]["p"]), np.uint8) / 255
    assert p == pytest.approx(view.theta[view.full].max(axis=1), abs=1 / 500)
    assert data["documents"] == len(first) == data["shown"]
    assert data["empty"] == 3


def test_a_sample_has_all_that_topics_show(view: View, files: Files) -> None:
    data = _data(view, files, points=300)
    assert data["shown"] == len(data["ids"]) == 300
    assert sum(topic["size"] for topic in data["topics"]) == data["documents"] > 120
    for topic in data["topics"]:
        best = np.argsort(-view.theta[:-3, topic["id"]], kind="stable")[:6]
        assert [data["ids"][i] for i in topic["examples"]] == [str(row) for row in best]


def test_topics_are_apart_on_the_map(view: View) -> None:
    hidden = np.asarray(view.labels.hidden)[view.full]
    for layout in ("pca", "tsne"):
        places = place(view.theta[view.full], hidden, layout)  # type: ignore[arg-type]
        assert places.min() >= 0
        assert places.max() <= 1
        apart = ((places[:, None] - places) ** 2).sum(axis=2)
        np.fill_diagonal(apart, np.inf)
        first = view.first[view.full]
        assert (first[apart.argmin(axis=1)] == first).mean() > 0.8
        assert (place(view.theta[view.full], hidden, layout) == places).all()  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_a_few_documents_can_be_placed(count: int) -> None:
    rng = np.random.default_rng(0)
    theta = rng.dirichlet(np.ones(3), count).astype(np.float32)
    for layout in ("pca", "tsne"):
        places = place(theta, rng.normal(size=(count, 4)).astype(np.float16), layout)  # type: ignore[arg-type]
        assert places.shape == (count, 2)
        assert np.isfinite(places).all()


@given(st.lists(st.integers(0, 50), min_size=1), st.integers(1, 400))
def test_texts_are_cut_alike_and_no_more_than_they_must(lengths: list[int], budget: int) -> None:
    limit = fair_limit(lengths, budget)
    held = sum(min(length, limit) for length in lengths)
    assert held <= budget or limit == 1
    assert sum(lengths) <= budget or sum(min(length, limit + 1) for length in lengths) > budget
    assert sum(lengths) > budget or held == sum(lengths)


def test_long_texts_are_cut_only_where_all_are_too_long(view: View, files: Files) -> None:
    corpus = Corpus(str(files.corpus_path))
    rows = range(len(view.labels) - 3)
    whole = read(rows, corpus, view.labels)
    assert whole.limit is None
    assert whole.by_row[7] == harmless(NASTY)
    cut = read(rows, corpus, view.labels, budget=5000)
    assert sum(map(len, cut.by_row.values())) <= 5000
    assert cut.limit is not None
    assert max(map(len, cut.by_row.values())) == cut.limit
    assert cut.by_row[7] == harmless(NASTY)[: cut.limit - 1].rstrip() + "…"


def test_lines_of_a_text_stay_lines() -> None:
    assert harmless("  a \t b\r\n\r\n\r\n\r\nc\x1ed\u2028e ") == "a b\n\nc\nd\ne"


def test_a_notebook_gets_a_table_without_markup_of_words() -> None:
    weights = np.ones(2, np.float32) / 2
    nasty = Topic(0, 0, ["<b>", "x\x1b[31m"], weights, label="a & b", size=1200, share=0.25)
    plain = Topic(1, 1, ["two", "words"], weights, size=3, share=0.75, coherence=0.5)
    table = topics_table([nasty, plain])
    assert "<td>&lt;b&gt;, x\ufffd[31m</td>" in table
    assert "<td>a &amp; b</td><td>1,200</td><td>25.0%</td><td></td>" in table
    assert "<td>1</td><td></td><td>3</td><td>75.0%</td><td>0.50</td><td>two, words</td>" in table
    only_words = topics_table([Topic(0, 0, ["a", "b"], weights)])
    assert "<th>topic</th><th>words</th>" in only_words
