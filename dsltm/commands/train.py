"""`dsltm train`: labels in, a topic model out."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dsltm.errors import UsageError
from dsltm.formats.output import is_stdout
from dsltm.models import BACKBONES, ModelName
from dsltm.training.config import (
    BASELINES,
    Baseline,
    Centre,
    Embeddings,
    Input,
    Loss,
    Preset,
    Target,
    TrainConfig,
)

_DEFAULT = TrainConfig()


def _published(what: str) -> str:
    """The default of each backbone, for the help: "64 (fastopic 512)"."""
    values = {name: getattr(entry, what) for name, entry in BACKBONES.items()}
    usual = values[_DEFAULT.model]
    others = [f"{name} {value}" for name, value in values.items() if value != usual]
    return f"{usual} ({', '.join(others)})" if others else str(usual)


def train_command(
    labels: Annotated[
        str, typer.Argument(metavar="LABELS", help="Labels file from `dsltm distill`; - is standard input.")
    ] = "-",
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Where the model goes.")
    ] = None,
    topics: Annotated[
        str | None,
        typer.Option(
            "-k",
            "--topics",
            metavar="K",
            show_default=str(_DEFAULT.topics),
            help="Number of topics. Several, as in 10,25,50, train as many models: FILE.npz becomes "
            "FILE-k10.npz, FILE-k25.npz, … auto takes the number at which two halves of the corpus, "
            "clustered apart, agree best.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = _DEFAULT.seed,
    seeds: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Train N models, of seeds --seed and up; FILE.npz becomes FILE-s0.npz, FILE-s1.npz, … "
            "`dsltm eval` gives mean and standard deviation of several models.",
        ),
    ] = None,
    init: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Go on from this model with these documents: the same vocabulary, and topics keep their "
            "numbers. The options that shape a model are its own.",
        ),
    ] = None,
    model: Annotated[
        ModelName | None,
        typer.Option(
            show_default=_DEFAULT.model,
            help="Backbone.",
        ),
    ] = None,
    input_: Annotated[
        Input | None,
        typer.Option(
            "--input",
            show_default=_DEFAULT.input,
            help="What the encoder reads: the teacher's hidden state, word counts, or both.",
        ),
    ] = None,
    target: Annotated[
        Target | None,
        typer.Option(
            show_default=_DEFAULT.target,
            help="What the decoder learns to write: the teacher's soft label, or word counts.",
        ),
    ] = None,
    baseline: Annotated[
        Baseline | None,
        typer.Option(
            help="A model of word counts as published, in place of --model, --input and --target.",
        ),
    ] = None,
    preset: Annotated[
        Preset,
        typer.Option(help="Where the options below come from: best, as measured, or the paper's setting."),
    ] = _DEFAULT.preset,
    centre: Annotated[
        Centre | None,
        typer.Option(
            show_default="mean; paper: none",
            help="Take away from each word's logit its mean over the corpus, or what an empty document has.",
        ),
    ] = None,
    smooth: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            show_default="10 to 40 by the corpus's size; paper: 0",
            help="Average a document's logits with those of its N nearest neighbours.",
        ),
    ] = None,
    guide: Annotated[
        float | None,
        typer.Option(
            metavar="WEIGHT",
            min=0,
            show_default="300; paper: 0",
            help="How strongly documents are drawn to topics that begin as clusters of their vectors.",
        ),
    ] = None,
    loss: Annotated[
        Loss,
        typer.Option(
            help="Divergence from the target; ce leaves out its entropy: another number, the same model.",
        ),
    ] = _DEFAULT.loss,
    temperature: Annotated[
        float | None,
        typer.Option(
            show_default="1; paper: 3",
            help="τ of the soft label softmax(logits / τ).",
        ),
    ] = None,
    target_top: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Keep only the N most probable words of a soft label.",
        ),
    ] = None,
    weight: Annotated[
        float | None,
        typer.Option(
            show_default="1000 for soft labels, 1 for word counts",
            help="λ, the weight of the divergence beside the backbone's regulariser.",
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            show_default=f"10 to 40 by the corpus's size; paper, and word counts: {_published('epochs')}",
            help="Passes over the corpus.",
        ),
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(
            min=2,
            show_default=f"64 to 256 by the corpus's size; paper, and word counts: {_published('batch')}",
            help="Documents a step.",
        ),
    ] = None,
    learning_rate: Annotated[
        float,
        typer.Option(
            help="Adam's step size.",
        ),
    ] = _DEFAULT.learning_rate,
    momentum: Annotated[
        float | None,
        typer.Option(
            show_default="0.9; paper: 0.99",
            help="Adam's β₁.",
        ),
    ] = None,
    units: Annotated[
        int | None,
        typer.Option(
            min=1,
            show_default=str(_DEFAULT.units),
            help="Width of the encoder's two layers.",
        ),
    ] = None,
    dropout: Annotated[
        float,
        typer.Option(
            help="Share of units, and of topics, left out of a step.",
        ),
    ] = _DEFAULT.dropout,
    embeddings: Annotated[
        Embeddings | None,
        typer.Option(
            show_default="teacher",
            help="What the word embeddings of ecrtm and etm begin as.",
        ),
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Stop after N epochs in which the loss did not fall.",
        ),
    ] = None,
    device: Annotated[
        str,
        typer.Option(
            help="cpu, cuda, cuda:1, …; auto is a GPU where there is one.",
        ),
    ] = _DEFAULT.device,
) -> None:
    """Train a topic model on soft labels.

    Reads what `dsltm distill` wrote and writes a model for `assign` and `topics`. The teacher is not needed.
    The same labels, options and seed write the same bytes.

    dsltm train labels.npz -k 50 -o model.npz

    dsltm distill corpus.jsonl | dsltm train -k auto | dsltm topics

    dsltm train labels.npz -k 10,25,50 -o model.npz && dsltm eval model-k*.npz --labels labels.npz
    """
    from dsltm.commands.train_runs import AUTO, numbers_of, train_all
    from dsltm.formats.model import read_model

    numbers = None if topics is None else numbers_of(topics)
    if numbers == AUTO and init is not None:
        raise UsageError("--init keeps the topics of its model, so -k auto has nothing to choose")
    if (seeds is not None or len(numbers or ()) > 1) and is_stdout(output):
        many = "--seeds" if seeds is not None else f"-k {topics}"
        raise UsageError(f"{many} writes several models, which need the name of a file: -o FILE")
    before = None if init is None else read_model(init)
    first = numbers[0] if numbers else None
    named = {"model": model, "input": input_, "target": target, "topics": first, "units": units}
    chosen: dict[str, Any] = {key: choice for key, choice in named.items() if choice is not None}
    if baseline is not None:
        for key in BASELINES[baseline]:
            if key in chosen:
                raise UsageError(f"--baseline {baseline} already says what --{key} is")
        chosen |= BASELINES[baseline]
    if before is not None:
        chosen = {key: before.header["hyperparameters"].get(key) for key in named} | chosen
    config = TrainConfig(
        **chosen,
        preset=preset,
        centre=centre,
        smooth=smooth,
        guide=guide,
        loss=loss,
        temperature=temperature,
        target_top=target_top,
        weight=weight,
        epochs=epochs,
        batch=batch,
        learning_rate=learning_rate,
        momentum=momentum,
        dropout=dropout,
        embeddings=embeddings,
        patience=patience,
        seed=seed,
        device=device,
    )
    config.resolved()  # options that do not fit are told before anything is read
    train_all(config, labels, output, numbers, seeds, before)
