"""What every backbone offers, and the standardisation of inputs that they share."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

Version = Literal["best", "paper"]
Sharpness = Literal["one", "learned"]
EMBEDDING = 200  # length of word embeddings, as in ECRTM's published code


@dataclass(frozen=True)
class Shape:
    """What a backbone is built for: sizes, and which of its two versions.

    Attributes:
        inputs: D, length of a document vector.
        topics: K.
        words: V.
        units: width of the encoder's two layers.
        dropout: share of units, and of topics, left out of a training step.
        embedding_size: E, length of word embeddings.
        samples: θ is the mean of so many draws of the posterior; 0 for the softmax of the posterior's mean.
        sharpness: "learned" where the encoder learns by how much its logits are stretched.
        scale: "raw" where document vectors are taken as they are.
        encoder, decoder: "paper" for the parts as the paper's code has them.
        temperature: τ, which divides the logits of ProdLDA's published decoder.
    """

    inputs: int
    topics: int
    words: int
    units: int = 200
    dropout: float = 0.2
    embedding_size: int = EMBEDDING
    samples: int = 0
    sharpness: Sharpness = "one"
    scale: Literal["standard", "raw"] = "standard"
    encoder: Version = "best"
    decoder: Version = "best"
    temperature: float = 1.0

    @classmethod
    def of(cls, options: Mapping[str, Any], **sizes: int) -> Shape:
        """The shape for options of training by their names; models of older versions lack some of them.

        Args:
            options: those that shape no backbone are passed over.
            sizes: inputs, topics and words, and others that the options do not decide.
        """
        names = {field.name for field in fields(cls)}
        chosen = {name: value for name, value in options.items() if name in names and value is not None}
        return cls(**{**chosen, **sizes})


class Backbone(nn.Module):
    """A topic model that is trained by L = λ · D(y, ŷ) + R and nothing else.

    A subclass defines `forward`, `theta` and `log_words`. Inputs arrive as they are stored, and the first
    thing done with them is `standardise`, so that a saved model needs no instructions. Where they are wanted
    raw, nobody calls `set_scale`, and `standardise` changes nothing.
    """

    input_mean: Tensor
    input_scale: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.sees_all = False  # whether every step of training sees all documents
        self.register_buffer("input_mean", torch.zeros(shape.inputs))
        self.register_buffer("input_scale", torch.ones(shape.inputs))

    def standardise(self, x: Tensor) -> Tensor:
        """[B, D] to zero mean and unit variance over the training corpus."""
        return (x - self.input_mean) / self.input_scale

    def set_scale(self, mean: NDArray[np.float32], scale: NDArray[np.float32]) -> None:
        """Mean and scale [D] of the training corpus."""
        self.input_mean.copy_(torch.from_numpy(mean))
        self.input_scale.copy_(torch.from_numpy(scale))

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One training step's view of B documents.

        Args:
            x: [B, D] document vectors.
            y: [B, V] what their words should be, of any float type, not negative; constant.

        Returns:
            `dsltm.models.objective.cross_entropy` of y and ŷ; the regulariser R, a scalar, a mean over
            documents where it is a sum over them; and the logits of θ [B, K] as `theta` has it, without the
            sampling.
        """
        raise NotImplementedError

    def theta(self, x: Tensor) -> Tensor:
        """Topic proportions [B, K] of documents [B, D]; no sampling, rows sum to one."""
        raise NotImplementedError

    def log_words(self, theta: Tensor) -> Tensor:
        """log ŷ [B, V], up to a constant in each row, of documents of proportions θ [B, K]."""
        raise NotImplementedError

    def beta(self) -> Tensor:
        """Topics [K, V]: the words that the model predicts for a document of one topic alone, θ = e_k.

        So β is what the objective was trained on, whatever the backbone, and no scale that a decoder divides
        away again can change it. How frequent a word is at all is part of the prediction.
        """
        return torch.softmax(self.log_words(torch.eye(self.shape.topics, device=self.input_mean.device)), 1)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Everything that `load_arrays` needs, by name."""
        return {name: tensor.detach().cpu().numpy().copy() for name, tensor in self.state_dict().items()}

    def load_arrays(self, arrays: dict[str, NDArray[np.generic]]) -> None:
        """Take over the arrays of a model that was saved.

        Raises:
            RuntimeError: names or shapes are not this backbone's.
        """
        self.load_state_dict({name: torch.tensor(array) for name, array in arrays.items()})


class Embedded(Backbone):
    """A backbone with word embeddings, which begin as random directions.

    `start_from` and `start_at` let them begin where another model's have ended.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        directions = nn.init.trunc_normal_(torch.empty(shape.words, shape.embedding_size))
        self.words = nn.Parameter(nn.functional.normalize(directions))

    def start_from(self, embeddings: NDArray[np.floating]) -> None:
        """Begin with word embeddings that another model learned.

        Args:
            embeddings: [V, n], such as a teacher's output embeddings; reduced to their first principal
                components where n is larger than E, then scaled to length one, since the published settings
                are for distances of that size.
        """
        centred = embeddings.astype(np.float32)
        centred -= centred.mean(0)
        _, _, axes = np.linalg.svd(centred, full_matrices=False)
        components = torch.from_numpy(centred @ axes[: self.shape.embedding_size].T)
        with torch.no_grad():
            self.words.zero_()
            self.words[:, : components.shape[1]] = nn.functional.normalize(components)

    def start_at(self, vectors: NDArray[np.float32]) -> None:
        """Begin with vectors of words as they are, such as GloVe's.

        Args:
            vectors: [V, E]; scaled to length one. A word whose vector is zero begins at the origin, as in the
                published code.
        """
        with torch.no_grad():
            self.words.copy_(nn.functional.normalize(torch.from_numpy(vectors)))
