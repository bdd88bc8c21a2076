"""`dsltm distill`: a corpus in, what the teacher says of every document out."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from dsltm.commandline.values import given, refuse
from dsltm.commands.options import CorpusFiles, CorpusWithLabels, Output, RayOptions, TeacherOptions
from dsltm.distilling.config import NO_TEACHER, DistillConfig
from dsltm.errors import UsageError
from dsltm.formats.output import is_stdout, open_output
from dsltm.formats.records import without_surrogates
from dsltm.formats.source import STDIN, read_text
from dsltm.option import option
from dsltm.teacher.reading.prompts import NAMED
from dsltm.words.config import WordConfig

if TYPE_CHECKING:
    from dsltm.formats.corpus import Corpus
    from dsltm.teacher.reading.prompts import Prompt

READS = {"CORPUS": "Corpus", "--vocab": "Vocabulary", "--unsure-of": "Model"}
WRITES = "Labels"
# What is nobody's without a teacher.
_OF_TEACHERS = (
    "prompt", "instruction", "prompt_file", "preset", "projection", "max_tokens", "batch_tokens", "sample",
    "sample_seed", "unsure_of", "scratch", "fresh", "dtype", "device", "trust_remote_code",
)  # fmt: skip


@dataclass(frozen=True)
class PromptOptions:
    """What the teacher is asked about each document."""

    prompt: list[str] | None = option(
        None,
        "A named instruction (see dsltm prompts), or auto; several make an ensemble.",
        metavar="NAME",
        shown="keywords, tags, word, related",
        words=("auto", *NAMED),
    )
    instruction: str | None = option(
        None, "An instruction of your own, in the paper's layout.", metavar="TEXT"
    )
    prompt_file: str | None = option(None, "A template of your own, with {document} once.", metavar="FILE")
    preset: Literal["best", "paper"] | None = option(
        None,
        "paper: the paper's prompt alone, its vocabulary (dsltm help paper) and --projection first, where "
        "nothing else is chosen.",
        shown="best",
    )

    def prompts(self) -> "tuple[Prompt, ...] | None":
        """The prompts that were asked for; None where the corpus is to decide."""
        from dsltm.teacher.reading.prompts import DEFAULT, PAPER, from_instruction, named

        if "auto" in (self.prompt or ()):
            if self.prompt != ["auto"] or self.instruction is not None or self.prompt_file is not None:
                raise UsageError("--prompt auto chooses alone: no other prompt beside it")
            return None
        chosen = [named(name) for name in self.prompt or ()]
        if self.instruction is not None:
            chosen.append(from_instruction(self.instruction))
        if self.prompt_file is not None:
            chosen.append(_template(self.prompt_file))
        return tuple(chosen) or ((PAPER,) if self.preset == "paper" else DEFAULT)


def command(
    ctx: typer.Context,
    corpora: CorpusFiles = None,
    *,
    output: Output = None,
    teacher: TeacherOptions,
    vocab: str | None = option(
        None,
        "Vocabulary from dsltm vocab, or a model that has it; by default the corpus's own words.",
        metavar="FILE",
    ),
    lexicon: WordConfig,
    prompts: PromptOptions,
    config: DistillConfig,
    shard: str | None = option(None, "Read only share I of N; dsltm merge joins the shares.", metavar="I/N"),
    scratch: str | None = option(
        None, "Where finished rows are kept; by default OUTPUT.journal.", metavar="DIR"
    ),
    fresh: bool = option(False, "Start over, whatever an earlier run left."),
    reading: CorpusWithLabels,
    ray: RayOptions,
) -> None:
    """Writes a labels file (NPZ): for each document the teacher's logits of the vocabulary after the
    instruction, its hidden state there, the word counts, and the label if the corpus has one. Rows out are
    rows in, in order; an empty text keeps its row. A run that was stopped, however, goes on where it was
    when the same command is given again. With --vectors and --teacher none nothing is read: the file has
    vectors and word counts, for train --target bow and the models of --baseline.

    dsltm distill corpus.jsonl -o labels.npz

    zcat posts.jsonl.gz | dsltm distill - --teacher qwen3.5-0.8b > labels.npz

    dsltm distill corpus.jsonl --sample 10000 -o labels.npz

    dsltm distill corpus.jsonl --vectors embeddings.npy -o labels.npz

    dsltm distill monday.csv tuesday.csv.gz notes/ -o labels.npz

    dsltm distill corpus.jsonl --shard 3/8 -o labels-3.npz

    dsltm distill s3://bucket/posts/ --ray auto --workers 8 -o labels/
    """
    corpora = corpora or [STDIN]
    if ray.ray is not None and len(corpora) > 1:
        raise UsageError("--ray takes one CORPUS", hint="their folder, or a pattern")
    ray.check(
        output,
        corpora[0],
        refusing={
            "shard": shard,
            "scratch": scratch,
            "sample": config.sample,
            "unsure-of": config.unsure_of,
            "vectors": config.vectors,
        },
    )
    config.sampling()
    if is_stdout(output):
        with open_output(output, binary=True):
            # A terminal is refused now, not after an hour of reading.
            pass
    config = _configured(ctx, config, prompts, lexicon, vocab=vocab, shard=shard)
    published = prompts.preset == "paper" and vocab is None
    if published:
        _check_published(config, ray)
    if ray.ray is not None:
        from dsltm.on_ray.distill import distill_on_ray

        distill_on_ray(
            corpora[0],
            teacher.on_workers(),
            config,
            ray.cut(reading),
            ray.cluster(),
            output=str(output),
            format=reading.format,
            choose=not config.prompts,
            fresh=fresh,
        )
        return
    source = reading.open(corpora)
    if teacher.teacher == NO_TEACHER:
        from dsltm.distilling.untaught import distill_untaught

        refuse(given(ctx), _OF_TEACHERS, "is about a teacher, and there is none")
        distill_untaught(source, config, output=output)
        return
    from dsltm.distilling.choose import choose_prompts
    from dsltm.distilling.run import distill

    opened = teacher.open()
    if published:
        config = replace(config, words=_published_words(source, config))
    if not config.prompts:
        chosen = choose_prompts(
            source, opened, max_tokens=config.max_tokens, batch_tokens=config.batch_tokens
        )
        config = replace(config, prompts=chosen)
    distill(source, opened, config, output=output, scratch=scratch, fresh=fresh)


def _configured(
    ctx: typer.Context,
    config: DistillConfig,
    prompts: PromptOptions,
    lexicon: WordConfig,
    *,
    vocab: str | None,
    shard: str | None,
) -> DistillConfig:
    """The options with all that decides the rows; without prompts where those are chosen later."""
    config = replace(
        config,
        prompts=prompts.prompts() or (),
        words=None if vocab is None else _words(vocab),
        rules=lexicon.rules(),
        shard=_shard(shard),
    )
    if prompts.preset == "paper" and "projection" not in given(ctx):
        config = replace(config, projection="first")
    return config


def _check_published(config: DistillConfig, ray: RayOptions) -> None:
    """Refuse what the paper's vocabulary has no place for."""
    for name, value in (("--ray", ray.ray), ("--min-df", config.min_df), ("--phrases", config.phrases)):
        if value not in (None, False):
            raise UsageError(
                f"{name} does not go with the paper's vocabulary", hint="dsltm vocab, and --vocab FILE"
            )


def _published_words(corpus: "Corpus", config: DistillConfig) -> tuple[str, ...]:
    from dsltm.words.language import sample_of
    from dsltm.words.published import published_vocabulary

    stop = config.rules.of(sample_of(corpus)).stopwords
    return tuple(entry.word for entry in published_vocabulary(corpus, config.size, stopwords=stop))


def _words(vocab: str) -> tuple[str, ...]:
    from dsltm.words.vocabulary import read_vocabulary

    return tuple(entry.word for entry in read_vocabulary(vocab))


def _template(file: str) -> "Prompt":
    from dsltm.teacher.reading.prompts import Prompt

    return Prompt(without_surrogates(Path(file).stem), read_text(file).removesuffix("\n"))


def _shard(text: str | None) -> tuple[int, int]:
    if text is None:
        return 0, 1
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise UsageError(f"--shard {text}: is not a share", hint="3/8 for the third of eight")
    return int(match[1]) - 1, int(match[2])
