"""Word counts of documents as sparse matrices over arrays that may lie in files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dsltm.formats.blocks import slices
from dsltm.formats.scratch import scratch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

# So many documents are copied at a time.
_BLOCK = 8192


def csr(data: NDArray[Any], indices: NDArray[np.int32], indptr: NDArray[np.int64], columns: int) -> csr_array:
    """A sparse matrix [N, columns] of the arrays themselves.

    scipy's constructor would copy them out of a file that is mapped into memory, so they are set one by one.
    scipy's operations want indices and pointers of one width: 32 bits where that is enough, else 64.

    Args:
        data: the values that are not zero, one row's after another's.
        indices: their columns.
        indptr: [N + 1], row i has `data[indptr[i]:indptr[i + 1]]`.
        columns: the number of columns.
    """
    from scipy.sparse import csr_array

    matrix = csr_array((len(indptr) - 1, columns), dtype=data.dtype)
    if len(data) <= np.iinfo(np.int32).max:
        matrix.indptr, matrix.indices = indptr.astype(np.int32), indices
    else:
        matrix.indptr, matrix.indices = indptr, scratch(indices.shape, np.int64)
        matrix.indices[:] = indices
    matrix.data = data
    return matrix


def of_rows(rows: Sequence[Mapping[int, int]], columns: int) -> csr_array:
    """A sparse matrix [len(rows), columns], int32, from each row's values by their columns."""
    indptr = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    indices = np.array([column for row in rows for column in row], np.int32)
    data = np.array([value for row in rows for value in row.values()], np.int32)
    return csr(data, indices, indptr, columns)


def first_columns(counts: csr_array, columns: int) -> csr_array:
    """The matrix [N, columns] of the first columns; it lies in a file where it is large (see `scratch`)."""
    if columns == counts.shape[1]:
        return counts
    indptr = np.zeros(counts.shape[0] + 1, np.int64)
    blocks = [*slices(counts.shape[0], _BLOCK)]
    for block in blocks:
        part = counts[block, :columns]
        indptr[block.start + 1 : block.stop + 1] = indptr[block.start] + part.indptr[1:]
    indices, data = (scratch((int(indptr[-1]),), array.dtype) for array in (counts.indices, counts.data))
    for block in blocks:
        part = counts[block, :columns]
        place = slice(indptr[block.start], indptr[block.start] + part.nnz)
        indices[place], data[place] = part.indices, part.data
    return csr(data, indices, indptr, columns)
