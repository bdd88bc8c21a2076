"""NPZ files: what numpy reads, what is refused, and that nothing is ever unpickled."""

from __future__ import annotations

import io
import pickle
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dsltm.errors import DsltmError
from dsltm.formats.npz import Blocks, open_npz, write_npz

if TYPE_CHECKING:
    from pathlib import Path

HEADER = {"format": "dsltm.labels", "version": 1, "vocabulary": ["a", "é"]}


def written(members: list[tuple[str, Any]], header: dict[str, Any] = HEADER) -> bytes:
    stream = io.BytesIO()
    write_npz(stream, header, members)
    return stream.getvalue()


def refused(path: Path, content: bytes, expect: str = "dsltm.labels") -> str:
    path.write_bytes(content)
    with pytest.raises(DsltmError) as caught:
        open_npz(str(path), expect=expect, newest=1)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message


@given(
    st.lists(
        arrays.arrays(
            st.sampled_from([np.float16, np.float32, np.int64, np.uint8]),
            arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=7),
            elements={"allow_nan": False},
        ),
        max_size=4,
    )
)
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, members: list[np.ndarray]) -> None:
    path = tmp_path_factory.mktemp("npz") / "file.npz"
    path.write_bytes(written([(f"m{number}", array) for number, array in enumerate(members)]))
    header, mapped = open_npz(str(path), expect="dsltm.labels", newest=1)
    assert header == HEADER
    with np.load(path, allow_pickle=False) as loaded:
        for number, array in enumerate(members):
            for other in (mapped[f"m{number}"], loaded[f"m{number}"]):
                assert other.dtype == array.dtype
                np.testing.assert_array_equal(other, array)


def test_members_lie_aligned_and_mapped(tmp_path: Path) -> None:
    path = tmp_path / "file.npz"
    path.write_bytes(
        written([("odd_name", np.arange(7, dtype=np.float64)), ("b", np.ones((3, 5), np.float16))])
    )
    _, mapped = open_npz(str(path), expect="dsltm.labels", newest=1)
    for array in mapped.values():
        assert isinstance(array, np.memmap)
        assert array.offset % 64 == 0
        assert not array.flags.writeable


def test_blocks_are_the_array_and_must_be_complete() -> None:
    whole = np.arange(60, dtype=np.float32).reshape(20, 3)
    pieces = Blocks(whole.shape, whole.dtype, iter(np.array_split(whole, 7)))
    assert written([("x", pieces)]) == written([("x", whole)])
    with pytest.raises(ValueError, match="rows were written"):
        written([("x", Blocks((21, 3), whole.dtype, [whole]))])


def test_the_same_arrays_give_the_same_bytes_through_a_pipe() -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.got = b""

        def write(self, data: Any) -> int:
            self.got += bytes(data)
            return len(data)

        def seekable(self) -> bool:
            return False

    pipe = Pipe()
    write_npz(pipe, HEADER, [("x", np.arange(9))])  # type: ignore[arg-type]
    assert pipe.got == written([("x", np.arange(9))])


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.npz"
    good = written([("x", np.arange(1000))])
    with pytest.raises(DsltmError, match="no such file"):
        open_npz(str(path), expect="dsltm.labels", newest=1)
    assert "is empty" in refused(path, b"")
    assert "not an NPZ" in refused(path, b"%PDF-1.4 and so on")
    assert "cut off or altered" in refused(path, good[: len(good) // 2])
    assert "cut off or altered" in refused(path, good[:-10])
    damaged = bytearray(good)
    damaged[len(good) // 2] ^= 0x40
    assert "cut off or altered" in refused(path, bytes(damaged))
    assert "holds a dsltm labels file where a model file is needed" in refused(path, good, "dsltm.model")
    newer = written([], {"format": "dsltm.labels", "version": 99})
    assert "newer dsltm" in refused(path, newer)
    foreign = io.BytesIO()
    np.savez(foreign, x=np.arange(3))
    assert "not one that dsltm wrote" in refused(path, foreign.getvalue())
    packed = io.BytesIO()
    np.savez_compressed(packed, x=np.arange(3))
    assert "is compressed" in refused(path, packed.getvalue())


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (open, (str(tmp_path / "exploded"), "w"))

    stream = io.BytesIO()
    np.savez(stream, header=np.frombuffer(b"{}", np.uint8), x=np.array([Bomb()], dtype=object))
    assert "Python objects" in refused(tmp_path / "file.npz", stream.getvalue())
    assert pickle.dumps(Bomb())
    assert not (tmp_path / "exploded").exists()


def test_a_header_that_claims_terabytes_is_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, shape in (("header", (2,)), ("x", (1 << 40, 1 << 10)), ("y", (-1, 5))):
            member = io.BytesIO()
            np.lib.format.write_array_header_1_0(
                member, {"descr": "|u1", "fortran_order": False, "shape": shape}
            )
            archive.writestr(f"{name}.npy", member.getvalue() + b"{}")
    assert "cut off or altered" in refused(tmp_path / "file.npz", stream.getvalue())
