"""A page of planted documents, and a headless Chromium to look at pages with."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from shell import dsltm

from dsltm.formats.model import read_model
from dsltm.report.config import ReportOptions
from dsltm.report.data import collect
from dsltm.report.page import page as html_page
from dsltm.topics.config import WordChoice
from dsltm.topics.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from looking import Files

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here (Debian: apt-get install chromium)")
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
        tab.wait_for_selector("html[data-searchable]")
        return tab

    yield go
    for tab in opened:
        tab.close()
    assert complaints == []


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def many(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of 20,000 documents of 900 to 1,100 characters whose last word is the document's own."""
    model, labels = read_model(str(files.model_path)), files.planted.labels
    times = 20_000 // len(labels) + 1
    theta = np.tile(View.of(model, labels).theta, (times, 1))[:20_000]
    theta += np.random.default_rng(0).random(theta.shape, np.float32) / 10
    view = View(model, _repeated(labels, 20_000), theta / theta.sum(axis=1, keepdims=True))
    data = collect(view, view.topics(WordChoice(10)), [], None, ReportOptions(layout="pca"))
    data["texts"] = [
        "a text of some length about nothing in particular " * (18 + i % 5) + f"zyx{i}q"
        for i in range(20_000)
    ]
    path = tmp_path_factory.mktemp("many") / "many.html"
    path.write_bytes(html_page(data))
    return path


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
