"""A local teacher that writes topics: the JSON is given, and only what stands in it is the model's choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import torch

from dsltm.ground.lexical import terms

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from dsltm.generate.request import AnswerError, Request
    from dsltm.teacher.load import Teacher

_LABEL, _SUMMARY = 6, 24  # tokens at most
_KEYWORDS, _DOCUMENTS = 6, 3
_CANDIDATES = 60
_ALLOWED = " -'&/+#.,()"


class LocalWriter:
    """Writes answers token by token, greedily, so that the same request gives the same answer.

    Args:
        teacher: an open teacher.
        stopwords: words that are no keywords.
    """

    def __init__(self, teacher: Teacher, stopwords: Collection[str] = ()) -> None:
        self._teacher, self._stopwords = teacher, frozenset(stopwords)
        tokenizer: Any = teacher.tokenizer
        texts = tokenizer.batch_decode([[token] for token in range(len(tokenizer))])
        plain = [all(c.isalnum() or c in _ALLOWED for c in text) and bool(text) for text in texts]
        special = set(tokenizer.all_special_ids)
        allowed = [ok and token not in special for token, ok in enumerate(plain)]
        self._letters = torch.tensor([any(c.isalnum() for c in text) for text in texts])
        self._free = torch.tensor(allowed)
        self._quote: int = tokenizer.encode('"', add_special_tokens=False)[-1]

    def answer(self, request: Request) -> str:
        """Valid JSON, whatever the model is like: {"topics": [...]}, with `request.count` topics or one."""
        pen = _Pen(self._teacher, _prompt(self._teacher, request))
        words = _candidates(request, self._stopwords)
        numbers = [str(number) for number in range(1, len(request.documents) + 1)]
        topics = []
        for place in range(request.count or 1):
            pen.write(('{"topics": [' if not place else ", ") + '{"label": "')
            label = self._text(pen, _LABEL)
            pen.write('", "summary": "')
            summary = self._text(pen, _SUMMARY)
            pen.write('", "keywords": ["')
            keywords = self._several(pen, words, _KEYWORDS, '", "')
            pen.write('"], "documents": [')
            documents = self._several(pen, numbers, _DOCUMENTS, ", ")
            pen.write("]}")
            topic = {"label": label, "summary": summary, "keywords": keywords}
            topics.append({**topic, "documents": [int(number) for number in documents]})
        return orjson.dumps({"topics": topics}).decode()

    def again(self, request: Request, answer: str, error: AnswerError) -> str | None:  # noqa: ARG002
        """Nothing: the answer cannot but be valid."""
        return None

    def _text(self, pen: _Pen, most: int) -> str:
        """Free text of at most so many tokens; the first has a letter, and a quotation mark ends it."""
        written: list[int] = []
        for _ in range(most):
            scores = pen.scores()[: len(self._free)]
            may = self._free.clone()
            if not written:
                may &= self._letters
            scores = scores.masked_fill(~may.to(scores.device), float("-inf"))
            best = int(scores.argmax())
            if written and float(pen.scores()[self._quote]) > float(scores[best]):
                break
            pen.put([best])
            written.append(best)
        tokenizer: Any = self._teacher.tokenizer
        return " ".join(str(tokenizer.decode(written)).split())

    def _several(self, pen: _Pen, options: Sequence[str], most: int, between: str) -> list[str]:
        """Different ones of `options`, the likeliest each time."""
        left, chosen = list(options), list[str]()
        while left and len(chosen) < most:
            if chosen:
                pen.write(between)
            chosen.append(self._one(pen, left))
            left.remove(chosen[-1])
        return chosen

    def _one(self, pen: _Pen, options: Sequence[str]) -> str:
        tokenizer: Any = self._teacher.tokenizer
        paths = {option: tokenizer.encode(option, add_special_tokens=False) for option in options}
        begun: list[int] = []
        while True:
            going = {o: path for o, path in paths.items() if path[: len(begun)] == begun}
            done = next((o for o, path in going.items() if len(path) == len(begun)), None)
            following = sorted({path[len(begun)] for path in going.values() if len(path) > len(begun)})
            if not following:
                assert done is not None
                return done
            scores = pen.scores()
            best = max(following, key=lambda token: float(scores[token]))
            if done is not None and float(scores[self._quote]) >= float(scores[best]):
                return done
            pen.put([best])
            begun.append(best)


class _Pen:
    """A model in the middle of a text.

    Args:
        prompt: token ids to begin behind.
    """

    def __init__(self, teacher: Teacher, prompt: list[int]) -> None:
        self._teacher, self._waiting, self._past = teacher, list(prompt), None
        self._scores = torch.empty(0)

    def write(self, text: str) -> None:
        """Text that is not the model's choice."""
        tokenizer: Any = self._teacher.tokenizer
        self.put(tokenizer.encode(text, add_special_tokens=False))

    def put(self, tokens: Sequence[int]) -> None:
        self._waiting += tokens

    @torch.inference_mode()
    def scores(self) -> torch.Tensor:
        """Logits [tokens of the output] of what comes next."""
        if self._waiting:
            model: Any = self._teacher.model
            ids = torch.tensor([self._waiting], device=self._teacher.device)
            out = model(input_ids=ids, past_key_values=self._past, use_cache=True, logits_to_keep=1)
            self._past, self._scores, self._waiting = out.past_key_values, out.logits[0, -1].float(), []
        return self._scores


def _prompt(teacher: Teacher, request: Request) -> list[int]:
    tokenizer: Any = teacher.tokenizer
    text = request.text()
    if teacher.has_chat_template:
        turn = [{"role": "user", "content": text}]
        text = str(tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True))
        return list(tokenizer.encode(text, add_special_tokens=False))
    return list(tokenizer.encode(text + "\n\n"))


def _candidates(request: Request, stopwords: Collection[str]) -> list[str]:
    """The words that the documents shown have most in common, stop words and short ones left out."""
    count: dict[str, int] = {}
    for document in request.documents:
        for term in set(terms(document.text)):
            if len(term) > 2 and term not in stopwords and not term.isdigit():
                count[term] = count.get(term, 0) + 1
    ranked = sorted(count, key=lambda term: (-count[term], term))[:_CANDIDATES]
    return ranked or ["document"]
