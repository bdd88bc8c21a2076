"""`dsltm ground`: written topics and documents in, a model out."""

from typing import Annotated

import typer

from dsltm.commands.options import CorpusWithLabels, LabelsOption, Output, TeacherOfFile, TopicsFile
from dsltm.formats.output import open_output
from dsltm.written.ground.config import GroundConfig

READS = {"TOPICS": "Written topics", "DOCUMENTS": "Corpus", "--labels": "Labels"}
WRITES = "Model"

DocumentsFile = Annotated[
    str,
    typer.Argument(metavar="DOCUMENTS", help="Corpus or labels file; - is standard input."),
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
    """A topic needs only a label: {"label": "kitchen"}; "keywords", a "summary" and the ids of typical
    "documents" help. Documents find their topics by the topic's words (BM25) and by how near they are to it
    in the teacher's vector space, where documents that say a topic's name stand beside it; how frequent a
    topic is they tell, too. The words of a topic are those of its documents. Writes a model for assign,
    topics and eval.

    A labels file alone will do; with the corpus, names that are not in the vocabulary are found, too.

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
