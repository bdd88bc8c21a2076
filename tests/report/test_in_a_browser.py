"""The page in headless Chromium: it asks for nothing, filters, and goes by clicks, keys and fingers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from browsing import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


COLOURED = """() => {
  const map = document.getElementById("map"), pen = map.getContext("2d");
  const all = pen.getImageData(0, 0, map.width, map.height).data;
  let found = 0;
  for (let i = 0; i < all.length; i += 4) {
    if (Math.max(all[i], all[i + 1], all[i + 2]) - Math.min(all[i], all[i + 1], all[i + 2]) > 60) found++;
  }
  return found;
}"""


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
    until(again, f"document.getElementById('details').innerText.includes('topic {topic} ·')")


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
    assert tab.locator(".list-view .documents li").count() == 100
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


def test_a_phone_needs_no_sideways_scrolling(visit: Callable[..., Any], report: Path) -> None:
    tab = visit(report, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    for view in ("map", "documents", "likeness", "field0", "field1"):
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
