"""A language model's opinion of a topic's top words, from 1 (unrelated) to 3 (closely related).

Stammbach et al. 2023, "Revisiting automated topic model evaluation with large language models", found such
ratings nearer to people's than coherence is, for large models. A small local one is repeatable and free,
and its opinion is worth what the model is.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from dsltm import console
from dsltm.endpoint import ChatEndpoint, EndpointError
from dsltm.errors import DsltmError
from dsltm.teacher.files.cache import cache_dir

if TYPE_CHECKING:
    from dsltm.metrics.config import RatingOptions
    from dsltm.teacher.reading.teacher import Teacher

RATINGS = (1, 2, 3)
_TASK = (
    "You judge the topics that a topic model found in a collection of documents. A topic is given by its "
    "most important words. Rate how closely these words are related to each other: 1 if they have little to "
    "do with each other, 2 if they are somewhat related, 3 if they clearly belong to one theme."
)
_ANSWER = "Answer with the number only: 1, 2 or 3."
_EXAMPLES = (
    ("goal, match, striker, league, referee, penalty, coach", 3),
    ("spoon, gravity, lawyer, purple, weekend, tax, giraffe", 1),
    ("river, boat, music, fish, water, guitar, bank", 2),
)

Words = Sequence[str]
Rater = Callable[[Sequence[Words]], Sequence[float | EndpointError]]
"""From topics to their ratings, or to why one has none."""


def raters(options: "RatingOptions") -> dict[str, Rater]:
    """The raters that were chosen, by the names of their metrics."""
    chosen: dict[str, Rater] = {}
    if options.rater is not None and options.rater_model is not None:
        endpoint = ChatEndpoint(
            options.rater,
            options.rater_model,
            cache_dir=cache_dir() / "answers",
            max_requests=options.max_requests,
        )
        chosen["llm_rating"] = partial(_chat_model, endpoint)
    if options.rater_teacher is not None:
        chosen["teacher_rating"] = partial(_local_teacher, options.rater_teacher)
    return chosen


def _chat_model(endpoint: ChatEndpoint, topics: Sequence[Words]) -> Sequence[float | EndpointError]:
    with console.progress("rating", len(topics), "topics") as bar:
        return by_endpoint(topics, endpoint, bar.advance)


def _local_teacher(name: str, topics: Sequence[Words]) -> Sequence[float]:
    from dsltm.teacher.files.load import load_teacher

    teacher = load_teacher(name, notify=console.info)
    with console.progress("rating", len(topics), "topics") as bar:
        return by_teacher(topics, teacher, bar.advance)


def by_endpoint(
    topics: Sequence[Words], endpoint: ChatEndpoint, advance: Callable[[], object] = lambda: None
) -> list[int | EndpointError]:
    """Ask a chat model for each topic's rating.

    An answer without a rating is asked for once more in the same conversation; after that the topic counts
    as failed.

    Args:
        topics: the words to show of each.
        endpoint: asked several topics at a time; a topic that was rated before is answered from its cache.
        advance: called as each topic is done.

    Returns:
        The rating of each topic, 1 to 3, or why there is none.

    Raises:
        EndpointError: the endpoint cannot be used at all.
    """
    return endpoint.map(lambda words: _ask(endpoint, words), topics, advance)


def _ask(endpoint: ChatEndpoint, words: Words) -> int:
    conversation = [
        {"role": "system", "content": f"{_TASK} {_ANSWER}"},
        {"role": "user", "content": ", ".join(words)},
    ]
    answer = endpoint.complete(conversation, temperature=0)
    rating = parse_rating(answer)
    if rating is None:
        again = [{"role": "assistant", "content": answer}, {"role": "user", "content": _ANSWER}]
        answer = endpoint.complete([*conversation, *again], temperature=0)
        rating = parse_rating(answer)
    if rating is None:
        raise EndpointError(f"its answer has no rating from 1 to 3: {' '.join(answer.split())[:80]!r}")
    return rating


def parse_rating(answer: str) -> int | None:
    """The rating in an answer: the one number from 1 to 3 that it names, whatever stands around it.

    Another number in it ("3 of 5", "2.5"), or two different ratings, make it no rating.
    """
    answer = re.sub(r"<think>.*?</think>", "", answer, flags=re.DOTALL)
    answer = re.sub(r"\b(?:of|out of|to) 3\b|/ ?3\b", "", answer)  # this 3 names the scale, not a rating
    numbers = set(re.findall(r"\d+(?:[.,]\d+)?", answer))
    named = numbers & {str(rating) for rating in RATINGS}
    return int(named.pop()) if len(numbers) == len(named) == 1 else None


def by_teacher(
    topics: Sequence[Words], teacher: "Teacher", advance: Callable[[], object] = lambda: None
) -> list[float]:
    """The rating that a local model expects, Σ r · P(r) / Σ P(r) over r = 1, 2, 3, as the next token.

    One forward pass a topic after three worked examples; nothing is sampled, and no topic depends on
    another.

    Returns:
        The expected rating of each topic, in [1, 3].

    Raises:
        DsltmError: the teacher's tokenizer does not tell 1, 2 and 3 apart.
    """
    values = []
    for words in topics:
        start, ends = _split(_prompt(words), teacher.tokenizer)
        chances = teacher.next_logits(start, ends).double().softmax(0).tolist()
        values.append(sum(rating * chance for rating, chance in zip(RATINGS, chances, strict=True)))
        advance()
    return values


def _prompt(words: Words) -> str:
    examples = [f"Words: {shown}\nRating: {rating}" for shown, rating in _EXAMPLES]
    return "\n\n".join([_TASK, *examples, f"Words: {', '.join(words)}\nRating:"])


def _split(prompt: str, tokenizer: Any) -> tuple[list[int], list[int]]:
    """The tokens that come before the rating, and the token of each rating in their place."""
    written = [tokenizer(f"{prompt} {rating}").input_ids for rating in RATINGS]
    shared = 0
    while all(len(ids) > shared and ids[shared] == written[0][shared] for ids in written):
        shared += 1
    ends = [ids[shared] for ids in written if len(ids) > shared]
    if len(set(ends)) < len(RATINGS):
        raise DsltmError("the rater's tokenizer does not tell the numbers 1, 2 and 3 apart")
    return written[0][:shared], ends
