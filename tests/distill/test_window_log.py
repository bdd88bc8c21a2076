"""What is kept of a window that is not finished: whole batches of that window, whatever was cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from dsltm.formats.window_log import ReadBatch, WindowLog, documents_kept

if TYPE_CHECKING:
    from pathlib import Path

SIZES = (3, 1, 4)


def batches() -> list[ReadBatch]:
    rng = np.random.default_rng(0)
    rows = np.split(rng.permutation(8).astype(np.int32), np.cumsum(SIZES)[:-1])
    return [
        ReadBatch(r, *(rng.normal(size=(len(r), width)).astype(np.float16) for width in (5, 3))) for r in rows
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    log = WindowLog(tmp_path / "window.log", first=40)
    assert list(log.begin(20)) == []
    for batch in batches():
        log.add(batch)
    assert sorted(np.concatenate(log.rows)) == list(range(8))
    log.close()
    return tmp_path / "window.log"


def kept(path: Path, first: int = 40, documents: int = 20) -> list[ReadBatch]:
    log = WindowLog(path, first)
    found = list(log.begin(documents))
    assert [rows.tolist() for rows in log.rows] == [batch.rows.tolist() for batch in found]
    log.close()
    return found


def assert_same(found: list[ReadBatch], expected: list[ReadBatch]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        for name in ("rows", "logits", "hidden"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_what_is_written_is_read_and_gone_on_with(path: Path) -> None:
    assert_same(kept(path), batches())
    log = WindowLog(path, 40)
    assert len(list(log.begin(20))) == 3
    log.add(batches()[0])
    log.close()
    assert_same(kept(path), [*batches(), batches()[0]])


def test_every_cut_leaves_the_whole_batches_before_it(path: Path) -> None:
    data, whole = path.read_bytes(), np.cumsum([28 + size * (4 + 2 * 5 + 2 * 3) for size in SIZES])
    assert whole[-1] == len(data)
    for end in range(len(data) + 1):
        path.write_bytes(data[:end])
        count = int((whole <= end).sum())
        assert documents_kept(path, 40) == sum(SIZES[:count])
        assert documents_kept(path, 41) == 0
        assert path.stat().st_size == end
        assert_same(kept(path), batches()[:count])
        assert path.stat().st_size == [0, *whole][count]


def test_an_altered_batch_and_those_after_it_do_not_count(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[28 + SIZES[0] * 20 + 40] ^= 1  # in the second batch
    path.write_bytes(data)
    assert_same(kept(path), batches()[:1])


def test_batches_of_another_window_are_thrown_away(path: Path) -> None:
    data = path.read_bytes()
    assert kept(path, documents=21) == []
    path.write_bytes(data)
    assert kept(path, first=41) == []
    path.write_bytes(data)
    log = WindowLog(path, 40)
    log.clear(60)
    assert list(log.begin(20)) == []
    log.add(batches()[1])
    log.close()
    assert_same(kept(path, first=60), batches()[1:2])
