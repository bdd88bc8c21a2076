"""A small planted corpus, its labels and a model trained on them, as files: what there is to look at."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planted import Planted, plant

from dsltm.formats.labels import write_labels
from dsltm.formats.model import write_model

if TYPE_CHECKING:
    from pathlib import Path

    from dsltm.formats.labels import Labels
    from dsltm.formats.model import Model

NASTY = (
    '</script><script>alert(1)</script><img src=x onerror="alert(2)"> \x1b[31mred\x07 \u202eolleh &amp; '
    + "w" * 300
)
TOPICS = 6


@dataclass(frozen=True)
class Files:
    """Paths, and what is in them; the last three documents are empty, document 7 is hostile."""

    planted: Planted
    model: Model
    corpus_path: Path
    labels_path: Path
    model_path: Path


def make(folder: Path, documents: int = 400) -> Files:
    """Plant, train and write everything into a folder."""
    from dsltm.training.config import TrainConfig
    from dsltm.training.loop import train

    planted = plant(documents=documents, topics=TOPICS, empty=3)
    model = train(planted.labels, TrainConfig(topics=TOPICS, epochs=30, batch=100))
    files = Files(planted, model, folder / "corpus.jsonl", folder / "labels.npz", folder / "model.npz")
    files.corpus_path.write_text("".join(json.dumps(row) + "\n" for row in rows(planted)))
    with files.labels_path.open("wb") as target:
        save_labels(target, planted.labels)
    with files.model_path.open("wb") as target:
        write_model(target, model)
    return files


def rows(planted: Planted) -> list[dict[str, str]]:
    """The corpus: topic 0 rises over twelve months, the others share the rest."""
    found = []
    for i, topic in enumerate(planted.truth):
        month = 1 + (6 + i % 6 if topic == 0 else i % 12)
        text = NASTY if i == 7 else f"document {i} about subject{topic}"
        empty = i >= len(planted.truth) - 3
        found.append(
            {
                "id": str(i),
                "text": "" if empty else text,
                "label": f"topic{topic}",
                "date": f"2024-{month:02}-15",
            }
        )
    return found


def save_labels(target: object, labels: Labels) -> None:
    """Write labels that were made in memory."""
    members = {
        name: getattr(labels, name) for name in ("logits", "hidden", "bow_indptr", "bow_indices", "bow_data")
    }
    members |= {"ids": labels.ids.data, "ids_indptr": labels.ids.indptr, "gold": labels.gold_codes}
    members |= {"flags": labels.flags, "word_embeddings": labels.word_embeddings}
    write_labels(target, labels.header, members)  # type: ignore[arg-type]
