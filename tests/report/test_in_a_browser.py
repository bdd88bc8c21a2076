"""The page in headless Chromium: it asks for nothing, draws, searches, filters, and goes by keys."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from shell import dsltm

from dsltm.formats.model import read_model
from dsltm.report.data import Options, collect
from dsltm.report.page import page as html_page
from dsltm.topics.view import View
from dsltm.topics.words import Choice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from looking import Files

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no Chromium here (Debian: apt-get install chromium)"
)
COLOURS = """() => {
  const map = document.getElementById("map"), pen = map.getContext("2d");
  const all = new Uint32Array(pen.getImageData(0, 0, map.width, map.height).data.buffer);
  return new Set(all).size;
}"""
COLOURED = """() => {
  const map = document.getElementById("map"), pen = map.getContext("2d");
  const all = pen.getImageData(0, 0, map.width, map.height).data;
  let found = 0;
  for (let i = 0; i < all.length; i += 4) {
    if (Math.max(all[i], all[i + 1], all[i + 2]) - Math.min(all[i], all[i + 1], all[i + 2]) > 60) found++;
  }
  return found;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a page; at the end nothing was complained of and nothing but the file was asked for."""
    complaints: list[str] = []
    opened: list[Any] = []

    def go(path: Path, **options: Any) -> Any:
        tab = browser.new_page(**{"viewport": {"width": 1280, "height": 800}, **options})
        tab.set_default_timeout(60_000)
        opened.append(tab)
        tab.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("dialog", lambda dialog: complaints.append(dialog.message))
        asked = lambda request: complaints.append(request.url)  # noqa: E731
        tab.on(
            "request", lambda request: None if request.url.split("#")[0] == path.as_uri() else asked(request)
        )
        tab.goto(path.as_uri())
        tab.wait_for_selector("html[data-ready]")
        return tab

    yield go
    for tab in opened:
        tab.close()
    assert complaints == []


def _until(tab: Any, condition: str) -> None:
    """Wait until an expression is true; Playwright's own way breaks the page's policy."""
    for _ in range(200):
        if tab.evaluate(condition):
            return
        tab.wait_for_timeout(50)
    pytest.fail(f"not within ten seconds: {condition}")


@pytest.fixture(scope="module")
def report(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    args = (
        "--corpus",
        files.corpus_path,
        "--by",
        "date",
        "--every",
        "month",
        "--layout",
        "pca",
        "--html",
        path,
    )
    done = dsltm("topics", files.model_path, files.labels_path, *args)
    assert (done.returncode, done.stdout) == (0, b""), done.stderr
    return path


def test_the_map_is_drawn_in_light_and_dark(visit: Callable[..., Any], report: Path) -> None:
    for scheme in ("light", "dark"):
        tab = visit(report, color_scheme=scheme)
        tab.wait_for_timeout(200)
        assert tab.evaluate(COLOURS) > 50
        before = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        tab.click("#theme")
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") != before


def test_search_narrows_the_list(visit: Callable[..., Any], report: Path) -> None:
    tab = visit(report)
    assert tab.locator("#list li").count() == 6
    tab.fill("#query", "document 17")
    _until(tab, "document.querySelectorAll('#list li').length < 6")
    assert "of 6 topics" in tab.inner_text("#count")
    assert tab.locator("#details mark").count() >= 1
    tab.fill("#query", "nothing says this")
    _until(tab, "document.querySelectorAll('#list li').length === 0")
    assert "0 documents" in tab.inner_text("#details")
    tab.keyboard.press("Escape")
    _until(tab, "document.querySelectorAll('#list li').length === 6")


def test_a_topic_filters_the_map_and_has_an_address(visit: Callable[..., Any], report: Path) -> None:
    tab = visit(report)
    tab.wait_for_timeout(200)
    everything = tab.evaluate(COLOURED)
    tab.click("#list li:nth-child(2) button")
    topic = tab.get_attribute("#list li:nth-child(2)", "data-topic")
    tab.wait_for_timeout(200)
    assert 0 < tab.evaluate(COLOURED) < everything / 2
    assert tab.evaluate("location.hash") == f"#topic-{topic}"
    assert f"topic {topic} ·" in tab.inner_text("#details")
    tab.click("#details .card >> nth=0")
    assert "Document" in tab.inner_text("#details h2")
    again = visit(report)
    again.goto(report.as_uri() + f"#topic-{topic}")
    _until(again, f"document.getElementById('details').innerText.includes('topic {topic} ·')")


def test_keys_do_what_clicks_do(visit: Callable[..., Any], report: Path) -> None:
    tab = visit(report)
    focus = "document.activeElement.closest('li')?.dataset.topic ?? document.activeElement.id"
    tab.keyboard.press("/")
    assert tab.evaluate(focus) == "query"
    tab.keyboard.press("ArrowDown")
    first = tab.evaluate(focus)
    tab.keyboard.press("ArrowDown")
    second = tab.evaluate(focus)
    assert first != second
    tab.keyboard.press("Enter")
    assert tab.get_attribute(f"#list li[data-topic='{second}'] button", "aria-current") == "true"
    assert tab.evaluate(focus) == second
    tab.keyboard.press("Escape")
    assert tab.locator("[aria-current='true']").count() == 0
    tab.focus("#tab-map")
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate(focus) == "tab-likeness"
    assert tab.is_visible(".likeness canvas")
    assert tab.locator(".likeness .rows li").count() == 6
    tab.keyboard.press("ArrowRight")
    assert tab.locator(".multiples li[data-topic]").count() == 6
    assert "rising" in tab.inner_text(".multiples")


def test_documents_are_picked_and_zoomed_to(visit: Callable[..., Any], report: Path) -> None:
    tab = visit(report)
    place = tab.locator("#map").bounding_box()
    left, top, right, bottom = (
        place["x"] + 5,
        place["y"] + 60,
        place["x"] + place["width"] - 5,
        place["y"] + place["height"] - 5,
    )
    tab.keyboard.down("Shift")
    tab.mouse.move(left, top)
    tab.mouse.down()
    tab.mouse.move(right, bottom, steps=4)
    tab.mouse.up()
    tab.keyboard.up("Shift")
    assert "documents" in tab.inner_text("#details h2")
    assert "inside the box" in tab.inner_text("#details")
    tab.keyboard.press("Escape")
    before = tab.evaluate("T.map.picture()")
    tab.mouse.move((left + right) / 2, (top + bottom) / 2)
    tab.mouse.wheel(0, -400)
    tab.wait_for_timeout(300)
    assert tab.evaluate("T.map.picture()") != before


def test_hostile_text_is_only_text(visit: Callable[..., Any], report: Path) -> None:
    tab = visit(report)
    tab.fill("#query", "alert(1)")
    tab.wait_for_selector("#details .card")
    shown = tab.inner_text("#details .card")
    assert "</script><script>alert(1)</script><img" in shown
    assert "\u202e" not in shown
    assert tab.locator("img").count() == 0
    assert tab.evaluate("document.documentElement.scrollWidth") <= 1280


def test_a_phone_needs_no_sideways_scrolling(visit: Callable[..., Any], report: Path) -> None:
    tab = visit(report, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    for view in ("map", "likeness", "field0", "field1"):
        tab.click(f"#tab-{view}")
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    tab.locator("#list li button").first.click()
    assert "topic" in tab.inner_text("#details")


def test_on_paper_all_topics_are_told(visit: Callable[..., Any], report: Path) -> None:
    tab = visit(report)
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.emulate_media(media="print")
    assert tab.locator("#print article").count() == 6
    assert tab.is_visible("#print img")
    assert not tab.is_visible("#topics")


def test_twenty_thousand_documents_are_ready_soon(
    visit: Callable[..., Any], files: Files, tmp_path: Path
) -> None:
    """From opening the file to a map that is drawn and answers, and one picture of it well within a blink."""
    model, labels = read_model(str(files.model_path)), files.planted.labels
    times = 20_000 // len(labels) + 1
    theta = np.tile(View.of(model, labels).theta, (times, 1))[:20_000]
    theta += np.random.default_rng(0).random(theta.shape, np.float32) / 10
    many = View(model, _repeated(labels, 20_000), theta / theta.sum(axis=1, keepdims=True))
    data = collect(many, many.topics(Choice(20)), [], None, Options(layout="pca"))
    data["texts"] = ["a text of some length about nothing in particular " * 10] * 20_000
    path = tmp_path / "many.html"
    path.write_bytes(html_page(data))
    assert path.stat().st_size < 15_000_000
    start = time.monotonic()
    tab = visit(path)
    tab.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    assert time.monotonic() - start < 10  # 2 s on an idle machine of two cores; tests share theirs
    drawn = tab.evaluate(
        "() => { const start = performance.now(); for (let i = 0; i < 5; i++) T.map.draw(); T.map.picture();"
        " return (performance.now() - start) / 5; }"
    )
    assert drawn < 500


def _repeated(labels: Any, count: int) -> Any:
    from dataclasses import replace

    from dsltm.formats.strings import Strings

    rows = np.arange(count) % (len(labels) - 3)
    return replace(
        labels,
        ids=Strings.pack(str(i) for i in range(count)),
        logits=labels.logits[rows],
        hidden=labels.hidden[rows],
        gold_codes=labels.gold_codes[rows],
        flags=labels.flags[rows],
    )
