"""The options of `distill`."""

from dataclasses import dataclass

from dsltm.distilling.sample import AUTO_TEXTS, Sample
from dsltm.errors import UsageError
from dsltm.option import option
from dsltm.teacher.reading.projection import Kind
from dsltm.teacher.reading.prompts import DEFAULT, Prompt
from dsltm.words.config import ENGLISH, WordRules

NO_TEACHER = "none"
"""In the place of a teacher's name: nothing is read."""


@dataclass(frozen=True)
class DistillConfig:
    """What `distill` does with a corpus.

    Attributes:
        prompts: instructions; the logits of several are averaged, their hidden states lie side by side.
        words: the vocabulary, None to choose the `size` most frequent words.
        rules: which words are never chosen, and not counted.
        batch_tokens: None for what suits the device.
        unsure_of: a model file; None for a sample at random.
        sample: how many of the different texts are read, as `Sample.parse` takes it; None: all.
        shard: (i, n): only documents whose number leaves i after division by n.
    """

    prompts: tuple[Prompt, ...] = DEFAULT
    projection: Kind = option(
        "every",
        "A word's logit. every: of its one token after a space, and where it takes several, of the first; "
        "token: the same without words of several; spellings: of all one-token spellings together; first: of "
        "its first token, as if that were the word; chain: of all its tokens in order, exact and tens of "
        "times slower.",
        shown="every; paper: first",
    )
    words: tuple[str, ...] | None = None
    size: int = option(2000, "Without --vocab: at most the N most frequent words.", metavar="N", min=2)
    min_df: float | None = option(
        None,
        "Without --vocab: least number of documents that a word comes in; below 1, least share of them.",
        metavar="N",
        min=0,
        shown="1 to 10, by the corpus's size",
    )
    phrases: bool = option(
        False, "Without --vocab: also phrases of two words that come together far more often than by chance."
    )
    rules: WordRules = ENGLISH
    max_tokens: int = option(
        512, "Longest prompt; longer documents are cut at their end.", metavar="N", min=16
    )
    batch_tokens: int | None = option(
        None, "About how many tokens are read at once.", metavar="N", min=1, shown="by device"
    )
    sample: str | None = option(
        None,
        "Read only so many of the corpus's different texts, drawn at random: a number, a share such as 10%, "
        f"or auto, {AUTO_TEXTS:,} of more than {2 * AUTO_TEXTS:,}. Documents of other texts keep their rows "
        "and word counts.",
        metavar="N|SHARE",
        shown="all",
    )
    sample_seed: int | None = option(None, "Of the draw.", metavar="N", shown="0")
    unsure_of: str | None = option(
        None,
        "With --sample: not drawn at random, but the texts of whose topics the words of this model are least "
        "sure. dsltm merge adds them to the sample that the model learned from.",
        metavar="MODEL",
    )
    vectors: str | None = option(
        None,
        "Vectors of your own in the place of the teacher's hidden states: an NPY file with a row for each "
        "document.",
        metavar="FILE",
    )
    shard: tuple[int, int] = (0, 1)

    def sampling(self) -> Sample | None:
        """The sample that is read, None for all.

        Raises:
            UsageError: the options do not say one.
        """
        for name, value in (("--sample-seed", self.sample_seed), ("--unsure-of", self.unsure_of)):
            if value is not None and self.sample is None:
                raise UsageError(f"{name} is of --sample, which is not given")
        if self.sample is None:
            return None
        if self.unsure_of is not None and self.sample_seed is not None:
            raise UsageError("--sample-seed and --unsure-of do not go together: nothing is drawn")
        return Sample.parse(self.sample, self.sample_seed or 0)
