"""What a piece of a corpus answers, and what becomes of it; no cluster is needed for that."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest

from dsltm.formats.corpus import Document
from dsltm.on_ray import survey
from dsltm.words.counts import count_words


@pytest.mark.parametrize("phrases", [False, True])
def test_counts_survive_the_way_through_json(phrases: bool) -> None:
    texts = ["a hot dog stand"] * 20 + ["eine Größe", "文件系统很大"]
    documents = [Document(str(number), text) for number, text in enumerate(texts)]
    file = SimpleNamespace(number=0)
    piece = cast("Any", SimpleNamespace(read=lambda _: (documents, 0), data=b"\n" * 21, file=file, number=0))
    answer = survey._look(cast("Any", None), 100, True, phrases, piece, 0)
    there = orjson.loads(orjson.dumps(answer))
    counts, expected = survey._counts_in(there), count_words(documents, pairs=phrases)
    assert counts.documents == 22
    assert (counts.df, counts.tf) == (expected.df, expected.tf)
    assert (counts.pair_df, counts.pair_tf) == (expected.pair_df, expected.pair_tf)
    assert bool(counts.pair_df) == phrases
    assert "df" not in there
    assert 8 <= len(there["texts"]) <= 16
