"""`dsltm distill`: a corpus in, what the teacher said of every document out."""

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dsltm import console
from dsltm.commands.options import (
    PART_DOCUMENTS,
    CorpusFile,
    CpusOption,
    FormatOption,
    GpusOption,
    IdField,
    LabelField,
    OnErrorOption,
    Output,
    PartOption,
    RayOption,
    TextField,
    WorkersOption,
    check_ray,
)
from dsltm.errors import UsageError
from dsltm.formats.corpus import Corpus, Fields
from dsltm.formats.output import is_stdout, open_output
from dsltm.formats.records import without_surrogates
from dsltm.formats.source import read_text

if TYPE_CHECKING:
    from dsltm.teacher.reading.prompts import Prompt


def distill_command(
    corpus: CorpusFile = "-",
    output: Output = None,
    teacher: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Alias (see dsltm teachers), hub id (org/name[@revision]), directory or .gguf file.",
        ),
    ] = "smollm2-135m",
    vocab: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Vocabulary from dsltm vocab; by default the corpus's own words."),
    ] = None,
    size: Annotated[
        int, typer.Option(min=2, metavar="N", help="Without --vocab: at most the N most frequent words.")
    ] = 2000,
    stopwords: Annotated[
        str, typer.Option(metavar="LANG|FILE|none", help="Without --vocab: words to leave out.")
    ] = "en",
    prompt: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A named instruction (see dsltm prompts), or auto; several make an ensemble.",
            show_default="keywords, tags, word, related",
        ),
    ] = None,
    instruction: Annotated[
        str | None, typer.Option(metavar="TEXT", help="An instruction of your own, in the paper's layout.")
    ] = None,
    prompt_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="A template of your own, with {document} once.")
    ] = None,
    preset: Annotated[
        Literal["best", "paper"] | None,
        typer.Option(
            show_default="best", help="paper: the paper's prompt alone, unless --prompt names others."
        ),
    ] = None,
    projection: Annotated[
        Literal["token", "spellings", "first", "chain"],
        typer.Option(
            help="A word's logit: of its one token after a space; of all one-token spellings together; "
            "of its first token; of all its tokens in order, exact and tens of times slower.",
        ),
    ] = "token",
    max_tokens: Annotated[
        int, typer.Option(min=16, metavar="N", help="Longest prompt; longer documents are cut at their end.")
    ] = 512,
    batch_tokens: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="About how many tokens are read at once.", show_default="by device"
        ),
    ] = None,
    dtype: Annotated[
        str,
        typer.Option(metavar="TYPE", help="auto, float32, bfloat16 or float16; auto: the fast one."),
    ] = "auto",
    device: Annotated[str, typer.Option(metavar="NAME", help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    shard: Annotated[
        str | None, typer.Option(metavar="I/N", help="Read only share I of N; dsltm merge joins the shares.")
    ] = None,
    scratch: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Where finished rows are kept; by default OUTPUT.journal."),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over, whatever an earlier run left.")] = False,
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Run Python code that comes with the teacher.")
    ] = False,
    text_field: TextField = "text",
    id_field: IdField = "id",
    label_field: LabelField = "label",
    format_: FormatOption = "auto",
    on_error: OnErrorOption = "fail",
    ray: RayOption = None,
    workers: WorkersOption = None,
    cpus_per_worker: CpusOption = None,
    gpus_per_worker: GpusOption = None,
    part_documents: PartOption = None,
) -> None:
    """Read each document with the teacher: soft labels and document vectors.

    Writes a labels file (NPZ): for each document the teacher's logits of the vocabulary after the
    instruction, its hidden state there, the word counts, and the label if the corpus has one. Rows out are
    rows in, in order; an empty text keeps its row. A run that was stopped, however, goes on where it was
    when the same command is given again.

    dsltm distill corpus.jsonl -o labels.npz

    zcat posts.jsonl.gz | dsltm distill - --teacher qwen3.5-0.8b > labels.npz

    dsltm distill corpus.jsonl --shard 3/8 -o labels-3.npz

    dsltm distill s3://bucket/posts/ --ray auto --workers 8 -o labels/
    """
    from dsltm.distill.run import DistillConfig, distill
    from dsltm.words.vocabulary import load_stopwords, read_vocabulary

    needing = {
        "workers": workers,
        "cpus-per-worker": cpus_per_worker,
        "gpus-per-worker": gpus_per_worker,
        "part-documents": part_documents,
    }
    check_ray(ray, output, corpus, needing=needing, refusing={"shard": shard, "scratch": scratch})
    if is_stdout(output):
        with open_output(output, binary=True):
            pass  # a terminal is refused now, not after an hour
    share = _shard(shard)
    words = tuple(entry.word for entry in read_vocabulary(vocab)) if vocab is not None else None
    stop = load_stopwords(stopwords)
    prompts = _prompts(prompt, instruction, prompt_file, preset)
    config = DistillConfig(
        prompts=prompts or (),
        projection=projection,
        words=words,
        size=size,
        stopwords=stop,
        max_tokens=max_tokens,
        batch_tokens=batch_tokens,
        shard=share,
    )
    if ray is not None:
        from dsltm.on_ray.distill import Cluster, TeacherChoice, distill_on_ray
        from dsltm.on_ray.pieces import Cut

        distill_on_ray(
            corpus,
            TeacherChoice(teacher, dtype, device, trust_remote_code),
            config,
            Cut(Fields(text_field, id_field, label_field), on_error, part_documents or PART_DOCUMENTS),
            Cluster(ray, workers, cpus_per_worker, gpus_per_worker),
            output=str(output),
            format=format_,
            choose=prompts is None,
            fresh=fresh,
        )
        return
    from dsltm.teacher.files.load import load_teacher

    source = Corpus.open(
        corpus,
        text_field=text_field,
        id_field=id_field,
        label_field=label_field,
        format=format_,
        on_error=on_error,
    )
    opened = load_teacher(
        teacher, dtype=dtype, device=device, trust_remote_code=trust_remote_code, notify=console.info
    )
    if prompts is None:
        from dsltm.distill.choose import choose_prompts

        prompts = choose_prompts(source, opened, max_tokens=max_tokens, batch_tokens=batch_tokens)
    config = replace(config, prompts=prompts)
    distill(source, opened, config, output=output, scratch=scratch, fresh=fresh)


def _prompts(
    names: list[str] | None, instruction: str | None, file: str | None, preset: str | None
) -> "tuple[Prompt, ...] | None":
    """The prompts that were asked for; None where the corpus is to decide."""
    from dsltm.teacher.reading.prompts import DEFAULT, PAPER, Prompt, from_instruction, named

    if "auto" in (names or ()):
        if names != ["auto"] or instruction is not None or file is not None:
            raise UsageError("--prompt auto chooses alone: no other prompt beside it")
        return None
    chosen = [named(name) for name in names or ()]
    if instruction is not None:
        chosen.append(from_instruction(instruction))
    if file is not None:
        chosen.append(Prompt(without_surrogates(Path(file).stem), read_text(file).removesuffix("\n")))
    return tuple(chosen) or ((PAPER,) if preset == "paper" else DEFAULT)


def _shard(text: str | None) -> tuple[int, int]:
    if text is None:
        return 0, 1
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise UsageError(f"--shard {text}: is not a share", hint="3/8 for the third of eight")
    return int(match[1]) - 1, int(match[2])
