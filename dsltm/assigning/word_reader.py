"""The reader of words of a model, asked for topics by their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dsltm.assigning.current import CurrentTopics
from dsltm.words.student import Student, aligned, required_student

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from dsltm.formats.model import Model


@dataclass(frozen=True)
class WordReader:
    """The student of a model, whose answers are θ by the topics' numbers."""

    student: Student
    current: CurrentTopics

    @classmethod
    def of(cls, model: Model) -> WordReader:
        """Of a model.

        Raises:
            DsltmError: it has none.
        """
        return cls(required_student(model), CurrentTopics.of(model))

    def of_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """θ [N, K] of texts."""
        return self.current(np.exp(self.student.of_texts(texts)))

    def of_counts(self, counts: csr_array, words: Sequence[str]) -> NDArray[np.float32]:
        """θ [N, K] of documents by those of their words that the student knows.

        Args:
            counts: [N, W] how often each of the W words comes.
        """
        return self.current(np.exp(self.student.of_counts(aligned(counts, words, self.student.known))))
