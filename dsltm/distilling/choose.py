"""`--prompt auto`: which instructions suit a corpus, found on a sample of it and without labels.

Instructions that make the teacher see what documents are about agree on which documents are neighbours; an
instruction that does not do so finds neighbours of its own. So each instruction is scored by how many of a
document's nearest neighbours under it are nearest neighbours under the others, too. tests/bench/README.md,
"Choosing prompts without labels", says how well that ranks instructions.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from dsltm import console
from dsltm.errors import DsltmError
from dsltm.space.inputs import Inputs
from dsltm.teacher.reading.prompts import NAMED, REPHRASED, Prompt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from dsltm.formats.corpus import Document
    from dsltm.teacher.reading.teacher import Teacher

# The number of documents that are read; tests/bench/README.md, "Choosing prompts without labels", has the
# scores of 500 to 800.
SAMPLE = 500
# As many instructions as the default has, so that reading costs what it costs by default.
CHOSEN = 4
# The sample is spread evenly over the corpus's first SAMPLE * 50 documents; chosen, not measured.
_LOOKED_THROUGH = 50
# Ten neighbours, as in the table of tests/bench/README.md.
_NEIGHBOURS = 10
# The axes of the space in which they are looked for; chosen, not measured.
_DIMENSIONS = 50
CANDIDATES = tuple(p for p in NAMED.values() if not p.chat and p.name != "examples" and p not in REPHRASED)


def choose_prompts(
    corpus: Iterable[Document], teacher: Teacher, *, max_tokens: int, batch_tokens: int | None = None
) -> tuple[Prompt, ...]:
    """The instruction that agrees best with the others, and up to three of the next that begin like it.

    Those that begin alike share the reading of the document, so that the choice costs what the default costs.

    Args:
        corpus: read from its beginning; a sample of up to 500 of its documents is read by the teacher.
        teacher: an open teacher.
        max_tokens: the longest prompt.
        batch_tokens: about how many tokens are read at once.

    Raises:
        DsltmError: too few documents to find neighbours among.
    """
    first = [d.text for d in islice(corpus, SAMPLE * _LOOKED_THROUGH) if d.text.strip()]
    texts = first[:: max(1, len(first) // SAMPLE)][:SAMPLE]
    if len(texts) <= _NEIGHBOURS:
        raise DsltmError("--prompt auto needs more documents with text", hint="name a --prompt")
    hidden = np.empty((len(CANDIDATES), len(texts), teacher.hidden_size), np.float16)
    with console.progress("choosing prompts", len(CANDIDATES), "prompts") as bar:
        for beginning in dict.fromkeys(_beginning(prompt) for prompt in CANDIDATES):
            alike = [number for number, p in enumerate(CANDIDATES) if _beginning(p) == beginning]
            reader = teacher.reader(
                [CANDIDATES[number] for number in alike], max_tokens=max_tokens, batch_tokens=batch_tokens
            )
            for rows, reading in reader.read(reader.encoder.encode(texts)):
                states = reading.hidden.reshape(len(rows), len(alike), -1)
                hidden[np.ix_(alike, rows)] = states.transpose(1, 0, 2)
            bar.advance(len(alike))
    scores = agreement(hidden)
    for number in np.argsort(-scores, kind="stable"):
        console.note(f"prompt {CANDIDATES[number].name}: agreement {scores[number]:.3f}")
    chosen = best_alike(CANDIDATES, scores)
    console.info("prompts: " + ", ".join(prompt.name for prompt in chosen))
    return chosen


def agreement(hidden: NDArray[np.float16]) -> NDArray[np.float64]:
    """How many of a document's neighbours under each instruction are its neighbours under another, 0 to 1.

    Args:
        hidden: [m, n, H] hidden states of n documents under m instructions, m at least 2.

    Returns:
        [m] means over documents and other instructions.
    """
    from dsltm.space.axes import document_space
    from dsltm.space.neighbours import nearest

    count, rows = len(hidden), np.arange(hidden.shape[1])
    neighbours = np.zeros((count, len(rows), len(rows)), bool)
    for number, states in enumerate(hidden):
        points = document_space(Inputs(states, None), rows, _DIMENSIONS)
        np.put_along_axis(neighbours[number], nearest(points, _NEIGHBOURS).astype(np.int64), True, 1)
    together = neighbours.sum(0)
    others: NDArray[np.float64] = np.array([(together[mine] - 1).sum() / mine.sum() for mine in neighbours])
    return others / (count - 1)


def best_alike(
    candidates: Sequence[Prompt], scores: NDArray[np.float64], count: int = CHOSEN
) -> tuple[Prompt, ...]:
    """The candidate of the highest score, and the next that have the same text before the document."""
    order = np.argsort(-scores, kind="stable")
    beginning = _beginning(candidates[order[0]])
    alike = [candidates[number] for number in order if _beginning(candidates[number]) == beginning]
    return tuple(alike[:count])


def _beginning(prompt: Prompt) -> str:
    return prompt.template.partition("{document}")[0]
