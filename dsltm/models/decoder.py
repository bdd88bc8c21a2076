"""The last step of decoders that mix scores, not distributions: batch-normalised, then softmax over words."""

from __future__ import annotations

from torch import nn


def shift_only_norm(words: int) -> nn.BatchNorm1d:
    """Batch normalisation with a learned shift and no scale, as in the published ProdLDA.

    The shift holds how frequent each word is at all, so that topics are left with what sets them apart.
    """
    norm = nn.BatchNorm1d(words)
    norm.weight.requires_grad_(False)
    return norm
