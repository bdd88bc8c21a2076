"""One HTML file that needs nothing else: style, scripts and data inside, and a policy that forbids the rest.

No text of a corpus is ever markup: it is in a JSON element, in which "<" cannot occur, and the scripts make
text nodes of it. The content security policy allows these very scripts by their hashes and no request at all.
"""

from __future__ import annotations

import base64
import hashlib
import html
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import orjson

from dsltm.report.texts import packed

if TYPE_CHECKING:
    from collections.abc import Mapping

STYLE = "style.css"
SCRIPTS = (
    "d3.min.js",
    "page.js",
    "texts.js",
    "names.js",
    "marks.js",
    "map.js",
    "documents.js",
    "charts.js",
    "details.js",
    "views.js",
    "main.js",
)
_UNSAFE = {b"<": b"\\u003c", b">": b"\\u003e", b"&": b"\\u0026"}


def page(data: Mapping[str, Any]) -> bytes:
    """The page in UTF-8.

    Args:
        data: from `data.collect`. Its "texts", a list of strings or None, are compressed and unpacked after
            the map is drawn.
    """
    texts = data.get("texts")
    style = _asset(STYLE)
    scripts = [_asset(name) for name in SCRIPTS]
    policy = "; ".join(
        [
            "default-src 'none'",
            f"style-src {_hash(style)}",
            f"script-src {' '.join(_hash(script) for script in scripts)}",
            "img-src data: blob:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    parts = {
        "TITLE": html.escape(str(data["title"])),
        "POLICY": html.escape(policy, quote=True),
        "STYLE": style,
        "DATA": embedded({**data, "texts": texts is not None}).decode(),
        "TEXTS": "" if texts is None else packed(texts),
        "SCRIPTS": "\n".join(f"<script>{script}</script>" for script in scripts),
    }
    before, *rest = _asset("page.html").split("{{")
    filled = [before]
    # One pass over the template: what has been filled in is not searched for placeholders.
    for piece in rest:
        name, after = piece.split("}}", 1)
        filled += [parts[name], after]
    return "".join(filled).encode()


def embedded(data: Mapping[str, Any]) -> bytes:
    """JSON for a script element: nothing in it can end the element or open a comment."""
    json = orjson.dumps(data, option=orjson.OPT_SERIALIZE_NUMPY)
    for character, escape in _UNSAFE.items():
        json = json.replace(character, escape)
    return json


def _asset(name: str) -> str:
    return files("dsltm.report").joinpath("assets", name).read_text("utf-8")


def _hash(text: str) -> str:
    """An inline element's hash, of the text between its tags, as a content security policy writes it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
