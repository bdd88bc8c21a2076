"""What tests do with a page in a browser."""

from __future__ import annotations

from typing import Any

import pytest


def until(tab: Any, condition: str) -> None:
    """Wait until an expression is true; Playwright's own way breaks the page's policy."""
    for _ in range(200):
        if tab.evaluate(condition):
            return
        tab.wait_for_timeout(50)
    pytest.fail(f"not within ten seconds: {condition}")


def found(tab: Any, query: str, match: str = "beginning") -> int:
    """How many documents the page finds."""
    tab.select_option("#match", match)
    tab.fill("#query", query)
    tab.wait_for_timeout(300)
    return int(tab.inner_text("#selection .what").split()[0].replace(",", ""))
