"""The gold classes of documents, and which document has which."""

from collections.abc import Sequence
from dataclasses import dataclass

from dsltm.errors import DsltmError
from dsltm.formats.corpus import Corpus
from dsltm.formats.labels import Labels
from dsltm.metrics.subject import Subject


@dataclass(frozen=True, slots=True)
class Gold:
    """The gold classes of documents; None for a document without."""

    ids: Sequence[str]
    classes: Sequence[str | None]

    @classmethod
    def of_labels(cls, labels: Labels) -> "Gold | None":
        """Those that were stored at `distill`, if any."""
        return cls(labels.ids, labels.gold()) if labels.has_gold else None

    @classmethod
    def of_corpus(cls, corpus: Corpus) -> "Gold":
        """Those of a corpus.

        Raises:
            DsltmError: no document has a label.
        """
        ids, classes = zip(*((document.id, document.label) for document in corpus), strict=True)
        if not any(label is not None for label in classes):
            raise DsltmError(f"{corpus.name}: no document has a label", hint="--label-field NAME")
        return cls(ids, classes)

    def aligned(self, subject: Subject) -> list[str | None]:
        """The gold class of each document of `subject`, found by its id; None where there is none.

        Raises:
            DsltmError: it cannot be told which document is which.
        """
        assert subject.clusters is not None
        count = len(subject.clusters)
        if subject.ids is None or self._is_order_of(subject.ids):
            if count != len(self.ids):
                lengths = f"{count:,} documents without ids, and there are {len(self.ids):,} gold labels"
                raise DsltmError(f"{subject.name} has {lengths}")
            return list(self.classes)
        known = dict(zip(self.ids, self.classes, strict=True))
        if len(known) < len(self.ids):
            raise DsltmError(
                "two gold labels have the same id, and the documents are in another order: "
                "which is which cannot be told"
            )
        aligned = [known.get(identifier) for identifier in subject.ids]
        if all(label is None for label in aligned):
            raise DsltmError(f"{subject.name}: none of its documents has an id that the gold labels have")
        return aligned

    def _is_order_of(self, ids: Sequence[str]) -> bool:
        return ids is self.ids or (len(ids) == len(self.ids) and all(map(str.__eq__, ids, self.ids)))
