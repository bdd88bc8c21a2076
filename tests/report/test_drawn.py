"""What the page draws: the map with its names, charts over time, the matrix."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from dsltm.report.page import page as html_page

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


COLOURS = """() => {
  const map = document.getElementById("map"), pen = map.getContext("2d");
  const all = new Uint32Array(pen.getImageData(0, 0, map.width, map.height).data.buffer);
  return new Set(all).size;
}"""


def test_the_map_is_drawn_in_light_and_dark(visit: Callable[..., Any], report: Path) -> None:
    for scheme in ("light", "dark"):
        tab = visit(report, color_scheme=scheme)
        tab.wait_for_timeout(200)
        assert tab.evaluate(COLOURS) > 50
        before = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        tab.click("#theme")
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") != before


def test_names_stay_on_a_map_that_is_zoomed(visit: Callable[..., Any], many: Path) -> None:
    tab = visit(many)
    draw = """([topic, k]) => {
      const pen = document.createElement("canvas").getContext("2d"), names = [];
      const { x, y } = T.names.middle(topic), place = (at, of) => 300 + 600 * k * (at - of);
      pen.fillText = (name) => names.push(name);
      T.names.draw(pen, 600, 600, k, (px, py) => [place(px, x), place(py, y)], "#000", "#fff");
      return names;
    }"""
    for topic in range(6):
        name = tab.evaluate(f"T.data.topics[{topic}].short")
        assert name in tab.evaluate(draw, [topic, 4])
        assert tab.evaluate(draw, [topic, 16])


def test_a_name_stands_where_its_topic_has_most_documents(visit: Callable[..., Any], many: Path) -> None:
    tab = visit(many)
    around = """(topic) => {
      const { points } = T, own = [...points.first.keys()].filter((i) => points.first[i] === topic);
      const near = (x, y) => own.filter((i) => Math.hypot(points.x[i] - x, points.y[i] - y) < 0.06).length;
      const { x, y } = T.names.middle(topic);
      const some = own.filter((_, n) => n % 20 === 0);
      return [near(x, y), Math.max(...some.map((i) => near(points.x[i], points.y[i])))];
    }"""
    for topic in range(6):
        at_name, most = tab.evaluate(around, topic)
        assert at_name > 0.6 * most


def test_bars_of_words_follow_their_order(visit: Callable[..., Any], many: Path) -> None:
    tab = visit(many)
    for row in range(1, 7):
        tab.click(f"#list li:nth-child({row}) button")
        bars = tab.evaluate(
            "[...document.querySelectorAll('.words .fill')].map((bar) => parseFloat(bar.style.width))"
        )
        assert len(bars) == 10
        assert bars[0] == 100
        assert bars == sorted(bars, reverse=True)
    assert "Bars: how probable a word is" in tab.inner_text("#details")


def test_a_period_of_few_documents_is_grey_and_no_part_of_the_line(
    visit: Callable[..., Any], report: Path, tmp_path: Path
) -> None:
    data = json.loads(re.search(r'id="data">(.*?)</script>', report.read_text(), re.DOTALL)[1])  # type: ignore[index]
    field, topics = data["fields"][0], len(data["topics"])
    field |= {"values": ["2008", "2009", "2010"], "few": 20, "totals": [1, 100, 100]}
    field |= {"counts": [[1, 10, 20]] + [[0, 18, 16]] * (topics - 1), "low": [[0, 0.05, 0.1]] * topics}
    field |= {"high": [[1, 0.15, 0.3]] * topics, "trend": [1.0] * topics, "changing": [0] * topics}
    field |= {"events": [{"since": None, "until": None, "bursts": []}] * topics, "words": None}
    path = tmp_path / "few.html"
    path.write_bytes(html_page({**data, "texts": None}))
    tab = visit(path)
    tab.click("#tab-field0")
    chart = ".multiples li[data-topic='0']"
    assert tab.locator(f"{chart} rect.few").count() == 1
    assert "10% to 20%" in tab.inner_text(chart)
    ticks = tab.locator(f"{chart} .tick").all_text_contents()
    assert ticks == ["25%", "12.5%", "0%"]
    assert "Grey: periods of fewer than 20 documents." in tab.inner_text(".multiples")


def test_a_hundred_topics_fit_into_the_matrix(
    visit: Callable[..., Any], report: Path, tmp_path: Path
) -> None:
    """No part of the matrix lies outside of a small screen, and it is drawn to its last cell."""
    count = 100
    data = json.loads(re.search(r'id="data">(.*?)</script>', report.read_text(), re.DOTALL)[1])  # type: ignore[index]
    data["topics"] = [{**data["topics"][i % 6], "id": i, "near": []} for i in range(count)]
    data["order"] = list(range(count))
    data["joins"] = [[0, 1, 0.1]] + [[i, count + i - 2, 0.1 + i / 200] for i in range(2, count)]
    far = np.full((count, count), 255, np.uint8)
    far[-1, :3] = 0
    data["distance"] = base64.b64encode(far.tobytes()).decode()
    data["fields"] = []
    path = tmp_path / "hundred.html"
    path.write_bytes(html_page({**data, "texts": None}))
    for width, height in ((1024, 768), (390, 844)):
        tab = visit(path, viewport={"width": width, "height": height})
        tab.click("#tab-likeness")
        tab.wait_for_timeout(200)
        matrix, pane = tab.locator(".likeness canvas").bounding_box(), tab.locator(".likeness").bounding_box()
        assert matrix["x"] >= pane["x"]
        assert matrix["x"] + matrix["width"] <= pane["x"] + pane["width"]
        dark = """() => { const c = document.querySelector(".likeness canvas"), pen = c.getContext("2d");
          const pixel = (x, y) => pen.getImageData(x * c.width / 100, y * c.height / 100, 1, 1).data[3];
          const at = (row, column) => pixel(column + 0.4, row + 0.5);
          return [at(99, 1), at(98, 50)]; }"""
        near, not_near = tab.evaluate(dark)
        assert near > 150 > 50 > not_near
