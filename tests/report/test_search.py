"""Searching, listing and saving documents of the page."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any

import looking
from browsing import found, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from looking import Files


def test_search_narrows_the_list(visit: Callable[..., Any], report: Path) -> None:
    tab = visit(report)
    assert tab.locator("#list li").count() == 6
    tab.fill("#query", '"document 17"')
    until(tab, "document.querySelectorAll('#list li').length < 6")
    assert "of 6 topics" in tab.inner_text("#count")
    assert tab.locator("#details mark").count() >= 1
    tab.fill("#query", "nothing says this")
    until(tab, "document.querySelectorAll('#list li').length === 0")
    assert "0 documents" in tab.inner_text("#details")
    tab.keyboard.press("Escape")
    until(tab, "document.querySelectorAll('#list li').length === 6")


def test_a_search_goes_by_words(visit: Callable[..., Any], report: Path, files: Files) -> None:
    texts = [row["text"] for row in looking.rows(files.planted)[:-3]]
    tab = visit(report)
    assert found(tab, "17") == sum(bool(re.search(r"\b17", text)) for text in texts)
    assert found(tab, "17", "whole") == 1
    assert found(tab, "17", "anywhere") == sum("17" in text for text in texts)
    assert found(tab, "ject3", "anywhere") == sum("subject3" in text for text in texts) > 0
    assert found(tab, "ject3", "beginning") == 0
    apart = sum("subject3" in text and bool(re.search(r"\b1", text)) for text in texts)
    assert found(tab, "SUBJECT3 1") == apart > 0
    assert found(tab, '"about subject3"') == sum("subject3" in text for text in texts)
    assert found(tab, "</script><script>alert(1)</script>", "anywhere") == 1


def test_results_are_in_sight_within_a_topic(visit: Callable[..., Any], report: Path) -> None:
    tab = visit(report)
    tab.click("#list li:nth-child(2) button")
    topic = tab.get_attribute("#list li:nth-child(2)", "data-topic")
    count = found(tab, "document")
    details = tab.inner_text("#details")
    assert f"{count} of its documents with “document”" in details
    assert tab.locator("#details .card mark").count() > 0
    everywhere = len(tab.evaluate("Array.from(T.state.found).filter(Boolean)"))
    assert everywhere > count
    tab.click(f"text={everywhere} in all topics")
    assert tab.evaluate("T.state.topic") is None
    assert f"topic {topic} ·" not in tab.inner_text("#details")
    assert f"{everywhere} documents" in tab.inner_text("#details")


def test_all_documents_of_a_topic_are_listed_and_saved(
    visit: Callable[..., Any], report: Path, tmp_path: Path
) -> None:
    tab = visit(report)
    tab.click("#list li:nth-child(1) button")
    topic = int(tab.get_attribute("#list li:nth-child(1)", "data-topic"))
    tab.click("text=List its documents")
    size = tab.evaluate(f"T.data.topics[{topic}].size")
    assert tab.locator(".documents li").count() == min(size, 100)
    with tab.expect_download() as download:
        tab.click("text=Export CSV")
    assert download.value.suggested_filename == f"corpus-topic-{topic}.csv"
    download.value.save_as(tmp_path / "saved.csv")
    with (tmp_path / "saved.csv").open(encoding="utf-8-sig", newline="") as file:
        saved = list(csv.DictReader(file))
    assert len(saved) == size
    assert {row["topic"] for row in saved} == {str(topic)}
    shares = [float(row["share"]) for row in saved]
    assert shares == sorted(shares, reverse=True)
    assert all(f"document {row['id']} " in row["text"] for row in saved if row["id"] != "7")


def test_a_saved_text_is_no_formula(visit: Callable[..., Any], report: Path) -> None:
    tab = visit(report)
    cells = tab.evaluate(
        """['=1+1', '@x', '-2.5', '+4', '+a', 'a "b", c', 'two\\nlines', 7].map(T.documents.cell)"""
    )
    assert cells == ["'=1+1", "'@x", "-2.5", "+4", "'+a", '"a ""b"", c"', '"two\nlines"', "7"]


def test_hostile_text_is_only_text(visit: Callable[..., Any], report: Path) -> None:
    tab = visit(report)
    tab.fill("#query", "alert(1)")
    tab.wait_for_selector("#details .card")
    shown = tab.inner_text("#details .card")
    assert "</script><script>alert(1)</script><img" in shown
    assert "\u202e" not in shown
    assert tab.locator("img").count() == 0
    assert tab.evaluate("document.documentElement.scrollWidth") <= 1280


def test_the_map_of_twenty_thousand_documents_does_not_wait_for_their_texts(many: Path) -> None:
    page = many.read_text()
    before, texts = page.split('<script type="text/plain" id="texts">')
    assert before.count("<script>") == page.count("<script>") > 5  # the scripts run before the texts are read
    assert len(before) < 1_500_000
    assert len(texts) < 15_000_000
    assert "a text of some length" not in before  # with spaces, which packed numbers never spell by chance


def test_twenty_thousand_whole_texts_are_searched(visit: Callable[..., Any], many: Path) -> None:
    tab = visit(many)
    assert found(tab, "zyx19999q") == 1
    assert tab.inner_text("#details mark") == "zyx19999q"
    assert found(tab, "zyx1") == 1 + 10 + 100 + 1000 + 10_000
    assert found(tab, "particular nothing") == 20_000
    tab.click("#tab-documents")
    assert tab.locator(".documents li").count() == 100  # a page of the list, not all of it
    tab.click("text=Show 100 more")
    assert tab.locator(".documents li").count() == 200
