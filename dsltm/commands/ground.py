"""`dsltm ground`: written topics and documents in, a model out."""

from typing import Annotated

import typer

from dsltm.commands.options import CorpusWithLabels, LabelsOption, Output, TeacherOfFile, TopicsFile
from dsltm.formats.output import open_output
from dsltm.written.ground.config import GroundConfig

READS = {"TOPICS": "Written topics", "DOCUMENTS": "Corpus", "--labels": "Labels"}
WRITES = "Model"

DocumentsFile = Annotated[
    str, typer.Argument(metavar="DOCUMENTS", help="Corpus or labels file; - is standard input.")
]


def command(
    topics: TopicsFile,
    documents: DocumentsFile = "-",
    *,
    output: Output = None,
    labels: LabelsOption = None,
    config: GroundConfig,
    teacher: TeacherOfFile,
    reading: CorpusWithLabels,
) -> None:
    """Writes a model for assign, topics and eval. A topic needs only a label: {"label": "kitchen"};
    "keywords", a "summary" and the ids of typical "documents" help.

    Two things say which topics a document has: the words that it shares with them (BM25), and how near it is
    to them in the teacher's vector space, in which a topic lies among the documents that have its name. How
    frequent each topic is, and which words it has, also comes from the documents.

    A labels file is enough. With the corpus, names that are not in the vocabulary are found as well.

    dsltm ground topics.jsonl corpus.jsonl --labels labels.npz -o model.npz

    dsltm generate corpus.jsonl | dsltm ground - labels.npz | dsltm topics
    """
    from dsltm.formats.model import write_model
    from dsltm.formats.topics import read_topics
    from dsltm.written.ground.documents import documents as open_documents
    from dsltm.written.ground.matching import ground

    written = read_topics(topics)
    with open_output(output, binary=True) as target:
        with open_documents(documents, labels, reading.open, teacher.open) as opened:
            model = ground(written, opened.labels, opened.teacher, config, opened.corpus)
        write_model(target, model)
