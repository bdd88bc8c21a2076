"""`dsltm generate`: a corpus in, topics that a language model wrote out."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dsltm import console
from dsltm.commands.options import CorpusFile, CorpusWithIds, Output, TeacherOptions
from dsltm.errors import UsageError
from dsltm.option import option
from dsltm.words.config import WordConfig
from dsltm.written.generate.config import LOCAL_ROUNDS, LOCAL_TOKENS, GenerateConfig

if TYPE_CHECKING:
    from dsltm.written.generate.writer import EndpointWriter, Writer

READS, WRITES = {"CORPUS": "Corpus"}, "Written topics"
ENDPOINT = "An endpoint in place of a local teacher"


@dataclass(frozen=True)
class EndpointOptions:
    """A chat model behind HTTP."""

    endpoint: str | None = option(
        None, "An OpenAI-compatible API; its key is in the environment.", metavar="URL", heading=ENDPOINT
    )
    model: str | None = option(None, "The model's name there.", metavar="NAME", heading=ENDPOINT)
    key_env: str | None = option(
        None, "The environment variable that holds the key.", metavar="NAME", heading=ENDPOINT
    )
    max_requests: int = option(100, "Send at most N requests in all.", metavar="N", min=1, heading=ENDPOINT)
    budget: int | None = option(
        None,
        "Spend about N tokens at most; answers are kept, and a second run goes on.",
        metavar="N",
        min=1,
        heading=ENDPOINT,
    )
    timeout: float = option(120, "Seconds until a request counts as lost.", min=1, heading=ENDPOINT)

    def open(self) -> "EndpointWriter | None":
        """The writer of topics behind the endpoint; None where no endpoint was chosen."""
        from dsltm.endpoint import ChatEndpoint
        from dsltm.teacher.files.cache import cache_dir
        from dsltm.written.generate.writer import EndpointWriter

        if (self.endpoint is None) != (self.model is None):
            raise UsageError("--endpoint and --model belong together")
        if self.endpoint is None or self.model is None:
            return None
        return EndpointWriter(
            ChatEndpoint(
                self.endpoint,
                self.model,
                key_env=self.key_env,
                cache_dir=cache_dir() / "answers",
                max_requests=self.max_requests,
                budget=self.budget,
                timeout=self.timeout,
            )
        )


def command(
    corpus: CorpusFile = "-",
    *,
    output: Output = None,
    config: GenerateConfig,
    lexicon: WordConfig,
    endpoint: EndpointOptions,
    teacher: TeacherOptions,
    reading: CorpusWithIds,
) -> None:
    """Writes JSON lines {"label", "summary", "keywords", "documents"}, to be edited by hand, and to be given
    to dsltm ground or dsltm attend. The language model is shown numbered documents, round after round: from
    everywhere first, then groups of documents that are alike and whose words no topic has yet. Keywords that
    come in no document and documents that were not shown are dropped. The answers of an endpoint are kept, so
    that a run that was stopped goes on without paying for them again.

    A local teacher groups the documents by its own vectors, and chooses a label, keywords and typical
    documents for each group, so that even a small one gives usable topics. Summaries it has to write.

    dsltm generate corpus.jsonl -k 20 > topics.jsonl

    dsltm generate corpus.jsonl --endpoint http://localhost:8000/v1 --model qwen3-8b > topics.jsonl
    """
    from dsltm.formats.topics import write_topics
    from dsltm.words.language import sample_of
    from dsltm.written.generate.local import LocalWriter
    from dsltm.written.generate.rounds import generate

    chat = endpoint.open()
    if chat is not None and config.summaries:
        raise UsageError("--summaries is for a local teacher; a chat model writes them anyway")
    source = reading.open(corpus, replace(reading.fields, keep=(config.field,) if config.field else ()))
    words = lexicon.rules().of(sample_of(source)).stopwords
    config = replace(config, stopwords=words)
    writer: Writer
    if chat is None:
        config = replace(
            config,
            rounds=config.rounds or LOCAL_ROUNDS * (config.topics or 8),
            context_tokens=config.context_tokens or LOCAL_TOKENS,
            per_round=1,
            overview=False,
        )
        writer = LocalWriter(teacher.open(), words, config.summaries)
    else:
        config = replace(config, per_round=config.topics)
        writer = chat
    topics, dropped = generate(source, writer, config)
    console.note(f"{len(topics):,} topics; dropped: {dropped}")
    if chat is not None:
        console.note(chat.endpoint.spent())
    write_topics(output, topics)
