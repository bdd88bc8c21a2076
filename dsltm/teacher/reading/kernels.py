"""The steps between a transformer's matrix products as compiled loops, each of one pass over memory.

In bfloat16 a small teacher's matrix products take half of its time at the processor's full speed. Norms,
rotary embeddings, activations and softmaxes took the other half as chains of torch operations, each of which
reads and writes everything again, in float32 where it has to be exact. Here numba makes one loop of each.
A bfloat16 number is the upper half of a float32, and is passed as those bits (uint16).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Bits = NDArray[np.uint16]
    Floats = NDArray[np.float32]

_F = TypeVar("_F", bound="Callable[..., Any]")
VECTOR = 16  # how many float32 numbers a register of AVX-512 holds
_LOG2_E = np.float32(1.4426950408889634)
_LEAST = np.float32(-100.0)  # least exponent of two; products of smaller powers are subnormal, which is slow


def _compiled(function: _F) -> _F:
    """One compiled loop, which lets other threads run, and may sum in any order.

    It is kept beside this file or in the user's cache, as Python keeps its own compiled code; where neither
    can be written, each run compiles again, which takes a second or two.
    """
    options: dict[str, Any] = {
        "fastmath": {"reassoc", "contract", "nsz", "arcp"},
        "error_model": "numpy",
        "nogil": True,
    }
    try:
        compiled: Any = njit(cache=True, **options)(function)
    except RuntimeError:  # numba found no place to write to
        return cast("_F", njit(**options)(function))
    cache = compiled._cache  # numba has no setting for a disk that is full, and gives up the run there
    save = cache.save_overload

    def save_if_possible(*overload: Any) -> None:
        with contextlib.suppress(OSError):
            save(*overload)

    cache.save_overload = save_if_possible
    return cast("_F", compiled)


@_compiled
def _wide(bits: Any) -> Any:
    """float32 of a bfloat16's bits."""
    return np.uint32(np.uint32(bits) << np.uint32(16)).view(np.float32)


@_compiled
def _narrow(x: Any) -> Any:
    """The bits of the nearest bfloat16, ties to even."""
    bits = np.float32(x).view(np.uint32)
    return np.uint16((bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16))


@_compiled
def _exp2(x: Any) -> Any:
    """2^x for x up to 126 with an error of 3e-7, and 2^-100 below x = -100.

    The fraction of x goes through a polynomial, and its whole part into the bits of the exponent.
    """
    x = max(x, _LEAST)
    whole = np.floor(x)
    part = x - whole
    power = np.float32(1.8775767e-3)
    power = power * part + np.float32(8.9893397e-3)
    power = power * part + np.float32(5.5826318e-2)
    power = power * part + np.float32(2.4015361e-1)
    power = power * part + np.float32(6.9315308e-1)
    power = power * part + np.float32(9.9999994e-1)
    return power * np.uint32((np.int32(whole) + np.int32(127)) << np.int32(23)).view(np.float32)


@_compiled
def normalise(states: Bits, epsilon: float, out: Bits) -> None:
    """RMS norm of states [T, H], without its weight."""
    size = states.shape[1]
    for token in range(len(states)):
        total = np.float32(0)
        for unit in range(size):
            value = _wide(states[token, unit])
            total += value * value
        scale = np.float32(1) / np.sqrt(total / np.float32(size) + np.float32(epsilon))
        for unit in range(size):
            out[token, unit] = _narrow(_wide(states[token, unit]) * scale)


@_compiled
def gate(both: Bits, out: Bits) -> None:
    """silu(g) · u of g and u side by side [T, 2F], to [T, F]."""
    size = out.shape[1]
    for token in range(len(both)):
        for unit in range(size):
            x = _wide(both[token, unit])
            power = _exp2(min(-x * _LOG2_E, np.float32(126)))
            out[token, unit] = _narrow(x / (np.float32(1) + power) * _wide(both[token, size + unit]))


@_compiled
def spread(
    heads: Bits,
    cos: Floats,
    sin: Floats,
    scale: np.float32,
    length: int,
    query: Bits,
    key: Bits,
    value: Bits,
) -> None:
    """Queries and keys turned by their positions (rotary embedding, Su et al. 2021), and values, by document.

    Args:
        heads: [n T, heads + 2 kv heads, head], of n documents of T tokens.
        cos, sin: [n T, head / 2].
        scale: factor of attention's scores, by which the queries are multiplied here.
        length: T.
        query: [n, kv heads, Q, head], of which the first groups * T are written.
        key, value: [n, kv heads, P + T, head], of which the last T are written.
    """
    count, kv_heads, keys, size = key.shape
    before, half, groups = keys - length, size // 2, heads.shape[1] // kv_heads - 2
    for document in range(count):
        for kv in range(kv_heads):
            for place in range(length):
                token, at = document * length + place, before + place
                for group in range(groups):
                    head, row = kv * groups + group, place * groups + group
                    for unit in range(half):
                        first, second = (
                            _wide(heads[token, head, unit]),
                            _wide(heads[token, head, unit + half]),
                        )
                        c, s = cos[token, unit] * scale, sin[token, unit] * scale
                        query[document, kv, row, unit] = _narrow(first * c - second * s)
                        query[document, kv, row, unit + half] = _narrow(second * c + first * s)
                head = kv_heads * groups + kv
                for unit in range(half):
                    first, second = _wide(heads[token, head, unit]), _wide(heads[token, head, unit + half])
                    c, s = cos[token, unit], sin[token, unit]
                    key[document, kv, at, unit] = _narrow(first * c - second * s)
                    key[document, kv, at, unit + half] = _narrow(second * c + first * s)
                for unit in range(size):
                    value[document, kv, at, unit] = heads[token, head + kv_heads, unit]


@_compiled
def softmax(scores: Bits, mask: Floats, work: Floats, out: Bits) -> None:
    """Softmax over keys of scores [n, keys, queries] plus a mask [keys, queries].

    Queries lie side by side in memory, so that the processor's vectors are full even with few keys. For that
    the number of queries should be a multiple of `VECTOR`.

    Args:
        work: [keys + 2, queries], overwritten.
        out: [n, keys, queries], written.
    """
    count, keys, queries = scores.shape
    top, total = work[keys], work[keys + 1]
    for block in range(count):
        for query in range(queries):
            top[query] = np.float32(-3e38)
            total[query] = np.float32(0)
        for key in range(keys):
            for query in range(queries):
                score = (_wide(scores[block, key, query]) + mask[key, query]) * _LOG2_E
                work[key, query] = score
                best = top[query]
                top[query] = score if score > best else best
        for key in range(keys):
            for query in range(queries):
                power = _exp2(work[key, query] - top[query])
                work[key, query] = power
                total[query] += power
        for query in range(queries):
            total[query] = np.float32(1) / total[query]
        for key in range(keys):
            for query in range(queries):
                out[block, key, query] = _narrow(work[key, query] * total[query])
