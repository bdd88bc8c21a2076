"""The words of a text: what is one, and what only looks like one."""

from __future__ import annotations

import re
import sys
import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


# The categories of all characters but Chinese and Korean ones, which are letters.
_CATEGORIES = {
    number: unicodedata.category(chr(number))
    for block in (range(0x80, 0x3400), range(0xA000, 0xAC00), range(0xD7B0, 0x20000))
    for number in block
}


def _ranges(*categories: str) -> str:
    """The characters of some categories of Unicode, as ranges in a class of a regular expression."""
    numbers = [number for number, category in _CATEGORIES.items() if category in categories]
    starts = [number for before, number in pairwise([-1, *numbers]) if number > before + 1]
    ends = [number for number, after in pairwise([*numbers, sys.maxunicode]) if after > number + 1]
    return "".join(f"{chr(a)}-{chr(b)}" for a, b in zip(starts, ends, strict=True))


# Python's \w lacks combining marks, without which the words of Hindi fall to pieces, and has ² and ½.
_NUMBERS = _ranges("No", "Nl")
# The two joiners stand within words of Persian and of the scripts of India.
_MARKS = _ranges("Mn", "Mc", "Me") + "\u200c\u200d"
# Scripts that are written without spaces between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]+"
)
_CHINESE = re.compile("[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_BREAK = "\u200b"  # the zero-width space, which Unicode has for the ends of words in such scripts

# Signs that Arabic and Hebrew texts have or leave out, without which a word is the same word: those of short
# vowels, and the stroke that widens an Arabic word.
_POINTS = re.compile("[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u0652\u0670]")

_JOINT = re.compile(f"[ \n{_BREAK}-]")  # what may stand between the words of a phrase

_LETTER = rf"[^\W\d_{_NUMBERS}]"
# Two letters of Hiragana are an ending or a particle of Japanese.
_WORD = re.compile(rf"\b(?![\u3040-\u309f]{{2}}\b){_LETTER}(?:[\w{_MARKS}]{{2,}}|\w|\+\+|#)")
_ASCII_WORD = re.compile(r"\b[a-z](?:\w+|\+\+|#)", re.ASCII)  # the same, and twice as fast

_TAIL = (
    r"[^\s<>\"\u0e00-\u0e7f\u3000-\uffff]"  # of an address, which Thai or Chinese may follow without a space
)
# What has no words, in lower case, by a sign without which a text has none of it.
_NO_WORDS = {
    "```": re.compile(r"```.*?(?:```|\Z)", re.DOTALL),  # code between fences, and in a web page
    "</": re.compile(r"<(code|pre|script|style)\b[^>]*>.*?(?:</\1>|\Z)", re.DOTALL),
    # Addresses, with a scheme and without.
    "://": re.compile(rf"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*://{_TAIL}+"),
    "www.": re.compile(rf"www\.{_TAIL}+"),
    "/": re.compile(
        rf"(?<![a-z0-9.-])[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|edu|gov|io|co|ly|gl|be)/{_TAIL}*"
        r"|/(?<![\w/]/)[\w.+-]+(?:/[\w.+-]+)+/?"  # a path such as /usr/lib/x, but not he/she/they
    ),
    "\\": re.compile(r"(?<![a-z])[a-z]:\\[^\s\"']*"),  # C:\Users\me
    # An e-mail address, and somebody who is mentioned; {@ and @} enclose names in TweetTopic.
    "@": re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+|@(?<![\w{]@)\w+"),
    "{{": re.compile(r"\{\{[a-z_]+\}\}"),  # {{URL}} and <user> stand for these in published corpora
    ">": re.compile(r"<(?:url|user|email)>"),
    "&": re.compile(r"&(?:[a-z]+|#\d+|#x[0-9a-f]+);"),  # a character in HTML, such as &nbsp;
}


def words(text: str) -> list[str]:
    """The words of a text in order: lower-cased, at least two letters or digits, the first of them a letter.

    C++, C# and their like are words, too. Addresses, mentions of people, paths and blocks of code are left
    out, but a hashtag is a word. Accented letters are composed first (NFC), so that the two ways to write é
    are one word, and the vowel signs of Arabic and Hebrew are left off, so that a word is the same with and
    without them.
    """
    pattern, ready = _prepared(text)
    return pattern.findall(ready)


def words_and_pairs(text: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The words of a text, and every two of them that stand side by side, perhaps with a hyphen between."""
    pattern, ready = _prepared(text)
    neighbours = list(runs(ready, pattern, _JOINT))
    pairs = [(a[0], b[0]) for run in neighbours for a, b in pairwise(run)]
    return [match[0] for run in neighbours for match in run], pairs


def runs(text: str, word: re.Pattern[str], joint: re.Pattern[str]) -> Iterator[list[re.Match[str]]]:
    """The words of a text in groups that stand side by side, with nothing but a joint between two of them."""
    run: list[re.Match[str]] = []
    for match in word.finditer(text):
        if run and not joint.fullmatch(text, run[-1].end(), match.start()):
            yield run
            run = []
        run.append(match)
    if run:
        yield run


def joined(first: str, second: str) -> str:
    """Two words as one phrase, with a space between them where their script has spaces."""
    together = not is_spaced(first[-1]) and not is_spaced(second)
    return f"{first}{'' if together else ' '}{second}"


def is_spaced(word: str) -> bool:
    """Whether a word's script, by its first letter, has spaces between words."""
    return not _UNSPACED.match(word)


def _prepared(text: str) -> tuple[re.Pattern[str], str]:
    """The pattern of a word, and the text made ready for it."""
    if text.isascii():
        return _ASCII_WORD, prose(text.lower()).replace("_", " ")
    composed = _POINTS.sub("", unicodedata.normalize("NFC", text))
    return _WORD, _spaced(prose(composed.lower())).replace("_", " ")


def prose(text: str) -> str:
    """A text in lower case with spaces in place of everything in it that has no words."""
    for sign, pattern in _NO_WORDS.items():
        if sign in text:
            text = pattern.sub(_blank, text)
    return text


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _spaced(text: str) -> str:
    """The text with breaks between the words of scripts that are written without spaces."""
    return text if text.isascii() else _UNSPACED.sub(_broken, text)


def _broken(match: re.Match[str]) -> str:
    # Their dictionaries take a moment to load, and most corpora need none of them.
    import rjieba
    from icu4py.breakers import WordBreaker

    run = match[0]
    pieces = list(WordBreaker(run, ""))
    if _CHINESE.fullmatch(run) and len(chinese := rjieba.cut(run)) <= len(pieces):
        # Of two dictionaries, the one that cuts a text into fewer words knows it better: jieba's where it is
        # Chinese, ICU's where it is Japanese without Kana.
        pieces = chinese
    return f"{_BREAK}{_BREAK.join(pieces)}{_BREAK}"
