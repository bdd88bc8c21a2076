"""`python -m dsltm.demo`: a corpus that every machine has, the docstrings of Python's standard library.

Sources are parsed, never imported, so that nothing runs. A document is what one module, class or function
says of itself; its label is the top-level module, which stands in for a topic that somebody assigned.
"""

import ast
import signal
import sysconfig
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from dsltm.formats.records import write_jsonl

LEAST_CHARACTERS = 60  # "Return self." says nothing about a topic
MOST_CHARACTERS = 1000  # a page of manual takes the teacher as long as ten others
LEAST_DOCUMENTS = 30  # a label with fewer is no class to be found
_NOT_LIBRARY = {"site-packages", "dist-packages", "test", "tests", "idle_test", "__pycache__"}
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def docstrings(root: Path) -> Iterator[dict[str, str]]:
    """Every docstring of the Python sources under a folder, in the order of paths and lines.

    A text that was there before, such as an inherited one, is left out.

    Yields:
        {"id": the qualified name, "text": the docstring, "label": the top-level module}.
    """
    seen: set[str] = set()
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if _NOT_LIBRARY.intersection(parts):
            continue
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):  # lib2to3 keeps broken files as its test data
            continue
        module = ".".join(parts).removesuffix(".__init__")
        for name, text in _documented(tree, module):
            if LEAST_CHARACTERS <= len(text) <= MOST_CHARACTERS and not {name, text} & seen:
                seen |= {name, text}
                yield {"id": name, "text": text, "label": parts[0]}


def corpus(root: Path) -> list[dict[str, str]]:
    """The docstrings of those top-level modules that have enough of them to be a class."""
    rows = list(docstrings(root))
    sizes = Counter(row["label"] for row in rows)
    return [row for row in rows if sizes[row["label"]] >= LEAST_DOCUMENTS]


def _documented(node: ast.AST, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, _DOCUMENTED):
        text = ast.get_docstring(node)
        if text:
            yield name, text
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):  # nothing in it has a docstring, and most nodes are in one
            continue
        inner = f"{name}.{child.name}" if isinstance(child, _DOCUMENTED[1:]) else name
        yield from _documented(child, inner)


def main() -> None:
    """Write the corpus to standard output."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it quietly
    write_jsonl(None, corpus(Path(sysconfig.get_path("stdlib"))))


if __name__ == "__main__":
    main()
