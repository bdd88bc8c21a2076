"""One thread, while a model is trained.

Steps are small: threads that share one wait for each other longer than they compute, four times as long where
another process is busy. And a sum that is shared out among threads is added up in another order, so that the
model would depend on the number of cores.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch, and the linear algebra behind numpy and scikit-learn, use one thread; then as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        torch.set_num_threads(before)
