"""`dsltm generate`: a corpus in, topics that a language model wrote out."""

from typing import TYPE_CHECKING, Annotated

import typer

from dsltm import console
from dsltm.commands.ground import Device, Dtype
from dsltm.commands.options import (
    CorpusFile,
    FormatOption,
    IdField,
    OnErrorOption,
    Output,
    TextField,
)
from dsltm.errors import UsageError
from dsltm.formats.corpus import Corpus

if TYPE_CHECKING:
    from collections.abc import Collection

    from dsltm.written.generate.rounds import Writer

ENDPOINT = "An endpoint in place of a local teacher"
_LOCAL_TOKENS = 1500  # a small model loses the thread in more


def generate_command(
    corpus: CorpusFile = "-",
    output: Output = None,
    topics: Annotated[
        int | None,
        typer.Option("-k", "--topics", min=2, help="How many; else until a round brings nothing new."),
    ] = None,
    rounds: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Ask at most N times.",
            show_default="8; a local teacher 2 for each topic",
        ),
    ] = None,
    sample: Annotated[
        int, typer.Option(min=2, metavar="N", help="Look at N documents, evenly spread.")
    ] = 2000,
    context_tokens: Annotated[
        int | None,
        typer.Option(
            min=1000,
            metavar="N",
            help="What one input holds, a quarter of it for the answer.",
            show_default=f"8000; a teacher {_LOCAL_TOKENS}",
        ),
    ] = None,
    field: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Also show the documents of each value of this field, or span of times."
        ),
    ] = None,
    stopwords: Annotated[
        str, typer.Option(metavar="LANG|FILE|none", help="Words that are no cue and no keyword.")
    ] = "en",
    endpoint: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="An OpenAI-compatible API; its key is in the environment.",
            rich_help_panel=ENDPOINT,
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="The model's name there.", rich_help_panel=ENDPOINT)
    ] = None,
    key_env: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The environment variable that holds the key.", rich_help_panel=ENDPOINT
        ),
    ] = None,
    max_requests: Annotated[
        int,
        typer.Option(min=1, metavar="N", help="Send at most N requests in all.", rich_help_panel=ENDPOINT),
    ] = 100,
    timeout: Annotated[
        float, typer.Option(min=1, help="Seconds until a request counts as lost.", rich_help_panel=ENDPOINT)
    ] = 120,
    teacher: Annotated[str, typer.Option(metavar="NAME", help="As for dsltm distill.")] = "smollm2-135m",
    dtype: Dtype = "auto",
    device: Device = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the windows onto the corpus.")] = 0,
    text_field: TextField = "text",
    id_field: IdField = "id",
    format_: FormatOption = "auto",
    on_error: OnErrorOption = "fail",
) -> None:
    """Have a language model write a corpus's topics.

    Shows it numbered documents, round after round: from everywhere first, then groups of documents that are
    alike and whose words no topic has yet. Writes JSON lines {"label", "summary", "keywords", "documents"},
    to be edited by hand, and given to dsltm ground or dsltm attend. Keywords that come in no document and
    documents that were not shown are dropped. Answers of an endpoint are kept, so that a run that was
    stopped goes on for free. A local teacher groups the documents by its own vectors and chooses a label,
    keywords and typical documents for each group: even a small one gives usable topics, without summaries.

    dsltm generate corpus.jsonl -k 20 > topics.jsonl

    dsltm generate corpus.jsonl --endpoint http://localhost:8000/v1 --model qwen3-8b > topics.jsonl
    """
    from dsltm.formats.topics import write_topics
    from dsltm.words.vocabulary import load_stopwords
    from dsltm.written.generate.rounds import GenerateConfig, generate

    if (endpoint is None) != (model is None):
        raise UsageError("--endpoint and --model belong together")
    source = Corpus.open(
        corpus,
        text_field=text_field,
        id_field=id_field,
        format=format_,
        on_error=on_error,
        keep_fields=(field,) if field else (),
    )
    listed = load_stopwords(stopwords)
    local = endpoint is None
    config = GenerateConfig(
        topics=topics,
        rounds=rounds or (2 * (topics or 8) if local else 8),
        sample=sample,
        context_tokens=context_tokens or (_LOCAL_TOKENS if local else 8000),
        per_round=1 if local else topics,
        overview=not local,
        field=field,
        stopwords=listed,
        seed=seed,
    )
    if endpoint is not None and model is not None:
        writer = _chat(endpoint, model, key_env, max_requests, timeout)
    else:
        writer = _teacher(teacher, dtype, device, listed)
    found, dropped = generate(source, writer, config)
    console.note(f"{len(found):,} topics; dropped: {dropped}")
    write_topics(output, found)


def _chat(url: str, model: str, key_env: str | None, max_requests: int, timeout: float) -> "Writer":
    from dsltm.endpoint import ChatEndpoint
    from dsltm.teacher.files.cache import cache_dir
    from dsltm.written.generate.rounds import EndpointWriter

    return EndpointWriter(
        ChatEndpoint(
            url,
            model,
            key_env=key_env,
            cache_dir=cache_dir() / "answers",
            max_requests=max_requests,
            timeout=timeout,
        )
    )


def _teacher(name: str, dtype: str, device: str, stopwords: "Collection[str]") -> "Writer":
    from dsltm.teacher.files.load import load_teacher
    from dsltm.written.generate.local import LocalWriter

    return LocalWriter(load_teacher(name, dtype=dtype, device=device, notify=console.info), stopwords)
