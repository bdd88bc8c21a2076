"""Stop words: those of languages (the lists of stopwords-iso), of files, and of the corpus's own language.

The help of a command needs this, so that what takes a moment to load is imported where it is used.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dsltm.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

AUTO, NONE = "auto", "none"
# The English list of stopwords-iso holds the country codes of the internet, and these are words, too.
_CODES_THAT_ARE_WORDS = {"en": frozenset({"ai", "cd", "tv", "uk"})}
# Words of one letter that are written together with the next word: "and", and Arabic's "so". A stop word with
# one of them before it is a stop word.
_JOINED = {"ar": "وف", "he": "ו"}
# Arabic writes a pronoun at the end of the particle before it, and its list has few of these pairs: "in
# them", "to her", "that I". Particles as they stand before pronouns; "me" has its own form behind the later
# ones.
_PREPOSITIONS = (
    "في",
    "علي",
    "إلي",
    "مع",
    "عند",
    "لدي",
    "بعد",
    "قبل",
    "بين",
    "دون",
    "وراء",
    "ل",
    "ب",
    "بعض",
    "غير",
    "كل",
)
_PARTICLES = ("إن", "أن", "لأن", "كأن", "لكن", "لعل", "من", "عن")
_PRONOUNS = ("ه", "ها", "هما", "هم", "هن", "ك", "كما", "كم", "كن", "نا")
_MISSING = {
    "ar": {
        "يا",
        "أيها",
        "أيتها",
        "لقد",
        "ألم",
        "أولم",
        "بينا",
        "لأن",
        "كأن",
        "لعل",
        "وراء",
        "معي",
        "عندي",
        "لدي",
    }
}


@dataclass(frozen=True, slots=True)
class StopWords:
    """The words that say nothing about a topic, as an option names them.

    Attributes:
        listed: those of the languages and files that are named.
        auto: whether those of the corpus's languages are among them, too.
    """

    listed: frozenset[str] = frozenset()
    auto: bool = False

    @classmethod
    def parse(cls, choice: str) -> StopWords:
        """From an option's value.

        Args:
            choice: "none"; or any of these, with commas between them: "auto", for the languages of the
                corpus; a language by its two letters; a file with words between spaces or line ends.

        Raises:
            UsageError: a part is none of these.
        """
        if choice == NONE:
            return cls()
        parts = [choice] if Path(choice).is_file() else [part.strip() for part in choice.split(",")]
        listed = frozenset[str]().union(*(_listed(part) for part in parts if part.lower() != AUTO))
        return cls(listed, any(part.lower() == AUTO for part in parts))

    def of(self, languages: Iterable[str]) -> frozenset[str]:
        """All of them for a corpus in these languages, of which some may have no list."""
        if not self.auto:
            return self.listed
        known = (_of_language(language) for language in languages if has_list(language))
        return self.listed.union(*known)


def has_list(language: str) -> bool:
    """Whether the stop words of a language are known."""
    import stopwordsiso

    return bool(stopwordsiso.has_lang(language))


def _listed(part: str) -> frozenset[str]:
    import stopwordsiso

    from dsltm.formats.source import read_text

    if has_list(part.lower()):
        return _of_language(part.lower())
    if part and Path(part).exists():
        return _as_read(read_text(part).split())
    known = sorted(stopwordsiso.langs())
    near = difflib.get_close_matches(part[:2].lower(), known, n=3, cutoff=0.4) or known
    raise UsageError(
        f"no stop words for {part!r}", hint=f"a file, none, auto, or a language such as {', '.join(near)}"
    )


def _of_language(language: str) -> frozenset[str]:
    import stopwordsiso

    listed = stopwordsiso.stopwords(language) | _MISSING.get(language, set())
    if language == "ar":
        listed |= _with_pronouns()
    together = (letter + word for letter in _JOINED.get(language, "") for word in listed)
    return _as_read([*listed, *together]) - _CODES_THAT_ARE_WORDS.get(language, frozenset())


def _with_pronouns() -> frozenset[str]:
    """Arabic particles before pronouns, with and without the hamza that many writers leave out."""
    pairs = [particle + pronoun for particle in (*_PREPOSITIONS, *_PARTICLES) for pronoun in _PRONOUNS]
    pairs += [particle + me for particle in _PARTICLES for me in ("ي", "ني")]
    return frozenset(pairs).union(pair.translate(str.maketrans("أإ", "اا")) for pair in pairs)


def _as_read(listed: Iterable[str]) -> frozenset[str]:
    from dsltm.words.text import words

    # A list's "don't" must also stop "don", because that is what `words` makes of it in a text.
    return frozenset(piece for word in listed for piece in (word.lower(), *words(word)))
