"""`dsltm train`: labels in, a topic model out."""

from dataclasses import replace
from functools import partial
from typing import Annotated

import typer

from dsltm.commandline.values import given
from dsltm.commands.options import Output
from dsltm.errors import UsageError
from dsltm.formats.output import is_stdout
from dsltm.option import option
from dsltm.training.config import TrainConfig
from dsltm.training.decided import Baseline

READS, WRITES = {"LABELS": "Labels", "--seed-topics": "Written topics"}, "Model"


def command(
    ctx: typer.Context,
    labels: Annotated[
        str, typer.Argument(metavar="LABELS", help="Labels file from `dsltm distill`; - is standard input.")
    ] = "-",
    *,
    output: Output = None,
    topics: str | None = option(
        None,
        "Number of topics. Several, as in 10,25,50, train as many models: FILE.npz becomes "
        "FILE-k10.npz, FILE-k25.npz, … auto takes the number at which two halves of the corpus, "
        "clustered apart, agree best.",
        "-k",
        "--topics",
        metavar="K",
        shown=str(TrainConfig().topics),
    ),
    seeds: int | None = option(
        None,
        "Train N models, of seeds --seed and up; FILE.npz becomes FILE-s0.npz, FILE-s1.npz, … "
        "`dsltm eval` gives mean and standard deviation of several models.",
        metavar="N",
        min=1,
    ),
    seed_topics: str | None = option(
        None,
        'Topics 0, 1, … begin at these: a label a line, or JSON lines of a "topic" with "words" and '
        '"examples" (ids of documents, or texts); they keep these names. The other topics are free.',
        metavar="FILE",
    ),
    semi: bool = option(
        False,
        "Every class of the documents is a topic, to which documents of that class are drawn; those "
        "without a class are placed. Topics beyond the classes are free.",
    ),
    init: str | None = option(
        None,
        "Go on from this model with these documents: the same vocabulary, and topics keep their "
        "numbers. The options that shape a model are its own, unless it is one of dsltm ground.",
        metavar="MODEL",
    ),
    new: int = option(
        0,
        "With --init: N topics more, found among documents that fit none of the model's.",
        metavar="N",
        min=0,
    ),
    baseline: Baseline | None = option(
        None, "A model of word counts as published, in place of --model, --input and --target."
    ),
    config: TrainConfig,
) -> None:
    """Reads what `dsltm distill` wrote and writes a model for `assign` and `topics`. The teacher is not
    needed. The same labels, options and seed write the same bytes.

    dsltm train labels.npz -k 50 -o model.npz

    dsltm distill corpus.jsonl | dsltm train -k auto | dsltm topics

    dsltm train labels.npz -k 30 --seed-topics seeds.jsonl -o model.npz

    dsltm train tonight.npz --init model.npz --new 3 -o next.npz

    dsltm train labels.npz -k 10,25,50 -o model.npz && dsltm eval model-k*.npz --labels labels.npz
    """
    from dsltm.api.training import seeded
    from dsltm.commands.train_runs import AUTO, numbers_of, train_all
    from dsltm.formats.model import read_model
    from dsltm.formats.topics import read_topics
    from dsltm.training.decided import configured

    numbers = None if topics is None else numbers_of(topics)
    if init is not None and (numbers == AUTO or len(numbers or ()) > 1):
        raise UsageError(f"--init keeps the topics of its model, so -k {topics} has nothing to choose")
    if (seeds is not None or len(numbers or ()) > 1) and is_stdout(output):
        many = "--seeds" if seeds is not None else f"-k {topics}"
        raise UsageError(f"{many} writes several models, which need the name of a file: -o FILE")
    if init is not None and (semi or seed_topics is not None):
        which = "--semi" if semi else "--seed-topics"
        raise UsageError(f"--init has its topics already, so {which} has nothing to begin")
    written = None if seed_topics is None else read_topics(seed_topics, least=1)
    begin = partial(seeded, topics=written, semi=semi)
    before = None if init is None else read_model(init)
    own = given(ctx)
    if numbers:
        config, own = replace(config, topics=numbers[0]), own | {"topics"}
    config = configured(config, own, baseline, before, new)
    train_all(config, labels, output, None if before else numbers, seeds, before, begin)
