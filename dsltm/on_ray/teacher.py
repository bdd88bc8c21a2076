"""The teacher of a run on a cluster: how every worker opens it, and how it writes words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedTokenizerFast

    from dsltm.teacher.files.resolve import Source
    from dsltm.teacher.reading.projection import Kind, Projection
    from dsltm.teacher.reading.teacher import Teacher


@dataclass(frozen=True)
class TeacherChoice:
    """How every worker opens the teacher; see `load_teacher`."""

    spec: str
    dtype: str
    device: str
    trust_remote_code: bool

    def open(self, cpus: int, weights_sha256: str | None = None) -> Teacher:
        """Open it to run on so many cores; `weights_sha256` as for `load_teacher`."""
        import torch

        from dsltm.teacher.files.load import load_teacher

        torch.set_num_threads(cpus)
        return load_teacher(
            self.spec,
            dtype=self.dtype,
            device=self.device,
            trust_remote_code=self.trust_remote_code,
            weights_sha256=weights_sha256,
        )


@dataclass(frozen=True)
class Spelling:
    """A teacher's weights, by its files, and the words of the vocabulary that it can write."""

    revision: str | None
    weights_sha256: str
    projection: Projection

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(self.projection.words)


def open_tokenizer(teacher: TeacherChoice) -> tuple[Source, PreTrainedTokenizerFast]:
    """Fetch the teacher and open its tokenizer, which takes seconds that pass while words are counted."""
    from dsltm.teacher.files.resolve import resolve
    from dsltm.teacher.files.tokenizer import load_tokenizer

    trusted = teacher.trust_remote_code
    source = resolve(teacher.spec, trust_remote_code=trusted)
    return source, load_tokenizer(source, trust_remote_code=trusted)


def spell(opened: tuple[Source, PreTrainedTokenizerFast], words: Sequence[str], kind: Kind) -> Spelling:
    """How the teacher writes these words."""
    from dsltm.teacher.reading.projection import project

    source, tokenizer = opened
    return Spelling(source.revision, source.weights_sha256, project(tokenizer, words, kind))
