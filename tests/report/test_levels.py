"""Groups of topics in the page: a level that is chosen colours and names the map."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from shell import dsltm

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from looking import Files

NAMES = """() => {
  const pen = document.createElement("canvas").getContext("2d"), names = [];
  pen.fillText = (name) => names.push(name);
  T.names.draw(pen, 900, 900, 1, (x, y) => [900 * x, 900 * y], "#000", "#fff");
  return names;
}"""


@pytest.fixture(scope="module")
def zoomed(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("levels") / "levels.html"
    done = dsltm(
        *("topics", files.model_path, files.labels_path, "--corpus", files.corpus_path),
        *("--by", "date", "--every", "month", "--levels", "2,4", "--layout", "pca", "--html", path),
    )
    assert (done.returncode, done.stdout) == (0, b""), done.stderr
    return path


def test_a_level_colours_and_names_the_map(visit: Callable[..., Any], files: Files, zoomed: Path) -> None:
    done = dsltm("topics", files.model_path, files.labels_path, "--levels", "2,4")
    groups = [row for row in map(json.loads, done.stdout.splitlines()) if row["level"] == 2]
    tab = visit(zoomed)
    assert tab.locator("#level option").all_text_contents() == ["6 topics", "4 groups", "2 groups"]
    single = tab.evaluate(NAMES)
    assert len(single) > 2
    tab.select_option("#level", label="2 groups")
    looks = tab.evaluate("T.data.topics.map((topic) => `${topic.colour}/${topic.shape}`)")
    for group in groups:
        assert len({looks[topic] for topic in group["topics"]}) == 1
    assert len({*looks}) == 2
    assert {*tab.evaluate(NAMES)} <= {" ".join(group["words"][:3]) for group in groups}
    marks = tab.evaluate(
        "[...document.querySelectorAll('#list .glyph path')].map((mark) => mark.getAttribute('class'))"
    )
    assert len({*marks}) == 2
    tab.select_option("#sort", "group")
    order = tab.evaluate("[...document.querySelectorAll('#list li')].map((li) => Number(li.dataset.topic))")
    first = next(group["topics"] for group in groups if order[0] in group["topics"])
    assert {*order[: len(first)]} == {*first}
    tab.click("#list li:first-child button")
    assert "in " in tab.inner_text("#details")
    tab.select_option("#level", label="6 topics")
    tab.keyboard.press("Escape")
    assert tab.evaluate(NAMES) == single


def test_charts_name_what_happened_and_the_words_of_a_period(visit: Callable[..., Any], zoomed: Path) -> None:
    tab = visit(zoomed)
    tab.click("#tab-field0")
    field = tab.evaluate("T.data.fields[0]")
    (topic,) = [n for n, events in enumerate(field["events"]) if events["since"] is not None]
    chart = f".multiples li[data-topic='{topic}']"
    assert "since 2024-07" in tab.inner_text(f"{chart} figcaption")
    box = tab.locator(f"{chart} svg.line-chart").bounding_box()
    tab.mouse.move(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
    said = tab.inner_text(f"{chart} figcaption")
    assert "2024-12" in said
    assert field["words"][topic][-1] in said
